// SPDX-License-Identifier: GPL-2.0-only
/* Physical CPUs that a vCPU may be pinned to, by what an administrator has said of it. */
#include "bound.h"

/* Whether a set says anything: it is neither empty nor all CPUs. */
static bool says(const cpu_set_t *set, unsigned int nr_cpus)
{
	int count = CPU_COUNT(set);

	return count && (unsigned int)count < nr_cpus;
}

/**
 * bound_cpus() - where a vCPU may be pinned to
 * @b: what speaks of it
 * @cpus: out
 *
 * What its configuration says counts; else where it was found, if that is several CPUs: on a
 * single one it is just placed. Of these it stays on those of its node, but where it is on
 * another node already: somebody wanted it there.
 */
void bound_cpus(const struct bound *b, cpu_set_t *cpus)
{
	cpu_set_t near, there, on_node;
	unsigned int i;

	CPU_ZERO(cpus);
	if (says(&b->kept, b->nr_cpus))
		*cpus = b->kept;
	else if (CPU_COUNT(&b->found) > 1)
		*cpus = b->found;
	else
		for (i = 0; i < b->nr_cpus; i++)
			CPU_SET(i, cpus);
	CPU_AND(&near, cpus, &b->node);
	if (!CPU_COUNT(&near))
		return;
	CPU_AND(&there, &b->now, cpus);
	CPU_AND(&on_node, &there, &b->node);
	if (CPU_COUNT(&there) && !CPU_COUNT(&on_node))
		*cpus = there;
	else
		*cpus = near;
}
