/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host is told of the memory of nodes while it asks. Pure, as topology.h. */
#ifndef VIRTFLEX_REPORT_H
#define VIRTFLEX_REPORT_H

#include "topology.h"

/**
 * struct vf_usage - what memory of a node is used for, in KiB
 * @current_kb: all that it has
 * @free_kb: free
 * @cache_kb: page cache of files
 * @slab_kb: memory of the kernel that can be reclaimed
 * @reserve_kb: what the kernel keeps of what is free
 * @low_kb: low watermarks
 */
struct vf_usage {
	u64 current_kb;
	u64 free_kb;
	u64 cache_kb;
	u64 slab_kb;
	u64 reserve_kb;
	u64 low_kb;
};

/**
 * struct vf_report - what the host is told of a node
 * @vnode: its number
 * @used_kb: memory in use
 * @free_kb: the rest: free, or can be dropped
 */
struct vf_report {
	u32 vnode;
	u64 used_kb;
	u64 free_kb;
};

int vf_report_period(const char *value, size_t len, u64 *seconds, struct vf_error *err);
void vf_report_set(struct vf_report *report, const struct vf_usage *usage);

#endif /* VIRTFLEX_REPORT_H */
