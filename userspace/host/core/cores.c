// SPDX-License-Identifier: GPL-2.0-only
/*
 * Physical CPUs that are threads of one core share it: two busy vCPUs are better off on two
 * cores, where there are idle ones, than on one.
 */
#include "bins.h"

/* What a change may differ by in what physical CPUs carry, to count as none */
#define ALIKE	(5 * POINT)

/**
 * cores_carried() - what the core of a physical CPU carries
 * @w: bins
 * @bin: bin of the physical CPU
 *
 * Return: thousandths, of all its physical CPUs.
 */
unsigned int cores_carried(const struct bins *w, unsigned int bin)
{
	const unsigned int *core = w->b->core;
	unsigned int i, sum = 0;

	for (i = 0; i < w->nr; i++)
		if (core[w->cpu[i]] == core[w->cpu[bin]])
			sum += w->carried[i];
	return sum;
}

/**
 * cores_prefer_idle() - choose among physical CPUs that would do as well
 * @w: bins, changed: a vCPU that moves goes to the one whose core carries least
 */
void cores_prefer_idle(struct bins *w)
{
	const struct balance *b = w->b;
	unsigned int i, bin, to, least, sum, rest;

	for (i = 0; i < b->nr_loads; i++) {
		if (w->at[i] == w->home[i])
			continue;
		if (*w->looks < (long)w->nr * (w->nr + 1))
			return;
		*w->looks -= w->nr;
		to = w->at[i];
		rest = w->carried[to] - b->loads[i].demand;
		least = cores_carried(w, to) - b->loads[i].demand;
		for (bin = 0; bin < w->nr; bin++) {
			if (w->carried[bin] != rest || bin == to ||
			    b->node[w->cpu[bin]] != b->node[w->cpu[w->at[i]]] ||
			    !bins_takes(w, i, bin, false))
				continue;
			*w->looks -= w->nr;
			sum = cores_carried(w, bin);
			if (b->core[w->cpu[bin]] == b->core[w->cpu[w->at[i]]])
				sum -= b->loads[i].demand;
			if (sum < least) {
				least = sum;
				to = bin;
			}
		}
		if (to != (unsigned int)w->at[i])
			bins_move(w, i, to);
	}
}

static unsigned int threads_of(const struct bins *w, unsigned int bin)
{
	const unsigned int *core = w->b->core;
	unsigned int i, count = 0;

	for (i = 0; i < w->nr; i++)
		count += core[w->cpu[i]] == core[w->cpu[bin]];
	return count;
}

/**
 * cores_spread() - what the busiest core has beyond the idlest
 * @w: bins
 *
 * What floats counts nowhere: the host's kernel knows of cores.
 *
 * Return: thousandths, for each physical CPU of a core.
 */
unsigned int cores_spread(const struct bins *w)
{
	unsigned int i, each, most = 0, least = ~0U;

	for (i = 0; i < w->nr; i++) {
		each = cores_carried(w, i) / threads_of(w, i);
		most = each > most ? each : most;
		least = each < least ? each : least;
	}
	return w->nr ? most - least : 0;
}

/* Whether a vCPU and what is in another bin are alike, so that CPUs stay as even. */
static bool alike(const struct bins *w, unsigned int load, unsigned int bin)
{
	unsigned int rest = w->carried[w->at[load]] - w->b->loads[load].demand;

	return w->carried[bin] <= rest + ALIKE && rest <= w->carried[bin] + ALIKE;
}

/* A vCPU whose core is the busiest goes to a core that is idle enough. */
static bool part_one(struct bins *w)
{
	const struct balance *b = w->b;
	unsigned int i, bin, from, to, demand, most = 0, best = 0, best_bin = 0;
	unsigned int core[CPU_SETSIZE];

	*w->looks -= (long)w->nr * w->nr;
	for (bin = 0; bin < w->nr; bin++)
		core[bin] = cores_carried(w, bin);
	for (i = 0; i < b->nr_loads; i++) {
		demand = b->loads[i].demand;
		if (w->at[i] == NO_BIN || demand < BALANCED)
			continue;
		from = core[w->at[i]];
		if (from < demand + BALANCED)
			continue;
		*w->looks -= w->nr;
		for (bin = 0; bin < w->nr; bin++) {
			if (b->core[w->cpu[bin]] == b->core[w->cpu[w->at[i]]] ||
			    !bins_takes(w, i, bin, true) || !alike(w, i, bin))
				continue;
			to = core[bin] + demand;
			if (to + BALANCED <= from && from - to > most) {
				most = from - to;
				best = i;
				best_bin = bin;
			}
		}
	}
	if (most)
		bins_move(w, best, best_bin);
	return most;
}

static bool cores_share(const struct bins *w)
{
	unsigned int i;

	for (i = 1; i < w->nr; i++)
		if (threads_of(w, i) > 1)
			return true;
	return false;
}

/**
 * cores_part() - part vCPUs over cores, where some are idle
 * @w: bins, changed
 *
 * Physical CPUs carry what they did, but for a trifle: only which of them does changes.
 */
void cores_part(struct bins *w)
{
	unsigned int left = w->b->nr_loads;
	long each = (long)w->nr * (w->nr + w->b->nr_loads);

	/* one thread a core: nothing to part */
	if (w->fluid || !w->nr || !cores_share(w))
		return;
	while (left-- && *w->looks >= each && part_one(w))
		;
}
