// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the runtime makes of the environment: the places there are, and the place
 * and the CPUs of each thread of a few regions. Unlike the others it is run twice, as
 *
 *	places </dev/null >LINES
 *	places <LINES
 *
 * the second time below the adaptor, with TOPOLOGY_DIR the directory of the
 * topology, CHANGES one with topologies "1" to "3", of which the second has no CPU
 * but STAYS. It publishes these between the regions, since it is run hundreds of
 * times, and waits for LINES to come true again. With MORE there is a thread more
 * while the node is gone.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

#define MAX_THREADS	8
#define MAX_LINE	4096
#define LIMIT_MS	60000

static struct {
	pid_t tid;
	int place;
} threads[MAX_THREADS];
static int nr_threads;

static void note_self(void)
{
	int me = omp_get_thread_num();

	program_check(me < MAX_THREADS, "too many threads");
	threads[me].tid = gettid();
	threads[me].place = omp_get_place_num();
	if (!me)
		nr_threads = omp_get_num_threads();
}

static int add_cpus(char *to, const cpu_set_t *set)
{
	int cpu, len = 0;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, set))
			len += sprintf(to + len, ",%d", cpu);
	return len;
}

static void threads_text(char *text)
{
	cpu_set_t set;
	int i;

	*text = '\0';
	for (i = 0; i < nr_threads; i++) {
		text += sprintf(text, " place %d cpus ", threads[i].place);
		if (!sched_getaffinity(threads[i].tid, sizeof(set), &set))
			text += add_cpus(text, &set);
	}
}

static void say_places(void)
{
	int places = omp_get_num_places(), place, i, ids[CPU_SETSIZE];

	printf("%d places", places);
	for (place = 0; place < places; place++) {
		omp_get_place_proc_ids(place, ids);
		printf(" {");
		for (i = 0; i < omp_get_place_num_procs(place); i++)
			printf(" %d", ids[i]);
		printf(" }");
	}
	printf("; bind %d\n", omp_get_proc_bind());
}

/* The next line that the first run has printed; NULL if this is that. */
static const char *expected_line(void)
{
	static char line[MAX_LINE];

	if (!fgets(line, sizeof(line), stdin))
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* Say what threads have, as soon as it is what is expected. */
static void say_threads(int may_take_ms)
{
	const char *expected = expected_line();
	char text[MAX_LINE];

	threads_text(text);
	while (expected && strcmp(text, expected) && may_take_ms--) {
		usleep(1000);
		threads_text(text);
	}
	puts(text);
}

/* Publish a topology, if this is the second run. */
static int change(const char *name)
{
	const char *changes = getenv("CHANGES"), *dir = getenv("TOPOLOGY_DIR");
	char from[512], next[512], to[512];

	if (!changes)
		return 0;
	snprintf(from, sizeof(from), "%s/%s", changes, name);
	snprintf(next, sizeof(next), "%s/next", changes);
	snprintf(to, sizeof(to), "%s/topology", dir);
	/* a run that ended early may have left it */
	unlink(next);
	program_check(!link(from, next) && !rename(next, to), "topology");
	return 1;
}

/* Does every thread have the CPU that stays, and no other? */
static int all_left(void)
{
	cpu_set_t set;
	int i;

	for (i = 0; i < nr_threads; i++)
		if (sched_getaffinity(threads[i].tid, sizeof(set), &set) ||
		    CPU_COUNT(&set) != 1 || !CPU_ISSET(atoi(getenv("STAYS")), &set))
			return 0;
	return 1;
}

static void wait_for_leave(void)
{
	int left_ms = LIMIT_MS;

	while (!all_left() && left_ms--)
		usleep(1000);
	program_check(left_ms >= 0, "not all leave");
}

int main(void)
{
	int threads_at_first, more = !!getenv("MORE"), leaves;

	setvbuf(stdout, NULL, _IOLBF, 0);
	change("1");
	say_places();
	expected_line();
#pragma omp parallel
	note_self();
	threads_at_first = nr_threads;
	/* nothing has changed yet */
	say_threads(0);

	leaves = change("2");
	if (leaves)
		wait_for_leave();
	/* threads that are made, or bound anew, meanwhile */
#pragma omp parallel num_threads(threads_at_first + more) proc_bind(spread)
	note_self();
	if (leaves)
		wait_for_leave();
	change("3");
	say_threads(LIMIT_MS);

#pragma omp parallel num_threads(threads_at_first) proc_bind(close)
	note_self();
	say_threads(LIMIT_MS);
	return 0;
}
