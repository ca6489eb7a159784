/* SPDX-License-Identifier: GPL-2.0-only */
/* On which physical nodes the nodes of a new domain are to be. Pure. */
#ifndef HOST_LAYOUT_H
#define HOST_LAYOUT_H

#include "change.h"

/**
 * enum layout_policy - how physical nodes are chosen
 * @LAYOUT_LOCAL: as few as have room
 * @LAYOUT_INTERLEAVE: one after the other, of those with room
 * @LAYOUT_ROUND_ROBIN: all on one, the next domain on the next one
 * @LAYOUT_RANDOM: any that has room, by a seed
 * @LAYOUT_LIST: those that are given
 */
enum layout_policy {
	LAYOUT_LOCAL,
	LAYOUT_INTERLEAVE,
	LAYOUT_ROUND_ROBIN,
	LAYOUT_RANDOM,
	LAYOUT_LIST,
};

/**
 * struct layout - nodes of a domain to be made
 * @nr_vnodes: how many
 * @vnode_kb: memory of each
 * @spare_kb: what a physical node that has one of them is to have free besides
 * @nr_vcpus: vCPUs of all, spread evenly
 * @policy: how to choose physical nodes
 * @next: for round-robin, the first physical node to try
 * @seed: for random
 * @pnode: out, or for LAYOUT_LIST in: by node
 */
struct layout {
	unsigned int nr_vnodes;
	uint64_t vnode_kb;
	uint64_t spare_kb;
	unsigned int nr_vcpus;
	enum layout_policy policy;
	unsigned int next;
	unsigned int seed;
	unsigned int *pnode;
};

bool layout_divide(struct layout *l, uint64_t memory_kb, uint64_t *less,
		   uint64_t *more);
bool layout_place(struct layout *l, const struct pnode *pnodes,
		  unsigned int nr_pnodes, struct reason *why);
void layout_vcpus(const struct layout *l, unsigned int vnode,
		  unsigned int *first, unsigned int *count);

#endif /* HOST_LAYOUT_H */
