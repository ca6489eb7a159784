// SPDX-License-Identifier: GPL-2.0-only
/*
 * A node's memory on its way to the host and back.
 *
 * Life of a page that leaves: it is allocated, by us, as free memory, which may have
 * been held first (hold.c), or after alloc_contig_range() moved away what was in it.
 * It is part of a piece (piece.h): the first of these pages in a row has a reference,
 * ours, and the others have none, so that nobody who finds them by their number can
 * take one. No list but ours holds the first. The page is scrubbed, marked PageOffline
 * (so that crash dumps, /proc/kcore and hibernation do not touch it), taken off the
 * count of managed pages, and handed to the host; its struct page stays. It comes back
 * the other way round: populated first, then unmarked, counted and freed. Where the
 * host gives a part of a piece, the rest is made into smaller pieces.
 *
 * The first page of each piece has our mark in page->private and is in a list
 * by page->lru, but for a piece of which the host took a part: that one is in
 * no list and never comes back. So a module that is loaded finds what an earlier
 * one could not bring back.
 *
 * Locking: the worker of change.c alone calls what changes anything here (load
 * and unload before and after its time). Counters may be read at any time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/hugetlb.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "extent.h"
#include "hold.h"
#include "memory.h"
#include "piece.h"
#include "topology.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static_assert(VF_EXTENT_PAGES << (PAGE_SHIFT - 10) == VF_EXTENT_KB);

/* A walk over all extents that took none is tried again as often. */
#define NR_WALKS	3

/* So many extents in a row whose pages found no room elsewhere: there is none. */
#define NR_WITHOUT_ROOM	8

/**
 * struct vf_memory_node - memory of a node
 * @vnode: Xen's number of the node
 * @extents: pieces handed back, of VF_EXTENT_ORDER
 * @small: pieces handed back, smaller ones
 * @next: extents from here on, downwards, have not been tried in this walk
 * @fruitless: walks in a row that took nothing
 * @without_room: extents in a row whose pages found no room elsewhere
 * @took: this walk took something
 * @counts: written by the worker
 */
struct vf_memory_node {
	u32 vnode;
	struct list_head extents;
	struct list_head small;
	unsigned long next;
	unsigned int fruitless;
	unsigned int without_room;
	bool took;
	struct vf_memory_counts counts;
};

/* By node id; set at load, const from then on. */
static struct vf_memory_node *memory;

/* The worker writes these counters, anybody reads them. */
static void count(u64 *counter, u64 nr)
{
	WRITE_ONCE(*counter, *counter + nr);
}

/* Return: the time, in microseconds. */
static s64 count_time(u64 *counter, ktime_t since)
{
	s64 us = ktime_us_delta(ktime_get(), since);

	count(counter, us);
	return us;
}

/* Pages in a piece of that order go out, or (negative) come in. */
static void count_out(struct vf_memory_node *n, unsigned int order, long pages)
{
	u64 kb = vf_pages_kb(pages);

	count(&n->counts.out_kb, kb);
	if (order < VF_EXTENT_ORDER)
		count(&n->counts.small_kb, kb);
}

static unsigned long node_begin(u32 node)
{
	return ALIGN(NODE_DATA(node)->node_start_pfn, VF_EXTENT_PAGES);
}

static unsigned long node_end(u32 node)
{
	return ALIGN_DOWN(pgdat_end_pfn(NODE_DATA(node)), VF_EXTENT_PAGES);
}

/*
 * alloc_contig_range() gives a reference to each page; of a piece only the first
 * has one. Return: false if somebody looks at one of the pages, which is as it
 * was then.
 */
static bool piece_join(struct page *page, unsigned int order)
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

/*
 * Hand back, bring back.
 */

/* Return: whether the host took it. */
static bool hand_back(u32 node, struct page *page, unsigned int order)
{
	struct vf_memory_node *n = &memory[node];
	unsigned long i, nr = 1UL << order;
	ktime_t begin;
	bool gone;
	s64 us;

	for (i = 0; i < nr; i++)
		clear_highpage(page + i);
	page_offline_begin();
	for (i = 0; i < nr; i++)
		__SetPageOffline(page + i);
	page_offline_end();
	vf_piece_mark(page, order, VF_PIECE_OUT,
		      order == VF_EXTENT_ORDER ? &n->extents : &n->small);
	adjust_managed_page_count(page, -(long)nr);
	count_out(n, order, nr);

	begin = ktime_get();
	gone = vf_extent_release(page_to_pfn(page), order);
	us = count_time(&n->counts.release_us, begin);
	trace_virtflex_extent_out(node, page_to_pfn(page), nr, gone ? nr : 0, us);
	if (gone) {
		vf_extent_account(-(long)nr);
		return true;
	}
	/* Part of it may be gone: keep it, unused, for good. */
	vf_piece_unmark(page);
	set_page_private(page, VF_PIECE_LOST | order);
	count(&n->counts.lost_kb, vf_pages_kb(nr));
	pr_warn("node %u: the host did not take %llu KiB at pfn %#lx; they stay unused\n",
		node, vf_pages_kb(nr), page_to_pfn(page));
	return false;
}

