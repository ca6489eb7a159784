# SPDX-License-Identifier: GPL-2.0
# Lines of "NAME VALUE...", of which a name may have several, as {name: [[value, ...], ...]}

[inputs | split(" ") | {name: .[0], values: (.[1:] | map(tonumber? // .))}]
| group_by(.name) | map({(.[0].name): map(.values)}) | add // {}
