/* SPDX-License-Identifier: GPL-2.0-only */
/* What the memory of nodes is used for, and whether a change leaves enough. */
#ifndef VIRTFLEX_USAGE_H
#define VIRTFLEX_USAGE_H

#include <linux/mmzone.h>

#include "report.h"
#include "topology.h"

/**
 * struct vf_remaining - memory that a node still has, by reason, in KiB
 * @kernel: used by the kernel, which is unmovable
 * @pinned: pinned, by io_uring, RDMA or the like
 * @hugetlb: in the pool of huge pages
 * @user: used by processes or the page cache
 * @user_beside: of @user, in extents that also have memory of the kernel
 * @balloon: taken by the stock balloon driver, page by page
 * @free: free, in fragments smaller than an extent
 */
struct vf_remaining {
	u64 kernel;
	u64 pinned;
	u64 hugetlb;
	u64 user;
	u64 user_beside;
	u64 balloon;
	u64 free;
};

void vf_usage_of(u32 node, struct vf_usage *usage);
bool vf_usage_by_users(u32 node);
bool vf_usage_has_free(void);
unsigned long vf_usage_spare(u32 node, enum zone_type highest);
int vf_usage_can_move(const struct vf_guest *guest, const struct vf_wanted *wanted,
		      struct vf_error *err);
int vf_usage_min(const struct vf_guest *guest, const struct vf_wanted *wanted,
		 struct vf_error *err);
int vf_usage_low(const struct vf_guest *guest, const struct vf_wanted *wanted,
		 struct vf_error *err);
int vf_usage_headroom(const struct vf_guest *guest,
		      const struct vf_wanted *wanted, struct vf_error *err);
void vf_usage_remaining(u32 node, bool elsewhere, struct vf_remaining *remaining);

#endif /* VIRTFLEX_USAGE_H */
