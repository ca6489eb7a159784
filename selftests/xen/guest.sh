#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Topology changes on Xen, seen from the guest. What the host is to do is asked
# of dom0.sh, which runs in dom0 at the same time:
#
#	scripts/guest --xen --file build/selftests:/root/t \
#		--dom0 'sh t/xen/dom0.sh' -- sh t/xen/guest.sh [TEST]...
#
# TAP; the last line is the count. Nodes 0 to 3 with two vCPUs each are taken
# for granted, as scripts/guest makes them, nodes 2 and 3 small. ROUNDS says how
# often memory goes and comes while it is in use; tests in LEAVE_OUT are not run.

# For busybox sh.
here=$(cd "$(dirname "$0")" && pwd)
topology=/proc/virtflex/topology
counters=/proc/virtflex/counters
ko=${VIRTFLEX_KO:-/lib/virtflex/virtflex.ko}
passed=0 failed=0 skipped=0
. "$here/lib.sh"
. "$here/changes.sh"
. "$here/capacity.sh"
. "$here/extents.sh"
. "$here/openmp.sh"
. "$here/numbers.sh"

echo "TAP version 13"
current=setup
if [ ! -e "$topology" ]; then
	echo "not ok 1 xen setup: the virtflex module is not loaded"
	echo "# 0 passed, 1 failed, 0 skipped"
	exit 1
fi
await data/ready yes 60 || { echo "not ok 1 xen setup: no dom0.sh in dom0"; echo "# 0 passed, 1 failed, 0 skipped"; exit 1; }

if [ "$1" = plugged_later ]; then
	: # the host's description is of vCPUs that are not there yet
elif [ $# -gt 0 ]; then
	host numa_setup
	everything
else
	set -- no_keys_at_all memory_is_on_its_physical_nodes no_permission_on_topo_change \
		a_description_is_shown shrink_two_nodes expand_two_nodes \
		program_follows watch_sleeps_in_poll asked_twice bad_inputs \
		shrink_adds_is_refused keys_deleted_in_the_middle \
		everything_deleted_in_the_middle taken_back_in_the_middle \
		answers_are_named withdrawn_when_over vcpus_as_a_list \
		cpu_taken_offline_in_the_guest \
		refused_in_the_middle withdrawn_in_the_rollback two_changes_at_once out_of_transactions beside_a_frozen_group \
		frozen_in_the_middle many_changes unload_and_reload unload_in_the_middle \
		memory_is_on_its_physical_nodes \
		memory_goes_and_comes part_of_a_node reserves_follow_the_memory \
		small_pieces mind_changed_in_the_memory \
		every_byte_survives evacuated_once no_room_is_refused expand_of_a_full_guest \
		too_little_is_refused each_gives_a_part pinned_is_named \
		bound_to_a_node_that_left host_has_no_more physical_node_is_full \
		physical_node_is_fragmented kcore_passes_over_what_is_out reload_with_memory_out \
		memory_is_on_its_physical_nodes \
		extents_whole extents_partly_out extents_split extents_misaligned \
		extents_batch extents_beyond extents_held_by_dom0 extents_granted_to_dom0 \
		mem_set_and_nodes
fi
for test; do
	case " ${LEAVE_OUT-} " in *" $test "*) continue ;; esac
	if [ "$test" = bad_inputs ]; then
		bad_inputs
	else
		run_test "$test"
	fi
done
xenstore-write -R data/request "end bye"
echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
