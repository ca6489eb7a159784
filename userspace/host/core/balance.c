// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which vCPUs to pin elsewhere so that physical CPUs carry about the same.
 *
 * This is load rebalancing: as few vCPUs as possible move. Up to three changes the fewest
 * are found exactly (search.c), more are made by what each gains (improve.c). A vCPU that
 * may run on several physical CPUs is not touched: the host's kernel moves it by itself,
 * and it is taken to be where there is least.
 */
#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "bins.h"

/* Most changes that are searched for exactly */
#define EXACT	3

/**
 * balance_new() - a host to be filled in
 * @nr_cpus: how many physical CPUs, all of them usable, on NUMA node 0, on a core each
 * @nr_loads: how many vCPUs, which may be anywhere, and float
 *
 * Return: host for balance_free(), or NULL if there is no memory.
 */
struct balance *balance_new(unsigned int nr_cpus, unsigned int nr_loads)
{
	struct balance *b = calloc(1, sizeof(*b));
	unsigned int i;

	if (!b)
		return NULL;
	b->node = calloc(nr_cpus + 1, sizeof(*b->node));
	b->core = calloc(nr_cpus + 1, sizeof(*b->core));
	b->loads = calloc(nr_loads + 1, sizeof(*b->loads));
	if (!b->node || !b->core || !b->loads) {
		balance_free(b);
		return NULL;
	}
	b->nr_cpus = nr_cpus;
	b->nr_loads = nr_loads;
	CPU_ZERO(&b->usable);
	for (i = 0; i < nr_cpus; i++) {
		CPU_SET(i, &b->usable);
		b->core[i] = i;
	}
	for (i = 0; i < nr_loads; i++) {
		b->loads[i].cpu = FLOATS;
		b->loads[i].allowed = b->usable;
	}
	return b;
}

/**
 * balance_copy() - the same host again
 * @b: host
 *
 * Return: host for balance_free(), or NULL if there is no memory.
 */
struct balance *balance_copy(const struct balance *b)
{
	struct balance *copy = balance_new(b->nr_cpus, b->nr_loads);

	if (!copy)
		return NULL;
	memcpy(copy->node, b->node, b->nr_cpus * sizeof(*b->node));
	memcpy(copy->core, b->core, b->nr_cpus * sizeof(*b->core));
	memcpy(copy->loads, b->loads, b->nr_loads * sizeof(*b->loads));
	copy->usable = b->usable;
	return copy;
}

/**
 * balance_free() - free a host
 * @b: host, or NULL
 */
void balance_free(struct balance *b)
{
	if (!b)
		return;
	free(b->node);
	free(b->core);
	free(b->loads);
	free(b);
}

/**
 * balance_loads() - what each physical CPU carries
 * @b: host
 * @carried: out: by physical CPU, in thousandths; 0 for those that are not usable
 *
 * Return: false if there is no memory.
 */
bool balance_loads(const struct balance *b, unsigned int *carried)
{
	struct bins *w = bins_new(b);
	unsigned int i, level;

	if (!w)
		return false;
	memset(carried, 0, b->nr_cpus * sizeof(*carried));
	level = bins_level(w);
	for (i = 0; i < w->nr; i++)
		carried[w->cpu[i]] = w->carried[i] < level ? level :
							     w->carried[i];
	bins_free(w);
	return true;
}

/**
 * balance_spread() - what the busiest physical CPU has beyond the idlest
 * @b: host
 *
 * Return: thousandths; 0 if there is no memory.
 */
unsigned int balance_spread(const struct balance *b)
{
	struct bins *w = bins_new(b);
	unsigned int spread = w ? bins_spread(w) : 0;

	bins_free(w);
	return spread;
}

/**
 * balance_core_spread() - what the busiest core has beyond the idlest
 * @b: host
 *
 * Return: thousandths, for each physical CPU of a core; 0 if there is no memory.
 */
unsigned int balance_core_spread(const struct balance *b)
{
	struct bins *w = bins_new(b);
	unsigned int spread = w ? cores_spread(w) : 0;

	bins_free(w);
	return spread;
}

/**
 * balance_excess() - what physical CPUs are asked for beyond what they have
 * @b: host
 *
 * Return: thousandths of a physical CPU, of all; UINT_MAX if there is no memory.
 */
unsigned int balance_excess(const struct balance *b)
{
	unsigned int *carried = calloc(b->nr_cpus + 1, sizeof(*carried));
	unsigned int i, sum = 0;

	if (!carried || !balance_loads(b, carried)) {
		free(carried);
		return UINT_MAX;
	}
	for (i = 0; i < b->nr_cpus; i++)
		if (carried[i] > WHOLE_CPU)
			sum += carried[i] - WHOLE_CPU;
	free(carried);
	return sum;
}

/**
 * balance_apply() - make the changes of a plan
 * @b: host
 * @plan: plan
 */
void balance_apply(struct balance *b, const struct plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->nr_pins; i++)
		b->loads[plan->pins[i].load].cpu = plan->pins[i].cpu;
}

/**
 * plan_free() - free a plan
 * @plan: plan, or NULL
 */
