#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Measures memory on its way to the host and back, in one guest of Xen: by the
# module in 2 MiB extents, and by the stock balloon driver, 4 KiB at a time.
# Prints lines of "NAME VALUE..."; capacity turns them into a table.
#
#	capacity.guest.sh RUNS MIB
#
# What is waited for is looked at by the shell itself: to start programs would
# keep CPUs busy, and Xen interrupts those when it takes memory.
# shellcheck disable=SC3045,SC2016,SC2154,SC2034

here=/root/t/xen
runs=$1 mib=$2
topology=/proc/virtflex/topology
counters=/proc/virtflex/counters
balloon=/sys/devices/system/xen_memory/xen_memory0
current=bench
. "$here/lib.sh"

fail() {
	echo "bench: $*" >&2
	exit 1
}

# counters: of node 3, into variables
counters() {
	while read -r word node unplugged_kb _ free moved small in _ evacuate_fail unplug_us evacuate_us decrease_us plug_us populate_us; do
		[ "$word $node" != "node 3" ] || return
	done <$counters
}

# ticks: centiseconds, into a variable
ticks() {
	read -r up _ </proc/uptime
	ticks=${up%.*}${up#*.}
}

# What nobody writes to: to wait for it is to sleep, without starting a program.
mkfifo /tmp/never
exec 7<>/tmp/never

# until_so SECONDS COMMAND...: looks so often, for ten minutes
until_so() {
	every=$1
	shift
	ticks
	patience=$((ticks + 60000))
	until "$@"; do
		ticks
		[ "$ticks" -lt "$patience" ] || fail "waited too long for: $*"
		read -r -t "$every" _ <&7
	done
}

node_is_out() { counters; [ "$unplugged_kb" = "$1" ]; }
balloon_has() { read -r kb <$balloon/info/current_kb; [ "$kb" = "$1" ]; }
answered_all() { [ "$(xenstore-read numa/topo_change)" = 0 ]; }

# timed_node NAME REQUEST TARGET OUT EVERY: by the module, until OUT KiB are unplugged.
# How long that took, and of it in the steps, emptying, and in the hypervisor.
timed_node() {
	counters
	before_us="$unplug_us $evacuate_us $decrease_us $plug_us $populate_us"
	ticks
	begin=$ticks
	xenstore-write numa/node/3/target "$3" numa/topo_change "$2"
	until_so "$5" node_is_out "$4"
	ticks
	echo "$1 $((ticks - begin))"
	until_so 0.5 answered_all
	counters
	# shellcheck disable=SC2086 # five numbers
	set -- "$1" $before_us
	echo "$1_us $((unplug_us - $2)) $((evacuate_us - $3)) $((decrease_us - $4)) $((plug_us - $5)) $((populate_us - $6))"
}

# timed_balloon NAME KIB EVERY: by the stock driver
timed_balloon() {
	ticks
	begin=$ticks
	echo "$2" >$balloon/target_kb
	until_so "$3" balloon_has "$2"
	ticks
	echo "$1 $((ticks - begin))"
}

await data/ready yes 60 || fail "no dom0.sh in dom0"
echo 0 >/proc/sys/kernel/numa_balancing
host 'numa_setup; xenstore-chmod $numa/node/3/target n0 b$DOMID; xenstore-write $numa/grace_ms 0' ||
	fail "dom0: $said"
full=$(xenstore-read numa/node/3/target) all=$(cat $balloon/info/current_kb)
# From what the node has, which is less than the host's count by what firmware keeps
less=$(($(awk '$1 == "node" && $2 == 3 { print $6 }' $topology) - mib * 1024))

for run in $(seq "$runs"); do
	echo "run $run of $runs" >&2
	timed_node node_out 2 $less $((mib * 1024)) 0.2
	timed_node node_in 1 "$full" 0 0.01
	timed_balloon balloon_out $((all - mib * 1024)) 0.2
	timed_balloon balloon_in "$all" 0.01
done

# beside PROGRAM: what it notices while memory goes and comes
beside() {
	echo "beside a program: $1" >&2
	rm -f /tmp/phases
	mkfifo /tmp/phases
	$2 /root/meanwhile "$1" </tmp/phases >/tmp/noticed &
	exec 9>/tmp/phases
	sleep 1
	echo before >&9
	sleep 6
	echo during >&9
	timed_node "node_out_$1" 2 $less $((mib * 1024)) 0.2
	timed_node "node_in_$1" 1 "$full" 0 0.1
	echo between >&9
	sleep 1
	echo balloon >&9
	timed_balloon "balloon_out_$1" $((all - mib * 1024)) 0.2
	timed_balloon "balloon_in_$1" "$all" 0.1
	exec 9>&-
	wait
	sed "s/^/$1 /" /tmp/noticed
}

beside copy 'taskset 1'
beside sleep

echo "a whole node" >&2
total=$(awk '$3 == "MemTotal:" { print $4 }' /sys/devices/system/node/node3/meminfo)
ticks
begin=$ticks
host numa_nodes shrink 3 || fail "dom0: $said"
await numa/topo_change 0 900 || fail "no answer"
ticks
echo "whole_out $((ticks - begin))"
counters
echo "node_kb $total"
echo "whole_extents_kb $unplugged_kb"
host numa_request shrink small 1 || fail "dom0: $said"
answered
counters
echo "whole_small_kb $unplugged_kb"
ticks
begin=$ticks
host 'xenstore-rm $numa/small; numa_nodes expand 3' || fail "dom0: $said"
answered
ticks
echo "whole_in $((ticks - begin))"

# From dom0's write to the guest's answer, on dom0's clock
echo "two nodes" >&2
for run in 1 2 3; do
	for change in shrink expand; do
		host 'centis() { read -r up _ </proc/uptime; echo ${up%.*}${up#*.}; }
			begin=$(centis); numa_nodes '$change' 1 2; numa_wait 900 >&2; echo $(($(centis) - begin))' ||
			fail "dom0: $said"
		echo "two_$change ${said##*
}"
	done
done
xenstore-write -R data/request "end bye"
