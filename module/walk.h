/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks over the extents of a node, to evacuate them. */
#ifndef VIRTFLEX_WALK_H
#define VIRTFLEX_WALK_H

#include "memory.h"

/**
 * struct vf_walk - walks over the extents of a node, one after the other
 * @node: its id
 * @next: extents from here on, downwards, have not been tried in this walk
 * @nr_walks: walks that came to their end
 * @idle_walks: walks in a row in which nothing was evacuated
 * @progress: this walk evacuated something
 */
struct vf_walk {
	u32 node;
	unsigned long next;
	unsigned int nr_walks;
	unsigned int idle_walks;
	bool progress;
};

void vf_walk_begin(struct vf_walk *walk, u32 node);
enum vf_attempt vf_walk_next(struct vf_walk *walk);
void vf_walk_end(struct vf_walk *walk);
int vf_walk_evacuate(struct vf_walk *walk, struct vf_memory_counts *counts);

#endif /* VIRTFLEX_WALK_H */
