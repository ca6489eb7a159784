// SPDX-License-Identifier: GPL-2.0-only
/*
 * Balancing by more changes than can be searched for: one vCPU at a time to another bin, or
 * two that change places, whichever makes bins more even for each change.
 */
#include <stdlib.h>

#include "bins.h"

/* What each part takes of the looks that are left */
#define SHARE	2

/**
 * struct step - what could be done next
 * @gain: by how much the sum of squares of what bins carry gets smaller, for each
 *	change; 0 for nothing to do
 * @load: vCPU to move
 * @to: bin
 * @other: vCPU that changes places with it; NO_BIN if there is none
 */
struct step {
	double gain;
	unsigned int load;
	unsigned int to;
	int other;
};

/* How many more vCPUs are away from home if this one goes there. */
static int cost_of(const struct bins *w, unsigned int load, unsigned int to)
{
	bool away = w->at[load] != w->home[load];

	return ((int)to != w->home[load]) - away;
}

static void consider(struct step *best, double gain, int cost,
		     const struct step *step)
{
	/* what costs nothing comes first */
	gain = cost > 0 ? gain / cost : gain * 1024;
	if (gain <= best->gain)
		return;
	*best = *step;
	best->gain = gain;
}

static void consider_move(const struct bins *w, unsigned int load,
			  unsigned int bin, bool local, unsigned int level,
			  struct step *best)
{
	double demand = w->b->loads[load].demand, from, to;

	if (bin == (unsigned int)w->at[load] ||
	    !bins_takes(w, load, bin, local))
		return;
	from = w->carried[w->at[load]];
	to = w->carried[bin];
	/* it displaces what floats there */
	if (to + demand < level)
		to = level - demand;
	consider(best, 2 * demand * (from - to - demand), cost_of(w, load, bin),
		 &(struct step){ .load = load, .to = bin, .other = NO_BIN });
}

static void consider_swaps(const struct bins *w, unsigned int load, bool local,
			   struct step *best)
{
	const struct load *loads = w->b->loads;
	unsigned int i, at = w->at[load];
	double more, apart;

	for (i = 0; i < w->b->nr_loads; i++) {
		if (w->at[i] == NO_BIN || w->at[i] == (int)at ||
		    loads[i].demand >= loads[load].demand ||
		    !bins_takes(w, load, w->at[i], local) ||
		    !bins_takes(w, i, at, local))
			continue;
		more = loads[load].demand - loads[i].demand;
		apart = (double)w->carried[at] - w->carried[w->at[i]];
		consider(best, 2 * more * (apart - more),
			 cost_of(w, load, w->at[i]) + cost_of(w, i, at),
			 &(struct step){ .load = load, .to = w->at[i],
					 .other = i });
	}
}

static void find_ends(const struct bins *w, unsigned int *busiest,
		      unsigned int *idlest)
{
	unsigned int i;

	*busiest = 0;
	*idlest = 0;
	for (i = 1; i < w->nr; i++) {
		if (w->carried[i] > w->carried[*busiest])
			*busiest = i;
		if (w->carried[i] < w->carried[*idlest])
			*idlest = i;
	}
}

/* How many looks a step takes: those on the busiest bin may go anywhere. */
static long step_looks(const struct bins *w)
{
	unsigned int i, busiest, idlest;
	long each = w->nr + w->b->nr_loads, looks = each;

	find_ends(w, &busiest, &idlest);
	for (i = 0; i < w->b->nr_loads; i++)
		if (w->at[i] == (int)busiest && w->b->loads[i].demand)
			looks += each;
	return looks;
}

