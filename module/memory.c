// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of nodes, unplugged extent by extent, and plugged. How extents in use are
 * evacuated is in walk.c; what becomes of them, and what holds their pages, in blocks.c.
 *
 * Locking: only the worker of change.c changes anything here, and load and unload when
 * the worker does not run. Counters may be read at any time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "block.h"
#include "blocks.h"
#include "compat.h"
#include "extent.h"
#include "isolate.h"
#include "memory.h"
#include "topology.h"
#include "usage.h"
#include "walk.h"

/* Give up after so many extents in a row that failed for want of memory elsewhere. */
#define MAX_NOMEM	8

/**
 * struct vf_memory_node - memory of a node
 * @blocks: what is unplugged of it
 * @walk: over its extents, while memory is unplugged
 * @nomem: extents in a row that failed for want of memory elsewhere
 */
struct vf_memory_node {
	struct vf_blocks blocks;
	struct vf_walk walk;
	unsigned int nomem;
};

/* By node id; set at load, const from then on. */
static struct vf_memory_node *memory;

/*
 * Unplugging.
 */

/* Try the next extent. */
static enum vf_attempt unplug_next(u32 node)
{
	struct vf_memory_node *n = &memory[node];
	enum vf_attempt attempt;
	struct page *page;
	int ret;

	attempt = vf_walk_next(&n->walk);
	if (attempt != VF_DONE)
		return attempt;
	page = pfn_to_page(n->walk.next);
	vf_unisolate_range(n->walk.next, VF_EXTENT_PAGES);
	ret = vf_walk_evacuate(&n->walk, &n->blocks.counts);
	/* A large page may lack one like it, which says nothing of other memory. */
	if (ret == -ENOMEM && ++n->nomem >= MAX_NOMEM && !vf_usage_has_free())
		return VF_EXHAUSTED;
	if (ret != -ENOMEM)
		n->nomem = 0;
	if (ret)
		return VF_NEXT;
	if (!vf_blocks_unplug(&n->blocks, page, VF_EXTENT_ORDER))
		return VF_EXHAUSTED;
	vf_count(&n->blocks.counts.unplug_evacuated, 1);
	return VF_DONE;
}

/**
 * vf_memory_unplug_begin() - start to unplug memory of a node
 * @node: its id
 */
void vf_memory_unplug_begin(u32 node)
{
	vf_walk_begin(&memory[node].walk, node);
	memory[node].nomem = 0;
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
	n->walk.progress = true;
	if (!vf_blocks_unplug(&n->blocks, page, VF_EXTENT_ORDER))
		return VF_EXHAUSTED;
	vf_count(&n->blocks.counts.unplug_free, 1);
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
	vf_count_time(&memory[node].blocks.counts.unplug_us, begin);
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
	taken = vf_blocks_unplug(&n->blocks, page, order);
	vf_count_time(&n->blocks.counts.unplug_us, begin);
	if (!taken)
		return VF_EXHAUSTED;
	vf_count(&n->blocks.counts.unplug_pages, 1UL << order);
	return VF_DONE;
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
	attempt = vf_blocks_plug(&n->blocks, max_kb >> (PAGE_SHIFT - 10));
	vf_count_time(&n->blocks.counts.plug_us, begin);
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
	return READ_ONCE(memory[node].blocks.counts.unplugged_kb);
}

/**
 * vf_memory_small_kb() - unplugged memory of a node in blocks smaller than an extent
 * @node: its id
 *
 * Return: KiB, of those of vf_memory_unplugged_kb().
 */
u64 vf_memory_small_kb(u32 node)
{
	return READ_ONCE(memory[node].blocks.counts.small_kb);
}

/**
 * vf_memory_leaked_kb() - leaked memory of a node
 * @node: its id
 *
 * Return: KiB, of those of vf_memory_unplugged_kb(), which are never plugged again.
 */
u64 vf_memory_leaked_kb(u32 node)
{
	return READ_ONCE(memory[node].blocks.counts.leaked_kb);
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
 * vf_memory_elsewhere_kb() - memory of a node on an earlier physical node, as far as known
 * @node: its id
 * @current_kb: memory it has
 *
 * Context: the worker.
 * Return: KiB of those; 0 if its physical node did not change.
 */
u64 vf_memory_elsewhere_kb(u32 node, u64 current_kb)
{
	const struct vf_origin *o = &memory[node].blocks.origin;
	u64 here_kb = vf_pages_kb(o->pages);

	return o->here && current_kb > here_kb ? current_kb - here_kb : 0;
}

/**
 * vf_memory_pnode_changed() - memory of a node comes from another physical node now
 * @node: its id
 *
 * What it has stays where it is.
 *
 * Context: the worker. Sleeps.
 * Return: 0 or -ENOMEM.
 */
int vf_memory_pnode_changed(u32 node)
{
	return vf_origin_reset(&memory[node].blocks.origin, node);
}

/**
 * vf_memory_blocks() - the unplugged blocks of a node
 * @node: its id
 *
 * Context: the worker.
 * Return: the blocks.
 */
struct vf_blocks *vf_memory_blocks(u32 node)
{
	return &memory[node].blocks;
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
	const struct vf_memory_counts *now = &memory[node].blocks.counts;

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
	for (node = 0; node < nr_node_ids; node++)
		vf_blocks_init(&memory[node].blocks, node, vf_vnode_of_node(node));
	if (!vf_extent_supported())
		return 0;
	for_each_online_node(node)
		vf_blocks_adopt(&memory[node].blocks);
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
	for (node = 0; node < nr_node_ids; node++)
		vf_origin_free(&memory[node].blocks.origin);
	kvfree(memory);
}
