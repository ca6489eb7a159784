/* SPDX-License-Identifier: GPL-2.0-only */
/* Which CPUs of the host vCPUs of a node are to run on. Pure. */
#ifndef HOST_PINNING_H
#define HOST_PINNING_H

#include <stdbool.h>

/**
 * struct cpus - CPUs of the host
 * @count: how many
 * @node_of: physical node of each, or PNODE_UNKNOWN
 * @reserved: those that dom0 is pinned to; NULL if it runs anywhere
 */
struct cpus {
	unsigned int count;
	int *node_of;
	bool *reserved;
};

unsigned int pinning_choose(const struct cpus *cpus, int pnode, bool *chosen);

#endif /* HOST_PINNING_H */