void plan_free(struct plan *plan)
{
	if (plan)
		free(plan->pins);
	free(plan);
}

/* Whether a vCPU is pinned to where guests may not be, and could be elsewhere. */
static bool is_astray(const struct balance *b, const struct load *l)
{
	cpu_set_t both;

	CPU_AND(&both, &b->usable, &l->allowed);
	return l->cpu != FLOATS && CPU_COUNT(&both) &&
	       ((unsigned int)l->cpu >= b->nr_cpus ||
		!CPU_ISSET(l->cpu, &b->usable));
}

/* Whether a bin has less than another one; of equal ones, the core that it is of. */
static bool has_less(const struct bins *w, unsigned int bin, unsigned int other)
{
	if (w->carried[bin] != w->carried[other])
		return w->carried[bin] < w->carried[other];
	*w->looks -= 2L * w->nr;
	return cores_carried(w, bin) < cores_carried(w, other);
}

/* Brings those that are astray to where there is least, those that want most first. */
static unsigned int bring_back(struct bins *w)
{
	const struct balance *b = w->b;
	unsigned int i, count = 0;
	int next, to;

	for (;;) {
		next = NO_BIN;
		for (i = 0; i < b->nr_loads; i++)
			if (w->at[i] == NO_BIN && is_astray(b, &b->loads[i]) &&
			    (next == NO_BIN || b->loads[i].demand >
					       b->loads[next].demand))
				next = i;
		if (next == NO_BIN)
			return count;
		to = NO_BIN;
		*w->looks -= w->nr;
		for (i = 0; i < w->nr; i++)
			if (bins_takes(w, next, i, false) &&
			    (to == NO_BIN || has_less(w, i, to)))
				to = i;
		bins_move(w, next, to);
		w->home[next] = to;
		count++;
	}
}

static bool one_node(const struct bins *w)
{
	unsigned int i;

	for (i = 1; i < w->nr; i++)
		if (w->b->node[w->cpu[i]] != w->b->node[w->cpu[0]])
			return false;
	return true;
}

/* Reaches the goal by few changes, if it can. */
static bool reach(struct bins *w, unsigned int goal, bool local)
{
	unsigned int changes;

	for (changes = 1; changes <= EXACT; changes++)
		if (search_fewest(w, changes, goal, local))
			return true;
	improve(w, goal, local);
	improve_undo(w, goal);
	return bins_spread(w) <= goal;
}

/* Bins that are balanced as well as can be, by few changes; NULL without memory. */
static struct bins *balanced(const struct bins *w)
{
	struct bins *best, *tried;
	unsigned int goal, pass;

	best = improve_best(w);
	if (!best)
		return NULL;
	goal = bins_spread(best);
	if (goal < BALANCED)
		goal = BALANCED;
	if (bins_spread(w) <= goal) {
		bins_free(best);
		return bins_copy(w);
	}
	for (pass = one_node(w); pass < 2; pass++) {
		tried = bins_copy(w);
		if (tried && reach(tried, goal, !pass)) {
			bins_free(best);
			return tried;
		}
		bins_free(tried);
	}
	improve_undo(best, goal);
	return best;
}

static bool add_pins(struct plan *plan, const struct bins *w)
{
	const struct balance *b = w->b;
	unsigned int i, pass;
	bool astray;

	plan->pins = calloc(b->nr_loads + 1, sizeof(*plan->pins));
	if (!plan->pins)
		return false;
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < b->nr_loads; i++) {
			astray = is_astray(b, &b->loads[i]);
			if (astray != !pass || w->at[i] == NO_BIN ||
			    (int)w->cpu[w->at[i]] == b->loads[i].cpu)
				continue;
			plan->pins[plan->nr_pins++] = (struct pin){
				i, w->cpu[w->at[i]],
			};
			plan->forced += astray;
		}
	return true;
}

/**
 * balance_plan() - which vCPUs to pin elsewhere
 * @b: host
 *
 * A host is balanced if the busiest physical CPU has no more than BALANCED beyond the
 * idlest, or what is left if all vCPUs could be put anywhere they may be. vCPUs move
 * within their NUMA node, unless that cannot balance the host. Where physical CPUs are
 * threads of cores and some are idle, vCPUs are parted over cores as well.
 *
 * Return: plan for plan_free(), without changes if the host is balanced; NULL if there is
 * no memory.
 */
struct plan *balance_plan(const struct balance *b)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	struct bins *w = bins_new(b), *after = NULL;
	long looks = MOST_LOOKS;
	bool done = false;

	if (plan && w) {
		w->looks = &looks;
		plan->before = bins_spread(w);
		plan->cores_before = cores_spread(w);
		bring_back(w);
		after = balanced(w);
	}
	if (after) {
		cores_prefer_idle(after);
		cores_part(after);
		plan->after = bins_spread(after);
		plan->cores_after = cores_spread(after);
		plan->looks = MOST_LOOKS - looks;
		done = add_pins(plan, after);
	}
	bins_free(w);
	bins_free(after);
	if (done)
		return plan;
	plan_free(plan);
	return NULL;
}
