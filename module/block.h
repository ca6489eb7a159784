/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block: 2^order contiguous pages that the module has allocated. The first page has
 * a reference and our mark, the others have no reference. Blocks are handled by the
 * worker of change.c alone.
 */
#ifndef VIRTFLEX_BLOCK_H
#define VIRTFLEX_BLOCK_H

#include <linux/list.h>
#include <linux/mm.h>

/* Marks: in page->private of the first page; the last byte is the order. */
#define VF_BLOCK_UNPLUGGED	0x7666756e706c0000UL	/* "vfunpl": the host has it */
#define VF_BLOCK_ISOLATED	0x766669736f6c0000UL	/* "vfisol": withheld from others */
#define VF_BLOCK_LEAKED		0x76666c65616b0000UL	/* "vfleak": unusable for good */
#define VF_BLOCK_ORDER	0xffUL

/** vf_block_is() - whether the mark of a page is this one */
static inline bool vf_block_is(struct page *page, unsigned long mark)
{
	return (page_private(page) & ~VF_BLOCK_ORDER) == mark;
}

/** vf_block_order() - order of the block whose first page this is */
static inline unsigned int vf_block_order(struct page *page)
{
	return page_private(page) & VF_BLOCK_ORDER;
}

/** vf_block_mark() - mark pages as a block, and add it to a list */
static inline void vf_block_mark(struct page *page, unsigned int order,
				 unsigned long mark, struct list_head *list)
{
	set_page_private(page, mark | order);
	list_add(&page->lru, list);
}

/** vf_block_unmark() - take a block off its list, and its mark away */
static inline void vf_block_unmark(struct page *page)
{
	list_del(&page->lru);
	set_page_private(page, 0);
}

/** vf_block_in_zone_dma() - of the lowest 16 MiB, which old devices need: it stays */
static inline bool vf_block_in_zone_dma(struct page *page)
{
	return page_zonenum(page) < ZONE_DMA32;
}

#endif /* VIRTFLEX_BLOCK_H */
