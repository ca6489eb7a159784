// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a node that is in use, moved to another physical node: the host has told Xen
 * which one, so that what is populated from now on comes from there.
 *
 * One extent at a time is evacuated: what is in use there is migrated to free memory of the
 * same node. The extent is handed to Xen, populated again, and freed. Programs keep
 * their node, and if the host runs out of memory no more than one extent is missing. Free
 * extents come first; otherwise pages would be migrated into extents that are still to be
 * moved, and so twice.
 *
 * Locking: as in memory.c, only the worker of change.c calls what is here.
 */
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched.h>

#include "blocks.h"
#include "extent.h"
#include "move.h"
#include "usage.h"

/**
 * vf_move_begin() - start to move
 * @move: out
 * @node: id of the node; after vf_memory_pnode_changed()
 */
void vf_move_begin(struct vf_move *move, u32 node)
{
	vf_walk_begin(&move->walk, node);
	move->missing = 0;
	vf_blocks_set_moving(vf_memory_blocks(node), true);
}

/**
 * vf_move_end() - end it, wherever it is
 * @move: after vf_move_begin()
 */
void vf_move_end(struct vf_move *move)
{
	vf_blocks_set_moving(vf_memory_blocks(move->walk.node), false);
}

/*
 * Whether the node itself has room for what is in an extent; without, that would be
 * migrated to other nodes. One piece is asked for, as a huge page may be in there; memory
 * may be compacted and reclaimed for it. It is of the zones that pages of this extent may
 * go to. (Pages of a hugetlb pool go where the pool has free ones.)
 */
static bool has_spare(u32 node, struct page *extent)
{
	gfp_t gfp = GFP_USER | __GFP_MOVABLE | __GFP_THISNODE | __GFP_NORETRY | __GFP_NOWARN;
	struct page *page;

	if (page_zonenum(extent) == ZONE_MOVABLE)
		gfp |= __GFP_HIGHMEM;
	page = alloc_pages_node(node, gfp, VF_EXTENT_ORDER);
	if (!page)
		return false;
	__free_pages(page, VF_EXTENT_ORDER);
	return vf_usage_spare(node, gfp_zone(gfp)) >= VF_EXTENT_PAGES;
}

/* Whether an extent is free in one piece, or was just now. */
static bool is_free(unsigned long pfn)
{
	struct page *page = pfn_to_page(ALIGN_DOWN(pfn, MAX_ORDER_NR_PAGES));

	if (PageBuddy(page) && page_private(page) == MAX_PAGE_ORDER)
		return true;
	page = pfn_to_page(pfn);
	return PageBuddy(page) && page_private(page) >= VF_EXTENT_ORDER;
}

/* Plug the last extent, until all of it is there or Xen has no memory for it now. */
static enum vf_attempt plug_missing(struct vf_move *move, struct vf_blocks *b)
{
	ktime_t begin = ktime_get();
	bool came = true;

	while (move->missing && came) {
		u64 unplugged_kb = b->counts.unplugged_kb;

		came = move->missing == VF_EXTENT_PAGES ?
		       vf_blocks_plug_extent(b, pfn_to_page(move->walk.next)) :
		       vf_blocks_plug(b, move->missing) == VF_DONE;
		unplugged_kb -= b->counts.unplugged_kb;
		move->missing -= unplugged_kb >> (PAGE_SHIFT - 10);
	}
	vf_count_time(&b->counts.plug_us, begin);
	return came ? VF_DONE : VF_NEXT;
}

/* Return: whether the extent is unplugged, with nothing lost. */
static bool unplug(struct vf_move *move, struct vf_blocks *b, u64 *counter)
{
	ktime_t begin = ktime_get();
	bool gone = vf_blocks_unplug(b, pfn_to_page(move->walk.next), VF_EXTENT_ORDER);

	vf_count_time(&b->counts.unplug_us, begin);
	if (gone)
		vf_count(counter, 1);
	return gone;
}

/* Return: whether the extent is allocated as a block. */
static bool evacuate(struct vf_move *move, struct vf_blocks *b)
{
	ktime_t begin = ktime_get();
	bool done;

	if (!has_spare(move->walk.node, pfn_to_page(move->walk.next))) {
		vf_walk_end(&move->walk);
		return false;
	}
	done = !vf_walk_evacuate(&move->walk, &b->counts);
	vf_count_time(&b->counts.unplug_us, begin);
	return done;
}

/**
 * vf_move_next() - move one more extent, or the rest of the last one
 * @move: after vf_move_begin()
 *
 * Context: the worker. Sleeps.
 * Return: VF_DONE; VF_NEXT if it failed, or if the host has no memory now, when
 * @move->missing is not 0; VF_EXHAUSTED if nothing is left to try.
 */
enum vf_attempt vf_move_next(struct vf_move *move)
{
	struct vf_blocks *b = vf_memory_blocks(move->walk.node);
	enum vf_attempt attempt;
	bool first, free;

	cond_resched();
	if (move->missing)
		return plug_missing(move, b);
	first = !move->walk.nr_walks;
	attempt = vf_walk_next(&move->walk);
	if (attempt != VF_DONE)
		return attempt;
	free = is_free(move->walk.next);
	if ((first && !free) ||
	    !vf_origin_elsewhere(&b->origin, move->walk.next, VF_EXTENT_PAGES) ||
	    !evacuate(move, b))
		return VF_NEXT;
	if (!unplug(move, b, free ? &b->counts.unplug_free :
				    &b->counts.unplug_evacuated))
		return VF_EXHAUSTED;
	move->missing = VF_EXTENT_PAGES;
	return plug_missing(move, b);
}
