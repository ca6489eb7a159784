/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pages of a node came from its current physical node. */
#ifndef VIRTFLEX_ORIGIN_H
#define VIRTFLEX_ORIGIN_H

#include <linux/types.h>

/**
 * struct vf_origin - where the pages of a node came from, since its physical node changed
 * @begin: first page frame number of the node
 * @nr: how many page frame numbers it has
 * @here: a bit for each page that came from the current physical node; NULL until that
 *	changes for the first time: nothing counts as elsewhere then
 * @pages: how many bits are set
 */
struct vf_origin {
	unsigned long begin;
	unsigned long nr;
	unsigned long *here;
	unsigned long pages;
};

int vf_origin_reset(struct vf_origin *o, u32 node);
void vf_origin_free(struct vf_origin *o);
void vf_origin_came(struct vf_origin *o, unsigned long pfn, unsigned long nr);
void vf_origin_went(struct vf_origin *o, unsigned long pfn, unsigned long nr);
unsigned long vf_origin_elsewhere(const struct vf_origin *o, unsigned long pfn,
				  unsigned long nr);

#endif /* VIRTFLEX_ORIGIN_H */
