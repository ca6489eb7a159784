// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Gives each thread of the program the CPUs that it has in the latest topology, and
 * lets the runtimes know if they are too few.
 */
#include <sched.h>
#include <stdlib.h>

#include "omp.h"
#include "places.h"

/* By threads_lock(); NULL as long as no topology was read. */
static struct places *places;
/* By threads_lock(); whether threads have less than what they could have. */
static bool short_of_cpus;
/* Atomic; written by threads_lock(); CPUs that threads may use, 0 if not known. */
static int usable_cpus;

/** struct team - the threads of a runtime */
struct team {
	struct runtime runtime;
	unsigned int threads;
};

#define MAX_TEAMS	16

/* Threads of more runtimes than that are placed, but not counted. */
static void count_thread(struct team *teams, unsigned int *nr,
			 const struct omp_thread *t)
{
	unsigned int i;

	for (i = 0; i < *nr; i++)
		if (teams[i].runtime.base == t->runtime.base)
			break;
	if (i == MAX_TEAMS)
		return;
	if (i == *nr)
		teams[(*nr)++] = (struct team){ .runtime = t->runtime };
	teams[i].threads++;
}

/* Has somebody else bound it since? The kernel only takes away CPUs, or gives all. */
static bool bound_by_others(const struct omp_thread *t)
{
	struct cpus now, online;

	cpus_clear(&now);
	if (!t->placed ||
	    sched_getaffinity(t->tid, sizeof(now), now.set))
		return false;
	cpus_or(&online, &places->active, &places->inactive);
	return !cpus_within(&now, &t->has) && !cpus_within(&online, &now);
}

static void give(struct omp_thread *t, const struct placement *p)
{
	/* first: it may fork at any time, and its child looks at that */
	__atomic_store_n(&t->touched, true, __ATOMIC_SEQ_CST);
	if (!cpus_equal(&p->start, &p->to))
		real_setaffinity(t->tid, sizeof(p->start), &p->start);
	/* it may have exited, or these CPUs have gone: then news is to come */
	if (real_setaffinity(t->tid, sizeof(p->to), &p->to))
		return;
	t->has = p->to;
	t->placed = true;
}

/*
 * A thread that was never touched, and may have all that it could have, stays as
 * it is: nothing has happened to it. In the topology that it was placed in, it has
 * the CPUs that it was given.
 */
static bool is_due(const struct omp_thread *t, const struct placement *p,
		   const struct cpus *allowed, bool anew)
{
	if (t->placed)
		return anew || !cpus_equal(&p->to, &t->has);
	return !cpus_equal(&p->to, t->bound ? &t->wanted : allowed);
}

static void adjust_waiting(const struct omp_thread *t, unsigned int cpus)
{
	struct team teams[MAX_TEAMS];
	unsigned int nr = 0, i;

	for (; t; t = t->next)
		if (!t->extra)
			count_thread(teams, &nr, t);
	for (i = 0; i < nr; i++)
		waiting_adjust(&teams[i].runtime, teams[i].threads, cpus);
}

static bool is_followed(const struct omp_thread *t)
{
	return !t->own && !t->asleep;
}

/*
 * Returns how many threads could not get what they asked for. In a topology there was
 * before, @anew is false: then this is done for each thread that comes, and has to be
 * cheap.
 */
static unsigned int assign(struct omp_thread *first, const struct cpus *allowed,
			   struct placement *list, bool anew)
{
	unsigned int nr = 0, displaced = 0;
	struct omp_thread *t;

	for (t = first; t; t = t->next) {
		if (anew && is_followed(t) && bound_by_others(t)) {
			t->own = true;
			omp_say("thread %d is bound by others, and left alone",
				(int)t->tid);
		}
		if (is_followed(t))
			list[nr++].wanted = t->bound ? &t->wanted : NULL;
	}
	places_assign(places, allowed, list, nr);
	for (nr = 0, t = first; t; t = t->next) {
		if (!is_followed(t))
			continue;
		if (is_due(t, &list[nr], allowed, anew))
			give(t, &list[nr]);
		displaced += list[nr++].displaced;
	}
	omp_say("%u threads have CPUs, %u of them others than they asked for",
		nr, displaced);
	return displaced;
}

/* By threads_lock(). */
static void place_threads(struct omp_thread *first, bool anew)
{
	unsigned int nr = 0, cpus, at_start, displaced;
	struct cpus allowed, usable;
	struct placement *list;
	struct omp_thread *t;

	at_start = allowed_cpus(&allowed);
	for (t = first; t; t = t->next)
		nr++;
	list = calloc(nr, sizeof(*list));
	if (!list)
		return;
	displaced = assign(first, &allowed, list, anew);
	free(list);
	places_usable(places, &allowed, &usable);
	cpus = cpus_count(&usable);
	short_of_cpus = displaced || cpus < at_start;
	__atomic_store_n(&usable_cpus, cpus, __ATOMIC_RELAXED);
	adjust_waiting(first, cpus);
}

int virtflex_omp_cpus(void)
{
	return __atomic_load_n(&usable_cpus, __ATOMIC_RELAXED);
}

void placing_thread(bool lost)
{
	struct omp_thread *first;
	sigset_t blocked;

	first = threads_lock(&blocked);
	if (places && (lost || short_of_cpus))
		place_threads(first, false);
	threads_unlock(&blocked);
}

void placing_take(struct places *now)
{
	struct cpus allowed, usable;
	struct omp_thread *first;
	sigset_t blocked;

	/* whoever made the caller may be bound to one CPU: the two would compete */
	allowed_cpus(&allowed);
	places_usable(now, &allowed, &usable);
	real_setaffinity(0, sizeof(usable), &usable);
	first = threads_lock(&blocked);
	free(places);
	places = now;
	place_threads(first, true);
	threads_unlock(&blocked);
}

void placing_forked(void)
{
	/* another thread may have been about to free it */
	places = NULL;
	short_of_cpus = false;
	usable_cpus = 0;
}
