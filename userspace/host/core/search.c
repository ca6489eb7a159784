// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fewest changes that balance a host, up to three, by looking at all that could.
 *
 * As long as the busiest bin has too much beyond the idlest, one of the changes that are
 * still to come takes a vCPU from the one or puts one into the other, and it may as well
 * be the next: only these are tried. A bin that no change is left for has to be close
 * to the mean already.
 */
#include <stdlib.h>

#include "bins.h"

/* Most changes of a search */
#define MOST_CHANGES	3
/* What a search takes of the looks that are left, before it ends without an answer */
#define SHARE	4

/**
 * struct search - a search
 * @w: bins, changed and changed back
 * @goal: a spread that is good enough; lower once one was found
 * @local: whether vCPUs stay on their NUMA node
 * @looks: how many are left; 0 to end
 * @unused: how many were left when it ended early
 * @by_bin: vCPUs, by the bin they were on at first, those that want most first
 * @first: index of the first in @by_bin, by bin, and the end
 * @stack: changes made now
 * @depth: how many
 * @found: the best changes found
 * @nr_found: how many; 0 if none was found
 */
struct search {
	struct bins *w;
	unsigned int goal;
	bool local;
	long looks;
	long unused;
	unsigned int *by_bin;
	unsigned int *first;
	struct pin stack[MOST_CHANGES];
	unsigned int depth;
	struct pin found[MOST_CHANGES];
	unsigned int nr_found;
};

/**
 * struct look - how bins stand
 * @busiest: bin
 * @idlest: bin
 * @most: what the busiest carries
 * @least: what the idlest carries
 * @level: up to where what floats fills the bins
 * @high: how many are too far above the mean
 * @low: how many are too far below
 * @top: what the busiest ones carry, descending
 * @bottom: what the idlest ones carry, ascending
 */
struct look {
	unsigned int busiest, idlest;
	unsigned int most, least;
	unsigned int level;
	unsigned int high, low;
	unsigned int top[MOST_CHANGES + 1];
	unsigned int bottom[MOST_CHANGES + 1];
};

static bool far_above(const struct search *s, uint64_t carried)
{
	return carried * s->w->nr > s->w->total + (uint64_t)s->goal * s->w->nr;
}

static bool far_below(const struct search *s, uint64_t carried)
{
	return !s->w->fluid &&
	       (carried + s->goal) * s->w->nr < s->w->total;
}

static void rank(struct look *l, unsigned int carried)
{
	unsigned int i, value = carried, other;

	for (i = 0; i <= MOST_CHANGES; i++)
		if (value > l->top[i]) {
			other = l->top[i];
			l->top[i] = value;
			value = other;
		}
	value = carried;
	for (i = 0; i <= MOST_CHANGES; i++)
		if (value < l->bottom[i]) {
			other = l->bottom[i];
			l->bottom[i] = value;
			value = other;
		}
}

static void look(struct search *s, struct look *l)
{
	const struct bins *w = s->w;
	unsigned int i, carried;

	*l = (struct look){ .level = bins_level(w), .least = ~0U };
	for (i = 0; i <= MOST_CHANGES; i++)
		l->bottom[i] = ~0U;
	for (i = 0; i < w->nr; i++) {
		carried = w->carried[i] < l->level ? l->level : w->carried[i];
		if (carried > l->most || !i) {
			l->most = carried;
			l->busiest = i;
		}
		if (carried < l->least) {
			l->least = carried;
			l->idlest = i;
		}
		l->high += far_above(s, carried);
		l->low += far_below(s, carried);
		rank(l, carried);
	}
	s->looks -= w->nr;
}

/* Whether so many changes cannot be enough, whichever they are. */
static bool hopeless(const struct search *s, const struct look *l,
		     unsigned int left)
{
	if (l->high > left || l->low > left)
		return true;
	if (s->w->fluid || s->w->nr <= 2 * left)
		return false;
	/* each change makes one bin lower and one higher */
	return l->top[left] > l->bottom[left] &&
	       l->top[left] - l->bottom[left] > s->goal;
}

static void note(struct search *s, unsigned int spread)
{
	unsigned int i;

	for (i = 0; i < s->depth; i++)
		s->found[i] = s->stack[i];
	s->nr_found = s->depth;
	if (spread) {
		s->goal = spread - 1;
		return;
	}
	s->unused = s->looks;
	s->looks = 0;
}

static void descend(struct search *s, unsigned int left);

static void try_move(struct search *s, unsigned int load, unsigned int to,
		     unsigned int left)
{
	unsigned int from = s->w->at[load], demand = s->w->b->loads[load].demand;

	s->looks--;
	if (!bins_takes(s->w, load, to, s->local))
		return;
	/* nothing follows the last change that could mend these */
	if (left == 1 && (far_above(s, s->w->carried[to] + demand) ||
			  far_below(s, s->w->carried[from] - demand)))
		return;
	s->stack[s->depth++] = (struct pin){ load, to };
	bins_move(s->w, load, to);
	descend(s, left - 1);
	bins_move(s->w, load, from);
	s->depth--;
}

