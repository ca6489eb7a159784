# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What the demonstration shows of the guest. Sourced; BAR is a column of a bar, and pid
# the program that is looked at.

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

# picture: a line for each node: threads of the program that are on it, but for the
# adaptor's own, and pages; 1 column is 1 MiB
picture()
{
	cat /proc/virtflex/topology "/proc/$pid"/task/*/stat "/proc/$pid/numa_maps" 2>/dev/null | awk -v bar="$BAR" '
		$1 == "node" {
			state[$2] = $3
			nodes++
			n = $5 == "-" ? 0 : split($5, ranges, ",")
			for (i = 1; i <= n; i++) {
				split(ranges[i], ends, "-")
				for (cpu = ends[1]; cpu <= (2 in ends ? ends[2] : ends[1]); cpu++)
					node_of[cpu + 0] = $2
				delete ends
			}
			next
		}
		/^[0-9]+ \(virtflex\)/ { next }
		/^[0-9]+ \(/ { sub(/.*\) /, ""); if ($37 in node_of) threads[node_of[$37]]++; next }
		{
			kb = 4
			if (split($NF, f, "=") == 2 && f[1] == "kernelpagesize_kB")
				kb = f[2]
			for (i = 3; i <= NF; i++)
				if (split($i, f, "=") == 2 && f[1] ~ /^N[0-9]+$/)
					pages[substr(f[1], 2)] += f[2] * kb / 1024
		}
		END {
			for (n = 0; n < nodes; n++) {
				line = ""
				for (c = 0; c < pages[n] - 0.5; c++)
					line = line bar
				printf "picture | node %d %-8s %d thread%s %5.1f MiB %s\n", n, state[n], threads[n],
					threads[n] == 1 ? " " : "s", pages[n], line
			}
		}'
}

# draw: the picture; success if it is another than the last one, which is then shown
draw()
{
	new=$(picture)
	[ "$new" != "${drawn-}" ] || return 1
	drawn=$new
	printf '%s\n' "$new"
}

# draw_until SECONDS COMMAND...: the picture as it changes, until the command succeeds;
# not for longer, nor when the program has ended. Looking costs emulated CPUs a lot, and
# Xen's work on memory waits for whatever runs: the longer nothing changes, the less.
draw_until()
{
	left=$1 pause=1
	shift
	while :; do
		if draw; then
			pause=1
		elif [ "$pause" -lt 8 ]; then
			pause=$((pause * 2))
		fi
		"$@" && return
		[ "$left" -gt 0 ] && kill -0 "$pid" 2>/dev/null || return 1
		left=$((left - pause))
		sleep "$pause"
	done
}
