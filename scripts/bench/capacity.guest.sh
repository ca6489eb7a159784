#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Measures memory on its way to the host and back, in one guest of Xen: by the
# module in 2 MiB extents, and by the stock balloon driver, 4 KiB at a time.
# Prints lines of "NAME VALUE"; capacity turns them into a table.
#
#	capacity.guest.sh RUNS MIB
#
# shellcheck disable=SC3045,SC2016,SC2154,SC2034

here=/root/t/xen
runs=$1 mib=$2
topology=/proc/virtflex/topology
capacity=/proc/virtflex/capacity
balloon=/sys/devices/system/xen_memory/xen_memory0
current=bench
. "$here/lib.sh"

fail() {
	echo "bench: $*" >&2
	exit 1
}

out_kb() { awk -v n="$1" '$1 == "node" && $2 == n { print $3 }' $capacity; }
# centiseconds
ticks() { tr -d . </proc/uptime | cut -d' ' -f1; }

# until_so COMMAND...: looks every 10 ms, for two minutes
until_so() {
	patience=$(($(ticks) + 12000))
	until "$@"; do
		[ "$(ticks)" -lt "$patience" ] || fail "waited too long for: $*"
		usleep 10000
	done
}

node_is_out() { [ "$(out_kb 3)" = "$1" ]; }
answered_all() { [ "$(xenstore-read numa/topo_change)" = 0 ]; }
balloon_has() { [ "$(cat $balloon/info/current_kb)" = "$1" ]; }

# timed_node NAME REQUEST TARGET OUT: by the module, until OUT KiB are with the host
timed_node() {
	begin=$(ticks)
	xenstore-write numa/node/3/target "$3" numa/topo_change "$2"
	until_so node_is_out "$4"
	echo "$1 $(($(ticks) - begin))"
	until_so answered_all
}

# timed_balloon NAME KIB: by the stock driver
timed_balloon() {
	begin=$(ticks)
	echo "$2" >$balloon/target_kb
	until_so balloon_has "$2"
	echo "$1 $(($(ticks) - begin))"
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
	timed_node node_out 2 $less $((mib * 1024))
	timed_node node_in 1 "$full" 0
	timed_balloon balloon_out $((all - mib * 1024))
	timed_balloon balloon_in "$all"
done

echo "a whole node" >&2
total=$(awk '$3 == "MemTotal:" { print $4 }' /sys/devices/system/node/node3/meminfo)
host numa_nodes shrink 3 || fail "dom0: $said"
answered
echo "node_kb $total"
echo "whole_extents_kb $(out_kb 3)"
host numa_request shrink small 1 || fail "dom0: $said"
answered
echo "whole_small_kb $(out_kb 3)"
host 'xenstore-rm $numa/small; numa_nodes expand 3' || fail "dom0: $said"
answered

echo "bandwidth" >&2
mkfifo /tmp/phases
taskset 1 /root/bandwidth </tmp/phases >/tmp/bandwidth &
exec 9>/tmp/phases
sleep 1
echo before >&9
sleep 6
echo during >&9
timed_node node_out_busy 2 $less $((mib * 1024))
timed_node node_in_busy 1 "$full" 0
echo between >&9
sleep 1
echo balloon >&9
timed_balloon balloon_out_busy $((all - mib * 1024))
timed_balloon balloon_in_busy "$all"
exec 9>&-
wait
sed 's/^/bandwidth /' /tmp/bandwidth
xenstore-write -R data/request "end bye"
