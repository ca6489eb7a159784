#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demonstration, the guest's side: runs a program, shows what it does.

set -u
BAR=${BAR:-#}

say() { printf 'guest   | %s\n' "$*"; }
title() { printf '\n== %s\n' "$*"; }
topology() { say '$ cat /proc/virtflex/topology'; sed 's/^/guest   | /' /proc/virtflex/topology; }

# The program's pages per node, as numa_maps counts them; 1 column is 1 MiB.
pages()
{
	say "pages of the program per node (/proc/$pid/numa_maps)"
	awk -v bar="$BAR" '{ for (i = 3; i <= NF; i++) if (split($i, f, "=") == 2 && f[1] ~ /^N[0-9]+$/)
			kb[substr(f[1], 2)] += f[2] * size($NF) }
		function size(last, f) { return split(last, f, "=") == 2 && f[1] == "kernelpagesize_kB" ? f[2] : 4 }
		END { for (n = 0; n < 4; n++) {
			line = ""
			for (c = 0; c < kb[n] / 1024 - 0.5; c++) line = line bar
			printf "guest   | node %d %6.1f MiB %s\n", n, kb[n] / 1024, line } }' "/proc/$pid/numa_maps"
}

# Memory the guest has on each node, by its own count; 1 column is 16 MiB.
memory()
{
	say 'memory of the guest per node (/sys/devices/system/node/node*/meminfo)'
	cat /sys/devices/system/node/node*/meminfo | awk -v bar="$BAR" '$3 == "MemTotal:" {
		line = ""
		for (c = 0; c < $4 / 16384 - 0.5; c++) line = line bar
		printf "guest   | node %d %6.1f MiB %s\n", $2, $4 / 1024, line }'
}

# tell N: our side of step N is done. await N: dom0's is.
tell() { xenstore-write data/demo/ready "$1"; }
await()
{
	mkfifo "/tmp/events.$1"
	xenstore-watch data/demo/go >"/tmp/events.$1" &
	watch=$!
	while read -r _; do
		[ "$(xenstore-read data/demo/go 2>/dev/null)" != "$1" ] || break
	done <"/tmp/events.$1"
	kill "$watch"
	wait "$watch" 2>/dev/null
}

# hear PATTERN: pass on what the program says, up to a line with PATTERN
hear()
{
	while read -r line <&3; do
		printf 'program | %s\n' "$line"
		case $line in *"$1"*) return 0 ;; esac
	done
	say 'the program ended early'
	exit 1
}

await 1
mkfifo /tmp/program
./follow 16 1000 >/tmp/program &
pid=$!
exec 3</tmp/program

title 'Four nodes, and a program with a thread and 16 MiB on each'
hear ready
topology
memory
pages

title 'dom0 takes nodes 2 and 3 away'
tell 1
hear stable
await 2
topology
memory
pages

title 'dom0 brings them back'
tell 2
hear stable
await 3
topology
memory
pages

title 'Done'
kill "$pid"
wait "$pid" && say 'the program found every byte of its memory as it had written it'
status=$?
tell 3
exit $status
