/* SPDX-License-Identifier: GPL-2.0-only */
/* Xen's own account of a domain's virtual nodes. */
#ifndef HOST_SHAPE_H
#define HOST_SHAPE_H

#include "xen.h"

/**
 * struct shape - virtual nodes, as they are given to Xen and got from it
 * @nr_vnodes: how many nodes
 * @nr_ranges: how many of @ranges
 * @nr_vcpus: how many vCPUs
 * @ranges: of guest memory, each of a node
 * @distances: of each node to each
 * @vnode_of: node of each vCPU
 *
 * Xen does not tell on which physical nodes they are.
 */
struct shape {
	uint32_t nr_vnodes;
	uint32_t nr_ranges;
	uint32_t nr_vcpus;
	xen_vmemrange_t *ranges;
	unsigned int *distances;
	unsigned int *vnode_of;
};

int shape_read(struct host *host, unsigned int id, struct shape *s);
void shape_free(struct shape *s);
int shape_set_pnodes(struct host *host, const struct domain *d);

#endif /* HOST_SHAPE_H */
