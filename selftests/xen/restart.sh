#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest that reboots while memory is unplugged, and in the middle of a change. The
# toolstack builds it anew, as another domain with all its memory, whose keys are to be
# written again. Nothing of the domain that was there before may stay with the host. This
# script is run at each boot:
#
#	scripts/guest --xen --restart --file build/selftests:/root/t \
#		--dom0 'sh t/xen/dom0.sh' -- sh t/xen/restart.sh
#
# TAP; the last line is the count of all boots.

# For busybox sh; what stands in single quotes is for dom0's shell.
# shellcheck disable=SC2016,SC2154
here=$(cd "$(dirname "$0")" && pwd)
topology=/proc/virtflex/topology
counters=/proc/virtflex/counters
passed=0 failed=0 skipped=0
. "$here/lib.sh"
. "$here/capacity.sh"

# host_memory: what the host has free on each physical node, in MiB
host_memory() {
	host 'xl info -n | awk "\$1 ~ /^[0-9]+:\$/ && NF >= 4 && !seen[\$1]++ { print \$1, \$3 }"' || fail "dom0: $said"
	echo "$said"
}

# as_it_was NAME VALUE: what it was at the first boot, which dom0 remembers
as_it_was() {
	if [ "$boot" = 1 ]; then
		host "echo '$2' >/tmp/restart.$1" || fail "dom0: $said"
	else
		host "cat /tmp/restart.$1" || fail "dom0: $said"
		same "$1, as at the first boot" "$said" "$2"
	fi
}

built_anew() {
	same generation 1 "$(generation)"
	same active '0 1 2 3' "$(active)"
	xenstore-exists numa 2>/dev/null && fail "xenstore has keys of the domain before: $(xenstore-ls numa)"
	as_it_was memory "$(total_kb)"
	as_it_was placement "$(placement)"
	as_it_was host_memory "$(host_memory)"
	host numa_setup
	everything
	same unplugged '0 0 0 0' "$(unplugged_kb 0) $(unplugged_kb 1) $(unplugged_kb 2) $(unplugged_kb 3)"
}

changes_work() {
	change numa_nodes shrink 2 3
	same active '0 1' "$(active)"
	everything
	as_it_was placement "$(placement)"
}

# reboot_now: with the counts in dom0's keeping. What is printed has a second to leave.
reboot_now() {
	host "echo $passed $failed >>/tmp/restart.counts"
	xenstore-write -R data/request 'end bye'
	sleep 1
	reboot -f
}

await data/ready yes 60 || { echo "not ok 1 xen setup: no dom0.sh in dom0"; echo "# 0 passed, 1 failed, 0 skipped"; exit 1; }
boot=$(xenstore-read data/boot)
run_test built_anew
case $boot in
1)
	change numa_nodes shrink 2 3
	[ "$(unplugged_kb 2)" -gt 0 ] || fail "no memory is unplugged"
	reboot_now ;;
2)
	host 'numa_nodes shrink 2 3; await_status "*unplug memory of node 3, [1-9]*"' || fail "dom0: $said"
	reboot_now ;;
esac
run_test changes_work
host "echo $passed $failed >>/tmp/restart.counts; cat /tmp/restart.counts"
xenstore-write -R data/request 'end bye'
echo "$said" | awk '{ boots++; passed += $1; failed += $2 }
	END { if (boots != 3) failed++
		printf "# %d boots\n# %d passed, %d failed, 0 skipped\n", boots, passed, failed; exit failed > 0 }'
