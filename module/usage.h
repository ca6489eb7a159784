/* SPDX-License-Identifier: GPL-2.0-only */
/* What the memory of nodes is in use for. */
#ifndef VIRTFLEX_USAGE_H
#define VIRTFLEX_USAGE_H

#include "topology.h"

/**
 * struct vf_stuck - what is left on a node, by reason, in KiB
 * @kernel: in use by the kernel, which does not move
 * @pinned: pinned, by io_uring, RDMA or the like
 * @hugetlb: in the pool of huge pages
 * @user: of processes or the page cache, and in use just now
 * @balloon: handed back by the stock balloon driver, page by page
 * @free: free, in pieces smaller than an extent
 */
struct vf_stuck {
	u64 kernel;
	u64 pinned;
	u64 hugetlb;
	u64 user;
	u64 balloon;
	u64 free;
};

bool vf_usage_by_users(u32 node);
int vf_usage_least(const struct vf_guest *guest, const struct vf_wanted *wanted,
		   struct vf_error *err);
int vf_usage_low(const struct vf_guest *guest, const struct vf_wanted *wanted,
		 struct vf_error *err);
int vf_usage_room(const struct vf_guest *guest, const struct vf_wanted *wanted,
		  struct vf_error *err);
void vf_usage_stuck(u32 node, struct vf_stuck *stuck);

#endif /* VIRTFLEX_USAGE_H */
