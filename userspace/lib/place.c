// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where a page belongs: on which node, by its policy and the active nodes. */
#include <limits.h>
#include <string.h>

#include "walk.h"

/* Nearest node of a set that is not full; -1 if there is none. */
static int nearest(const struct vf_walk *w, const struct vf_unit *u,
		   const struct virtflex_nodemask *set)
{
	unsigned int node, best = UINT_MAX, d;
	int ret = -1;

	virtflex_for_each_node(node, set) {
		if (virtflex_node_isset(&w->full[u->kind], node))
			continue;
		d = vf_nodes_distance(w, u->node, node);
		if (d < best) {
			best = d;
			ret = node;
		}
	}
	return ret;
}

/* Distance of a node to the nearest of a set. */
static unsigned int distance_to_any(const struct vf_walk *w,
				    const struct virtflex_nodemask *set,
				    unsigned int to)
{
	unsigned int from, best = UINT_MAX, d;

	virtflex_for_each_node(from, set) {
		d = vf_nodes_distance(w, from, to);
		if (d < best)
			best = d;
	}
	return best;
}

/* The active nodes nearest to nodes of which none is active. */
static void stand_in(const struct vf_walk *w,
		     const struct virtflex_nodemask *nodes,
		     struct virtflex_nodemask *out)
{
	unsigned int to, best = UINT_MAX, d;

	virtflex_for_each_node(to, &w->active) {
		d = distance_to_any(w, nodes, to);
		if (d < best) {
			best = d;
			memset(out, 0, sizeof(*out));
		}
		if (d == best)
			virtflex_node_set(out, to);
	}
}

/*
 * The same where these are full: the active node with room that is nearest to
 * @nodes, for a page on an active node only if that is an improvement. -1 if
 * there is none.
 */
static int next_stand_in(const struct vf_walk *w, const struct vf_unit *u,
			 const struct virtflex_nodemask *nodes)
{
	unsigned int node, best = UINT_MAX, d;
	int ret = -1;

	if (virtflex_node_isset(&w->active, u->node))
		best = distance_to_any(w, nodes, u->node);
	virtflex_for_each_node(node, &w->active) {
		if (virtflex_node_isset(&w->full[u->kind], node))
			continue;
		d = distance_to_any(w, nodes, node);
		if (d < best || (d == best && ret >= 0 &&
				 vf_nodes_distance(w, u->node, node) <
				 vf_nodes_distance(w, u->node, ret))) {
			best = d;
			ret = node;
		}
	}
	return ret;
}

static unsigned int weight(const struct vf_walk *w, const struct vf_policy *pol,
			   unsigned int node)
{
	return pol->mode == VF_POLICY_WEIGHTED ? w->weights[node] : 1;
}

static unsigned int count_slots(const struct vf_walk *w,
				const struct vf_policy *pol,
				const struct virtflex_nodemask *set)
{
	unsigned int node, slots = 0;

	virtflex_for_each_node(node, set)
		slots += weight(w, pol, node);
	return slots;
}

/* Node of a slot: in the order of the nodes, each as often as its weight. */
static unsigned int node_of_slot(const struct vf_walk *w,
				 const struct vf_policy *pol,
				 const struct virtflex_nodemask *set,
				 unsigned int slot)
{
	unsigned int node;

	virtflex_for_each_node(node, set) {
		if (slot < weight(w, pol, node))
			break;
		slot -= weight(w, pol, node);
	}
	return node;
}

/*
 * Node of a page by its index: that of all the policy's nodes, so that no page
 * on an active one has to move. What is on the others is numbered in the order
 * of the indices, turn by turn, and dealt to the slots of the active ones.
 */
static unsigned int interleave(const struct vf_walk *w,
			       const struct vf_policy *pol, uint64_t ilx)
{
	const struct vf_rule *rule = &w->rule;
	unsigned int node, slot = ilx % rule->slots, before = 0, left = slot;
	uint64_t displaced;

	if (rule->stand_in)
		return node_of_slot(w, pol, &rule->right,
				    ilx % rule->right_slots);
	virtflex_for_each_node(node, &pol->nodes) {
		bool active = virtflex_node_isset(&rule->right, node);
		unsigned int own = weight(w, pol, node);

		if (left < own) {
			if (active)
				return node;
			before += left;
			break;
		}
		left -= own;
		if (!active)
			before += own;
	}
	displaced = ilx / rule->slots * (rule->slots - rule->right_slots) +
		    before;
	return node_of_slot(w, pol, &rule->right,
			    displaced % rule->right_slots);
}

/* Policies come in runs: many pages have the same one. */
static void find_rule(struct vf_walk *w, unsigned int policy)
{
	const struct vf_policy *pol = &w->maps.policies[policy];
	struct vf_rule *rule = &w->rule;

	if (rule->valid && rule->policy == policy)
		return;
	rule->policy = policy;
	rule->valid = true;
	rule->right = pol->nodes;
	vf_nodemask_and(&rule->right, &w->active);
	rule->stand_in = vf_nodemask_empty(&rule->right);
	if (rule->stand_in)
		stand_in(w, &pol->nodes, &rule->right);
	rule->slots = count_slots(w, pol, &pol->nodes);
	rule->right_slots = count_slots(w, pol, &rule->right);
}

/**
 * vf_place_choose() - where a page belongs
 * @w: walk
 * @u: page; its target is set when that is elsewhere
 *
 * Return: whether it is there, belongs elsewhere, or has to stay for want of room.
 */
enum vf_where vf_place_choose(struct vf_walk *w, struct vf_unit *u)
{
	const struct vf_policy *pol = &w->maps.policies[u->policy];
	bool active = virtflex_node_isset(&w->active, u->node);
	struct virtflex_nodemask right;

	if (pol->mode == VF_POLICY_UNKNOWN)
		return VF_IN_PLACE;
	if (pol->mode == VF_POLICY_DEFAULT) {
		if (!(w->flags & VIRTFLEX_MIGRATE_EVACUATE) || active)
			return VF_IN_PLACE;
		u->target = nearest(w, u, &w->active);
		return u->target < 0 ? VF_NO_ROOM : VF_ELSEWHERE;
	}
	if (!(w->flags & VIRTFLEX_MIGRATE_POLICY))
		return VF_IN_PLACE;

	find_rule(w, u->policy);
	right = w->rule.right;
	if ((pol->mode == VF_POLICY_INTERLEAVE ||
	     pol->mode == VF_POLICY_WEIGHTED) &&
	    !(u->any_turn && virtflex_node_isset(&right, u->node))) {
		memset(&right, 0, sizeof(right));
		virtflex_node_set(&right, interleave(w, pol, u->ilx));
	}
	if (virtflex_node_isset(&right, u->node))
		return VF_IN_PLACE;
	u->target = nearest(w, u, &right);
	if (u->target < 0) {
		/*
		 * Full. Bind is strict, and comes near where it cannot be
		 * kept; the others must not keep a page on a node that goes.
		 */
		if (pol->mode == VF_POLICY_BIND && w->rule.stand_in)
			u->target = next_stand_in(w, u, &pol->nodes);
		else if (pol->mode != VF_POLICY_BIND && !active)
			u->target = nearest(w, u, &w->active);
	}
	return u->target < 0 ? VF_NO_ROOM : VF_ELSEWHERE;
}
