// SPDX-License-Identifier: GPL-2.0-only
/* Choosing CPUs. */
#include "domain.h"
#include "pinning.h"

static unsigned int choose(const struct cpus *cpus, int pnode, bool all,
			   bool *chosen)
{
	unsigned int i, count = 0;

	for (i = 0; i < cpus->count; i++) {
		chosen[i] = pnode != PNODE_UNKNOWN &&
			    cpus->node_of[i] == pnode &&
			    (all || !cpus->reserved || !cpus->reserved[i]);
		count += chosen[i];
	}
	return count;
}

/**
 * pinning_choose() - the CPUs of a physical node that a guest may have
 * @cpus: CPUs of the host
 * @pnode: physical node
 * @chosen: out: by CPU
 *
 * Those that dom0 is pinned to are left to it, unless the node has no others.
 *
 * Return: how many.
 */
unsigned int pinning_choose(const struct cpus *cpus, int pnode, bool *chosen)
{
	unsigned int count = choose(cpus, pnode, false, chosen);

	return count ? count : choose(cpus, pnode, true, chosen);
}
