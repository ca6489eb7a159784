// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks at the kernel's counters and page structures, and changes nothing. Who
 * decides by what is found here has to live with its being a moment old.
 */
#include <linux/cpumask.h>
#include <linux/hugetlb.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/vmstat.h>

#include "guest.h"
#include "memory.h"
#include "parse.h"
#include "usage.h"

/*
 * Fewer mapped pages than this are no reason to wait: pages that processes of
 * other nodes share, of libraries mostly.
 */
#define FEW_PAGES	64

/* With what CPUs have not added up yet. */
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

/* What stays free whatever happens, and a little more. */
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

/* What would have to move; half of the page cache can as well be dropped. */
static unsigned long node_movable(u32 node)
{
	return node_stat(node, NR_ACTIVE_ANON) +
	       node_stat(node, NR_INACTIVE_ANON) +
	       node_stat(node, NR_UNEVICTABLE) + node_file(node) / 2;
}

static unsigned long node_room(u32 node, unsigned long coming)
{
	unsigned long pages = node_free(node) + node_file(node) / 2 + coming;
	unsigned long reserve = node_reserve(node);

	return pages > reserve ? pages - reserve : 0;
}

static unsigned long kb_pages(u64 kb)
{
	return kb >> (PAGE_SHIFT - 10);
}

/* Memory below 4 GiB, which devices that know no more than 32 bits of an address need */
static unsigned long node_low(u32 node)
{
	struct zone *zones = NODE_DATA(node)->node_zones;
	unsigned long pages = 0;
	int zone;

	for (zone = 0; zone < ZONE_NORMAL; zone++)
		pages += zone_managed_pages(&zones[zone]);
	return pages;
}

/* What cannot leave a node, and what has to stay free for the rest to be of use. */
static u64 node_least_kb(u32 node)
{
	unsigned long present = kb_pages(vf_guest_node_kb(node));
	unsigned long leaves = node_free(node) + node_stat(node, NR_ACTIVE_ANON) +
			       node_stat(node, NR_INACTIVE_ANON) +
			       node_stat(node, NR_UNEVICTABLE) + node_file(node);
	unsigned long stays = present > leaves ? present - leaves : 0;

	return roundup(vf_pages_kb(stays + node_reserve(node)), VF_EXTENT_KB);
}

/**
 * vf_usage_by_users() - whether processes have memory on a node
 * @node: its id
 *
 * Return: false if they have none worth mentioning.
 */
bool vf_usage_by_users(u32 node)
{
	return node_stat(node, NR_ANON_MAPPED) +
	       node_stat(node, NR_FILE_MAPPED) > FEW_PAGES;
}

/**
 * vf_usage_least() - whether nodes that stay can do with the memory they are to have
 * @guest: what there is
 * @wanted: what is wanted
 * @err: why not, and what they can do with
 *
 * A node with a target is active: programs bound to it would be killed where all it
 * has is the kernel's.
 *
 * Return: 0 or -EINVAL.
 */
int vf_usage_least(const struct vf_guest *guest, const struct vf_wanted *wanted,
		   struct vf_error *err)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_node *n = &guest->nodes[i];
		u64 target_kb = wanted->nodes[i].value[VF_KEY_TARGET];
		u64 least_kb;

		if (!n->online || !wanted->nodes[i].named || !target_kb ||
		    target_kb + VF_EXTENT_KB > n->current_kb + n->out_kb)
			continue;
		least_kb = node_least_kb(n->id);
		if (target_kb >= least_kb)
			continue;
		vf_error_set(err,
			     "numa/node/%u/target: %llu KiB is too little for what the kernel has there; ask for %llu or more, or for 0",
			     n->vnode, target_kb, least_kb);
		return -EINVAL;
	}
	return 0;
}