/* From the busiest bin to any, from any to the idlest, or an exchange with the busiest */
static bool take_step(struct bins *w, bool local)
{
	unsigned int i, bin, level = bins_level(w), busiest, idlest, from;
	struct step best = { .gain = 0 };

	find_ends(w, &busiest, &idlest);
	for (i = 0; i < w->b->nr_loads; i++) {
		if (w->at[i] == NO_BIN || !w->b->loads[i].demand)
			continue;
		if (w->at[i] != (int)busiest) {
			consider_move(w, i, idlest, local, level, &best);
			continue;
		}
		for (bin = 0; bin < w->nr; bin++)
			consider_move(w, i, bin, local, level, &best);
		consider_swaps(w, i, local, &best);
	}
	if (best.gain < 1)
		return false;
	from = w->at[best.load];
	bins_move(w, best.load, best.to);
	if (best.other != NO_BIN)
		bins_move(w, best.other, from);
	return true;
}

/**
 * improve() - balance step by step
 * @w: bins, changed
 * @goal: spread that is good enough, in thousandths
 * @local: whether vCPUs stay on their NUMA node
 */
void improve(struct bins *w, unsigned int goal, bool local)
{
	unsigned int left = 4 * w->b->nr_loads + 4;
	long keep = *w->looks - *w->looks / SHARE, looks;

	while (w->nr && left-- && bins_spread(w) > goal) {
		looks = step_looks(w);
		if (*w->looks - looks < keep)
			break;
		*w->looks -= looks;
		if (!take_step(w, local))
			break;
	}
}

/**
 * improve_undo() - take changes back that are not needed
 * @w: bins, changed
 * @goal: spread that is good enough, in thousandths
 */
void improve_undo(struct bins *w, unsigned int goal)
{
	unsigned int i, at;

	for (i = 0; i < w->b->nr_loads; i++) {
		if (w->at[i] == w->home[i] || w->home[i] == NO_BIN)
			continue;
		if (*w->looks < (long)w->nr)
			return;
		*w->looks -= w->nr;
		at = w->at[i];
		bins_move(w, i, w->home[i]);
		if (bins_spread(w) > goal)
			bins_move(w, i, at);
	}
}

/**
 * struct assignment - all ways to put vCPUs into bins, in turn
 * @w: bins, filled
 * @order: vCPUs, those that want most first
 * @count: how many
 * @rest: what the vCPUs of @order from here on want
 * @best: the best found
 * @spread: its spread
 * @looks: how many are left
 */
struct assignment {
	struct bins *w;
	unsigned int *order;
	unsigned int count;
	uint64_t *rest;
	struct bins *best;
	unsigned int spread;
	long looks;
};

static int by_demand(const void *a, const void *b, void *balance)
{
	const struct balance *host = balance;
	unsigned int x = host->loads[*(const unsigned int *)a].demand;
	unsigned int y = host->loads[*(const unsigned int *)b].demand;

	return x > y ? -1 : x < y;
}

/* Takes all out of the bins that can be moved, and lists them. */
static bool take_out(struct assignment *a)
{
	const struct balance *b = a->w->b;
	unsigned int i;

	a->order = calloc(b->nr_loads + 1, sizeof(*a->order));
	a->rest = calloc(b->nr_loads + 1, sizeof(*a->rest));
	if (!a->order || !a->rest)
		return false;
	for (i = 0; i < b->nr_loads; i++) {
		if (a->w->at[i] == NO_BIN || !b->loads[i].demand)
			continue;
		a->w->carried[a->w->at[i]] -= b->loads[i].demand;
		a->order[a->count++] = i;
	}
	qsort_r(a->order, a->count, sizeof(*a->order), by_demand, (void *)b);
	for (i = a->count; i--;)
		a->rest[i] = a->rest[i + 1] + b->loads[a->order[i]].demand;
	return true;
}

/* Each in turn to where there is least. */
static void put_most_first(struct assignment *a)
{
	unsigned int i, bin, load;
	int to;

	for (i = 0; i < a->count; i++) {
		load = a->order[i];
		to = a->w->at[load];
		a->w->total -= a->w->b->loads[load].demand;
		a->w->at[load] = NO_BIN;
		*a->w->looks -= a->w->nr;
		for (bin = 0; bin < a->w->nr; bin++)
			if (bins_takes(a->w, load, bin, false) &&
			    a->w->carried[bin] < a->w->carried[to])
				to = bin;
		bins_move(a->w, load, to);
	}
}

