# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# A guest whose nodes Linux numbers otherwise than Xen: the one with vCPU 0 is not the
# first, and some have none. Which memory moves is told by the hypervisor's count.
# Sourced by guest.sh; whoever starts the guest sees to it (scripts/guest --cpus-of).
# shellcheck disable=SC2154

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
		same 'KiB out' 8192 "$(out_kb "$node")"
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
