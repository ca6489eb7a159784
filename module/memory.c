// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unplugs and plugs memory of nodes, in extents of 2 MiB where possible.
 *
 * Life of an unplugged page. It is allocated as part of a block (block.h): as free
 * memory, which may have been isolated before (isolate.c), or by alloc_contig_range(),
 * which migrates what is in use there. The references of all pages but the first are
 * frozen, so that nobody who walks over page frame numbers can take one; the one of the
 * first is ours, and only our list holds it. The pages are scrubbed, marked PageOffline
 * (crash dumps, /proc/kcore and hibernation leave such pages alone), subtracted from the
 * managed pages, and handed to Xen; their struct pages stay. Plugging does the same in
 * reverse. If Xen populates only a part of a block, the rest becomes smaller blocks.
 *
 * The first page of each block has our mark in page->private, and is on a list by
 * page->lru. A block that Xen may have taken a part of is leaked: it is on no list and is
 * never plugged again. By the marks a later load of the module finds what an earlier
 * one could not plug.
 *
 * Locking: only the worker of change.c changes anything here, and load and unload when
 * the worker does not run. Counters may be read at any time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "block.h"
#include "compat.h"
#include "extent.h"
#include "isolate.h"
#include "memory.h"
#include "topology.h"
#include "usage.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static_assert(VF_EXTENT_PAGES << (PAGE_SHIFT - 10) == VF_EXTENT_KB);

/* Give up after so many walks in a row over all extents that unplugged none. */
#define MAX_IDLE_WALKS	3

/* Give up after so many extents in a row that failed for want of memory elsewhere. */
#define MAX_NOMEM	8

/**
 * struct vf_memory_node - memory of a node
 * @vnode: Xen's number of the node
 * @extents: unplugged blocks of VF_EXTENT_ORDER
 * @small: unplugged smaller blocks
 * @next: extents from here on, downwards, have not been tried in this walk
 * @idle_walks: walks in a row that unplugged nothing
 * @nomem: extents in a row that failed for want of memory elsewhere
 * @progress: this walk unplugged something
 * @counts: written by the worker
 */