/* What bins lack to come as close to the busiest as the best found is. */
static bool cannot_be_better(const struct assignment *a, unsigned int index)
{
	unsigned int i, most = 0, least;
	uint64_t lack = 0;

	for (i = 0; i < a->w->nr; i++)
		if (a->w->carried[i] > most)
			most = a->w->carried[i];
	if (most < a->spread)
		return false;
	least = most - a->spread + 1;
	for (i = 0; i < a->w->nr; i++)
		if (a->w->carried[i] < least)
			lack += least - a->w->carried[i];
	return lack > a->rest[index] + a->w->fluid;
}

/* A bin that carries what one before it carries makes no difference, if all may be there. */
static bool like_before(struct assignment *a, unsigned int load, unsigned int bin)
{
	unsigned int i;

	if (CPU_COUNT(&a->w->b->loads[load].allowed) < (int)a->w->nr)
		return false;
	for (i = 0; i < bin; i++) {
		a->looks--;
		if (a->w->carried[i] == a->w->carried[bin])
			return true;
	}
	return false;
}

static void assign(struct assignment *a, unsigned int index, bool anywhere)
{
	unsigned int bin, load, spread;

	if (a->looks <= 0 || a->spread <= BALANCED)
		return;
	a->looks -= a->w->nr;
	if (index == a->count) {
		spread = bins_spread(a->w);
		if (spread >= a->spread)
			return;
		bins_free(a->best);
		a->best = bins_copy(a->w);
		a->spread = a->best ? spread : 0;
		return;
	}
	if (cannot_be_better(a, index))
		return;
	load = a->order[index];
	for (bin = 0; bin < a->w->nr && a->looks > 0; bin++) {
		a->looks--;
		if (!bins_takes(a->w, load, bin, false) ||
		    (anywhere && like_before(a, load, bin)))
			continue;
		a->w->at[load] = bin;
		a->w->carried[bin] += a->w->b->loads[load].demand;
		assign(a, index + 1, anywhere);
		a->w->carried[bin] -= a->w->b->loads[load].demand;
	}
}

static bool all_anywhere(const struct assignment *a)
{
	unsigned int i, bin;

	for (i = 0; i < a->count; i++)
		for (bin = 0; bin < a->w->nr; bin++)
			if (!bins_takes(a->w, a->order[i], bin, false))
				return false;
	return true;
}

static void keep_better(struct assignment *a, struct bins *candidate)
{
	unsigned int spread = candidate ? bins_spread(candidate) : ~0U;

	if (spread >= a->spread) {
		bins_free(candidate);
		return;
	}
	bins_free(a->best);
	a->best = candidate;
	a->spread = spread;
}

/**
 * improve_best() - how even bins could be, with any number of changes
 * @w: bins
 *
 * It looks for what is within BALANCED, and stops there. The answer is exact for small
 * hosts, and not always for large ones.
 *
 * Return: bins that are as even, for bins_free(); NULL if there is no memory.
 */
struct bins *improve_best(const struct bins *w)
{
	struct assignment a = { .spread = ~0U };
	struct bins *other;
	long share;

	other = bins_copy(w);
	if (other)
		improve(other, BALANCED, false);
	keep_better(&a, other);
	if (a.spread <= BALANCED)
		return a.best;
	a.w = bins_copy(w);
	if (a.w && take_out(&a)) {
		other = bins_copy(a.w);
		if (other) {
			struct assignment first = a;

			first.w = other;
			put_most_first(&first);
			improve(other, BALANCED, false);
		}
		keep_better(&a, other);
		share = *w->looks / SHARE;
		a.looks = share;
		if (a.spread > BALANCED)
			assign(&a, 0, all_anywhere(&a));
		*w->looks -= share - a.looks;
	}
	free(a.order);
	free(a.rest);
	bins_free(a.w);
	return a.best;
}
