// SPDX-License-Identifier: GPL-2.0-only
/*
 * From what there is to what is wanted, in an order in which every moment
 * between two steps is one the guest can stay in: what comes is there before
 * anything relies on it, what goes is no longer relied on before it goes.
 */
#include "plan.h"

/**
 * vf_steps_room() - the most steps a plan can have
 * @guest: what there is
 *
 * Return: a number of steps that is always enough.
 */
u32 vf_steps_room(const struct vf_guest *guest)
{
	return guest->nr_nodes + guest->nr_vcpus + 4;
}

static int append(struct vf_steps *steps, enum vf_step_kind kind, u32 index)
{
	if (steps->nr == steps->room)
		return -ENOSPC;
	steps->step[steps->nr].kind = kind;
	steps->step[steps->nr].index = index;
	steps->nr++;
	return 0;
}

/*
 * Memory to bring (1), to take (-1), or neither (0). Less than an extent is not
 * worth a step, and is what the kernel's count is short of the host's, by what
 * firmware keeps. What is not with the host cannot be brought. But small pieces come
 * back whenever they can: they are what a host with fragmented memory did not have.
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
 * vf_plan_closes() - whether a node is to take no pages while others are emptied
 * @guest: what there is, right now
 * @wanted: what is wanted
 * @node: index of the node
 *
 * Return: true if all its memory is to go.
 */
bool vf_plan_closes(const struct vf_guest *guest,
		    const struct vf_wanted *wanted, u32 node)
{
	return memory_direction(guest, wanted, node) < 0 &&
	       !vf_wanted_kb(guest, wanted, node);
}

static bool any_closes(const struct vf_guest *guest,
		       const struct vf_wanted *wanted)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++)
		if (vf_plan_closes(guest, wanted, i))
			return true;
	return false;
}

/* A node that goes altogether: who is on it should leave. */
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
			ret = append(plan, direction > 0 ? VF_STEP_MEMORY_IN :
				     VF_STEP_MEMORY_OUT, i);
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
		    guest->vcpus[i].online != online)
			ret = append(plan, online ? VF_STEP_VCPU_ONLINE :
				     VF_STEP_VCPU_OFFLINE, i);
	return ret;
}

static int append_coming(const struct vf_guest *guest,
			 const struct vf_wanted *wanted, struct vf_steps *plan)
{
	return append_memory(guest, wanted, 1, plan) ?:
	       append_vcpus(guest, wanted, true, plan);
}

static int append_going(const struct vf_guest *guest,
			const struct vf_wanted *wanted, struct vf_steps *plan)
{
	int ret = append_vcpus(guest, wanted, false, plan);

	if (!ret && any_closes(guest, wanted))
		ret = append(plan, VF_STEP_CLOSE, 0);
	return ret ?: append_memory(guest, wanted, -1, plan);
}

/**
 * vf_plan() - steps from what there is to what is wanted
 * @guest: what there is, right now
 * @wanted: what is wanted; it passed vf_wanted_check()
 * @plan: out
 *
 * A plan that takes over from another, half carried out, may have to bring back
 * what that one took; so it does not rely on the request being a shrink or an
 * expand.
 *
 * Return: 0, or -ENOSPC if there is less room than vf_steps_room().
 */
int vf_plan(const struct vf_guest *guest, const struct vf_wanted *wanted,
	    struct vf_steps *plan)
{
	int ret;

	plan->nr = 0;
	ret = append(plan, VF_STEP_ANNOUNCE, 0);
	if (!ret)
		ret = append_coming(guest, wanted, plan);
	if (!ret && any_leaves(guest, wanted))
		ret = append(plan, VF_STEP_GRACE, 0);
	if (!ret)
		ret = append_going(guest, wanted, plan);
	if (!ret)
		ret = append(plan, VF_STEP_PUBLISH, 0);
	return ret;
}

/**
 * vf_plan_back() - steps back to what was
 * @guest: what there is, right now
 * @as_was: from vf_wanted_as_is(), before anything was done
 * @plan: out
 *
 * Return: as vf_plan().
 */
int vf_plan_back(const struct vf_guest *guest, const struct vf_wanted *as_was,
		 struct vf_steps *plan)
{
	plan->nr = 0;
	return append_coming(guest, as_was, plan) ?:
	       append_going(guest, as_was, plan);
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
	case VF_STEP_MEMORY_IN:
		snprintf(text, size, "memory of node %u in",
			 guest->nodes[step.index].vnode);
		break;
	case VF_STEP_VCPU_ONLINE:
		snprintf(text, size, "vcpu %u online",
			 guest->vcpus[step.index].id);
		break;
	case VF_STEP_GRACE:
		snprintf(text, size, "time to leave");
		break;
	case VF_STEP_VCPU_OFFLINE:
		snprintf(text, size, "vcpu %u offline",
			 guest->vcpus[step.index].id);
		break;
	case VF_STEP_CLOSE:
		snprintf(text, size, "close nodes");
		break;
	case VF_STEP_MEMORY_OUT:
		snprintf(text, size, "memory of node %u out",
			 guest->nodes[step.index].vnode);
		break;
	default:
		snprintf(text, size, "publish");
		break;
	}
}