static bool moved(const struct search *s, unsigned int load)
{
	return s->w->at[load] != s->w->home[load];
}

/* Whether one that was tried before, of the same bin, makes no difference to this. */
static bool like_before(struct search *s, unsigned int index,
			unsigned int first)
{
	const struct load *loads = s->w->b->loads, *l, *other;

	l = &loads[s->by_bin[index]];
	while (index-- > first) {
		s->looks--;
		other = &loads[s->by_bin[index]];
		if (other->demand != l->demand)
			return false;
		if (!moved(s, s->by_bin[index]) &&
		    CPU_EQUAL(&other->allowed, &l->allowed))
			return true;
	}
	return false;
}

/* All vCPUs of a bin, to one bin. */
static void try_from(struct search *s, unsigned int from, unsigned int to,
		     unsigned int left)
{
	unsigned int i;

	for (i = s->first[from]; i < s->first[from + 1] && s->looks > 0; i++)
		if (!moved(s, s->by_bin[i]) &&
		    !like_before(s, i, s->first[from]))
			try_move(s, s->by_bin[i], to, left);
}

/* Where something floats, all that raises the level to which it fills the bins */
static void try_to_raise(struct search *s, const struct look *l,
			 unsigned int left)
{
	const struct bins *w = s->w;
	unsigned int from, to;

	for (from = 0; from < w->nr && s->looks > 0; from++) {
		s->looks--;
		if (from == l->busiest || w->carried[from] <= l->level)
			continue;
		for (to = 0; to < w->nr && s->looks > 0; to++, s->looks--)
			if (w->carried[to] < l->level)
				try_from(s, from, to, left);
	}
}

static void descend(struct search *s, unsigned int left)
{
	struct look l;
	unsigned int i;

	if (s->looks <= 0)
		return;
	look(s, &l);
	if (l.most - l.least <= s->goal && s->depth) {
		note(s, l.most - l.least);
		return;
	}
	if (!left || hopeless(s, &l, left))
		return;
	for (i = 0; i < s->w->nr && s->looks > 0; i++)
		if (i != l.busiest)
			try_from(s, l.busiest, i, left);
	if (s->w->fluid) {
		try_to_raise(s, &l, left);
		return;
	}
	for (i = 0; i < s->w->nr && s->looks > 0; i++)
		if (i != l.busiest && i != l.idlest)
			try_from(s, i, l.idlest, left);
}

static int by_bin_and_demand(const void *a, const void *b, void *bins)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;
	const struct bins *w = bins;
	const struct load *loads = w->b->loads;

	if (w->home[x] != w->home[y])
		return w->home[x] < w->home[y] ? -1 : 1;
	if (loads[x].demand != loads[y].demand)
		return loads[x].demand > loads[y].demand ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Those that can be moved to some effect */
static bool list_by_bin(struct search *s)
{
	const struct bins *w = s->w;
	unsigned int i, count = 0, bin;

	s->by_bin = calloc(w->b->nr_loads + 1, sizeof(*s->by_bin));
	s->first = calloc(w->nr + 1, sizeof(*s->first));
	if (!s->by_bin || !s->first)
		return false;
	for (i = 0; i < w->b->nr_loads; i++)
		if (w->home[i] != NO_BIN && w->b->loads[i].demand)
			s->by_bin[count++] = i;
	qsort_r(s->by_bin, count, sizeof(*s->by_bin), by_bin_and_demand, s->w);
	for (bin = 0, i = 0; bin <= w->nr; bin++) {
		while (i < count && w->home[s->by_bin[i]] < (int)bin)
			i++;
		s->first[bin] = i;
	}
	return true;
}

/**
 * search_fewest() - balance by a given number of changes, if that can be done
 * @w: bins, where all vCPUs are where they were at first; changed if it can
 * @changes: most changes, up to three
 * @goal: largest spread that will do, in thousandths
 * @local: whether vCPUs stay on their NUMA node
 *
 * Of all that it could be done by, that with the least spread is taken, unless there
 * are too many to look at.
 *
 * Return: whether it was done.
 */
bool search_fewest(struct bins *w, unsigned int changes, unsigned int goal,
		   bool local)
{
	long share = *w->looks / SHARE;
	struct search s = {
		.w = w, .goal = goal, .local = local, .looks = share,
	};
	unsigned int i;

	if (w->nr && list_by_bin(&s))
		descend(&s, changes);
	*w->looks -= share - s.looks - s.unused;
	for (i = 0; i < s.nr_found; i++)
		bins_move(w, s.found[i].load, s.found[i].cpu);
	free(s.by_bin);
	free(s.first);
	return s.nr_found;
}
