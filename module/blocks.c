// SPDX-License-Identifier: GPL-2.0-only
/*
 * The unplugged memory of a node, in blocks (block.h): to Xen and back, in extents of
 * 2 MiB where possible.
 *
 * Life of an unplugged page. It is allocated as part of a block: as free
 * memory, which may have been isolated before (isolate.c), or by evacuation (memory.c),
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

#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/sched.h>

#include "block.h"
#include "blocks.h"
#include "compat.h"
#include "extent.h"
#include "topology.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static_assert(VF_EXTENT_PAGES << (PAGE_SHIFT - 10) == VF_EXTENT_KB);

/* Pages of a block of an order were unplugged or, if negative, plugged. */
static void count_small(struct vf_blocks *b, unsigned int order, long pages)
{
	if (order < VF_EXTENT_ORDER)
		vf_count(&b->counts.small_kb, vf_pages_kb(pages));
}

static void account(struct vf_blocks *b, long pages)
{
	if (b->moving)
		b->unaccounted += pages;
	else
		vf_extent_account(pages);
}

/**
 * vf_blocks_set_moving() - a move begins or ends
 * @b: blocks of the node
 * @moving: it begins
 *
 * The balloon driver is told of the sum when the move ends. Told as each extent goes and
 * comes, that of a stock kernel would forget what it has yet to plug itself: memory that
 * is plugged counts as that (vf_extent_account()).
 *
 * Context: the worker.
 */
void vf_blocks_set_moving(struct vf_blocks *b, bool moving)
{
	b->moving = moving;
	if (!moving && b->unaccounted)
		vf_extent_account(b->unaccounted);
	b->unaccounted = 0;
}

/* Give populated pages, which are no block any more, to the page allocator. */
static void free_populated(struct page *page, unsigned int order)
{
	unsigned long i, nr = 1UL << order;

	for (i = 0; i < nr; i++)
		__ClearPageOffline(page + i);
	adjust_managed_page_count(page, nr);
	__free_pages(page, order);
}

/**
 * vf_blocks_unplug() - hand a block to Xen
 * @b: blocks of the node
 * @page: first page of the block; the references of the others are frozen
 * @order: of the block
 *
 * If Xen takes none of it, it is freed; if Xen may have taken a part, it is leaked.
 *
 * Context: the worker. Sleeps.
 * Return: whether Xen took it.
 */
bool vf_blocks_unplug(struct vf_blocks *b, struct page *page, unsigned int order)
{
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
		      order == VF_EXTENT_ORDER ? &b->extents : &b->small);
	adjust_managed_page_count(page, -(long)nr);
	vf_count(&b->counts.unplugged_kb, vf_pages_kb(nr));

	begin = ktime_get();
	ret = vf_extent_decrease(page_to_pfn(page), order);
	us = vf_count_time(&b->counts.decrease_us, begin);
	trace_virtflex_extent_unplug(b->node, page_to_pfn(page), nr, ret ? 0 : nr, us);
	if (ret != -EBUSY)
		vf_origin_went(&b->origin, page_to_pfn(page), nr);
	if (!ret) {
		count_small(b, order, nr);
		account(b, -(long)nr);
		return true;
	}
	vf_block_unmark(page);
	if (ret == -EBUSY) {
		vf_count(&b->counts.unplugged_kb, -vf_pages_kb(nr));
		free_populated(page, order);
		return false;
	}
	/* A part of it may be gone: it is leaked. */
	set_page_private(page, VF_BLOCK_LEAKED | order);
	vf_count(&b->counts.leaked_kb, vf_pages_kb(nr));
	pr_warn("node %u: leaked %llu KiB at pfn %#lx, which Xen did not take whole\n",
		b->node, vf_pages_kb(nr), page_to_pfn(page));
	return false;
}

/*
 * Populate the first of some pages, in extents of an order, or also in smaller ones.
 * Return: how many.
 */
static unsigned long populate(struct vf_blocks *b, unsigned long pfn,
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
								  b->vnode) << order;
		if (done == pages || !smaller || !order)
			break;
	}
	us = vf_count_time(&b->counts.populate_us, begin);
	trace_virtflex_extent_plug(b->node, pfn, pages, done, us);
	return done;
}

/*
 * Some pages of a block, the first ones, are populated. They are freed; the rest is made
 * into smaller blocks.
 */
static void split_block(struct vf_blocks *b, struct page *page,
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
		vf_block_mark(page + i, part, VF_BLOCK_UNPLUGGED, &b->small);
	}
	vf_count(&b->counts.unplugged_kb, -vf_pages_kb(done));
	count_small(b, order, -done);
	if (order == VF_EXTENT_ORDER)
		count_small(b, 0, all - done);
}

