/* SPDX-License-Identifier: GPL-2.0-only */
/* Free memory of nodes that is kept from others while nodes are emptied. */
#ifndef VIRTFLEX_HOLD_H
#define VIRTFLEX_HOLD_H

#include <linux/types.h>

struct page;

int vf_hold_init(void);
void vf_hold_exit(void);

void vf_hold_close(u32 node);
void vf_hold_open_all(void);
void vf_hold_closed(void);

struct page *vf_hold_extent(u32 node);
struct page *vf_hold_piece(u32 node, unsigned long most, unsigned int *order);
void vf_hold_release_range(unsigned long pfn, unsigned long nr);
void vf_hold_release(u32 node);

#endif /* VIRTFLEX_HOLD_H */
