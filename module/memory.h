/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of nodes: emptied and handed back to the host, and brought back. */
#ifndef VIRTFLEX_MEMORY_H
#define VIRTFLEX_MEMORY_H

#include <linux/mm.h>

#include "pure.h"

/** vf_pages_kb() - so many pages, in KiB */
static inline u64 vf_pages_kb(unsigned long pages)
{
	return (u64)pages << (PAGE_SHIFT - 10);
}

/** enum vf_moved - what an attempt at an extent came to */
enum vf_moved {
	VF_MOVED,	/* one more */
	VF_NOT_MOVED,	/* not this one; others are still to be tried */
	VF_NO_MORE,	/* none is left that could be */
};

/**
 * struct vf_memory_counts - a node's memory, in numbers
 * @out_kb: handed back, now
 * @small_kb: of it, what is in smaller pieces than an extent
 * @lost_kb: of it, what the host did not take whole: out for good
 * @taken_free: extents handed back that were free, since the module was loaded
 * @taken_moved: extents that were emptied first
 * @taken_small: pages handed back in smaller extents
 * @given: extents brought back whole
 * @given_small: pages brought back in smaller extents
 * @stuck: attempts to empty an extent that failed
 * @take_us: time spent handing back, in microseconds
 * @empty_us: of it, emptying extents, failed attempts included
 * @release_us: of it, in the hypervisor
 * @give_us: time spent bringing back
 * @populate_us: of it, in the hypervisor
 */
struct vf_memory_counts {
	u64 out_kb;
	u64 small_kb;
	u64 lost_kb;
	u64 taken_free;
	u64 taken_moved;
	u64 taken_small;
	u64 given;
	u64 given_small;
	u64 stuck;
	u64 take_us;
	u64 empty_us;
	u64 release_us;
	u64 give_us;
	u64 populate_us;
};

int vf_memory_init(void);
void vf_memory_exit(void);
void vf_memory_counts(u32 node, struct vf_memory_counts *counts);
bool vf_memory_movable(void);
u64 vf_memory_out_kb(u32 node);
u64 vf_memory_small_kb(u32 node);
u64 vf_memory_all_out_kb(void);

void vf_memory_take_begin(u32 node);
enum vf_moved vf_memory_take(u32 node);
enum vf_moved vf_memory_take_small(u32 node, u64 most_kb);
enum vf_moved vf_memory_give(u32 node, u64 most_kb);
void vf_memory_give_all(void);

#endif /* VIRTFLEX_MEMORY_H */
