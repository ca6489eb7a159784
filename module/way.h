/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of two ways to hand an extent over is the faster one here. Pure, as
 * topology.h.
 */
#ifndef VIRTFLEX_WAY_H
#define VIRTFLEX_WAY_H

#include "pure.h"

/**
 * enum vf_way - a way to hand an extent over
 * @VF_WAY_PAGES: as pages of 4 KiB, between which Xen lets others run
 * @VF_WAY_WHOLE: as one extent, which may hold the CPU until it is done
 */
enum vf_way {
	VF_WAY_PAGES,
	VF_WAY_WHOLE,
	VF_NR_WAYS,
};

/**
 * struct vf_ways - what is known of them; all 0 at first
 * @ns: how long an extent takes; 0: not tried yet
 * @since_trial: extents since the slower way was tried last
 * @trial_after: as many are handed over the faster way between two trials
 */
struct vf_ways {
	u64 ns[VF_NR_WAYS];
	unsigned int since_trial;
	unsigned int trial_after;
};

enum vf_way vf_way_choose(struct vf_ways *ways);
void vf_way_learn(struct vf_ways *ways, enum vf_way way, u64 ns);

#endif /* VIRTFLEX_WAY_H */
