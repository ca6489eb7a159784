/* SPDX-License-Identifier: GPL-2.0-only */
/* The key "status": how far a change is, and how it ended. */
#ifndef VIRTFLEX_STATUS_H
#define VIRTFLEX_STATUS_H

#include "plan.h"

/* Room for a sentence, and an amount for each of some nodes. */
#define VF_STATUS_LEN	1024

/**
 * struct vf_status - a status, as it is put together
 * @text: value of the key
 * @written: jiffies when it was written last
 */
struct vf_status {
	char text[VF_STATUS_LEN];
	unsigned long written;
};

void vf_status_set(struct vf_status *status, const char *fmt, ...)
	__printf(2, 3);
void vf_status_write(struct vf_status *status);
void vf_status_step(struct vf_status *status, const struct vf_guest *guest,
		    const struct vf_steps *plan, u32 step, const char *verb);
void vf_status_progress(struct vf_status *status, u64 done_kb, u64 all_kb);
bool vf_status_short(struct vf_status *status, const struct vf_guest *guest,
		     const struct vf_wanted *wanted);

#endif /* VIRTFLEX_STATUS_H */
