// SPDX-License-Identifier: GPL-2.0-only
/* How long there has been a gain in giving a node from one guest to another. */
#include <stdlib.h>
#include <string.h>

#include "node.h"

/**
 * struct pair - two guests
 * @from: name of the first one; "" for nobody
 * @to: name of the other one
 * @seconds: how long there has been a gain
 * @seen: whether there is one in this interval
 */
struct pair {
	char *from;
	char *to;
	double seconds;
	bool seen;
};

static struct pair *pairs;
static unsigned int nr_pairs;

static struct pair *find(const char *from, const char *to)
{
	struct pair *all, *p;
	unsigned int i;

	for (i = 0; i < nr_pairs; i++)
		if (!strcmp(pairs[i].from, from) && !strcmp(pairs[i].to, to))
			return &pairs[i];
	all = realloc(pairs, (nr_pairs + 1) * sizeof(*all));
	if (!all)
		return NULL;
	pairs = all;
	p = &all[nr_pairs];
	*p = (struct pair){ .from = strdup(from), .to = strdup(to) };
	if (p->from && p->to)
		return &pairs[nr_pairs++];
	free(p->from);
	free(p->to);
	return NULL;
}

static void drop(unsigned int i)
{
	free(pairs[i].from);
	free(pairs[i].to);
	pairs[i] = pairs[--nr_pairs];
}

/**
 * standing() - how long there has been a gain
 * @from: name of who would give a node; "" for nobody
 * @to: name of who would get it
 * @gains: whether there is one in this interval
 * @seconds: how long the interval was
 *
 * Return: seconds.
 */
double standing(const char *from, const char *to, bool gains, double seconds)
{
	struct pair *p = gains ? find(from, to) : NULL;

	if (!p)
		return 0;
	p->seconds += seconds;
	p->seen = true;
	return p->seconds;
}

/**
 * standing_done() - all gains of this interval were told: those of before are over
 */
void standing_done(void)
{
	unsigned int i = 0;

	while (i < nr_pairs) {
		if (pairs[i].seen)
			pairs[i++].seen = false;
		else
			drop(i);
	}
}

/**
 * standing_end() - a guest has got a node: what it gains by another one is another thing
 * @to: name of the guest
 */
void standing_end(const char *to)
{
	unsigned int i = 0;

	while (i < nr_pairs) {
		if (strcmp(pairs[i].to, to))
			i++;
		else
			drop(i);
	}
}

/**
 * standing_forget() - forget all of it
 */
void standing_forget(void)
{
	while (nr_pairs)
		drop(nr_pairs - 1);
	free(pairs);
	pairs = NULL;
}
