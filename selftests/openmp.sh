#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# OpenMP programs below the adaptor in a guest without Xen, whose nodes 2 and 3
# leave and return: their CPUs by the kernel's CPU hotplug, the active nodes by
# publish_nodes.ko, and what is said of it by a file that the adaptor takes for
# /proc/virtflex/topology. TAP.
#
# Usage: openmp.sh [TEST]...
# CHANGES: how often they go and come in each test of "rounds" (2)
# ALL=1: rounds of every program with every way to bind its threads
# shellcheck disable=SC2034

here=$(cd "$(dirname "$0")" && pwd)
openmp=$here/../openmp
follower=$here/follower
preload="$here/../lib/libvirtflex-omp.so $here/topology_file.so"
TOPOLOGY_DIR=/tmp/topology
export TOPOLOGY_DIR
publish_nodes=/sys/module/publish_nodes/parameters/nodes
generation=0

fail() {
	echo "# $current: $*"
	bad=yes
}

skip() { reason=$*; }

# same WHAT EXPECTED SEEN
same() { [ "$2" = "$3" ] || fail "$1: expected '$2', is '$3'"; }

# publish STATE NODESTATE: that of nodes 2 and 3
publish() {
	generation=$((generation + 1))
	{
		printf 'version 1\ngeneration %d\nstate %s\n' $generation "$1"
		printf 'node 0 active 0 0-1 1 1 1 10,20,20,20\nnode 1 active 1 2-3 1 1 1 20,10,20,20\n'
		printf 'node 2 %s 2 4-5 1 1 1 20,20,10,20\nnode 3 %s 3 6-7 1 1 1 20,20,20,10\n' "$2" "$2"
	} >$TOPOLOGY_DIR.next
	mv $TOPOLOGY_DIR.next $TOPOLOGY_DIR/topology
}

# cpus ONLINE: of nodes 2 and 3
cpus() {
	for cpu in 4 5 6 7; do
		echo "$1" >/sys/devices/system/cpu/cpu$cpu/online || fail "CPU $cpu: $1"
	done
}

nodes_announced() {
	echo 0-1 >$publish_nodes
	publish shrinking leaving
}

nodes_gone() {
	cpus 0
	publish stable inactive
}

nodes_return() {
	cpus 1
	echo 0-3 >$publish_nodes
	publish stable active
}

. "$here/openmp/programs.sh"
. "$here/openmp/follow.sh"

# moment: some time, up to a third of a second
moment() { sleep 0.$(($(od -An -N2 -tu2 /dev/urandom) % 30 + 10)); }

numbers_of_threads() { cpus_of_threads yes | sed 's/:.*//'; }

# returned WHAT: threads may be where they were before anything left, as $how says
returned() {
	case $how in
	single) all_on_their_cpus "$1" ;;
	free) until_threads "$1" '!/^0,1,2,3,4,5,6,7$/ { bad = 1 } END { exit bad || NR < 8 }' ;;
	esac
}

# rounds PROGRAM COMPILER HOW [NAME=VALUE]...: nodes go and come at random moments.
# "single": each thread is bound to a CPU of its own; "free": none is bound
rounds() {
	name=$1 compiler=$2 how=$3
	shift 3
	openmp_start "$name" "$compiler" LD_PRELOAD="$preload" "$@"
	returned 'at the start'
	numbers_of_threads >/tmp/threads
	change=0
	while [ -z "$bad" ] && [ $change -lt "${CHANGES:-2}" ]; do
		change=$((change + 1))
		moment
		nodes_announced
		none_beyond_node_1 "announced, $change"
		moment
		nodes_gone
		none_beyond_node_1 "gone, $change"
		moment
		nodes_return
		returned "returned, $change"
	done
	# none was made anew; LLVM's runtime also keeps those that slept for it
	numbers_of_threads >/tmp/threads.now
	same 'threads that have gone' '' "$(grep -vxFf /tmp/threads.now /tmp/threads)"
	openmp_stop
}

# By what glibc ends threads, which a small container may lack. The runtimes are not
# told then that CPUs are short, and the program lives.
openmp_without_libgcc() {
	file=/lib/x86_64-linux-gnu/libgcc_s.so.1
	[ -e $file ] || { fail "no $file"; return; }
	mv $file /tmp/libgcc
	for compiler in $(compilers); do
		rounds triad "$compiler" free
	done
	mv /tmp/libgcc $file
}

# Every way to bind threads that both runtimes know, or one of them
ways='
unbound free
bind_true single OMP_PROC_BIND=true OMP_PLACES=threads
bind_close single OMP_PROC_BIND=close OMP_PLACES=threads
bind_spread single OMP_PROC_BIND=spread OMP_PLACES=threads
places single OMP_PLACES={0},{1},{2},{3},{4},{5},{6},{7}
gomp_affinity single GOMP_CPU_AFFINITY=0-7
kmp_affinity single KMP_AFFINITY=granularity=thread,compact
'
names='triad long_region jacobi gradient histogram lazy ordered sections'

# plan: lines "NAME FUNCTION [ARGUMENT]..."
plan() {
	for test in openmp_aborts_without openmp_bound_lives openmp_in_a_region openmp_memory_follows \
		openmp_begins_late openmp_touches_amid openmp_without_libgcc; do
		echo "$test $test"
	done
	nr=0
	for compiler in $(compilers); do
		echo "$ways" | while read -r way how variables; do
			case $compiler.$way in
			.*|*.|gcc.kmp_*|clang.gomp_*) continue ;;
			esac
			nr=$((nr + 1))
			at=0
			for name in $names; do
				at=$((at + 1))
				[ -z "${ALL-}" ] && [ $at -ne $nr ] ||
					echo "rounds.$name.$compiler.$way rounds $name $compiler $how $variables"
			done
		done
	done
}

echo "TAP version 13"
if [ -z "$(compilers)" ]; then
	echo "1..0 # SKIP no OpenMP programs here"
	exit 4
fi
rmmod virtflex 2>/dev/null
if ! insmod "$here/publish_nodes.ko"; then
	echo "1..0 # SKIP no publish_nodes.ko that can be loaded"
	exit 4
fi
mkdir -p $TOPOLOGY_DIR
plan >/tmp/plan
if [ $# -gt 0 ]; then
	plan | grep -E "^($(echo "$*" | tr ' ' '|')) " >/tmp/plan
fi
echo "1..$(wc -l </tmp/plan)"
nr=0 failed=0
while read -r current what arguments <&9; do
	nr=$((nr + 1)) bad='' reason=''
	cpus 1
	echo 0-3 >$publish_nodes
	publish stable active
	# shellcheck disable=SC2086 # words
	$what $arguments
	if [ -n "$bad" ]; then
		failed=$((failed + 1))
		echo "not ok $nr $current"
	else
		echo "ok $nr $current${reason:+ # SKIP $reason}"
	fi
done 9</tmp/plan
cpus 1
rmmod publish_nodes
insmod /lib/virtflex/virtflex.ko
[ $failed -eq 0 ]
