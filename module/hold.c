// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free memory that is kept from others while nodes are emptied.
 *
 * A node that is to have no memory at all is closed, and all such nodes before the
 * first of them is emptied: what is free on it is held, in pieces. Else pages that
 * have to move would move there, from this node or another that is closed, and new
 * ones be allocated there, and the extent they are in is perhaps one that cannot
 * be emptied. What is held and does not go is given to the allocator in the end.
 *
 * Locking: as in memory.c, the worker of change.c alone calls what is here.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "extent.h"
#include "hold.h"
#include "piece.h"

/**
 * struct vf_hold_node - what is held on a node
 * @extents: extents that can be handed back as they are
 * @pieces: what cannot: smaller ones, and those for old devices
 * @closed: the node takes no pages
 */
struct vf_hold_node {
	struct list_head extents;
	struct list_head pieces;
	bool closed;
};

/* By node id; set at load, const from then on. */
static struct vf_hold_node *hold;

/* A free piece of a node; NULL for none. */
static struct page *piece_alloc(u32 node, unsigned int order)
{
	/*
	 * No reclaim, nobody woken: what is not free now is for
	 * alloc_contig_range(). A node that is closed needs less of a reserve.
	 */
	return alloc_pages_node(node, __GFP_THISNODE | __GFP_NOWARN |
				__GFP_HIGHMEM | __GFP_MOVABLE |
				(hold[node].closed ? __GFP_HIGH :
						     __GFP_NOMEMALLOC), order);
}

static void add(u32 node, struct page *page, unsigned int order)
{
	bool whole = order == VF_EXTENT_ORDER && !vf_piece_for_old_devices(page);

	vf_piece_mark(page, order, VF_PIECE_HELD,
		      whole ? &hold[node].extents : &hold[node].pieces);
}

static void release(struct page *page)
{
	unsigned int order = vf_piece_order(page);

	vf_piece_unmark(page);
	__free_pages(page, order);
}

static void add_all(u32 node)
{
	struct page *page;
	int order;

	for (order = VF_EXTENT_ORDER; order >= 0; order--) {
		while ((page = piece_alloc(node, order))) {
			add(node, page, order);
			cond_resched();
		}
	}
}

static void release_all(struct list_head *pieces)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pieces, lru) {
		release(page);
		cond_resched();
	}
}

/**
 * vf_hold_close() - a node takes no pages any more
 * @node: its id; it is to have no memory at all
 *
 * Context: the worker; until vf_hold_open_all(). May be repeated.
 */
void vf_hold_close(u32 node)
{
	if (!vf_extent_ready())
		return;
	hold[node].closed = true;
	add_all(node);
}

/**
 * vf_hold_open_all() - every node takes pages again
 *
 * Context: the worker.
 */
void vf_hold_open_all(void)
{
	u32 node;

	for_each_online_node(node) {
		hold[node].closed = false;
		vf_hold_release(node);
	}
}

/**
 * vf_hold_closed() - hold what processes have let go of on closed nodes meanwhile
 *
 * Context: the worker.
 */
void vf_hold_closed(void)
{
	u32 node;

	for_each_online_node(node)
		if (hold[node].closed)
			add_all(node);
}

/**
 * vf_hold_extent() - a whole extent of a node that is held, or free
 * @node: its id
 *
 * Context: the worker.
 * Return: its first page, without a mark; NULL for none.
 */
struct page *vf_hold_extent(u32 node)
{
	struct list_head *extents = &hold[node].extents;
	struct page *page;

	while (list_empty(extents)) {
		page = piece_alloc(node, VF_EXTENT_ORDER);
		if (!page)
			return NULL;
		add(node, page, VF_EXTENT_ORDER);
	}
	page = list_first_entry(extents, struct page, lru);
	vf_piece_unmark(page);
	return page;
}

/**
 * vf_hold_piece() - a piece of a node that is held, or free
 * @node: its id
 * @most: pages it has at most; 1 or more
 * @order: out
 *
 * Context: the worker.
 * Return: its first page, without a mark; NULL for none.
 */
struct page *vf_hold_piece(u32 node, unsigned long most, unsigned int *order)
{
	struct page *page;
	int try;

	list_for_each_entry(page, &hold[node].pieces, lru) {
		*order = vf_piece_order(page);
		if (1UL << *order > most || vf_piece_for_old_devices(page))
			continue;
		vf_piece_unmark(page);
		return page;
	}
	for (try = min(ilog2(most), VF_EXTENT_ORDER - 1); try >= 0; try--) {
		page = piece_alloc(node, try);
		if (page && !vf_piece_for_old_devices(page)) {
			*order = try;
			return page;
		}
		if (page)
			__free_pages(page, try);
	}
	return NULL;
}

/**
 * vf_hold_release_range() - let go of what is held among pages
 * @pfn: the first
 * @nr: how many
 *
 * It is in the way of alloc_contig_range(), which is to find it free.
 *
 * Context: the worker.
 */
void vf_hold_release_range(unsigned long pfn, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		struct page *page = pfn_to_page(pfn + i);

		if (vf_piece_is(page, VF_PIECE_HELD) && !PageBuddy(page))
			release(page);
	}
}

/**
 * vf_hold_release() - let go of what is held on a node, unless it is closed
 * @node: its id
 *
 * Context: the worker.
 */
void vf_hold_release(u32 node)
{
	if (hold[node].closed)
		return;
	release_all(&hold[node].extents);
	release_all(&hold[node].pieces);
}

/**
 * vf_hold_init() - at load
 *
 * Return: 0 or -ENOMEM.
 */
int vf_hold_init(void)
{
	u32 node;

	hold = kvcalloc(nr_node_ids, sizeof(*hold), GFP_KERNEL);
	if (!hold)
		return -ENOMEM;
	for (node = 0; node < nr_node_ids; node++) {
		INIT_LIST_HEAD(&hold[node].extents);
		INIT_LIST_HEAD(&hold[node].pieces);
	}
	return 0;
}

/** vf_hold_exit() - at unload, when nothing is held */
void vf_hold_exit(void)
{
	kvfree(hold);
}