struct vf_memory_node {
	u32 vnode;
	struct list_head extents;
	struct list_head small;
	unsigned long next;
	unsigned int idle_walks;
	unsigned int nomem;
	bool progress;
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

/* Pages of a block of an order were unplugged or, if negative, plugged. */
static void count_small(struct vf_memory_node *n, unsigned int order, long pages)
{
	if (order < VF_EXTENT_ORDER)
		count(&n->counts.small_kb, vf_pages_kb(pages));
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

/*
 * To Xen and back.
 */

/* Give populated pages, which are no block any more, to the page allocator. */
static void free_populated(struct page *page, unsigned int order)
{
	unsigned long i, nr = 1UL << order;

	for (i = 0; i < nr; i++)
		__ClearPageOffline(page + i);
	adjust_managed_page_count(page, nr);
	__free_pages(page, order);
}

/* Return: whether Xen took it. */
static bool unplug_block(u32 node, struct page *page, unsigned int order)
{
	struct vf_memory_node *n = &memory[node];
	unsigned long i, nr = 1UL << order;
	ktime_t begin;
	s64 us;
	int ret;

	for (i = 0; i < nr; i++)
		clear_highpage(page + i);
	page_offline_begin();
	for (i = 0; i < nr; i++)
		__SetPageOffline(page + i);
	page_offline_end();
	vf_block_mark(page, order, VF_BLOCK_UNPLUGGED,
		      order == VF_EXTENT_ORDER ? &n->extents : &n->small);
	adjust_managed_page_count(page, -(long)nr);
	count(&n->counts.unplugged_kb, vf_pages_kb(nr));

	begin = ktime_get();
	ret = vf_extent_decrease(page_to_pfn(page), order);
	us = count_time(&n->counts.decrease_us, begin);
	trace_virtflex_extent_unplug(node, page_to_pfn(page), nr, ret ? 0 : nr, us);
	if (!ret) {
		count_small(n, order, nr);
		vf_extent_account(-(long)nr);
		return true;
	}
	vf_block_unmark(page);
	if (ret == -EBUSY) {
		count(&n->counts.unplugged_kb, -vf_pages_kb(nr));
		free_populated(page, order);
		return false;
	}
	/* A part of it may be gone: it is leaked. */
	set_page_private(page, VF_BLOCK_LEAKED | order);
	count(&n->counts.leaked_kb, vf_pages_kb(nr));
	pr_warn("node %u: leaked %llu KiB at pfn %#lx, which Xen did not take whole\n",
		node, vf_pages_kb(nr), page_to_pfn(page));
	return false;
}

/*
 * Populate the first of some pages, in extents of an order, or also in smaller ones.
 * Return: how many.
 */
static unsigned long populate(struct vf_memory_node *n, unsigned long pfn,
			      unsigned long pages, unsigned int order,
			      bool smaller)
{
	ktime_t begin = ktime_get();
	unsigned long done = 0;
	s64 us;

	for (;; order--) {
		unsigned int nr = (pages - done) >> order;

		if (nr)
			done += (unsigned long)vf_extent_populate(pfn + done, nr, order,
								  n->vnode) << order;
		if (done == pages || !smaller || !order)
			break;
	}
	us = count_time(&n->counts.populate_us, begin);
	trace_virtflex_extent_plug(n - memory, pfn, pages, done, us);
	return done;
}

/*
 * Some pages of a block, the first ones, are populated. They are freed; the rest is made
 * into smaller blocks.
 */
static void split_block(struct vf_memory_node *n, struct page *page,
			unsigned long done)
{
	unsigned int order = vf_block_order(page), part;
	unsigned long i, all = 1UL << order;

	vf_block_unmark(page);
	for (i = 0; i < all; i += 1UL << part) {
		part = i < done ? ilog2(done - i) : __ffs(i);
		if (i)
			page_ref_unfreeze(page + i, 1);
		if (i < done) {
			free_populated(page + i, part);
			continue;
		}
		vf_block_mark(page + i, part, VF_BLOCK_UNPLUGGED, &n->small);
	}
	count(&n->counts.unplugged_kb, -vf_pages_kb(done));
	count_small(n, order, -done);
	if (order == VF_EXTENT_ORDER)
		count_small(n, 0, all - done);
}

/*
 * Plug so many pages of a block, all if it has fewer, in one extent or also in smaller
 * ones. Return: whether any page was plugged.
 */
static bool plug_block(struct vf_memory_node *n, struct page *page,
		       unsigned long pages, bool smaller)
{
	unsigned int order = vf_block_order(page);
	unsigned long done;

	pages = min(pages, 1UL << order);
	done = populate(n, page_to_pfn(page), pages, order, smaller);
	if (!done)
		return false;
	vf_extent_account(done);
	if (order == VF_EXTENT_ORDER && !smaller)
		count(&n->counts.plug_extents, 1);
	else
		count(&n->counts.plug_pages, done);
	split_block(n, page, done);
	return true;
}

/*
 * Unplugging.
 */

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

/* Return: 0; -ENOMEM if there is no memory elsewhere for what is in it; other errors. */
static int evacuate(u32 node, unsigned long pfn)
{
	ktime_t begin = ktime_get();
	unsigned long i;
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
	us = count_time(&memory[node].counts.evacuate_us, begin);
	if (ret) {
		count(&memory[node].counts.evacuate_fail, 1);
		trace_virtflex_evacuate_fail(node, pfn, ret, us);
	}
	return ret;
}

/* Try the next extent. */
static enum vf_attempt unplug_next(u32 node)
{
	struct vf_memory_node *n = &memory[node];
	struct page *page;
	int ret;

	if (n->next <= node_begin(node)) {
		n->idle_walks = n->progress ? 0 : n->idle_walks + 1;
		if (n->idle_walks == MAX_IDLE_WALKS)
			return VF_EXHAUSTED;
		n->next = node_end(node);
		n->progress = false;
		/* Transient references to pages are dropped meanwhile. */
		if (n->idle_walks)
			msleep(20);
		return VF_NEXT;
	}
	n->next -= VF_EXTENT_PAGES;
	if (!extent_is_whole(node, n->next))
		return VF_NEXT;
	page = pfn_to_page(n->next);
	vf_unisolate_range(n->next, VF_EXTENT_PAGES);
	ret = evacuate(node, n->next);
	/* A large page may lack one like it, which says nothing of other memory. */
	if (ret == -ENOMEM && ++n->nomem >= MAX_NOMEM && !vf_usage_has_free())
		return VF_EXHAUSTED;
	if (ret != -ENOMEM)
		n->nomem = 0;
	if (ret)
		return VF_NEXT;
	n->progress = true;
	if (!unplug_block(node, page, VF_EXTENT_ORDER))
		return VF_EXHAUSTED;
	count(&n->counts.unplug_evacuated, 1);
	return VF_DONE;
}

/**
 * vf_memory_unplug_begin() - start to unplug memory of a node
 * @node: its id
 */
void vf_memory_unplug_begin(u32 node)
{
	memory[node].next = node_end(node);
	memory[node].idle_walks = 0;
	memory[node].nomem = 0;
	memory[node].progress = false;
}

static enum vf_attempt unplug(u32 node)
{
	struct vf_memory_node *n = &memory[node];
	struct page *page;

	page = vf_isolate_take_extent(node);
	if (!page) {
		/* Only on isolated nodes: on others it is needed. */
		vf_isolate_again();
		return unplug_next(node);
	}
	n->progress = true;
	if (!unplug_block(node, page, VF_EXTENT_ORDER))
		return VF_EXHAUSTED;
	count(&n->counts.unplug_free, 1);
	return VF_DONE;
}

/**
 * vf_memory_unplug() - try to unplug one more extent of a node
 * @node: its id
 *
 * Free extents come first, then those that have to be evacuated.
 *
 * Context: the worker, after vf_memory_unplug_begin(); then vf_unisolate_node(). Sleeps.
 * Return: enum vf_attempt.
 */
enum vf_attempt vf_memory_unplug(u32 node)
{
	ktime_t begin = ktime_get();
	enum vf_attempt attempt;

	if (!vf_extent_supported())
		return VF_EXHAUSTED;
	cond_resched();
	attempt = unplug(node);
	count_time(&memory[node].counts.unplug_us, begin);
	return attempt;
}

/**
 * vf_memory_unplug_small() - try to unplug a free block smaller than an extent
 * @node: its id
 * @max_kb: size of the block at most
 *
 * Context: as vf_memory_unplug(), when that has come to VF_EXHAUSTED.
 * Return: VF_DONE or VF_EXHAUSTED.
 */
enum vf_attempt vf_memory_unplug_small(u32 node, u64 max_kb)
{
	unsigned long most = max_kb >> (PAGE_SHIFT - 10);
	struct vf_memory_node *n = &memory[node];
	ktime_t begin = ktime_get();
	unsigned int order;
	struct page *page;
	bool taken;

	cond_resched();
	page = most ? vf_isolate_take_block(node, most, &order) : NULL;
	if (!page)
		return VF_EXHAUSTED;
	taken = unplug_block(node, page, order);
	count_time(&n->counts.unplug_us, begin);
	if (!taken)
		return VF_EXHAUSTED;
	count(&n->counts.unplug_pages, 1UL << order);
	return VF_DONE;
}

static struct page *first_block(struct list_head *blocks)
{
	return list_first_entry_or_null(blocks, struct page, lru);
}

/*
 * Extents whole, as long as the host has such. Then what is left of extents that came
 * in smaller ones. Only if nothing is, another one is begun: an extent can only be
 * unplugged again as a whole.
 */
static enum vf_attempt plug(struct vf_memory_node *n, unsigned long pages)
{
	struct page *extent = first_block(&n->extents);
	struct page *small = first_block(&n->small);

	if (pages < VF_EXTENT_PAGES)
		extent = NULL;
	if (!pages || (!extent && !small))
		return VF_EXHAUSTED;
	if (extent && plug_block(n, extent, VF_EXTENT_PAGES, false))
		return VF_DONE;
	if (plug_block(n, small ?: extent, pages, true))
		return VF_DONE;
	return VF_NEXT;
}

/**
 * vf_memory_plug() - try to plug one block of a node, or a part of it
 * @node: its id
 * @max_kb: not more than this
 *
 * Context: the worker.
 * Return: VF_DONE; VF_NEXT if Xen has no memory for it now; VF_EXHAUSTED if nothing
 * is unplugged, or only extents are that are larger.
 */
enum vf_attempt vf_memory_plug(u32 node, u64 max_kb)
{
	struct vf_memory_node *n = &memory[node];
	ktime_t begin = ktime_get();
	enum vf_attempt attempt;

	cond_resched();
	attempt = plug(n, max_kb >> (PAGE_SHIFT - 10));
	count_time(&n->counts.plug_us, begin);
	return attempt;
}

/**
 * vf_memory_can_unplug() - whether this guest can unplug memory at all
 *
 * Return: true if so.
 */
bool vf_memory_can_unplug(void)
{
	return vf_extent_supported();
}

/**
 * vf_memory_unplugged_kb() - unplugged memory of a node
 * @node: its id
 *
 * Return: KiB.
 */
u64 vf_memory_unplugged_kb(u32 node)
{
	return READ_ONCE(memory[node].counts.unplugged_kb);
}

/**
 * vf_memory_small_kb() - unplugged memory of a node in blocks smaller than an extent
 * @node: its id
 *
 * Return: KiB, of those of vf_memory_unplugged_kb().
 */
u64 vf_memory_small_kb(u32 node)
{
	return READ_ONCE(memory[node].counts.small_kb);
}

/**
 * vf_memory_leaked_kb() - leaked memory of a node
 * @node: its id
 *
 * Return: KiB, of those of vf_memory_unplugged_kb(), which are never plugged again.
 */
u64 vf_memory_leaked_kb(u32 node)
{
	return READ_ONCE(memory[node].counts.leaked_kb);
}

/**
 * vf_memory_all_unplugged_kb() - unplugged memory of all nodes
 *
 * Return: KiB.
 */
u64 vf_memory_all_unplugged_kb(void)
{
	u64 unplugged_kb = 0;
	u32 node;

	for_each_online_node(node)
		unplugged_kb += vf_memory_unplugged_kb(node);
	return unplugged_kb;
}

/**
 * vf_memory_counts() - counters of a node's memory
 * @node: its id
 * @counts: out; each number is right, though not all of one moment
 *
 * Context: any, from vf_memory_init() to vf_memory_exit().
 */
void vf_memory_counts(u32 node, struct vf_memory_counts *counts)
{
	const struct vf_memory_counts *now = &memory[node].counts;

	counts->unplugged_kb = READ_ONCE(now->unplugged_kb);
	counts->small_kb = READ_ONCE(now->small_kb);
	counts->leaked_kb = READ_ONCE(now->leaked_kb);
	counts->unplug_free = READ_ONCE(now->unplug_free);
	counts->unplug_evacuated = READ_ONCE(now->unplug_evacuated);
	counts->unplug_pages = READ_ONCE(now->unplug_pages);
	counts->plug_extents = READ_ONCE(now->plug_extents);
	counts->plug_pages = READ_ONCE(now->plug_pages);
	counts->evacuate_fail = READ_ONCE(now->evacuate_fail);
	counts->unplug_us = READ_ONCE(now->unplug_us);
	counts->evacuate_us = READ_ONCE(now->evacuate_us);
	counts->decrease_us = READ_ONCE(now->decrease_us);
	counts->plug_us = READ_ONCE(now->plug_us);
	counts->populate_us = READ_ONCE(now->populate_us);
}

/*
 * Load and unload.
 */

/* The first page of a block that an earlier load of the module left. */
static bool was_left(struct page *page)
{
	return PageOffline(page) && vf_block_order(page) <= VF_EXTENT_ORDER &&
	       (vf_block_is(page, VF_BLOCK_UNPLUGGED) || vf_block_is(page, VF_BLOCK_LEAKED));
}

static void adopt_block(struct vf_memory_node *n, struct page *page,
			unsigned int order)
{
	unsigned long nr = 1UL << order;

	count(&n->counts.unplugged_kb, vf_pages_kb(nr));
	if (vf_block_is(page, VF_BLOCK_LEAKED)) {
		count(&n->counts.leaked_kb, vf_pages_kb(nr));
		return;
	}
	count_small(n, order, nr);
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

		if (page && page_to_nid(page) == node && was_left(page)) {
			nr = 1UL << vf_block_order(page);
			adopt_block(n, page, vf_block_order(page));
		}
		pfn += nr;
		if (!(pfn % VF_EXTENT_PAGES))
			cond_resched();
	}
	if (n->counts.unplugged_kb)
		pr_info("node %u: %llu KiB are unplugged, as an earlier load left them\n",
			node, n->counts.unplugged_kb);
}

/**
 * vf_memory_plug_all() - plug all memory that Xen has for it
 *
 * Context: the worker, or when it no longer runs.
 */
void vf_memory_plug_all(void)
{
	u32 node;

	for_each_online_node(node)
		while (vf_memory_plug(node, U64_MAX) == VF_DONE)
			;
}

/**
 * vf_memory_init() - at load; finds what an earlier load left unplugged
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
	if (!vf_extent_supported())
		return 0;
	for_each_online_node(node)
		adopt(node);
	return 0;
}

/**
 * vf_memory_exit() - at unload; plugs all memory
 *
 * What Xen has no memory for stays unplugged, and is found by the next load.
 */
void vf_memory_exit(void)
{
	u32 node;

	if (vf_extent_supported()) {
		vf_memory_plug_all();
		for_each_online_node(node)
			if (vf_memory_unplugged_kb(node))
				pr_warn("node %u: %llu KiB stay unplugged, %llu of them leaked; load the module again to retry the others\n",
					node, vf_memory_unplugged_kb(node),
					vf_memory_leaked_kb(node));
	}
	kvfree(memory);
}
