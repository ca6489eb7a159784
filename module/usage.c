// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the kernel's counters and page structures, and changes nothing. The results are
 * racy snapshots.
 */
#include <linux/cpumask.h>
#include <linux/hugetlb.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/vmstat.h>

#include "blocks.h"
#include "extent.h"
#include "guest.h"
#include "memory.h"
#include "parse.h"
#include "usage.h"

/*
 * Fewer mapped pages than this are ignored: mostly those of libraries, which processes
 * on other nodes share.
 */
#define FEW_PAGES	64

/* With the deltas that CPUs have not folded in yet. */
static unsigned long node_stat(u32 node, enum node_stat_item item)
{
	pg_data_t *pgdat = NODE_DATA(node);
	long pages = atomic_long_read(&pgdat->vm_stat[item]);
	int cpu;

	for_each_online_cpu(cpu)
		pages += per_cpu_ptr(pgdat->per_cpu_nodestats,
				     cpu)->vm_node_stat_diff[item];
	return max(pages, 0L);
}

static unsigned long node_free(u32 node)
{
	unsigned long pages = 0;
	int zone;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		pages += zone_page_state(&NODE_DATA(node)->node_zones[zone],
					 NR_FREE_PAGES);
	return pages;
}

/* High watermarks */
static unsigned long node_reserve(u32 node)
{
	unsigned long pages = 0;
	int zone;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		pages += high_wmark_pages(&NODE_DATA(node)->node_zones[zone]);
	return pages;
}

static unsigned long node_file(u32 node)
{
	return node_stat(node, NR_ACTIVE_FILE) +
	       node_stat(node, NR_INACTIVE_FILE);
}

/* Pages to migrate; half of the page cache can be dropped instead. */
static unsigned long node_movable(u32 node)
{
	return node_stat(node, NR_ACTIVE_ANON) +
	       node_stat(node, NR_INACTIVE_ANON) +
	       node_stat(node, NR_UNEVICTABLE) + node_file(node) / 2;
}

/* What a node can take, when as many pages have come and gone */
static unsigned long node_headroom(u32 node, unsigned long coming, unsigned long going)
{
	unsigned long pages = node_free(node) + node_file(node) / 2 + coming;
	unsigned long kept = node_reserve(node) + going;

	return pages > kept ? pages - kept : 0;
}

static unsigned long kb_pages(u64 kb)
{
	return kb >> (PAGE_SHIFT - 10);
}

/* Memory below 4 GiB, which devices with 32-bit addresses need */
static unsigned long node_low(u32 node)
{
	struct zone *zones = NODE_DATA(node)->node_zones;
	unsigned long pages = 0;
	int zone;

	for (zone = 0; zone < ZONE_NORMAL; zone++)
		pages += zone_managed_pages(&zones[zone]);
	return pages;
}

/* The smallest usable target: unmovable memory, and the high watermarks. */
static u64 node_min_kb(u32 node)
{
	unsigned long present = kb_pages(vf_guest_node_kb(node));
	unsigned long leaves = node_free(node) + node_stat(node, NR_ACTIVE_ANON) +
			       node_stat(node, NR_INACTIVE_ANON) +
			       node_stat(node, NR_UNEVICTABLE) + node_file(node);
	unsigned long stays = present > leaves ? present - leaves : 0;

	return roundup(vf_pages_kb(stays + node_reserve(node)), VF_EXTENT_KB);
}

/**
 * vf_usage_has_free() - whether there is free memory for an extent
 *
 * Isolated memory is not free, and the lowest 16 MiB do not count: they are kept from
 * those who could do with other memory.
 *
 * Return: true if so, above the watermarks.
 */
bool vf_usage_has_free(void)
{
	unsigned long pages = 0;
	u32 node;
	int i;

	for_each_online_node(node) {
		for (i = ZONE_DMA32; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(node)->node_zones[i];
			unsigned long free = zone_page_state(zone, NR_FREE_PAGES);
			unsigned long reserve = high_wmark_pages(zone);

			pages += free > reserve ? free - reserve : 0;
		}
	}
	return pages >= VF_EXTENT_PAGES;
}

/**
 * vf_usage_spare() - free memory of a node that the page allocator gives before it goes to
 *	another node
 * @node: its id
 * @highest: zones up to this one; ZONE_DMA is kept from those who could do with others
 *
 * Return: pages.
 */
unsigned long vf_usage_spare(u32 node, enum zone_type highest)
{
	unsigned long pages = 0;
	int i;

	for (i = ZONE_DMA32; i <= highest; i++) {
		struct zone *zone = &NODE_DATA(node)->node_zones[i];
		unsigned long free = zone_page_state(zone, NR_FREE_PAGES);
		unsigned long reserve = low_wmark_pages(zone);

		pages += free > reserve ? free - reserve : 0;
	}
	return pages;
}

