// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest has and what the host wants of it, as data: emptied, compared, and
 * the one made the other.
 */
#include "topology.h"

/**
 * vf_request_name() - what a request does
 * @request: which
 *
 * Return: the verb.
 */
const char *vf_request_name(enum vf_request request)
{
	switch (request) {
	case VF_EXPAND:
		return "expand";
	case VF_SHRINK:
		return "shrink";
	case VF_MOVE:
		return "move";
	default:
		return "idle";
	}
}

/**
 * vf_node_long() - whether a node has more memory than it should
 * @node: which
 * @to_kb: memory it should have
 *
 * Return: true if it is an extent or more.
 */
bool vf_node_long(const struct vf_node *node, u64 to_kb)
{
	return node->current_kb >= to_kb + VF_EXTENT_KB;
}

/**
 * vf_node_short() - whether a node should have more of its memory plugged
 * @node: which
 * @to_kb: memory it should have
 *
 * Memory that it never had does not count: the host's count includes what firmware and
 * video memory take.
 *
 * Return: true if so.
 */
bool vf_node_short(const struct vf_node *node, u64 to_kb)
{
	if (node->current_kb + VF_PAGE_KB > to_kb)
		return false;
	return node->small_kb ||
	       (node->unplugged_kb && node->current_kb + VF_EXTENT_KB <= to_kb);
}

/**
 * vf_wanted_clear() - start reading what the host wants
 * @guest: what there is
 * @wanted: emptied
 */
void vf_wanted_clear(const struct vf_guest *guest, struct vf_wanted *wanted)
{
	wanted->request = VF_IDLE;
	memset(wanted->id, 0, sizeof(wanted->id));
	memset(wanted->has_option, 0, sizeof(wanted->has_option));
	memset(wanted->option, 0, sizeof(wanted->option));
	memset(wanted->nodes, 0, guest->nr_nodes * sizeof(*wanted->nodes));
	memset(wanted->vcpus, VF_VCPU_UNNAMED,
	       guest->nr_vcpus * sizeof(*wanted->vcpus));
}

/**
 * vf_wanted_active() - whether memory may be placed on a node afterwards
 * @guest: what there is
 * @wanted: what is wanted
 * @node: index of the node
 *
 * Return: true if so.
 */
bool vf_wanted_active(const struct vf_guest *guest,
		      const struct vf_wanted *wanted, u32 node)
{
	if (!wanted->nodes[node].named)
		return guest->nodes[node].active;
	return wanted->nodes[node].value[VF_KEY_TARGET] > 0;
}

/**
 * vf_wanted_other_pnode() - whether memory of a node is to come from another physical node
 * @guest: what there is
 * @wanted: what is wanted
 * @node: index of the node
 *
 * Return: true if so; false also if it was not known before.
 */
bool vf_wanted_other_pnode(const struct vf_guest *guest,
			   const struct vf_wanted *wanted, u32 node)
{
	const struct vf_wanted_node *w = &wanted->nodes[node];
	s32 pnode = guest->nodes[node].pnode;

	return w->named && w->has[VF_KEY_PNODE] && pnode != VF_PNODE_UNKNOWN &&
	       w->value[VF_KEY_PNODE] != (u64)pnode;
}

/**
 * vf_wanted_moves() - whether memory of a node is to be moved to another physical node
 * @guest: what there is
 * @wanted: what is wanted
 * @node: index of the node
 *
 * An inactive node has nothing to move but what it could not let go of.
 *
 * Return: true if so.
 */
bool vf_wanted_moves(const struct vf_guest *guest,
		     const struct vf_wanted *wanted, u32 node)
{
	const struct vf_node *n = &guest->nodes[node];

	if (wanted->request != VF_MOVE || !wanted->nodes[node].named || !n->active)
		return false;
	return n->elsewhere_kb || vf_wanted_other_pnode(guest, wanted, node);
}

/**
 * vf_wanted_keeps_vcpu() - whether a vCPU is left as it is, though it is named otherwise
 * @guest: what there is
 * @wanted: what is wanted
 * @vcpu: index of the vCPU
 *
 * A description names all vCPUs in each request. One that the guest itself took offline
 * is no matter of a shrink, and one that it brought online none of an expand, if the host
 * wants of it what it wanted before. A move leaves both.
 *
 * Return: true if so.
 */
