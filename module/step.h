/* SPDX-License-Identifier: GPL-2.0-only */
/* Carries out the steps of a plan, one at a time. */
#ifndef VIRTFLEX_STEP_H
#define VIRTFLEX_STEP_H

#include "plan.h"
#include "status.h"

/**
 * struct vf_work - what steps are carried out on, and for
 * @guest: what there is; steps change it
 * @goal: what they are to come to; not to be used once @pause did not return 0
 * @status: says how far a step has come
 * @pause: sleeps for so many jiffies, or until there is a reason to stop; returns 0 or
 *	that reason
 */
struct vf_work {
	struct vf_guest *guest;
	const struct vf_wanted *goal;
	struct vf_status *status;
	int (*pause)(unsigned long jiffies);
};

int vf_step_run(struct vf_work *work, struct vf_step step);

#endif /* VIRTFLEX_STEP_H */