/**
 * vf_usage_of() - what memory of a node is used for, as a whole
 * @node: its id
 * @usage: out
 *
 * Context: any; what is read changes meanwhile.
 */
void vf_usage_of(u32 node, struct vf_usage *usage)
{
	unsigned long low = 0;
	int zone;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		low += low_wmark_pages(&NODE_DATA(node)->node_zones[zone]);
	*usage = (struct vf_usage){
		.current_kb	= vf_guest_node_kb(node),
		.free_kb	= vf_pages_kb(node_free(node)),
		.cache_kb	= vf_pages_kb(node_file(node)),
		.slab_kb	= vf_pages_kb(node_stat(node, NR_SLAB_RECLAIMABLE_B) +
					      node_stat(node, NR_KERNEL_MISC_RECLAIMABLE)),
		.reserve_kb	= vf_pages_kb(NODE_DATA(node)->totalreserve_pages),
		.low_kb		= vf_pages_kb(low),
	};
}

/**
 * vf_usage_by_users() - whether processes have memory on a node
 * @node: its id
 *
 * Return: false if they have no more than FEW_PAGES mapped there.
 */
bool vf_usage_by_users(u32 node)
{
	return node_stat(node, NR_ANON_MAPPED) +
	       node_stat(node, NR_FILE_MAPPED) > FEW_PAGES;
}

/**
 * vf_usage_min() - whether targets above 0 are large enough
 * @guest: what there is
 * @wanted: what is wanted
 * @err: why not, and the minimum
 *
 * A node with such a target is active. If all its memory is the kernel's, programs that
 * are bound to it are killed for want of memory.
 *
 * Return: 0 or -EINVAL.
 */
int vf_usage_min(const struct vf_guest *guest, const struct vf_wanted *wanted,
		 struct vf_error *err)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_node *n = &guest->nodes[i];
		u64 target_kb = wanted->nodes[i].value[VF_KEY_TARGET];
		u64 min_kb;

		if (!n->online || !wanted->nodes[i].named || !target_kb ||
		    target_kb + VF_EXTENT_KB > n->current_kb + n->unplugged_kb)
			continue;
		min_kb = node_min_kb(n->id);
		if (target_kb >= min_kb)
			continue;
		vf_error_set(err,
			     "numa/node/%u/target: %llu KiB is below what the kernel needs there; ask for %llu or more, or for 0",
			     n->vnode, target_kb, min_kb);
		return -EINVAL;
	}
	return 0;
}

/**
 * vf_usage_low() - whether some memory below 4 GiB stays
 * @guest: what there is
 * @wanted: what is wanted
 * @err: why not, and the minimum
 *
 * This looks at whole nodes. How much of a node that stays is below 4 GiB is not looked at.
 *
 * Return: 0 or -EINVAL.
 */
int vf_usage_low(const struct vf_guest *guest, const struct vf_wanted *wanted,
		 struct vf_error *err)
{
	const struct vf_node *leaves = NULL;
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_node *n = &guest->nodes[i];

		if (!n->online || !node_low(n->id))
			continue;
		if (vf_wanted_active(guest, wanted, i))
			return 0;
		if (n->active)
			leaves = n;
	}
	if (!leaves)
		return 0;
	vf_error_set(err,
		     "numa/node/%u/target: no node would keep memory below 4 GiB, which devices need; ask for %llu KiB or more",
		     leaves->vnode, node_min_kb(leaves->id));
	return -EINVAL;
}

/**
 * vf_usage_headroom() - whether the nodes that stay have headroom for what is migrated
 * @guest: what there is
 * @wanted: what is wanted
 * @err: why not, in numbers
 *
 * Memory that is plugged by the same change counts, and so does what a node has left that gives a
 * part of it.
 *
 * Return: 0 or -ENOSPC.
 */
int vf_usage_headroom(const struct vf_guest *guest,
		      const struct vf_wanted *wanted, struct vf_error *err)
{
	unsigned long move = 0, headroom = 0;
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_node *n = &guest->nodes[i];
		u64 to_kb = wanted->nodes[i].named ?
			    vf_wanted_kb(guest, wanted, i) : n->current_kb;
		unsigned long take, free;

		if (!n->online)
			continue;
		if (to_kb >= n->current_kb) {
			u64 coming_kb = min(to_kb - n->current_kb, n->unplugged_kb);

			if (vf_wanted_active(guest, wanted, i))
				headroom += node_headroom(n->id, kb_pages(coming_kb), 0);
			continue;
		}
		take = kb_pages(n->current_kb - to_kb);
		free = to_kb ? node_free(n->id) : 0;
		if (take > free)
			move += min(take - free, node_movable(n->id));
		else
			headroom += node_headroom(n->id, 0, take);
	}
	if (move <= headroom)
		return 0;
	vf_error_set(err,
		     "not enough headroom: %llu KiB in use must be migrated, and the nodes that stay can take %llu KiB; free %llu KiB in the guest, or unplug less",
		     vf_pages_kb(move), vf_pages_kb(headroom),
		     vf_pages_kb(move - headroom));
	return -ENOSPC;
}