/**
 * vf_usage_low() - whether memory stays below 4 GiB
 * @guest: what there is
 * @wanted: what is wanted
 * @err: why not, and what would do
 *
 * Nodes are emptied from the top, so that any that keeps memory keeps what it has there.
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
		if (!wanted->nodes[i].named || vf_wanted_kb(guest, wanted, i))
			return 0;
		leaves = n;
	}
	if (!leaves)
		return 0;
	vf_error_set(err,
		     "numa/node/%u/target: no node would keep memory below 4 GiB, which devices need; ask for %llu KiB or more",
		     leaves->vnode, node_least_kb(leaves->id));
	return -EINVAL;
}

/**
 * vf_usage_room() - whether what is in use fits where memory stays
 * @guest: what there is
 * @wanted: what is wanted
 * @err: why not, in numbers
 *
 * What comes is room as well.
 *
 * Return: 0 or -ENOSPC.
 */
int vf_usage_room(const struct vf_guest *guest, const struct vf_wanted *wanted,
		  struct vf_error *err)
{
	unsigned long move = 0, room = 0;
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_node *n = &guest->nodes[i];
		u64 to_kb = wanted->nodes[i].named ?
			    vf_wanted_kb(guest, wanted, i) : n->current_kb;
		unsigned long take, free;

		if (!n->online)
			continue;
		if (to_kb >= n->current_kb) {
			u64 coming_kb = min(to_kb - n->current_kb, n->out_kb);

			if (vf_wanted_active(guest, wanted, i))
				room += node_room(n->id, kb_pages(coming_kb));
			continue;
		}
		take = kb_pages(n->current_kb - to_kb);
		free = to_kb ? node_free(n->id) : 0;
		if (take > free)
			move += min(take - free, node_movable(n->id));
	}
	if (move <= room)
		return 0;
	vf_error_set(err,
		     "no room: %llu KiB in use would have to move, and the nodes that stay have %llu KiB for them; free %llu KiB in the guest, or take less",
		     vf_pages_kb(move), vf_pages_kb(room), vf_pages_kb(move - room));
	return -ENOSPC;
}

/* What a page that somebody uses is in use for. */
static u64 *used_as(struct page *page, struct vf_stuck *stuck)
{
	struct folio *folio = page_folio(page);
	u64 *kind = &stuck->kernel;

	/* With a reference it stays the folio that it is. */
	if (!folio_try_get(folio))
		return kind;
	if (page_folio(page) == folio && folio_test_lru(folio))
		kind = folio_maybe_dma_pinned(folio) ? &stuck->pinned :
						       &stuck->user;
	folio_put(folio);
	return kind;
}

/* What a page is in use for; sets nr to how many are like it. */
static u64 *stuck_as(struct page *page, struct vf_stuck *stuck,
		     unsigned long *nr)
{
	*nr = 1;
	if (PageBuddy(page)) {
		/* It may be allocated meanwhile: anything can be in there. */
		*nr = 1UL << min_t(unsigned long, page_private(page),
				   MAX_PAGE_ORDER);
		return &stuck->free;
	}
	if (PageOffline(page))
		return &stuck->balloon;
	if (folio_test_hugetlb(page_folio(page)))
		return &stuck->hugetlb;
	return used_as(page, stuck);
}

/**
 * vf_usage_stuck() - what the memory of a node is in use for
 * @node: its id
 * @stuck: out
 *
 * Looks at pages that come and go meanwhile: the numbers are of about now. What
 * is with the host by our doing is not counted.
 *
 * Context: may sleep.
 */
void vf_usage_stuck(u32 node, struct vf_stuck *stuck)
{
	unsigned long pfn = NODE_DATA(node)->node_start_pfn;
	unsigned long end = pgdat_end_pfn(NODE_DATA(node)), nr;
	u64 out_kb = vf_memory_out_kb(node);

	*stuck = (struct vf_stuck){};
	for (; pfn < end; pfn += nr) {
		struct page *page = pfn_to_online_page(pfn);
		u64 *kind;

		nr = 1;
		if (page && page_to_nid(page) == node) {
			kind = stuck_as(page, stuck, &nr);
			*kind += vf_pages_kb(nr);
		}
		if (!(pfn % SZ_1K))
			cond_resched();
	}
	stuck->balloon -= min(stuck->balloon, out_kb);
}
