// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steps from what there is to what is wanted. The state after each step is valid:
 * resources are added before they are used, and are no longer used before they are
 * removed.
 */
#include "plan.h"

/**
 * vf_plan_max_steps() - the most steps a plan can have
 * @guest: what there is
 *
 * Return: a number that no plan exceeds.
 */
u32 vf_plan_max_steps(const struct vf_guest *guest)
{
	return 2 * guest->nr_nodes + guest->nr_vcpus + 4;
}

static int append(struct vf_steps *steps, enum vf_step_kind kind, u32 index)
{
	if (steps->nr == steps->max)
		return -ENOSPC;
	steps->step[steps->nr].kind = kind;
	steps->step[steps->nr].index = index;
	steps->nr++;
	return 0;
}

/*
 * Memory to plug (1), to unplug (-1), or neither (0). Differences below an extent are
 * ignored: firmware takes memory that the host counts and the kernel does not. But small
 * blocks, which a host with fragmented memory did not have before, are always tried.
 */
static int memory_direction(const struct vf_guest *guest,
			    const struct vf_wanted *wanted, u32 node)
{
	const struct vf_node *n = &guest->nodes[node];
	u64 to_kb = vf_wanted_kb(guest, wanted, node);

	if (!wanted->nodes[node].named)
		return 0;
	if (to_kb + VF_EXTENT_KB <= n->current_kb)
		return -1;
	return vf_node_short(n, to_kb);
}

/**
 * vf_plan_isolates() - whether a node is to be isolated
 * @guest: what there is, right now
 * @wanted: what is wanted
 * @node: index of the node
 *
 * Return: true if it is to be unplugged as a whole.
 */
bool vf_plan_isolates(const struct vf_guest *guest,
		      const struct vf_wanted *wanted, u32 node)
{
	return memory_direction(guest, wanted, node) < 0 &&
	       !vf_wanted_kb(guest, wanted, node);
}

static bool any_isolates(const struct vf_guest *guest,
			 const struct vf_wanted *wanted)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++)
		if (vf_plan_isolates(guest, wanted, i))
			return true;
	return false;
}

/* Whether a node becomes inactive, so that programs should leave it. */
static bool any_leaves(const struct vf_guest *guest,
		       const struct vf_wanted *wanted)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++)
		if (guest->nodes[i].active &&
		    !vf_wanted_active(guest, wanted, i))
			return true;
	return false;
}

static int append_memory(const struct vf_guest *guest,
			 const struct vf_wanted *wanted, int direction,
			 struct vf_steps *plan)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < guest->nr_nodes && !ret; i++)
		if (memory_direction(guest, wanted, i) == direction)
			ret = append(plan, direction > 0 ? VF_STEP_PLUG :
				     VF_STEP_UNPLUG, i);
	return ret;
}

static int append_vcpus(const struct vf_guest *guest,
			const struct vf_wanted *wanted, bool online,
			struct vf_steps *plan)
{
	u8 which = online ? VF_VCPU_ONLINE : VF_VCPU_OFFLINE;
	int ret = 0;
	u32 i;

	for (i = 0; i < guest->nr_vcpus && !ret; i++)
		if (wanted->vcpus[i] == which &&
		    guest->vcpus[i].online != online &&
		    !vf_wanted_keeps_vcpu(guest, wanted, i))
			ret = append(plan, online ? VF_STEP_VCPU_ONLINE :
				     VF_STEP_VCPU_OFFLINE, i);
	return ret;
}

static int append_additions(const struct vf_guest *guest,
			    const struct vf_wanted *wanted,
			    struct vf_steps *plan)
{
	return append_memory(guest, wanted, 1, plan) ?:
	       append_vcpus(guest, wanted, true, plan);
}

static int append_removals(const struct vf_guest *guest,
			   const struct vf_wanted *wanted,
			   struct vf_steps *plan)
{
	int ret = append_vcpus(guest, wanted, false, plan);

	if (!ret && any_isolates(guest, wanted))
		ret = append(plan, VF_STEP_ISOLATE, 0);
	return ret ?: append_memory(guest, wanted, -1, plan);
}

static int append_moves(const struct vf_guest *guest,
			const struct vf_wanted *wanted, struct vf_steps *plan)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < guest->nr_nodes && !ret; i++)
		if (vf_wanted_moves(guest, wanted, i))
			ret = append(plan, VF_STEP_MOVE, i);
	return ret;
}

/**
 * vf_plan() - steps from what there is to what is wanted
 * @guest: what there is, right now
 * @wanted: what is wanted; it passed vf_wanted_check()
 * @plan: out
 *
 * If the request before it was half carried out, a plan may have to plug memory for a
 * shrink, and unplug some for an expand. So it only compares what there is.
 *
 * Return: 0, or -ENOSPC if @plan has space for fewer steps than vf_plan_max_steps().
 */
int vf_plan(const struct vf_guest *guest, const struct vf_wanted *wanted,
	    struct vf_steps *plan)
{
	int ret;

	plan->nr = 0;
	ret = append(plan, VF_STEP_ANNOUNCE, 0);
	if (!ret)
		ret = append_additions(guest, wanted, plan);
	if (!ret && any_leaves(guest, wanted))
		ret = append(plan, VF_STEP_GRACE, 0);
	if (!ret)
		ret = append_removals(guest, wanted, plan);
	if (!ret)
		ret = append_moves(guest, wanted, plan);
	if (!ret)
		ret = append(plan, VF_STEP_PUBLISH, 0);
	return ret;
}

/**
 * vf_plan_rollback() - steps back to the state before a change
 * @guest: what there is, right now
 * @initial: from vf_wanted_from_guest(), before anything was done
 * @plan: out
 *
 * Return: as vf_plan().
 */
int vf_plan_rollback(const struct vf_guest *guest,
		     const struct vf_wanted *initial, struct vf_steps *plan)
{
	plan->nr = 0;
	return append_additions(guest, initial, plan) ?:
	       append_removals(guest, initial, plan);
}

/**
 * vf_step_text() - a step in words, with Xen's numbers
 * @guest: what there is
 * @step: the step
 * @text: out
 * @size: room there
 */
void vf_step_text(const struct vf_guest *guest, struct vf_step step,
		  char *text, size_t size)
{
	switch (step.kind) {
	case VF_STEP_ANNOUNCE:
		snprintf(text, size, "announce");
		break;
	case VF_STEP_PLUG:
		snprintf(text, size, "plug memory of node %u",
			 guest->nodes[step.index].vnode);
		break;
	case VF_STEP_VCPU_ONLINE:
		snprintf(text, size, "vcpu %u online",
			 guest->vcpus[step.index].id);
		break;
	case VF_STEP_GRACE:
		snprintf(text, size, "grace period");
		break;
	case VF_STEP_VCPU_OFFLINE:
		snprintf(text, size, "vcpu %u offline",
			 guest->vcpus[step.index].id);
		break;
	case VF_STEP_ISOLATE:
		snprintf(text, size, "isolate nodes");
		break;
	case VF_STEP_UNPLUG:
		snprintf(text, size, "unplug memory of node %u",
			 guest->nodes[step.index].vnode);
		break;
	case VF_STEP_MOVE:
		snprintf(text, size, "move memory of node %u",
			 guest->nodes[step.index].vnode);
		break;
	default:
		snprintf(text, size, "publish");
		break;
	}
}
