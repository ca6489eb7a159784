// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks over the extents of a node, from its end downwards, and evacuates them: what is in
 * use there is migrated. An extent that fails is tried again in the next walk, as many
 * references to pages do not last.
 *
 * Locking: as in memory.c, only the worker of change.c walks.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "block.h"
#include "blocks.h"
#include "extent.h"
#include "walk.h"

#include "trace.h"

/* Give up after so many walks in a row that evacuated nothing. */
#define MAX_IDLE_WALKS	3

static unsigned long node_begin(u32 node)
{
	return ALIGN(NODE_DATA(node)->node_start_pfn, VF_EXTENT_PAGES);
}

static unsigned long node_end(u32 node)
{
	return ALIGN_DOWN(pgdat_end_pfn(NODE_DATA(node)), VF_EXTENT_PAGES);
}

/*
 * alloc_contig_range() gives a reference to each page; in a block only the first has
 * one. Return: false if a page has another reference; all are as they were then.
 */
static bool freeze_tail_refs(struct page *page, unsigned int order)
{
	unsigned long i, nr = 1UL << order;

	for (i = 1; i < nr; i++) {
		if (page_ref_freeze(page + i, 1))
			continue;
		while (--i)
			page_ref_unfreeze(page + i, 1);
		return false;
	}
	return true;
}

/* Whether all of an extent is memory of this node, and none of it is unplugged. */
static bool extent_is_whole(u32 node, unsigned long pfn)
{
	struct page *first = pfn_to_online_page(pfn);
	unsigned long i;

	if (!first || vf_block_in_zone_dma(first))
		return false;
	for (i = 0; i < VF_EXTENT_PAGES; i++) {
		struct page *page = pfn_to_online_page(pfn + i);

		if (!page || page_zone(page) != page_zone(first) ||
		    page_to_nid(page) != node || PageReserved(page) ||
		    PageOffline(page))
			return false;
	}
	return true;
}

/**
 * vf_walk_begin() - start to walk
 * @walk: out
 * @node: id of the node
 */
void vf_walk_begin(struct vf_walk *walk, u32 node)
{
	walk->node = node;
	walk->next = node_end(node);
	walk->nr_walks = 0;
	walk->idle_walks = 0;
	walk->progress = false;
}

/**
 * vf_walk_next() - go to the next extent, or begin the next walk
 * @walk: after vf_walk_begin()
 *
 * Context: the worker. Sleeps.
 * Return: VF_DONE if @walk->next is an extent of the node that may be evacuated; VF_NEXT if
 * not; VF_EXHAUSTED if the last walks evacuated nothing.
 */
enum vf_attempt vf_walk_next(struct vf_walk *walk)
{
	if (walk->next > node_begin(walk->node)) {
		walk->next -= VF_EXTENT_PAGES;
		return extent_is_whole(walk->node, walk->next) ? VF_DONE : VF_NEXT;
	}
	walk->nr_walks++;
	walk->idle_walks = walk->progress ? 0 : walk->idle_walks + 1;
	if (walk->idle_walks == MAX_IDLE_WALKS)
		return VF_EXHAUSTED;
	walk->next = node_end(walk->node);
	walk->progress = false;
	/* Transient references to pages are dropped meanwhile. */
	if (walk->idle_walks)
		msleep(20);
	return VF_NEXT;
}

/**
 * vf_walk_end() - try no more extents in this walk
 * @walk: after vf_walk_begin()
 */
void vf_walk_end(struct vf_walk *walk)
{
	walk->next = node_begin(walk->node);
}

/**
 * vf_walk_evacuate() - migrate what is in use in the extent, and allocate it
 * @walk: after VF_DONE of vf_walk_next()
 * @counts: counters of the node
 *
 * Context: the worker. Sleeps.
 * Return: 0 if the extent at @walk->next is allocated, as a block that is not marked yet;
 * -ENOMEM if there is no memory elsewhere for what is in it; other errors.
 */
int vf_walk_evacuate(struct vf_walk *walk, struct vf_memory_counts *counts)
{
	ktime_t begin = ktime_get();
	unsigned long pfn = walk->next, i;
	int ret;
	s64 us;

	/*
	 * Migrates what is in the extent, and waits for it. It may reclaim memory,
	 * but fails rather than invoke the OOM killer.
	 */
	ret = alloc_contig_range(pfn, pfn + VF_EXTENT_PAGES, MIGRATE_MOVABLE,
				 GFP_KERNEL | __GFP_NOWARN);
	if (!ret && !freeze_tail_refs(pfn_to_page(pfn), VF_EXTENT_ORDER)) {
		for (i = 0; i < VF_EXTENT_PAGES; i++)
			__free_page(pfn_to_page(pfn + i));
		ret = -EBUSY;
	}
	us = vf_count_time(&counts->evacuate_us, begin);
	walk->progress |= !ret;
	if (ret) {
		vf_count(&counts->evacuate_fail, 1);
		trace_virtflex_evacuate_fail(walk->node, pfn, ret, us);
	}
	return ret;
}
