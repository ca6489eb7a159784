#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A program with fixed work, whose node leaves and returns meanwhile: in a guest of
# two nodes with a CPU each. Prints lines of "NAME COMPILER VARIANT RUN VALUE...";
# omp turns them into a table.
#
#	omp.guest.sh RUNS SECONDS SIZE BOUND COMPILER...
#
# The work would take so many seconds if nothing left. Dom0 takes node 1 after a
# quarter of that, and gives it back after as much again as half of it.
# shellcheck disable=SC3045,SC2016,SC2154,SC2034

here=/root/t/xen
runs=$1 seconds=$2 size=$3 bound=$4
shift 4
topology=/proc/virtflex/topology
current=bench
. "$here/lib.sh"

fail() {
	echo "bench: $*" >&2
	exit 1
}

whole() { [ "$(state)" = stable ] && [ "$(active)" = '0 1' ] && [ "$(xenstore-read numa/topo_change)" = 0 ]; }

until_whole() {
	left=600
	until whole; do
		left=$((left - 1))
		[ $left -gt 0 ] || fail "the nodes did not come back: $(xenstore-read numa/status numa/error)"
		sleep 0.5
	done
}

# start STEPS [NAME=VALUE]...: the program, which waits until it is told to begin
start() {
	steps=$1
	shift
	rm -f /tmp/in /tmp/out /tmp/progress
	mkfifo /tmp/in /tmp/out
	[ "$bound" = no ] || set -- OMP_PROC_BIND=true OMP_PLACES=threads "$@"
	env OMP_NUM_THREADS=2 "$@" "/root/omp_gradient.$compiler" "$size" "$steps" /tmp/progress </tmp/in >/tmp/out &
	pid=$!
	exec 5>/tmp/in 6</tmp/out
	read -r line <&6
	[ "$line" = ready ] || fail "$compiler: $line"
}

# by_hand: what one could do who sees the change announced: all threads to the CPU that
# is left, and all pages; and threads back again. To bring pages back there is no
# program that knows which.
by_hand() {
	tasks=
	for task in /proc/"$pid"/task/*; do
		tasks="$tasks ${task##*/}:$(/root/taskset -pc "${task##*/}" | sed 's/.*: //')"
	done
	left=
	while [ -e "/proc/$pid/exe" ]; do
		/root/t/wait_topology 500
		if [ -z "$left" ] && ! active | grep -q 1; then
			left=yes
			/root/taskset -apc 0 "$pid"
			/root/migratepages "$pid" 1 0
		elif [ "$left" = yes ] && active | grep -q 1; then
			left=back
			for task in $tasks; do
				/root/taskset -pc "${task#*:}" "${task%:*}"
			done
		fi
	done >/tmp/by_hand 2>&1
}

# measure VARIANT RUN
measure() {
	variant=$1 run=$2
	echo "a node leaves and returns: $compiler, $variant, run $run of $runs" >&2
	echo 0 >/proc/sys/kernel/numa_balancing
	set --
	case $variant in
	adaptor) set -- LD_PRELOAD=/root/lib/libvirtflex-omp.so ;;
	passive) set -- OMP_WAIT_POLICY=passive ;;
	balancing) echo 1 >/proc/sys/kernel/numa_balancing ;;
	esac
	start "$work" "$@"
	/root/omp_sample "$pid" 500 2 >/tmp/samples 5>&- 6<&- &
	sampler=$!
	hand=
	case $variant in
	hand) by_hand 5>&- 6<&- & hand=$! ;;
	esac
	[ "$variant" = untouched ] ||
		host "(sleep $((seconds / 4)); numa_nodes shrink 1; sleep $((seconds / 2)); numa_nodes expand 1) >/dev/null 2>&1 &" ||
		fail "dom0: $said"
	read -r up _ </proc/uptime
	echo >&5
	read -r line <&6
	exec 5>&- 6<&-
	wait "$pid" || fail "$compiler, $variant: $line"
	wait "$sampler" $hand
	# A progress line each 200 ms is enough; the last is when the work was done
	awk -v start="$up" -v tag="$compiler $variant $run" '
		BEGIN { start *= 1000 }
		$1 == "step" { last = $0; if ($3 - shown < 200) next; shown = $3; last = "" }
		$1 == "local" && last != "" { split(last, l); print "step", tag, l[2], l[3] - start }
		$1 == "step" { print "step", tag, $2, $3 - start; next }
		$1 == "local" { print "local", tag, $2, $3; next }
		{ $2 -= start; name = $1; $1 = ""; print name, tag $0 }' /tmp/progress /tmp/samples
	[ "$variant" = untouched ] || until_whole
}

await data/ready yes 60 || fail "no dom0.sh in dom0"
host numa_setup || fail "dom0: $said"
host numa_nodes expand 0 1 || fail "dom0: $said"
until_whole

for compiler; do
	# How many steps are the work
	start 40
	echo >&5
	read -r us _ <&6
	exec 5>&- 6<&-
	wait "$pid" || fail "$compiler: $us"
	work=$((seconds * 1000000 / ${us%.*}))
	echo "work $compiler - 0 $work $us"
	for run in $(seq "$runs"); do
		for variant in untouched adaptor nothing passive hand balancing; do
			measure $variant "$run"
		done
	done
done
xenstore-write -R data/request "end bye"