/*
 * Plug so many pages of a block, all if it has fewer, in one extent or also in smaller
 * ones. Return: whether any page was plugged.
 */
static bool plug_block(struct vf_blocks *b, struct page *page,
		       unsigned long pages, bool smaller)
{
	unsigned int order = vf_block_order(page);
	unsigned long done;

	pages = min(pages, 1UL << order);
	done = populate(b, page_to_pfn(page), pages, order, smaller);
	if (!done)
		return false;
	account(b, done);
	vf_origin_came(&b->origin, page_to_pfn(page), done);
	if (order == VF_EXTENT_ORDER && !smaller)
		vf_count(&b->counts.plug_extents, 1);
	else
		vf_count(&b->counts.plug_pages, done);
	split_block(b, page, done);
	return true;
}

static struct page *first_block(struct list_head *blocks)
{
	return list_first_entry_or_null(blocks, struct page, lru);
}

/**
 * vf_blocks_plug() - try to plug one block, or a part of it
 * @b: blocks of the node
 * @pages: not more than so many
 *
 * Extents whole, as long as the host has such. Then what is left of extents that came
 * in smaller ones. Only if nothing is, another one is begun: an extent can only be
 * unplugged again as a whole.
 *
 * Context: the worker. Sleeps.
 * Return: as vf_memory_plug().
 */
enum vf_attempt vf_blocks_plug(struct vf_blocks *b, unsigned long pages)
{
	struct page *extent = first_block(&b->extents);
	struct page *small = first_block(&b->small);

	if (pages < VF_EXTENT_PAGES)
		extent = NULL;
	if (!pages || (!extent && !small))
		return VF_EXHAUSTED;
	if (extent && plug_block(b, extent, VF_EXTENT_PAGES, false))
		return VF_DONE;
	if (plug_block(b, small ?: extent, pages, true))
		return VF_DONE;
	return VF_NEXT;
}

/**
 * vf_blocks_plug_extent() - try to plug an extent, or a part of it
 * @b: blocks of the node
 * @page: the first page of an extent that is unplugged
 *
 * Context: the worker. Sleeps.
 * Return: whether any page came. What did not is the first to be tried by vf_blocks_plug().
 */
bool vf_blocks_plug_extent(struct vf_blocks *b, struct page *page)
{
	return plug_block(b, page, VF_EXTENT_PAGES, false) ||
	       plug_block(b, page, VF_EXTENT_PAGES, true);
}

/* The first page of a block that an earlier load of the module left. */
static bool was_left(struct page *page)
{
	return PageOffline(page) && vf_block_order(page) <= VF_EXTENT_ORDER &&
	       (vf_block_is(page, VF_BLOCK_UNPLUGGED) || vf_block_is(page, VF_BLOCK_LEAKED));
}

static void adopt_block(struct vf_blocks *b, struct page *page,
			unsigned int order)
{
	unsigned long nr = 1UL << order;

	vf_count(&b->counts.unplugged_kb, vf_pages_kb(nr));
	if (vf_block_is(page, VF_BLOCK_LEAKED)) {
		vf_count(&b->counts.leaked_kb, vf_pages_kb(nr));
		return;
	}
	count_small(b, order, nr);
	INIT_LIST_HEAD(&page->lru);
	list_add(&page->lru,
		 order == VF_EXTENT_ORDER ? &b->extents : &b->small);
}

/**
 * vf_blocks_adopt() - take over what an earlier load of the module left unplugged
 * @b: blocks of the node, none so far
 *
 * Context: load, before the worker runs. Sleeps.
 */
void vf_blocks_adopt(struct vf_blocks *b)
{
	u32 node = b->node;
	unsigned long pfn = NODE_DATA(node)->node_start_pfn;

	while (pfn < pgdat_end_pfn(NODE_DATA(node))) {
		struct page *page = pfn_to_online_page(pfn);
		unsigned long nr = 1;

		if (page && page_to_nid(page) == node && was_left(page)) {
			nr = 1UL << vf_block_order(page);
			adopt_block(b, page, vf_block_order(page));
		}
		pfn += nr;
		if (!(pfn % VF_EXTENT_PAGES))
			cond_resched();
	}
	if (b->counts.unplugged_kb)
		pr_info("node %u: %llu KiB are unplugged, as an earlier load left them\n",
			node, b->counts.unplugged_kb);
}

/**
 * vf_blocks_init() - start with nothing unplugged
 * @b: out
 * @node: id of the node
 * @vnode: Xen's number of it
 */
void vf_blocks_init(struct vf_blocks *b, u32 node, u32 vnode)
{
	b->node = node;
	b->vnode = vnode;
	INIT_LIST_HEAD(&b->extents);
	INIT_LIST_HEAD(&b->small);
}
