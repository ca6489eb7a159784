// SPDX-License-Identifier: GPL-2.0-only
/*
 * An OpenMP runtime of plain threads, for ThreadSanitizer, which cannot see how real
 * ones wait. Each region has threads of its own. With FAKE_BINDS they are made bound to
 * the first CPU, or the last, by turns, and bind themselves to it again.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))
#define MOST	16

EXPORT void GOMP_parallel(void (*fn)(void *data), void *data,
			  unsigned int nr_threads, unsigned int flags);
EXPORT void omp_set_dynamic(int dynamic);
EXPORT int omp_get_num_threads(void);

/** struct member - a thread of a region */
struct member {
	void (*fn)(void *data);
	void *data;
	unsigned int team;
	pthread_t id;
	cpu_set_t cpus;
};

static __thread unsigned int team = 1;

static void set_cpus(struct member *m, unsigned int nr)
{
	int cpu, found = 0;

	sched_getaffinity(0, sizeof(m->cpus), &m->cpus);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &m->cpus) || (found++ && nr % 2))
			continue;
		CPU_ZERO(&m->cpus);
		CPU_SET(cpu, &m->cpus);
		return;
	}
}

static void *work(void *data)
{
	struct member *m = data;

	team = m->team;
	if (getenv("FAKE_BINDS"))
		pthread_setaffinity_np(pthread_self(), sizeof(m->cpus),
				       &m->cpus);
	m->fn(m->data);
	return NULL;
}

void GOMP_parallel(void (*fn)(void *data), void *data, unsigned int nr_threads,
		   unsigned int flags)
{
	struct member members[MOST];
	unsigned int before = team, i;
	pthread_attr_t attr;

	(void)flags;
	if (!nr_threads || nr_threads > MOST)
		nr_threads = MOST;
	for (i = 1; i < nr_threads; i++) {
		members[i] = (struct member){
			.fn = fn, .data = data, .team = nr_threads,
		};
		pthread_attr_init(&attr);
		set_cpus(&members[i], i);
		if (getenv("FAKE_BINDS"))
			pthread_attr_setaffinity_np(&attr, sizeof(cpu_set_t),
						    &members[i].cpus);
		if (pthread_create(&members[i].id, &attr, work, &members[i]))
			abort();
		pthread_attr_destroy(&attr);
	}
	team = nr_threads;
	fn(data);
	team = before;
	for (i = 1; i < nr_threads; i++)
		pthread_join(members[i].id, NULL);
}

void omp_set_dynamic(int dynamic)
{
	(void)dynamic;
}

int omp_get_num_threads(void)
{
	return team;
}
