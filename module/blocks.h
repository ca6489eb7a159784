/* SPDX-License-Identifier: GPL-2.0-only */
/* The unplugged blocks of a node. For the worker, and for load and unload without it. */
#ifndef VIRTFLEX_BLOCKS_H
#define VIRTFLEX_BLOCKS_H

#include <linux/ktime.h>
#include <linux/list.h>

#include "memory.h"
#include "origin.h"

/**
 * struct vf_blocks - unplugged blocks of a node
 * @node: its id
 * @vnode: Xen's number of it
 * @extents: blocks of VF_EXTENT_ORDER
 * @small: smaller ones
 * @origin: which of the node's pages came from its current physical node
 * @moving: what goes comes back at once, so the balloon driver is told of the rest
 * @unaccounted: pages it was not told of, plugged or, if negative, unplugged
 * @counts: written by the worker, read by anybody
 */
struct vf_blocks {
	u32 node;
	u32 vnode;
	struct list_head extents;
	struct list_head small;
	struct vf_origin origin;
	bool moving;
	long unaccounted;
	struct vf_memory_counts counts;
};

/** vf_count() - add to a counter, which anybody may read meanwhile */
static inline void vf_count(u64 *counter, u64 nr)
{
	WRITE_ONCE(*counter, *counter + nr);
}

/** vf_count_time() - add the time since a moment, and return it, in microseconds */
static inline s64 vf_count_time(u64 *counter, ktime_t since)
{
	s64 us = ktime_us_delta(ktime_get(), since);

	vf_count(counter, us);
	return us;
}

void vf_blocks_init(struct vf_blocks *b, u32 node, u32 vnode);
void vf_blocks_adopt(struct vf_blocks *b);
bool vf_blocks_unplug(struct vf_blocks *b, struct page *page, unsigned int order);
enum vf_attempt vf_blocks_plug(struct vf_blocks *b, unsigned long pages);
bool vf_blocks_plug_extent(struct vf_blocks *b, struct page *page);
void vf_blocks_set_moving(struct vf_blocks *b, bool moving);

#endif /* VIRTFLEX_BLOCKS_H */
