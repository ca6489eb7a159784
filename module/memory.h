/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of nodes, unplugged and plugged. */
#ifndef VIRTFLEX_MEMORY_H
#define VIRTFLEX_MEMORY_H

#include <linux/mm.h>

#include "pure.h"

struct vf_blocks;

/** vf_pages_kb() - so many pages, in KiB */
static inline u64 vf_pages_kb(unsigned long pages)
{
	return (u64)pages << (PAGE_SHIFT - 10);
}

/** enum vf_attempt - result of an attempt to unplug or plug */
enum vf_attempt {
	VF_DONE,	/* it succeeded */
	VF_NEXT,	/* it failed; others are still to be tried */
	VF_EXHAUSTED,	/* nothing is left to try */
};

/**
 * struct vf_memory_counts - unplugged memory of a node, and counters since the module
 *	was loaded
 * @unplugged_kb: memory that is unplugged now
 * @small_kb: of it, in blocks smaller than an extent
 * @leaked_kb: of it, leaked: Xen may have taken a part of the block
 * @unplug_free: extents unplugged that were free
 * @unplug_evacuated: extents unplugged that were evacuated first
 * @unplug_pages: pages unplugged in blocks smaller than an extent
 * @plug_extents: extents plugged whole
 * @plug_pages: pages plugged in smaller extents
 * @evacuate_fail: attempts to evacuate an extent that failed
 * @unplug_us: time spent unplugging, in microseconds
 * @evacuate_us: of it, evacuating, failed attempts included
 * @decrease_us: of it, in the hypercall
 * @plug_us: time spent plugging
 * @populate_us: of it, in the hypercall
 */
struct vf_memory_counts {
	u64 unplugged_kb;
	u64 small_kb;
	u64 leaked_kb;
	u64 unplug_free;
	u64 unplug_evacuated;
	u64 unplug_pages;
	u64 plug_extents;
	u64 plug_pages;
	u64 evacuate_fail;
	u64 unplug_us;
	u64 evacuate_us;
	u64 decrease_us;
	u64 plug_us;
	u64 populate_us;
};

int vf_memory_init(void);
void vf_memory_exit(void);
void vf_memory_counts(u32 node, struct vf_memory_counts *counts);
bool vf_memory_can_unplug(void);
u64 vf_memory_unplugged_kb(u32 node);
u64 vf_memory_small_kb(u32 node);
u64 vf_memory_leaked_kb(u32 node);
u64 vf_memory_all_unplugged_kb(void);
u64 vf_memory_elsewhere_kb(u32 node, u64 current_kb);
int vf_memory_pnode_changed(u32 node);
struct vf_blocks *vf_memory_blocks(u32 node);

void vf_memory_unplug_begin(u32 node);
enum vf_attempt vf_memory_unplug(u32 node);
enum vf_attempt vf_memory_unplug_small(u32 node, u64 max_kb);
enum vf_attempt vf_memory_plug(u32 node, u64 max_kb);
void vf_memory_plug_all(void);

#endif /* VIRTFLEX_MEMORY_H */
