// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages of a node came from its current physical node. It is recorded when they are
 * populated: Xen does not tell where a page of a guest is.
 *
 * Locking: as blocks.c, whose pages these are.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "origin.h"

/**
 * vf_origin_free() - forget where pages came from
 * @o: of a node
 */
void vf_origin_free(struct vf_origin *o)
{
	kvfree(o->here);
	o->here = NULL;
}

/**
 * vf_origin_reset() - the physical node has changed, and no page is on the new one yet
 * @o: of a node
 * @node: its id
 *
 * Context: the worker. Sleeps.
 * Return: 0 or -ENOMEM.
 */
int vf_origin_reset(struct vf_origin *o, u32 node)
{
	/* Memory may have been added or removed since the last time. */
	vf_origin_free(o);
	o->begin = NODE_DATA(node)->node_start_pfn;
	o->nr = NODE_DATA(node)->node_spanned_pages;
	o->pages = 0;
	o->here = kvcalloc(BITS_TO_LONGS(o->nr), sizeof(long), GFP_KERNEL);
	return o->here ? 0 : -ENOMEM;
}

/* Whether pages are within what the node had when @here was made. */
static bool covers(const struct vf_origin *o, unsigned long pfn, unsigned long nr)
{
	return o->here && pfn >= o->begin && pfn + nr <= o->begin + o->nr;
}

/* How many of some pages are here. */
static unsigned long count(const struct vf_origin *o, unsigned long pfn,
			   unsigned long nr)
{
	unsigned long bit = pfn - o->begin, end = bit + nr, pages = 0;

	for_each_set_bit_from(bit, o->here, end)
		pages++;
	return pages;
}

/**
 * vf_origin_came() - pages were populated, from the current physical node
 * @o: of their node
 * @pfn: the first
 * @nr: how many
 *
 * Context: the worker.
 */
void vf_origin_came(struct vf_origin *o, unsigned long pfn, unsigned long nr)
{
	if (!covers(o, pfn, nr))
		return;
	o->pages += nr - count(o, pfn, nr);
	bitmap_set(o->here, pfn - o->begin, nr);
}

/**
 * vf_origin_went() - pages were unplugged
 * @o: of their node
 * @pfn: the first
 * @nr: how many
 *
 * Context: the worker.
 */
void vf_origin_went(struct vf_origin *o, unsigned long pfn, unsigned long nr)
{
	if (!covers(o, pfn, nr))
		return;
	o->pages -= count(o, pfn, nr);
	bitmap_clear(o->here, pfn - o->begin, nr);
}

/**
 * vf_origin_elsewhere() - how many of some pages are still on an earlier physical node
 * @o: of their node
 * @pfn: the first
 * @nr: how many
 *
 * Context: the worker.
 * Return: how many; 0 if that is not known.
 */
unsigned long vf_origin_elsewhere(const struct vf_origin *o, unsigned long pfn,
				  unsigned long nr)
{
	return covers(o, pfn, nr) ? nr - count(o, pfn, nr) : 0;
}