bool vf_wanted_keeps_vcpu(const struct vf_guest *guest,
			  const struct vf_wanted *wanted, u32 vcpu)
{
	const struct vf_vcpu *v = &guest->vcpus[vcpu];

	if (wanted->vcpus[vcpu] != v->accepted)
		return false;
	if (v->was_online)
		return v->accepted == VF_VCPU_OFFLINE &&
		       (wanted->request == VF_EXPAND || wanted->request == VF_MOVE);
	return v->accepted == VF_VCPU_ONLINE &&
	       (wanted->request == VF_SHRINK || wanted->request == VF_MOVE);
}

/**
 * vf_wanted_kb() - memory a node is to come to
 * @guest: what there is
 * @wanted: what is wanted
 * @node: index of the node, which @wanted names
 *
 * Only a shrink unplugs memory of a node that has more than its target, such as an inactive
 * one with unmovable memory. But what was plugged for a request that this one replaced is
 * unplugged again.
 *
 * Return: KiB.
 */
u64 vf_wanted_kb(const struct vf_guest *guest, const struct vf_wanted *wanted,
		 u32 node)
{
	u64 target_kb = wanted->nodes[node].value[VF_KEY_TARGET];
	u64 was_kb = guest->nodes[node].was_kb;

	if (wanted->request != VF_EXPAND && wanted->request != VF_MOVE)
		return target_kb;
	return was_kb > target_kb ? was_kb : target_kb;
}

/**
 * vf_wanted_equal() - whether the same is wanted
 * @guest: what there is
 * @a: one
 * @b: the other
 *
 * Return: true if so.
 */
bool vf_wanted_equal(const struct vf_guest *guest, const struct vf_wanted *a,
		     const struct vf_wanted *b)
{
	u32 i, key;

	if (a->request != b->request || strcmp(a->id, b->id) ||
	    memcmp(a->has_option, b->has_option, sizeof(a->has_option)) ||
	    memcmp(a->option, b->option, sizeof(a->option)) ||
	    memcmp(a->vcpus, b->vcpus, guest->nr_vcpus * sizeof(*a->vcpus)))
		return false;
	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_wanted_node *x = &a->nodes[i];
		const struct vf_wanted_node *y = &b->nodes[i];

		if (x->named != y->named)
			return false;
		for (key = 0; key < VF_NR_KEYS; key++)
			if (x->has[key] != y->has[key] ||
			    (x->has[key] && x->value[key] != y->value[key]))
				return false;
	}
	return true;
}

/**
 * vf_wanted_from_guest() - want what there is, to come back to it later
 * @guest: what there is
 * @wanted: out
 */
void vf_wanted_from_guest(const struct vf_guest *guest, struct vf_wanted *wanted)
{
	u32 i;

	vf_wanted_clear(guest, wanted);
	for (i = 0; i < guest->nr_nodes; i++) {
		struct vf_wanted_node *w = &wanted->nodes[i];

		w->named = true;
		w->has[VF_KEY_TARGET] = true;
		w->value[VF_KEY_TARGET] = guest->nodes[i].current_kb;
	}
	for (i = 0; i < guest->nr_vcpus; i++) {
		const struct vf_vcpu *v = &guest->vcpus[i];

		/* One that is plugged meanwhile is nothing to undo. */
		if (v->present)
			wanted->vcpus[i] = v->online ? VF_VCPU_ONLINE :
						       VF_VCPU_OFFLINE;
	}
}

/**
 * vf_wanted_commit() - what was wanted is now what there is
 * @guest: changed: the description of nodes and vCPUs, and which nodes are active
 * @wanted: a description that passed vf_wanted_check()
 */
void vf_wanted_commit(struct vf_guest *guest, const struct vf_wanted *wanted)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_wanted_node *w = &wanted->nodes[i];
		struct vf_node *n = &guest->nodes[i];

		if (!w->named)
			continue;
		n->active = vf_wanted_active(guest, wanted, i);
		n->described = true;
		/* A description without it says nothing new. */
		if (w->has[VF_KEY_PNODE])
			n->pnode = w->value[VF_KEY_PNODE];
		n->target_kb = w->value[VF_KEY_TARGET];
		n->capacity_kb = w->value[VF_KEY_CAPACITY];
	}
	for (i = 0; i < guest->nr_vcpus; i++)
		if (wanted->vcpus[i] != VF_VCPU_UNNAMED)
			guest->vcpus[i].accepted = wanted->vcpus[i];
}
