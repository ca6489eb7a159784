#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Help, man page and completion of virtflexctl agree with each other; command lines that
# are wrong; and a machine without Xen. What it does to domains is tested on Xen
# (selftests/xen/ctl.sh).
set -u
. "$(dirname "$0")/ctl.bash"
page=$top/docs/man/virtflexctl.8
commands=(list show publish shrink expand set replace move cancel watch pin unpin balance config)

options() { "$ctl" help "$1" | sed -nE 's/^  (-[a-zA-Z0-9], |    )(--[a-z-]+).*/\1\2/p' | tr -d ' ' | sort; }
all_options() { for command in "${commands[@]}"; do options "$command"; done | sort -u; }

ctl_help_has_commands()
{
	diff <("$ctl" --help | sed -nE 's/^  ([a-z]+) .*/\1/p') <(printf '%s\n' "${commands[@]}")
}

ctl_help_is_narrow()
{
	local command
	for command in '' "${commands[@]}"; do
		# shellcheck disable=SC2086
		! "$ctl" help $command | grep -E '^.{80}' || return 1
	done
}

# Commands with their arguments, options with their letters, exit statuses
ctl_man_agrees()
{
	diff <(sed -nE 's/^\.SS //p' "$page" | sed 's/\\-/-/g' | sort) \
		<(for command in "${commands[@]}"; do
			"$ctl" help "$command" | sed -nE "s/^Usage: virtflexctl $command \[OPTION\]... ?(.*)/$command \1/p"
		done | sed 's/ $//' | sort) &&
		diff <(awk '/^\.SH/ { on = $2 == "OPTIONS" } on && tag; { tag = $1 == ".TP" }' "$page" |
			sed -E 's/\\-/-/g; s/^\.[BIR]+ //; s/\\f[RBI]//g; s/"//g; s/ +/ /g' |
			sed -E 's/^(-[a-zA-Z0-9])[^-]*(--[a-z-]+).*/\1,\2/; s/^(--[a-z-]+).*/\1/' | sort) \
			<({ all_options; echo '-h,--help'; } | sort -u) &&
		diff <(awk '/^\.SH/ { on = $2 " " $3 == "EXIT STATUS" } on && $1 == ".B" { print $2 }' "$page") \
			<("$ctl" --help | sed -n '/^Exit status/,$p' | grep -oE '[0-9] [a-z]' | cut -c1 | sort -u)
}

# Commands that print JSON, and those whose keys are described
ctl_json_is_described()
{
	local command
	diff <(for command in "${commands[@]}"; do options "$command" | grep -q -- --json && echo "$command"; done | sort) \
		<(awk '/^\.SH/ { on = $2 == "JSON" } on && tag { print } { tag = $1 == ".TP" }' "$page" |
			sed -E 's/^\.[BIR]+ //; s/["\\]//g; s/, ?/ /g' | tr -s ' ' '\n' | grep -v '^--dry-run$' | sort)
}

# complete WORD...: what the last word is completed to
complete_words()
{
	(
		PATH=$(dirname "$ctl"):$PATH
		# shellcheck source=../host/virtflexctl/virtflexctl.bash-completion
		. "$top/userspace/host/virtflexctl/virtflexctl.bash-completion"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_virtflexctl
		printf '%s\n' "${COMPREPLY[@]}"
	)
}

ctl_completion_agrees()
{
	local command
	diff <(complete_words virtflexctl '' | grep -v '^-' | sort) <(printf '%s\n' "${commands[@]}" help | sort) || return 1
	for command in "${commands[@]}"; do
		diff <(options "$command" | grep -oE -- '--[a-z-]+' | sort) <(complete_words virtflexctl "$command" -- | sort) ||
			{ echo "completion, $command"; return 1; }
	done
	complete_words virtflexctl list -o NA | grep -qx NAME &&
		complete_words virtflexctl show -o na | grep -q . && return 1
	[ -z "$(complete_words virtflexctl shrink --timeout 1)" ]
}

ctl_usage()
{
	says 2 'there is no command frob; see virtflexctl --help$' frob &&
		says 2 'virtflexctl has no option -v before the command' -v list &&
		says 2 'shrink has no option --memory; see virtflexctl shrink --help$' shrink --memory 1 &&
		says 2 '--timeout is a number of seconds from 1 to 1000000, not 0' shrink --timeout 0 &&
		says 2 '--memory is a size such as 512M or 4G, not 0' expand --memory 0 &&
		says 2 '--memory is a size such as 512M or 4G, not 1Q' expand --memory 1Q &&
		says 2 '--memory is a size such as 512M or 4G, not 2P' expand --memory 2P &&
		says 2 '--memory is a size such as 512M or 4G, not 1MM' expand --memory 1MM &&
		says 2 '--memory is a size such as 512M or 4G, not -1' expand --memory=-1 &&
		says 2 '--memory is a size such as 512M or 4G, not 1099511627777K' expand --memory 1099511627777K &&
		says 2 'list: either --json or --raw' list --json --raw &&
		says 2 'cancel: too many arguments: y' cancel x y &&
		says 2 'shrink needs a domain and a node' shrink guest &&
		says 2 'shrink takes nodes such as 2, 2-3 or 1,3, not 3-2' shrink guest 3-2 &&
		says 2 'set takes NODE=SIZE, such as 2=512M, not 2' set guest 2 &&
		says 2 'set takes NODE=SIZE, such as 2=512M, not 2=1Q' set guest 2=1Q &&
		says 2 'set takes nodes such as 2, 2-3 or 1,3, not x=1' set guest x=1 &&
		says 2 'move takes numbers of nodes, not 2-3' move guest 2-3 1 &&
		says 2 'publish needs a domain, --all or --follow' publish &&
		says 2 'list has no column "frob"' list -o frob &&
		says 2 'config: too many arguments: x' config x &&
		says 2 '--memory is a multiple of 2 MiB for each node: 30 MiB or 36 MiB for 3' config --nodes 3 --memory 32
}

# This machine may be a dom0.
ctl_without_xen()
{
	[ ! -e /proc/xen/capabilities ] || { skip 'Xen is here'; return; }
	says 1 'no xenstore: .*; is this dom0, and are you root\?$' list &&
		says 1 'no xenstore: .*' shrink guest 2
}

for name in ctl_help_has_commands ctl_help_is_narrow ctl_man_agrees ctl_json_is_described ctl_completion_agrees ctl_usage ctl_without_xen; do
	run_test "$name" "$name"
done
finish
