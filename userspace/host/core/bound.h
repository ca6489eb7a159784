/* SPDX-License-Identifier: GPL-2.0-only */
/* Physical CPUs that a vCPU may be pinned to. Pure. */
#ifndef HOST_BOUND_H
#define HOST_BOUND_H

#include <sched.h>
#include <stdbool.h>

/**
 * struct bound - what speaks of where a vCPU may be pinned to
 * @nr_cpus: how many physical CPUs there are
 * @online: those that are online
 * @kept: where its configuration has it; empty if that does not say
 * @found: what bound_found() remembers
 * @node: CPUs of the physical node that its memory is on; empty if that is not known, or
 *	there is none
 * @now: where it may run now
 */
struct bound {
	unsigned int nr_cpus;
	cpu_set_t online;
	cpu_set_t kept;
	cpu_set_t found;
	cpu_set_t node;
	cpu_set_t now;
};

void bound_found(cpu_set_t *found, const cpu_set_t *pinned, const cpu_set_t *now);
void bound_cpus(const struct bound *b, cpu_set_t *cpus);

#endif /* HOST_BOUND_H */
