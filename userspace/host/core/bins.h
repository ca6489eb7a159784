/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of balancing work on: usable physical CPUs, and what each carries. Pure. */
#ifndef HOST_BINS_H
#define HOST_BINS_H

#include "balance.h"

/* In place of a bin: a vCPU that floats, or that wants nothing, is in none. */
#define NO_BIN	(-1)

/**
 * struct bins - usable physical CPUs, and which vCPUs are on them
 * @b: host
 * @nr: how many bins
 * @cpu: physical CPU of each
 * @carried: demand on each, without @fluid
 * @total: demand on all, with @fluid
 * @fluid: demand of vCPUs that float on all of them: the host's kernel lets it flow to
 *	where there is least
 * @home: by vCPU: bin that it was on at first, or NO_BIN
 * @at: by vCPU: bin that it is on
 * @looks: how often bins may still be looked at for the plan that they are of; each part
 *	takes a share of that only, so that something is left for those after it
 */
struct bins {
	const struct balance *b;
	unsigned int nr;
	unsigned int *cpu;
	unsigned int *carried;
	unsigned int total;
	unsigned int fluid;
	int *home;
	int *at;
	long *looks;
};

/* bins.c */
struct bins *bins_new(const struct balance *b);
struct bins *bins_copy(const struct bins *w);
void bins_free(struct bins *w);
void bins_move(struct bins *w, unsigned int load, unsigned int to);
bool bins_takes(const struct bins *w, unsigned int load, unsigned int bin,
		bool local);
unsigned int bins_level(const struct bins *w);
unsigned int bins_spread(const struct bins *w);
unsigned int bins_changes(const struct bins *w);

/* cores.c */
unsigned int cores_carried(const struct bins *w, unsigned int bin);
unsigned int cores_spread(const struct bins *w);
void cores_prefer_idle(struct bins *w);
void cores_part(struct bins *w);

/* search.c */
bool search_fewest(struct bins *w, unsigned int changes, unsigned int goal,
		   bool local);

/* improve.c */
void improve(struct bins *w, unsigned int goal, bool local);
void improve_undo(struct bins *w, unsigned int goal);
struct bins *improve_best(const struct bins *w);

#endif /* HOST_BINS_H */