/* Populated pages, which are part of no piece any more, are memory again. */
static void free_populated(struct page *page, unsigned int order)
{
	unsigned long i, nr = 1UL << order;

	for (i = 0; i < nr; i++)
		__ClearPageOffline(page + i);
	adjust_managed_page_count(page, nr);
	__free_pages(page, order);
}

/* Return: whether any of it came. What did not is smaller pieces then. */
static bool bring_back(u32 node, struct page *page)
{
	struct vf_memory_node *n = &memory[node];
	unsigned int order = vf_piece_order(page), part, smallest = order;
	unsigned long i, came, all = 1UL << order;
	ktime_t begin = ktime_get();
	s64 us;

	came = vf_extent_populate(page_to_pfn(page), order, n->vnode, &smallest);
	us = count_time(&n->counts.populate_us, begin);
	trace_virtflex_extent_in(node, page_to_pfn(page), all, came, us);
	if (!came)
		return false;
	vf_extent_account(came);
	vf_piece_unmark(page);
	count_out(n, order, -all);
	if (smallest == VF_EXTENT_ORDER)
		count(&n->counts.given, 1);
	else
		count(&n->counts.given_small, came);
	for (i = 0; i < all; i += 1UL << part) {
		part = i < came ? ilog2(came - i) : __ffs(i);
		if (i)
			page_ref_unfreeze(page + i, 1);
		if (i < came) {
			free_populated(page + i, part);
			continue;
		}
		vf_piece_mark(page + i, part, VF_PIECE_OUT, &n->small);
		count_out(n, part, 1UL << part);
	}
	return true;
}

/*
 * Emptying a node.
 */

