/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A change as a list of small steps, and the way back. Pure, as topology.h.
 */
#ifndef VIRTFLEX_PLAN_H
#define VIRTFLEX_PLAN_H

#include "topology.h"

/**
 * enum vf_step_kind - what a step does
 * @VF_STEP_ANNOUNCE: publish what is about to happen; from here on leaving
 *	nodes are not active
 * @VF_STEP_PLUG: plug memory of a node
 * @VF_STEP_VCPU_ONLINE: bring a vCPU online
 * @VF_STEP_GRACE: give programs time to leave a node by themselves
 * @VF_STEP_VCPU_OFFLINE: take a vCPU offline
 * @VF_STEP_ISOLATE: isolate nodes that are to be unplugged as a whole
 * @VF_STEP_UNPLUG: unplug memory of a node
 * @VF_STEP_MOVE: move memory of a node to another physical node
 * @VF_STEP_PUBLISH: publish what is now, arrived nodes among the active ones;
 *	the change is done and no longer undone
 */
enum vf_step_kind {
	VF_STEP_ANNOUNCE,
	VF_STEP_PLUG,
	VF_STEP_VCPU_ONLINE,
	VF_STEP_GRACE,
	VF_STEP_VCPU_OFFLINE,
	VF_STEP_ISOLATE,
	VF_STEP_UNPLUG,
	VF_STEP_MOVE,
	VF_STEP_PUBLISH,
	VF_NR_STEP_KINDS,
};

/**
 * struct vf_step - a step
 * @kind: what it does
 * @index: to which node or vCPU of struct vf_guest; 0 where there is no which
 */
struct vf_step {
	enum vf_step_kind kind;
	u32 index;
};

/**
 * struct vf_steps - steps in order
 * @nr: how many
 * @max: how many there is space for: vf_plan_max_steps()
 * @step: the steps
 */
struct vf_steps {
	u32 nr;
	u32 max;
	struct vf_step *step;
};

u32 vf_plan_max_steps(const struct vf_guest *guest);
bool vf_plan_isolates(const struct vf_guest *guest,
		      const struct vf_wanted *wanted, u32 node);
int vf_plan(const struct vf_guest *guest, const struct vf_wanted *wanted,
	    struct vf_steps *plan);
int vf_plan_rollback(const struct vf_guest *guest,
		     const struct vf_wanted *initial, struct vf_steps *plan);
void vf_step_text(const struct vf_guest *guest, struct vf_step step,
		  char *text, size_t size);

#endif /* VIRTFLEX_PLAN_H */
