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
	return guest->nr_nodes + guest->nr_vcpus + 2;
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

/* Memory to bring (1), to take (-1), or neither (0). */
static int memory_direction(const struct vf_guest *guest,
			    const struct vf_wanted *wanted, u32 node)
{
	const struct vf_node *n = &guest->nodes[node];
	u64 from_kb, to_kb;

	if (!wanted->nodes[node].named)
		return 0;
	to_kb = wanted->nodes[node].value[VF_KEY_TARGET];
	if (n->described) {
		from_kb = n->target_kb;
	} else {
		/* The kernel's count is a little less than the host's. */
		from_kb = n->active ? n->current_kb : 0;
		if (n->active && to_kb > from_kb)
			return 0;
	}
	if (to_kb == from_kb)
		return 0;
	return to_kb > from_kb ? 1 : -1;
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
		ret = append_memory(guest, wanted, 1, plan);
	if (!ret)
		ret = append_vcpus(guest, wanted, true, plan);
	if (!ret)
		ret = append_vcpus(guest, wanted, false, plan);
	if (!ret)
		ret = append_memory(guest, wanted, -1, plan);
	if (!ret)
		ret = append(plan, VF_STEP_PUBLISH, 0);
	return ret;
}

/**
 * vf_step_inverse() - the step that undoes a step
 * @step: the step
 * @inverse: out
 *
 * Return: false if there is none.
 */
bool vf_step_inverse(struct vf_step step, struct vf_step *inverse)
{
	inverse->index = step.index;
	switch (step.kind) {
	case VF_STEP_MEMORY_IN:
		inverse->kind = VF_STEP_MEMORY_OUT;
		return true;
	case VF_STEP_MEMORY_OUT:
		inverse->kind = VF_STEP_MEMORY_IN;
		return true;
	case VF_STEP_VCPU_ONLINE:
		inverse->kind = VF_STEP_VCPU_OFFLINE;
		return true;
	case VF_STEP_VCPU_OFFLINE:
		inverse->kind = VF_STEP_VCPU_ONLINE;
		return true;
	default:
		return false;
	}
}

/**
 * vf_steps_done() - note a step that was carried out
 * @done: the steps that would have to be undone
 * @step: the step
 *
 * A step that undoes another takes that one off the list, and what was done
 * twice needs undoing once; so plans may follow each other without end, and the
 * list still has room.
 */
void vf_steps_done(struct vf_steps *done, struct vf_step step)
{
	struct vf_step inverse;
	u32 i;

	if (!vf_step_inverse(step, &inverse))
		return;
	for (i = 0; i < done->nr; i++) {
		if (done->step[i].index != step.index)
			continue;
		if (done->step[i].kind == step.kind)
			return;
		if (done->step[i].kind == inverse.kind) {
			done->nr--;
			memmove(&done->step[i], &done->step[i + 1],
				(done->nr - i) * sizeof(*done->step));
			return;
		}
	}
	append(done, step.kind, step.index);
}

/**
 * vf_step_text() - a step in words
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
			 guest->nodes[step.index].id);
		break;
	case VF_STEP_VCPU_ONLINE:
		snprintf(text, size, "vcpu %u online",
			 guest->vcpus[step.index].id);
		break;
	case VF_STEP_VCPU_OFFLINE:
		snprintf(text, size, "vcpu %u offline",
			 guest->vcpus[step.index].id);
		break;
	case VF_STEP_MEMORY_OUT:
		snprintf(text, size, "memory of node %u out",
			 guest->nodes[step.index].id);
		break;
	default:
		snprintf(text, size, "publish");
		break;
	}
}
