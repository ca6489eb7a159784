// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free memory of nodes that is withheld while nodes are unplugged.
 *
 * Nodes that are to be unplugged as a whole are isolated first, all of them before the
 * first is evacuated: what is free there is allocated, as blocks. Otherwise pages that
 * are migrated, and new ones, would be placed on a node that is about to go, perhaps
 * in an extent that cannot be evacuated. What is left in the end is freed.
 *
 * This is not MIGRATE_ISOLATE: the page allocator sees blocks that are in use.
 *
 * Locking: as in memory.c, only the worker of change.c calls what is here.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "block.h"
#include "extent.h"
#include "isolate.h"

/**
 * struct vf_isolation - isolated memory of a node
 * @extents: extents that can be unplugged as they are
 * @blocks: smaller blocks, and those in ZONE_DMA
 * @whole: the node is isolated as a whole
 */
struct vf_isolation {
	struct list_head extents;
	struct list_head blocks;
	bool whole;
};

/* By node id; set at load, const from then on. */
static struct vf_isolation *isolation;

/* A free block of a node; NULL for none. */
static struct page *alloc_block(u32 node, unsigned int order)
{
	/*
	 * No reclaim, direct or by kswapd: what is not free now is left to
	 * alloc_contig_range(). A node that goes as a whole needs no more than
	 * half of its min watermark.
	 */
	return alloc_pages_node(node, __GFP_THISNODE | __GFP_NOWARN |
				__GFP_HIGHMEM | __GFP_MOVABLE |
				__GFP_NOMEMALLOC |
				(isolation[node].whole ? __GFP_HIGH : 0),
				order);
}

static void add(u32 node, struct page *page, unsigned int order)
{
	bool whole = order == VF_EXTENT_ORDER && !vf_block_in_zone_dma(page);

	vf_block_mark(page, order, VF_BLOCK_ISOLATED,
		      whole ? &isolation[node].extents : &isolation[node].blocks);
}

static void release(struct page *page)
{
	unsigned int order = vf_block_order(page);

	vf_block_unmark(page);
	__free_pages(page, order);
}

static void add_all(u32 node)
{
	struct page *page;
	int order;

	for (order = VF_EXTENT_ORDER; order >= 0; order--) {
		while ((page = alloc_block(node, order))) {
			add(node, page, order);
			cond_resched();
		}
	}
}

static void release_all(struct list_head *blocks)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, blocks, lru) {
		release(page);
		cond_resched();
	}
}

/**
 * vf_isolate_node() - withhold all free memory of a node
 * @node: its id; it is to be unplugged as a whole
 *
 * Context: the worker; until vf_unisolate_all(). May be repeated.
 */
void vf_isolate_node(u32 node)
{
	if (!vf_extent_supported())
		return;
	isolation[node].whole = true;
	add_all(node);
}

/**
 * vf_unisolate_all() - free the isolated memory of all nodes
 *
 * Context: the worker.
 */
void vf_unisolate_all(void)
{
	u32 node;

	for_each_online_node(node) {
		isolation[node].whole = false;
		vf_unisolate_node(node);
	}
}

/**
 * vf_isolate_again() - withhold what was freed on isolated nodes meanwhile
 *
 * Context: the worker.
 */
void vf_isolate_again(void)
{
	u32 node;

	for_each_online_node(node)
		if (isolation[node].whole)
			add_all(node);
}

/**
 * vf_isolate_take_extent() - a whole extent of a node, isolated or free
 * @node: its id
 *
 * Context: the worker.
 * Return: its first page, without a mark; NULL for none.
 */
struct page *vf_isolate_take_extent(u32 node)
{
	struct list_head *extents = &isolation[node].extents;
	struct page *page;

	while (list_empty(extents)) {
		page = alloc_block(node, VF_EXTENT_ORDER);
		if (!page)
			return NULL;
		add(node, page, VF_EXTENT_ORDER);
	}
	page = list_first_entry(extents, struct page, lru);
	vf_block_unmark(page);
	return page;
}

/**
 * vf_isolate_take_block() - a smaller block of a node, isolated or free
 * @node: its id
 * @most: pages it has at most; 1 or more
 * @order: out
 *
 * Context: the worker.
 * Return: its first page, without a mark; NULL for none.
 */
struct page *vf_isolate_take_block(u32 node, unsigned long most, unsigned int *order)
{
	struct page *page;
	int try;

	list_for_each_entry(page, &isolation[node].blocks, lru) {
		*order = vf_block_order(page);
		if (1UL << *order > most || vf_block_in_zone_dma(page))
			continue;
		vf_block_unmark(page);
		return page;
	}
	for (try = min(ilog2(most), VF_EXTENT_ORDER - 1); try >= 0; try--) {
		page = alloc_block(node, try);
		if (page && !vf_block_in_zone_dma(page)) {
			*order = try;
			return page;
		}
		if (page)
			__free_pages(page, try);
	}
	return NULL;
}

/**
 * vf_unisolate_range() - free what is isolated among pages
 * @pfn: the first
 * @nr: how many
 *
 * alloc_contig_range() can only take what is free, or can be migrated.
 *
 * Context: the worker.
 */
void vf_unisolate_range(unsigned long pfn, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		struct page *page = pfn_to_page(pfn + i);

		if (vf_block_is(page, VF_BLOCK_ISOLATED) && !PageBuddy(page))
			release(page);
	}
}

/**
 * vf_unisolate_node() - free the isolated memory of a node that stays
 * @node: its id
 *
 * Context: the worker.
 */
void vf_unisolate_node(u32 node)
{
	if (isolation[node].whole)
		return;
	release_all(&isolation[node].extents);
	release_all(&isolation[node].blocks);
}

/**
 * vf_isolate_init() - at load
 *
 * Return: 0 or -ENOMEM.
 */
int vf_isolate_init(void)
{
	u32 node;

	isolation = kvcalloc(nr_node_ids, sizeof(*isolation), GFP_KERNEL);
	if (!isolation)
		return -ENOMEM;
	for (node = 0; node < nr_node_ids; node++) {
		INIT_LIST_HEAD(&isolation[node].extents);
		INIT_LIST_HEAD(&isolation[node].blocks);
	}
	return 0;
}

/** vf_isolate_exit() - at unload, when nothing is isolated */
void vf_isolate_exit(void)
{
	kvfree(isolation);
}
