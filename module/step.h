/* SPDX-License-Identifier: GPL-2.0-only */
/* Carries out the steps of a plan, one at a time. */
#ifndef VIRTFLEX_STEP_H
#define VIRTFLEX_STEP_H

#include "plan.h"
#include "status.h"

/**
 * struct vf_work - what steps are carried out on, and for
 * @guest: what there is; steps change it
 * @goal: what they are to come to; may be gone once @pause did not return 0
 * @status: says how far a step has come
 * @pause: sleeps for so many jiffies, or until the host has something to say;
 *	returns 0 to go on, or the reason to leave off
 */
struct vf_work {
	struct vf_guest *guest;
	const struct vf_wanted *goal;
	struct vf_status *status;
	int (*pause)(unsigned long jiffies);
};

int vf_step_run(struct vf_work *work, struct vf_step step);

#endif /* VIRTFLEX_STEP_H */
