// SPDX-License-Identifier: GPL-2.0-only
/*
 * follow: a program that follows the topology, in the simplest way libvirtflex
 * allows. It has one thread and one piece of memory per node. The main thread
 * sleeps until there is a new topology, sends every thread to an active node,
 * and asks for their memory to follow. The threads go on working all the time
 * and check each byte they pass.
 *
 * usage: follow [MiB per thread [ms of rest between passes]]
 *
 * Prints a line for each topology, once every page has been touched again.
 * Ends with SIGTERM; the exit status is 1 if any byte had changed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <virtflex.h>

#define MAX_WORKERS	64

/**
 * struct worker - a thread and its memory
 * @thread: the thread
 * @words: its memory; word i holds @seed + i
 * @nr_words: length of @words
 * @seed: what tells this worker's memory from another's
 * @passes: times it has gone over all of its memory
 * @wrong: words found changed
 */
struct worker {
	pthread_t thread;
	uint64_t *words;
	size_t nr_words;
	uint64_t seed;
	atomic_ulong passes;
	atomic_ulong wrong;
};

static struct worker workers[MAX_WORKERS];
static unsigned int nr_workers;
static long rest_ms = 100;

static void nap(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000,
			       .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	size_t i;

	for (i = 0; i < w->nr_words; i++)
		w->words[i] = w->seed + i;
	for (;;) {
		atomic_fetch_add(&w->passes, 1);
		nap(rest_ms);
		for (i = 0; i < w->nr_words; i++)
			if (((volatile uint64_t *)w->words)[i] != w->seed + i)
				atomic_fetch_add(&w->wrong, 1);
	}
	return NULL;
}

/* Wait until every thread went over all its memory after this moment. */
static void wait_for_pass(void)
{
	unsigned long from[MAX_WORKERS];
	unsigned int i;

	for (i = 0; i < nr_workers; i++)
		from[i] = atomic_load(&workers[i].passes);
	/* The pass under way began earlier: the next one counts. */
	for (i = 0; i < nr_workers; i++)
		while (atomic_load(&workers[i].passes) < from[i] + 2)
			nap(10);
}

static int is_home(const struct virtflex_node *n)
{
	return n->state == VIRTFLEX_NODE_ACTIVE && n->nr_cpus;
}

/* 0 if the node has no CPUs that fit into a set of this size. */
static int cpus_of(const struct virtflex_topology *t,
		   const struct virtflex_node *n, cpu_set_t *cpus)
{
	struct virtflex_nodemask node = { { 0 } };

	virtflex_node_set(&node, n->id);
	return virtflex_topology_cpus(t, &node, sizeof(*cpus), cpus) > 0;
}

/* Thread i goes to node i where that is active, else round the active ones. */
static void place_threads(const struct virtflex_topology *t)
{
	const struct virtflex_node *homes[VIRTFLEX_MAX_NODES];
	const struct virtflex_node *n;
	unsigned int nr_homes = 0;
	unsigned int i;
	cpu_set_t set;

	for (i = 0; i < t->nr_nodes; i++)
		if (is_home(t->nodes[i]))
			homes[nr_homes++] = t->nodes[i];
	for (i = 0; i < nr_workers && nr_homes; i++) {
		n = i < t->nr_nodes && is_home(t->nodes[i]) ?
			t->nodes[i] : homes[i % nr_homes];
		/* A CPU may go between reading and here: the next topology says. */
		if (cpus_of(t, n, &set))
			pthread_setaffinity_np(workers[i].thread, sizeof(set),
					       &set);
	}
}

static unsigned long wrong_words(void)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < nr_workers; i++)
		sum += atomic_load(&workers[i].wrong);
	return sum;
}

static void report(const struct virtflex_topology *t,
		   const struct virtflex_migrate_args *args, int err)
{
	unsigned long wrong = wrong_words();
	struct virtflex_nodemask active;
	unsigned int node;

	printf("generation %llu, %s; active:",
	       (unsigned long long)t->generation, virtflex_state_name(t->state));
	virtflex_topology_active(t, &active);
	virtflex_for_each_node(node, &active)
		printf(" %u", node);
	printf("; ");
	if (err)
		printf("could not migrate: %s; ", strerror(-err));
	else
		printf("%llu pages moved, %llu to follow their thread; ",
		       (unsigned long long)args->moved,
		       (unsigned long long)args->marked);
	if (wrong)
		printf("%lu WORDS CHANGED\n", wrong);
	else
		printf("every byte intact\n");
	fflush(stdout);
}

static void follow(struct virtflex *vf, const struct virtflex_topology *t)
{
	struct virtflex_migrate_args args = { 0 };
	int err;

	place_threads(t);
	err = virtflex_migrate_all(vf, VIRTFLEX_PIDFD_SELF, &args, sizeof(args),
				   NULL, NULL, NULL);
	wait_for_pass();
	report(t, &args, err);
}

static int start(size_t bytes)
{
	struct worker *w;
	unsigned int i;

	for (i = 0; i < nr_workers; i++) {
		w = &workers[i];
		w->seed = (uint64_t)(i + 1) << 40;
		w->nr_words = bytes / sizeof(*w->words);
		w->words = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (w->words == MAP_FAILED)
			return -errno;
	}
	return 0;
}

static int run_threads(const struct virtflex_topology *t)
{
	unsigned int i;
	pthread_attr_t attr;
	cpu_set_t set;
	int err;

	/* Born on their node, so that their memory is there from the first touch. */
	for (i = 0; i < nr_workers; i++) {
		pthread_attr_init(&attr);
		if (cpus_of(t, t->nodes[i], &set))
			pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
		err = pthread_create(&workers[i].thread, &attr, work,
				     &workers[i]);
		pthread_attr_destroy(&attr);
		if (err)
			return -err;
	}
	return 0;
}

/* Nothing here needs cleaning up; the status tells whether memory was intact. */
static void end(int sig)
{
	(void)sig;
	_exit(wrong_words() ? 1 : 0);
}

int main(int argc, char **argv)
{
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 16;
	unsigned long rest = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
	struct virtflex_topology *t;
	struct virtflex *vf;
	uint64_t generation;
	int err;

	if (!mib || mib > 1 << 20 || !rest || rest > 60000) {
		fprintf(stderr, "usage: follow [MiB per thread [ms of rest between passes]]\n");
		return 2;
	}
	rest_ms = rest;
	err = virtflex_open(&vf, NULL);
	if (!err)
		err = virtflex_topology_read(vf, &t);
	if (err) {
		fprintf(stderr, "follow: cannot read the topology: %s; modprobe virtflex?\n",
			strerror(-err));
		return 1;
	}
	nr_workers = t->nr_nodes < MAX_WORKERS ? t->nr_nodes : MAX_WORKERS;
	err = start(mib << 20);
	if (!err)
		err = run_threads(t);
	if (err) {
		fprintf(stderr, "follow: cannot start: %s\n", strerror(-err));
		return 1;
	}
	signal(SIGTERM, end);
	wait_for_pass();
	printf("ready: %u threads, %zu MiB each\n", nr_workers, mib);
	fflush(stdout);

	generation = t->generation;
	for (;;) {
		virtflex_topology_free(t);
		t = NULL;
		err = virtflex_wait(vf, generation, -1, &t);
		if (err) {
			fprintf(stderr, "follow: cannot wait for the topology: %s\n",
				strerror(-err));
			return 1;
		}
		generation = t->generation;
		follow(vf, t);
	}
}
