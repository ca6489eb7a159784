/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A piece: pages in a row that are ours, of which the first has a reference and our
 * mark. The worker of change.c alone handles pieces.
 */
#ifndef VIRTFLEX_PIECE_H
#define VIRTFLEX_PIECE_H

#include <linux/list.h>
#include <linux/mm.h>

/* Marks: in page->private of the first page; the last byte is the order. */
#define VF_PIECE_OUT	0x7666206f75740000UL	/* "vf out": with the host */
#define VF_PIECE_HELD	0x766668656c640000UL	/* "vfheld": kept from others */
#define VF_PIECE_LOST	0x76666c6f73740000UL	/* "vflost": out for good */
#define VF_PIECE_ORDER	0xffUL

/** vf_piece_is() - whether the mark of a page is this one */
static inline bool vf_piece_is(struct page *page, unsigned long mark)
{
	return (page_private(page) & ~VF_PIECE_ORDER) == mark;
}

/** vf_piece_order() - order of the piece whose first page this is */
static inline unsigned int vf_piece_order(struct page *page)
{
	return page_private(page) & VF_PIECE_ORDER;
}

/** vf_piece_mark() - make pages a piece with a mark, and add it to a list */
static inline void vf_piece_mark(struct page *page, unsigned int order,
				 unsigned long mark, struct list_head *list)
{
	set_page_private(page, mark | order);
	list_add(&page->lru, list);
}

/** vf_piece_unmark() - take a piece off its list; it has no mark then */
static inline void vf_piece_unmark(struct page *page)
{
	list_del(&page->lru);
	set_page_private(page, 0);
}

/** vf_piece_for_old_devices() - of the lowest 16 MiB: they are for those, and stay */
static inline bool vf_piece_for_old_devices(struct page *page)
{
	return page_zonenum(page) < ZONE_DMA32;
}

#endif /* VIRTFLEX_PIECE_H */
