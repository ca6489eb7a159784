/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of a node that is in use, moved to another physical node. */
#ifndef VIRTFLEX_MOVE_H
#define VIRTFLEX_MOVE_H

#include "walk.h"

/**
 * struct vf_move - a move of a node's memory
 * @walk: over its extents
 * @missing: pages of the last extent that have not come yet
 */
struct vf_move {
	struct vf_walk walk;
	unsigned long missing;
};

void vf_move_begin(struct vf_move *move, u32 node);
enum vf_attempt vf_move_next(struct vf_move *move);
void vf_move_end(struct vf_move *move);

#endif /* VIRTFLEX_MOVE_H */
