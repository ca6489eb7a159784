# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# OpenMP programs in a guest of four nodes with two CPUs each, of which nodes 2 and
# 3 come and go: starting them, and where their threads and pages are, as the kernel
# says it. They check their own results, and end at the first that is wrong. For
# busybox sh; sourced by openmp.sh and xen/guest.sh, of which fail and same are.
#
# $openmp has the programs of userspace/tests/omp, $preload what makes them follow.
# shellcheck disable=SC2016,SC2034,SC2154

# Which compilers' programs there are: each has a runtime of its own
compilers() {
	for compiler in gcc clang; do
		[ ! -x "$openmp/regrow.$compiler" ] || echo $compiler
	done
}

# openmp_start PROGRAM COMPILER [NAME=VALUE]...: it runs until it is stopped; its
# PID is in $pid. $below is what it is started by, if set.
openmp_start() {
	program=$openmp/$1.$2
	shift 2
	# threads that spin would leave little of two or four real CPUs
	# shellcheck disable=SC2086 # words
	env OMP_WAIT_POLICY=passive VIRTFLEX_VERBOSE=1 "$@" OMP_NUM_THREADS=8 ${below-} "$program" \
		>/tmp/openmp 2>/tmp/openmp.said &
	pid=$!
}

# openmp_stop: told to end, it has had the right results, and nothing to complain of
openmp_stop() {
	kill "$pid" && wait "$pid"
	same 'exit status' 0 $?
	same 'what it says' right "$(cat /tmp/openmp)"
	same 'what else it says' '' "$(grep -v '^virtflex\[' /tmp/openmp.said)"
}

# openmp_failed WHY: with what the adaptor said last
openmp_failed() {
	fail "$1"
	tail -n 12 /tmp/openmp /tmp/openmp.said | sed 's/^/#   /'
}

# cpus_of_threads [yes]: the online CPUs that each thread of the program may use, a
# line "CPU,CPU..." each, behind its number if that is wanted. One process for all,
# as the guest has little time for more.
cpus_of_threads() {
	awk '
		function each(list, set,   n, i, range, end, cpu) {
			n = split(list, range, ",")
			for (i = 1; i <= n; i++) {
				split(range[i] "-" range[i], end, "-")
				for (cpu = end[1] + 0; cpu <= end[2] + 0; cpu++)
					set[cpu] = 1
			}
		}
		FILENAME ~ /online$/ { each($0, up); next }
		$1 == "Name:" { name = $2 }
		$1 == "Cpus_allowed_list:" && name != "virtflex" {
			delete may
			each($2, may)
			text = ""
			for (cpu = 0; cpu < 64; cpu++)
				if (cpu in may && cpu in up)
					text = text (text == "" ? "" : ",") cpu
			print (TIDS ? tid ":" : "") text
		}
		$1 == "Pid:" { tid = $2 }' TIDS="${1-}" /sys/devices/system/cpu/online /proc/"$pid"/task/*/status 2>/dev/null
}

# until_threads WHAT AWK: until that is satisfied by what cpus_of_threads prints.
# Runtimes make and bind threads meanwhile: it may take a few looks.
until_threads() {
	left=300
	until cpus_of_threads | awk "$2"; do
		left=$((left - 1))
		if [ $left -eq 0 ] || ! kill -0 "$pid" 2>/dev/null; then
			openmp_failed "$1: never; threads have: $(cpus_of_threads yes | tr '\n' ' ')"
			return 1
		fi
		sleep 0.1
	done
}

all_on_their_cpus() {
	until_threads "$1" '/^[0-7]$/ { used[$0] = 1; next } { bad = 1 }
		END { for (cpu = 0; cpu < 8; cpu++) n += used[cpu]; exit bad || n < 8 }'
}

none_beyond_node_1() {
	until_threads "$1" '{ n = split($0, cpu, /,/); for (i = 1; i <= n; i++) bad += cpu[i] > 3 }
		END { exit bad || NR < 2 }'
}

# pages_on_node NODE: how many of its own the program has there
pages_on_node() {
	awk -v part="^N$1=" '/anon=/ { for (i = 1; i <= NF; i++) if ($i ~ part) pages += substr($i, length(part)) }
		END { print pages + 0 }' /proc/"$pid"/numa_maps
}

# until_pages NODE WHAT: an awk condition about its number of pages holds
until_pages() {
	left=300
	until [ "$(pages_on_node "$1" | awk "{ print ($2) }")" = 1 ]; do
		left=$((left - 1))
		[ $left -gt 0 ] || {
			openmp_failed "pages of node $1: not $2 but $(pages_on_node "$1"): $(grep "N$1=" /proc/"$pid"/numa_maps)"
			return 1
		}
		sleep 0.1
	done
}

# until_moved WHAT: the adaptor has gone through all pages
until_moved() {
	left=300
	until grep -q 'pages: .*; virtflex_migrate$' /tmp/openmp.said; do
		left=$((left - 1))
		[ $left -gt 0 ] || { openmp_failed "$1: never moved"; return 1; }
		sleep 0.1
	done
}
