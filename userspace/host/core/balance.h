/* SPDX-License-Identifier: GPL-2.0-only */
/* Which vCPUs to pin elsewhere so that physical CPUs carry about the same. Pure. */
#ifndef HOST_BALANCE_H
#define HOST_BALANCE_H

#include <limits.h>
#include <sched.h>
#include <stdbool.h>

#include "demand.h"

/* Physical CPUs are balanced if the busiest has no more than this beyond the idlest. */
#define BALANCED	(10 * POINT)

/* How often a bin is looked at for a plan, at most: some 50 ms */
#define MOST_LOOKS	10000000

/* A vCPU that may run on several physical CPUs, of which the host's kernel chooses */
#define FLOATS		(-1)
/* One that is to be pinned, wherever that is best: no host has such a CPU */
#define UNPLACED	INT_MAX

/**
 * struct load - a vCPU, as it is to be balanced
 * @demand: thousandths of a physical CPU
 * @cpu: that it is pinned to; FLOATS if it may run on several of them; UNPLACED
 * @allowed: physical CPUs that it may be pinned to, or floats on
 */
struct load {
	unsigned int demand;
	int cpu;
	cpu_set_t allowed;
};

/**
 * struct balance - a host to be balanced
 * @nr_cpus: length of @node
 * @node: NUMA node of each physical CPU; equal for all if there is but one
 * @core: number of the core of each physical CPU
 * @usable: physical CPUs that guests may have
 * @nr_loads: length of @loads
 * @loads: vCPUs
 */
struct balance {
	unsigned int nr_cpus;
	int *node;
	unsigned int *core;
	cpu_set_t usable;
	unsigned int nr_loads;
	struct load *loads;
};

/**
 * struct pin - a change: a vCPU is to run on another physical CPU
 * @load: index of the vCPU
 * @cpu: physical CPU
 */
struct pin {
	unsigned int load;
	unsigned int cpu;
};

/**
 * struct plan - changes to make
 * @nr_pins: length of @pins
 * @pins: changes, no vCPU twice
 * @forced: how many of them, the first ones, are of vCPUs that are where guests may
 *	not be
 * @looks: how often a physical CPU was looked at for it
 * @before: what the busiest CPU has beyond the idlest, in thousandths
 * @after: the same once the changes were made
 * @cores_before: what the busiest core has beyond the idlest, for each of its physical CPUs
 * @cores_after: the same once the changes were made
 */
struct plan {
	unsigned int nr_pins;
	struct pin *pins;
	unsigned int forced;
	long looks;
	unsigned int before;
	unsigned int after;
	unsigned int cores_before;
	unsigned int cores_after;
};

struct balance *balance_new(unsigned int nr_cpus, unsigned int nr_loads);
struct balance *balance_copy(const struct balance *b);
void balance_free(struct balance *b);
bool balance_loads(const struct balance *b, unsigned int *carried);
unsigned int balance_spread(const struct balance *b);
unsigned int balance_core_spread(const struct balance *b);
unsigned int balance_excess(const struct balance *b);
struct plan *balance_plan(const struct balance *b);
void balance_apply(struct balance *b, const struct plan *plan);
void plan_free(struct plan *plan);

#endif /* HOST_BALANCE_H */
