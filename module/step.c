// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carries out steps. Those that take long ask after each extent whether to stop; what
 * was done until then is in struct vf_guest when they return.
 */
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>

#include "cpus.h"
#include "guest.h"
#include "isolate.h"
#include "memory.h"
#include "move.h"
#include "state.h"
#include "step.h"
#include "usage.h"

/* How often to check whether programs have left a node. */
#define GRACE_POLL	(HZ / 20)

static unsigned int grace_ms = 2000;
module_param(grace_ms, uint, 0644);
MODULE_PARM_DESC(grace_ms, "time for programs to leave a node, unless the host says (2000)");

static int step_announce(struct vf_work *work, u32 unused)
{
	switch (work->goal->request) {
	case VF_SHRINK:
		return vf_state_publish(work->guest, work->goal, VIRTFLEX_SHRINKING, "");
	case VF_MOVE:
		/* It adds and removes nothing; what a replaced request did is undone. */
		return vf_state_publish(work->guest, NULL, VIRTFLEX_STABLE, "");
	default:
		return vf_state_publish(work->guest, work->goal, VIRTFLEX_EXPANDING, "");
	}
}

static int step_vcpu_online(struct vf_work *work, u32 vcpu)
{
	return vf_cpus_online(&work->guest->vcpus[vcpu]);
}

static int step_vcpu_offline(struct vf_work *work, u32 vcpu)
{
	return vf_cpus_offline(&work->guest->vcpus[vcpu]);
}

static bool users_on_leaving(const struct vf_work *work)
{
	u32 i;

	for (i = 0; i < work->guest->nr_nodes; i++) {
		const struct vf_node *n = &work->guest->nodes[i];

		if (n->active && n->online &&
		    !vf_wanted_active(work->guest, work->goal, i) &&
		    vf_usage_by_users(n->id))
			return true;
	}
	return false;
}

static int step_grace(struct vf_work *work, u32 unused)
{
	unsigned long end = jiffies;
	int ret = 0;

	end += msecs_to_jiffies(work->goal->has_option[VF_OPT_GRACE_MS] ?
				work->goal->option[VF_OPT_GRACE_MS] :
				READ_ONCE(grace_ms));
	while (!ret && time_before(jiffies, end) && users_on_leaving(work))
		ret = work->pause(GRACE_POLL);
	return ret;
}

/* Otherwise pages would be migrated from one leaving node to the next. */
static int step_isolate(struct vf_work *work, u32 unused)
{
	u32 i;

	for (i = 0; i < work->guest->nr_nodes; i++)
		if (vf_plan_isolates(work->guest, work->goal, i))
			vf_isolate_node(work->guest->nodes[i].id);
	return work->pause(0);
}

/* Falling short is no failure of the step: vf_status_short() reports it. */
static int step_unplug(struct vf_work *work, u32 node)
{
	u32 id = work->guest->nodes[node].id;
	u64 from_kb = vf_guest_node_kb(id), now_kb = from_kb;
	u64 to_kb = vf_wanted_kb(work->guest, work->goal, node);
	bool small = work->goal->option[VF_OPT_SMALL];
	enum vf_attempt attempt = VF_DONE;
	int ret = 0;

	if (!vf_memory_can_unplug())
		return 0;
	vf_memory_unplug_begin(id);
	while (now_kb >= to_kb + VF_EXTENT_KB && attempt != VF_EXHAUSTED && !ret) {
		attempt = vf_memory_unplug(id);
		now_kb = vf_guest_node_kb(id);
		vf_status_progress(work->status, from_kb - now_kb,
				   from_kb - to_kb);
		ret = work->pause(0);
	}
	while (!ret && small && now_kb > to_kb &&
	       vf_memory_unplug_small(id, now_kb - to_kb) == VF_DONE) {
		now_kb = vf_guest_node_kb(id);
		ret = work->pause(0);
	}
	vf_unisolate_node(id);
	return ret;
}

