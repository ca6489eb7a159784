# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest that is laid out in another way: Linux numbers its nodes otherwise than Xen, as
# the one with vCPU 0 is not the first and some have none; a vCPU is plugged later; node 0
# gives memory to a video card; and Xen allows it only small extents. Which memory moves is
# told by the hypervisor's count. Sourced by guest.sh; whoever starts the guest sees to it
# (scripts/guest --cpus-of, --vcpus, --vga, --xen-arg).
# shellcheck disable=SC2016,SC2154

# node_of VNODE: Linux' number of it, by the topology
node_of() { awk -v v="$1" '$1 == "node" && $NF == v { print $2 }' "$topology"; }

numbers_differ() {
	differ=$(awk '$1 == "node" && $2 != $NF' "$topology" | wc -l)
	[ "$differ" -gt 0 ] || fail "the numbers are the same here"
	same 'physical nodes, which are as Xen numbers them' '' \
		"$(awk '$1 == "node" && $4 != $NF' "$topology")"
	everywhere=$(placement)
	for vnode in 1 2; do
		before0=$(pages_on 0) before=$(pages_on $vnode)
		node=$(node_of $vnode)
		change numa_request shrink "node/$vnode/target" $(($(shown_kb "$node") - 8192))
		same "pages gone from physical node $vnode" 2048 "$(gone $vnode "$before")"
		same 'pages gone from physical node 0' 0 "$(gone 0 "$before0")"
		same 'KiB unplugged' 8192 "$(unplugged_kb "$node")"
		same 'current in xenstore' "$(shown_kb "$node")" "$(xenstore-read "numa/node/$vnode/current")"
		everything
		same 'pages of all nodes' "$everywhere" "$(placement)"
	done
	change numa_request shrink node/0/vcpu/3 offline
	same 'CPUs of node 0 of Xen' 2 "$(cpus_of "$(node_of 0)")"
	everything
	# a node that leaves is named as the host knows it
	ask numa_nodes shrink 1
	like status '*; node 1 keeps *' "$status"
	same 'nodes that are not active' "$(node_of 1)" \
		"$(awk '$1 == "node" && $3 == "inactive" { print $2 }' "$topology")"
	everything
	same 'pages of all nodes' "$everywhere" "$(placement)"
}

# First of all, as each change tells of all vCPUs. Who asks for one that is not there
# yet is told so; when it is there it is on its node.
plugged_later() {
	host 'numa_setup; numa_nodes expand 0 1 2 3' || fail "dom0: $said"
	answered
	like status 'failed: *' "$status"
	same error 'numa/node/0/vcpu/3: this guest has no such vCPU' "$error"
	change numa_request expand node/0/vcpu/3 offline
	host 'xl vcpu-set $DOMID 4' || fail "dom0: $said"
	patience=60
	until [ -e /sys/devices/system/cpu/cpu3 ] || [ "$patience" -eq 0 ]; do
		patience=$((patience - 1))
		sleep 1
	done
	node=$(node_of 0)
	everything
	[ -e "/sys/devices/system/node/node$node/cpu3" ] || fail "cpu3 is not on node $node"
	same 'CPUs of it' 2-3 "$(cpus_of "$node")"
	host numa_vcpus || fail "dom0: $said"
	like "Xen's vCPUs" '*3 up*' "$said"
	change numa_request shrink node/0/vcpu/3 offline
	same 'CPUs of it, one offline' 2 "$(cpus_of "$node")"
	everything
}

# Node 0 never had what its description says, and nobody holds that against it.
video_memory_is_not_missing() {
	node=$(node_of 0)
	[ "$(shown_kb "$node")" -le $(($(xenstore-read numa/node/0/capacity) - 8192)) ] || {
		fail 'no video memory was taken'
		return
	}
	everything
	like status 'done: generation *' "$status"
	case $status in
	*';'*) fail "something is missing: $status" ;;
	esac
	change numa_request shrink node/0/target $(($(shown_kb "$node") - 8192))
	everything
	same 'KiB unplugged' 0 "$(unplugged_kb "$node")"
}

# Memory comes back in extents that Xen allows.
small_extents_only() {
	everywhere=$(placement) node=$(node_of 1)
	change numa_request shrink node/1/target $(($(shown_kb "$node") - 8192))
	same 'KiB unplugged' 8192 "$(unplugged_kb "$node")"
	everything
	same 'pages of all nodes' "$everywhere" "$(placement)"
	same leaked 0 "$(leaked_kb)"
	[ "$(awk -v n="$node" '$1 == "node" && $2 == n { print $9 }' "$counters")" -ge 2048 ] ||
		fail "no small blocks counted: $(grep "^node $node " "$counters")"
}
