// SPDX-License-Identifier: GPL-2.0-only
/* Usable physical CPUs, and what each carries. */
#include <stdlib.h>
#include <string.h>

#include "bins.h"

/* Bins of a set of physical CPUs, as far as they are usable. */
static unsigned int bins_of(const struct bins *w, const cpu_set_t *set,
			    unsigned int *list)
{
	unsigned int i, count = 0;

	for (i = 0; i < w->nr; i++)
		if (CPU_ISSET(w->cpu[i], set))
			list[count++] = i;
	return count;
}

/*
 * Up to where bins are filled when so much flows into them. Those that stand higher
 * take nothing, and are left out until none does.
 */
static unsigned int level_of(const unsigned int *carried,
			     const unsigned int *list, unsigned int count,
			     unsigned int amount)
{
	unsigned int i, members = count, left, level = 0;
	uint64_t sum = amount;

	for (i = 0; i < count; i++)
		sum += carried[list[i]];
	do {
		left = members;
		level = members ? sum / members : 0;
		sum = amount;
		for (i = 0, members = 0; i < count; i++)
			if (carried[list[i]] <= level) {
				sum += carried[list[i]];
				members++;
			}
	} while (members != left && members);
	return level;
}

/* A vCPU that floats on some bins only flows to where there is least of these. */
static void pour(struct bins *w, const struct load *load, unsigned int *list)
{
	unsigned int count = bins_of(w, &load->allowed, list), i, level;

	if (count == w->nr) {
		w->fluid += load->demand;
		return;
	}
	level = level_of(w->carried, list, count, load->demand);
	for (i = 0; i < count; i++)
		if (w->carried[list[i]] < level)
			w->carried[list[i]] = level;
}

static int bin_of(const struct bins *w, int cpu)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		if ((int)w->cpu[i] == cpu)
			return i;
	return NO_BIN;
}

static void fill(struct bins *w)
{
	const struct balance *b = w->b;
	unsigned int i;
	int bin;

	for (i = 0; i < b->nr_loads; i++) {
		bin = b->loads[i].cpu == FLOATS ? NO_BIN :
						  bin_of(w, b->loads[i].cpu);
		w->home[i] = bin;
		w->at[i] = bin;
		if (bin != NO_BIN)
			w->carried[bin] += b->loads[i].demand;
	}
}

static struct bins *allocate(const struct balance *b)
{
	struct bins *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->b = b;
	w->cpu = calloc(b->nr_cpus + 1, sizeof(*w->cpu));
	w->carried = calloc(b->nr_cpus + 1, sizeof(*w->carried));
	w->home = calloc(b->nr_loads + 1, sizeof(*w->home));
	w->at = calloc(b->nr_loads + 1, sizeof(*w->at));
	if (w->cpu && w->carried && w->home && w->at)
		return w;
	bins_free(w);
	return NULL;
}

/**
 * bins_new() - the bins of a host
 * @b: host; it stays as it is as long as they are used
 *
 * vCPUs that are pinned to a physical CPU that is not usable are in no bin.
 *
 * Return: bins for bins_free(), or NULL if there is no memory.
 */
struct bins *bins_new(const struct balance *b)
{
	struct bins *w = allocate(b);
	unsigned int i, *list;

	list = w ? calloc(b->nr_cpus + 1, sizeof(*list)) : NULL;
	if (!list) {
		bins_free(w);
		return NULL;
	}
	for (i = 0; i < b->nr_cpus; i++)
		if (CPU_ISSET(i, &b->usable))
			w->cpu[w->nr++] = i;
	fill(w);
	for (i = 0; i < b->nr_loads; i++)
		if (b->loads[i].cpu == FLOATS)
			pour(w, &b->loads[i], list);
	w->total = w->fluid;
	for (i = 0; i < w->nr; i++)
		w->total += w->carried[i];
	free(list);
	return w;
}

/**
 * bins_copy() - the same bins again
 * @w: bins
 *
 * Return: bins for bins_free(), or NULL if there is no memory.
 */
struct bins *bins_copy(const struct bins *w)
{
	struct bins *copy = allocate(w->b);

	if (!copy)
		return NULL;
	copy->nr = w->nr;
	copy->total = w->total;
	copy->fluid = w->fluid;
	copy->looks = w->looks;
	memcpy(copy->cpu, w->cpu, w->nr * sizeof(*w->cpu));
	memcpy(copy->carried, w->carried, w->nr * sizeof(*w->carried));
	memcpy(copy->home, w->home, w->b->nr_loads * sizeof(*w->home));
	memcpy(copy->at, w->at, w->b->nr_loads * sizeof(*w->at));
	return copy;
}

/**
 * bins_free() - free bins
 * @w: bins, or NULL
 */
void bins_free(struct bins *w)
{
	if (!w)
		return;
	free(w->cpu);
	free(w->carried);
	free(w->home);
	free(w->at);
	free(w);
}

/**
 * bins_move() - put a vCPU into another bin
 * @w: bins
 * @load: index of the vCPU, which does not float
 * @to: bin
 */
void bins_move(struct bins *w, unsigned int load, unsigned int to)
{
	unsigned int demand = w->b->loads[load].demand;

	if (w->at[load] != NO_BIN)
		w->carried[w->at[load]] -= demand;
	else
		w->total += demand;
	w->carried[to] += demand;
	w->at[load] = to;
}

/**
 * bins_takes() - may a vCPU be put into a bin?
 * @w: bins
 * @load: index of the vCPU
 * @bin: bin
 * @local: whether it is to stay on the NUMA node that it was on at first
 *
 * Return: whether it may.
 */
bool bins_takes(const struct bins *w, unsigned int load, unsigned int bin,
		bool local)
{
	const struct balance *b = w->b;

	if (!CPU_ISSET(w->cpu[bin], &b->loads[load].allowed))
		return false;
	return !local || w->home[load] == NO_BIN ||
	       b->node[w->cpu[w->home[load]]] == b->node[w->cpu[bin]];
}

/**
 * bins_level() - up to where what floats fills the bins
 * @w: bins
 *
 * Return: level in thousandths, the least that any bin carries; 0 if nothing floats.
 */
unsigned int bins_level(const struct bins *w)
{
	unsigned int i, members = w->nr, left, level;
	uint64_t sum = w->total;

	if (!w->fluid || !w->nr)
		return 0;
	do {
		left = members;
		level = sum / members;
		sum = w->fluid;
		for (i = 0, members = 0; i < w->nr; i++)
			if (w->carried[i] <= level) {
				sum += w->carried[i];
				members++;
			}
	} while (members != left && members);
	return level;
}

/**
 * bins_spread() - what the busiest physical CPU has beyond the idlest
 * @w: bins
 *
 * Return: thousandths.
 */
unsigned int bins_spread(const struct bins *w)
{
	unsigned int i, level = bins_level(w), carried;
	unsigned int most = 0, least = ~0U;

	for (i = 0; i < w->nr; i++) {
		carried = w->carried[i] < level ? level : w->carried[i];
		if (carried > most)
			most = carried;
		if (carried < least)
			least = carried;
	}
	return w->nr ? most - least : 0;
}

/**
 * bins_changes() - how many vCPUs are not where they were at first
 * @w: bins
 *
 * Return: their number.
 */
unsigned int bins_changes(const struct bins *w)
{
	unsigned int i, count = 0;

	for (i = 0; i < w->b->nr_loads; i++)
		count += w->at[i] != w->home[i];
	return count;
}
