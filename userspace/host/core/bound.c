// SPDX-License-Identifier: GPL-2.0-only
/* Physical CPUs that a vCPU may be pinned to, by what an administrator has said of it. */
#include "bound.h"
#include "cpulist.h"

/* Whether a set says anything: it is neither empty nor all CPUs there are to run on. */
static bool says(const cpu_set_t *set, const cpu_set_t *online)
{
	return CPU_COUNT(set) && !cpulist_within(online, set);
}

/**
 * bound_found() - remember where a vCPU was found
 * @found: what is remembered, empty at first
 * @pinned: where this program has pinned it last, empty at first
 * @now: where it may run now
 *
 * Several CPUs are somebody's wish, of which the last one counts, unless this program has set them
 * itself. A single one is where it just is.
 */
void bound_found(cpu_set_t *found, const cpu_set_t *pinned, const cpu_set_t *now)
{
	if (CPU_COUNT(now) > 1 && !CPU_EQUAL(now, pinned))
		*found = *now;
}

/**
 * bound_cpus() - where a vCPU may be pinned to
 * @b: what speaks of it
 * @cpus: out
 *
 * What its configuration says counts; else where it was found, if that was several CPUs. Of
 * these it stays on those of its node, but where it is on another node already: somebody wanted
 * it there.
 */
void bound_cpus(const struct bound *b, cpu_set_t *cpus)
{
	cpu_set_t near, there, on_node;
	unsigned int i;

	CPU_ZERO(cpus);
	if (says(&b->kept, &b->online))
		*cpus = b->kept;
	else if (CPU_COUNT(&b->found))
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