/* Whether all of an extent is memory of this node, and none of it is out. */
static bool extent_is_whole(u32 node, unsigned long pfn)
{
	struct page *first = pfn_to_online_page(pfn);
	unsigned long i;

	if (!first || vf_piece_for_old_devices(first))
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

/* Return: 0; -ENOMEM if what is in it found no room elsewhere; or another error. */
static int empty(u32 node, unsigned long pfn)
{
	ktime_t begin = ktime_get();
	unsigned long i;
	int ret;
	s64 us;

	/*
	 * Moves what is in the extent, waiting for it, to where there is room.
	 * It may reclaim, but rather fails than to invoke the OOM killer.
	 */
	ret = alloc_contig_range(pfn, pfn + VF_EXTENT_PAGES, MIGRATE_MOVABLE,
				 GFP_KERNEL | __GFP_NOWARN);
	if (!ret && !piece_join(pfn_to_page(pfn), VF_EXTENT_ORDER)) {
		for (i = 0; i < VF_EXTENT_PAGES; i++)
			__free_page(pfn_to_page(pfn + i));
		ret = -EBUSY;
	}
	us = count_time(&memory[node].counts.empty_us, begin);
	if (ret)
		trace_virtflex_extent_busy(node, pfn, ret, us);
	return ret;
}

/* Try the next extent. */
static enum vf_moved take_next(u32 node)
{
	struct vf_memory_node *n = &memory[node];
	struct page *page;
	int ret;

	if (n->next <= node_begin(node)) {
		n->fruitless = n->took ? 0 : n->fruitless + 1;
		if (n->fruitless == NR_WALKS)
			return VF_NO_MORE;
		n->next = node_end(node);
		n->took = false;
		/* Whoever has a page in hand lets go of it. */
		if (n->fruitless)
			msleep(20);
		return VF_NOT_MOVED;
	}
	n->next -= VF_EXTENT_PAGES;
	if (!extent_is_whole(node, n->next))
		return VF_NOT_MOVED;
	page = pfn_to_page(n->next);
	vf_hold_release_range(n->next, VF_EXTENT_PAGES);
	ret = empty(node, n->next);
	/* A page of the pool of huge pages finds room in the pool, or none. */
	if (ret == -ENOMEM && !folio_test_hugetlb(page_folio(page)))
		return ++n->without_room < NR_WITHOUT_ROOM ? VF_NOT_MOVED :
							     VF_NO_MORE;
	n->without_room = 0;
	if (ret) {
		count(&n->counts.stuck, 1);
		return VF_NOT_MOVED;
	}
	n->took = true;
	if (!hand_back(node, page, VF_EXTENT_ORDER))
		return VF_NO_MORE;
	count(&n->counts.taken_moved, 1);
	return VF_MOVED;
}

/**
 * vf_memory_take_begin() - before memory is taken from a node
 * @node: its id
 */
void vf_memory_take_begin(u32 node)
{
	memory[node].next = node_end(node);
	memory[node].fruitless = 0;
	memory[node].without_room = 0;
	memory[node].took = false;
}

static enum vf_moved take(u32 node)
{
	struct vf_memory_node *n = &memory[node];
	struct page *page;

	page = vf_hold_extent(node);
	if (!page) {
		/* Who stays on a node that stays needs what is free there. */
		vf_hold_closed();
		return take_next(node);
	}
	n->took = true;
	if (!hand_back(node, page, VF_EXTENT_ORDER))
		return VF_NO_MORE;
	count(&n->counts.taken_free, 1);
	return VF_MOVED;
}

/**
 * vf_memory_take() - hand back one more extent of a node
 * @node: its id
 *
 * Free extents first, which costs nothing; then those that have to be emptied.
 *
 * Context: the worker, after vf_memory_take_begin(); then vf_hold_release(). Sleeps.
 * Return: enum vf_moved.
 */
enum vf_moved vf_memory_take(u32 node)
{
	ktime_t begin = ktime_get();
	enum vf_moved moved;

	if (!vf_extent_ready())
		return VF_NO_MORE;
	cond_resched();
	moved = take(node);
	count_time(&memory[node].counts.take_us, begin);
	return moved;
}

/**
 * vf_memory_take_small() - hand back a piece smaller than an extent
 * @node: its id
 * @most_kb: no larger than this
 *
 * Context: as vf_memory_take(), when that has come to VF_NO_MORE.
 * Return: VF_MOVED or VF_NO_MORE.
 */
enum vf_moved vf_memory_take_small(u32 node, u64 most_kb)
{
	unsigned long most = most_kb >> (PAGE_SHIFT - 10);
	struct vf_memory_node *n = &memory[node];
	ktime_t begin = ktime_get();
	unsigned int order;
	struct page *page;
	bool gone;

	cond_resched();
	page = most ? vf_hold_piece(node, most, &order) : NULL;
	if (!page)
		return VF_NO_MORE;
	gone = hand_back(node, page, order);
	count_time(&n->counts.take_us, begin);
	if (!gone)
		return VF_NO_MORE;
	count(&n->counts.taken_small, 1UL << order);
	return VF_MOVED;
}

/* The first piece of a list that is no larger than so many KiB. */
static enum vf_moved give_from(u32 node, struct list_head *pieces, u64 most_kb)
{
	struct page *page;

	list_for_each_entry(page, pieces, lru)
		if (vf_pages_kb(1UL << vf_piece_order(page)) <= most_kb)
			return bring_back(node, page) ? VF_MOVED : VF_NOT_MOVED;
	return VF_NO_MORE;
}

/**
 * vf_memory_give() - bring back one piece of a node, or a part of it
 * @node: its id
 * @most_kb: no larger than this
 *
 * Whole extents first.
 *
 * Context: the worker.
 * Return: VF_MOVED; VF_NOT_MOVED if the host has no memory for it; VF_NO_MORE
 * if all is back, or all that is not is larger.
 */
enum vf_moved vf_memory_give(u32 node, u64 most_kb)
{
	struct vf_memory_node *n = &memory[node];
	ktime_t begin = ktime_get();
	enum vf_moved moved;

	cond_resched();
	moved = give_from(node, &n->extents, most_kb);
	if (moved == VF_NO_MORE)
		moved = give_from(node, &n->small, most_kb);
	count_time(&n->counts.give_us, begin);
	return moved;
}

/**
 * vf_memory_movable() - whether memory can go to the host at all
 *
 * Return: true if so.
 */
bool vf_memory_movable(void)
{
	return vf_extent_ready();
}

/**
 * vf_memory_out_kb() - memory of a node that is with the host
 * @node: its id
 *
 * Return: KiB.
 */
u64 vf_memory_out_kb(u32 node)
{
	return READ_ONCE(memory[node].counts.out_kb);
}

/**
 * vf_memory_small_kb() - memory of a node that is with the host in small pieces
 * @node: its id
 *
 * Return: KiB, of those of vf_memory_out_kb().
 */
u64 vf_memory_small_kb(u32 node)
{
	return READ_ONCE(memory[node].counts.small_kb);
}

/**
 * vf_memory_all_out_kb() - memory of all nodes that is with the host
 *
 * Return: KiB.
 */
u64 vf_memory_all_out_kb(void)
{
	u64 out_kb = 0;
	u32 node;

	for_each_online_node(node)
		out_kb += vf_memory_out_kb(node);
	return out_kb;
}

/**
 * vf_memory_counts() - a node's memory, in numbers
 * @node: its id
 * @counts: out; each number is right, though not all of one moment
 *
 * Context: any, from vf_memory_init() to vf_memory_exit().
 */
void vf_memory_counts(u32 node, struct vf_memory_counts *counts)
{
	const struct vf_memory_counts *now = &memory[node].counts;

	counts->out_kb = READ_ONCE(now->out_kb);
	counts->small_kb = READ_ONCE(now->small_kb);
	counts->lost_kb = READ_ONCE(now->lost_kb);
	counts->taken_free = READ_ONCE(now->taken_free);
	counts->taken_moved = READ_ONCE(now->taken_moved);
	counts->taken_small = READ_ONCE(now->taken_small);
	counts->given = READ_ONCE(now->given);
	counts->given_small = READ_ONCE(now->given_small);
	counts->stuck = READ_ONCE(now->stuck);
	counts->take_us = READ_ONCE(now->take_us);
	counts->empty_us = READ_ONCE(now->empty_us);
	counts->release_us = READ_ONCE(now->release_us);
	counts->give_us = READ_ONCE(now->give_us);
	counts->populate_us = READ_ONCE(now->populate_us);
}

/*
 * Load and unload.
 */

/* A page with a mark that an earlier load of the module left. */
static bool is_left(struct page *page)
{
	return PageOffline(page) && vf_piece_order(page) <= VF_EXTENT_ORDER &&
	       (vf_piece_is(page, VF_PIECE_OUT) || vf_piece_is(page, VF_PIECE_LOST));
}

static void adopt_piece(struct vf_memory_node *n, struct page *page,
			unsigned int order)
{
	unsigned long nr = 1UL << order;

	count_out(n, order, nr);
	if (vf_piece_is(page, VF_PIECE_LOST)) {
		count(&n->counts.lost_kb, vf_pages_kb(nr));
		return;
	}
	INIT_LIST_HEAD(&page->lru);
	list_add(&page->lru,
		 order == VF_EXTENT_ORDER ? &n->extents : &n->small);
}

static void adopt(u32 node)
{
	struct vf_memory_node *n = &memory[node];
	unsigned long pfn = NODE_DATA(node)->node_start_pfn;

	while (pfn < pgdat_end_pfn(NODE_DATA(node))) {
		struct page *page = pfn_to_online_page(pfn);
		unsigned long nr = 1;

		if (page && page_to_nid(page) == node && is_left(page)) {
			nr = 1UL << vf_piece_order(page);
			adopt_piece(n, page, vf_piece_order(page));
		}
		pfn += nr;
		if (!(pfn % VF_EXTENT_PAGES))
			cond_resched();
	}
	if (n->counts.out_kb)
		pr_info("node %u: %llu KiB are with the host, as an earlier load left it\n",
			node, n->counts.out_kb);
}

/**
 * vf_memory_give_all() - bring back all that is with the host
 *
 * As far as the host has it.
 *
 * Context: the worker, or when it no longer runs.
 */
void vf_memory_give_all(void)
{
	u32 node;

	for_each_online_node(node)
		while (vf_memory_give(node, U64_MAX) == VF_MOVED)
			;
}

/**
 * vf_memory_init() - at load; finds what an earlier load left with the host
 *
 * Return: 0 or -ENOMEM.
 */
int vf_memory_init(void)
{
	u32 node;

	memory = kvcalloc(nr_node_ids, sizeof(*memory), GFP_KERNEL);
	if (!memory)
		return -ENOMEM;
	for (node = 0; node < nr_node_ids; node++) {
		memory[node].vnode = vf_vnode_of_node(node);
		INIT_LIST_HEAD(&memory[node].extents);
		INIT_LIST_HEAD(&memory[node].small);
	}
	if (!vf_extent_ready())
		return 0;
	for_each_online_node(node)
		adopt(node);
	return 0;
}

/**
 * vf_memory_exit() - at unload; brings back all that is with the host
 *
 * What the host does not give stays out, marked, and is found by the next load.
 */
void vf_memory_exit(void)
{
	u32 node;

	if (vf_extent_ready()) {
		vf_memory_give_all();
		for_each_online_node(node)
			if (vf_memory_out_kb(node))
				pr_warn("node %u: the host does not give %llu KiB back; load the module again to go on\n",
					node, vf_memory_out_kb(node));
	}
	kvfree(memory);
}