static int step_plug(struct vf_work *work, u32 node)
{
	u32 id = work->guest->nodes[node].id;
	u64 from_kb = vf_guest_node_kb(id), now_kb = from_kb;
	u64 to_kb = vf_wanted_kb(work->guest, work->goal, node);
	unsigned long patience = jiffies;
	int ret = 0;

	/* A shrink may be what frees the memory that is missing. */
	if (work->goal->request != VF_SHRINK)
		patience += work->goal->option[VF_OPT_WAIT_S] * HZ;

	while (now_kb < to_kb && !ret) {
		enum vf_attempt attempt = vf_memory_plug(id, to_kb - now_kb);

		if (attempt == VF_EXHAUSTED)
			break;
		if (attempt == VF_NEXT && !time_before(jiffies, patience))
			break;
		now_kb = vf_guest_node_kb(id);
		vf_status_progress(work->status, now_kb - from_kb,
				   to_kb - from_kb);
		/* Xen has no memory now: retry for as long as wait_s says. */
		ret = work->pause(attempt == VF_NEXT ? HZ : 0);
	}
	return ret;
}

/* Falling short is no failure here either: vf_status_short() reports it. */
static int step_move(struct vf_work *work, u32 node)
{
	u32 id = work->guest->nodes[node].id;
	u64 all_kb = work->guest->nodes[node].elsewhere_kb, left_kb;
	u64 to_kb = vf_wanted_kb(work->guest, work->goal, node);
	unsigned long wait = work->goal->option[VF_OPT_WAIT_S] * HZ;
	unsigned long patience = jiffies + wait;
	enum vf_attempt attempt = VF_DONE;
	struct vf_move move;
	int ret = 0;

	/* An extent is still missing from the last time: do not risk a second one. */
	if (!vf_memory_can_unplug() || vf_node_short(&work->guest->nodes[node], to_kb))
		return 0;
	vf_move_begin(&move, id);
	while (attempt != VF_EXHAUSTED && !ret) {
		attempt = vf_move_next(&move);
		if (!move.missing)
			patience = jiffies + wait;
		else if (!time_before(jiffies, patience))
			break;
		left_kb = vf_memory_elsewhere_kb(id, vf_guest_node_kb(id));
		vf_status_progress(work->status, all_kb - min(left_kb, all_kb),
				   all_kb);
		ret = work->pause(move.missing ? HZ : 0);
	}
	vf_move_end(&move);
	return ret;
}

static int step_publish(struct vf_work *work, u32 unused)
{
	vf_wanted_commit(work->guest, work->goal);
	vf_guest_set_baseline(work->guest);
	return vf_state_publish(work->guest, NULL, VIRTFLEX_STABLE, "");
}

/* By enum vf_step_kind. */
static int (*const run[VF_NR_STEP_KINDS])(struct vf_work *work, u32 index) = {
	[VF_STEP_ANNOUNCE]	= step_announce,
	[VF_STEP_PLUG]		= step_plug,
	[VF_STEP_VCPU_ONLINE]	= step_vcpu_online,
	[VF_STEP_GRACE]		= step_grace,
	[VF_STEP_VCPU_OFFLINE]	= step_vcpu_offline,
	[VF_STEP_ISOLATE]	= step_isolate,
	[VF_STEP_UNPLUG]	= step_unplug,
	[VF_STEP_MOVE]		= step_move,
	[VF_STEP_PUBLISH]	= step_publish,
};

/**
 * vf_step_run() - carry out a step
 * @work: on what, and for what
 * @step: of a plan for @work->goal
 *
 * Context: the worker. Sleeps, and waits for CPU hotplug.
 * Return: 0, what @work->pause returned, or the kernel's error.
 */
int vf_step_run(struct vf_work *work, struct vf_step step)
{
	int ret = run[step.kind](work, step.index);

	/* Others take CPUs on and offline too: look rather than assume. */
	vf_guest_refresh(work->guest);
	return ret;
}
