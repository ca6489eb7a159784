/* SPDX-License-Identifier: GPL-2.0-only */
/* Free memory of nodes that is withheld while nodes are unplugged. */
#ifndef VIRTFLEX_ISOLATE_H
#define VIRTFLEX_ISOLATE_H

#include <linux/types.h>

struct page;

int vf_isolate_init(void);
void vf_isolate_exit(void);

void vf_isolate_node(u32 node);
void vf_unisolate_all(void);
void vf_isolate_again(void);

struct page *vf_isolate_take_extent(u32 node);
struct page *vf_isolate_take_block(u32 node, unsigned long most, unsigned int *order);
void vf_unisolate_range(unsigned long pfn, unsigned long nr);
void vf_unisolate_node(u32 node);

#endif /* VIRTFLEX_ISOLATE_H */