/**
 * vf_usage_can_move() - whether nodes have room to begin a move, extent by extent
 * @guest: what there is
 * @wanted: what is wanted
 * @err: why not, in numbers
 *
 * A move that has begun is not refused: it would only fall short.
 *
 * Return: 0 or -ENOSPC.
 */
int vf_usage_can_move(const struct vf_guest *guest, const struct vf_wanted *wanted,
		      struct vf_error *err)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_node *n = &guest->nodes[i];
		unsigned long spare;

		if (!n->online || !vf_wanted_moves(guest, wanted, i) ||
		    !vf_wanted_other_pnode(guest, wanted, i))
			continue;
		spare = vf_usage_spare(n->id, MAX_NR_ZONES - 1) + node_file(n->id) / 2;
		if (spare >= VF_EXTENT_PAGES)
			continue;
		vf_error_set(err,
			     "node %u is full: %llu KiB of it can be freed, and a move in use needs %u KiB; free some there, or let the node leave for the move",
			     n->vnode, vf_pages_kb(spare), VF_EXTENT_KB);
		return -ENOSPC;
	}
	return 0;
}

/* What the folio of a page is used for. */
static u64 *folio_kind(struct page *page, struct vf_remaining *remaining)
{
	struct folio *folio = page_folio(page);
	u64 *kind = &remaining->kernel;

	/* With a reference it stays the folio that it is. */
	if (!folio_try_get(folio))
		return kind;
	if (page_folio(page) == folio && folio_test_lru(folio))
		kind = folio_maybe_dma_pinned(folio) ? &remaining->pinned :
						       &remaining->user;
	folio_put(folio);
	return kind;
}

/* What a page is used for; sets nr to how many pages that holds for. */
static u64 *page_kind(struct page *page, struct vf_remaining *remaining,
		      unsigned long *nr)
{
	*nr = 1;
	if (PageBuddy(page)) {
		/* It may be allocated meanwhile: anything can be in there. */
		*nr = 1UL << min_t(unsigned long, page_private(page),
				   MAX_PAGE_ORDER);
		return &remaining->free;
	}
	if (PageOffline(page))
		return &remaining->balloon;
	if (folio_test_hugetlb(page_folio(page)))
		return &remaining->hugetlb;
	return folio_kind(page, remaining);
}

/* The end of an extent: what was counted @before it is told from what is in it. */
static void end_extent(struct vf_remaining *remaining, struct vf_remaining *before)
{
	if (remaining->kernel != before->kernel)
		remaining->user_beside += remaining->user - before->user;
	*before = *remaining;
}

/**
 * vf_usage_remaining() - what the remaining memory of a node is used for
 * @node: its id
 * @elsewhere: only what remains on an earlier physical node
 * @remaining: out
 *
 * Pages are allocated and freed meanwhile, so that the numbers are approximate. What is
 * unplugged is not counted.
 *
 * Context: may sleep.
 */
void vf_usage_remaining(u32 node, bool elsewhere, struct vf_remaining *remaining)
{
	const struct vf_origin *origin = &vf_memory_blocks(node)->origin;
	unsigned long pfn = NODE_DATA(node)->node_start_pfn;
	unsigned long end = pgdat_end_pfn(NODE_DATA(node)), nr;
	u64 unplugged_kb = vf_memory_unplugged_kb(node);
	unsigned long extent = pfn / VF_EXTENT_PAGES;
	struct vf_remaining before = {};

	*remaining = (struct vf_remaining){};
	for (; pfn < end; pfn += nr) {
		struct page *page = pfn_to_online_page(pfn);
		u64 *kind;

		if (pfn / VF_EXTENT_PAGES != extent) {
			end_extent(remaining, &before);
			extent = pfn / VF_EXTENT_PAGES;
		}
		nr = 1;
		if (page && page_to_nid(page) == node) {
			kind = page_kind(page, remaining, &nr);
			*kind += vf_pages_kb(elsewhere ?
				vf_origin_elsewhere(origin, pfn, nr) : nr);
		}
		if (!(pfn % SZ_1K))
			cond_resched();
	}
	end_extent(remaining, &before);
	remaining->balloon -= min(remaining->balloon, unplugged_kb);
}
