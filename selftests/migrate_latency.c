// SPDX-License-Identifier: GPL-2.0
/*
 * How long calls of virtflex_migrate(2) with a budget of a millisecond last, and
 * how long another thread waits meanwhile for the lock of the address space, which
 * it asks for again and again by mmap() and munmap(). Prints a table; nothing
 * depends on its numbers. What a call may hold is tested by migrate_bounds.
 *
 * Usage: migrate_latency [SCENE]...
 * VIRTFLEX_EMPTY_GIB: address space with empty page tables (64)
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "full_node.h"
#include "numa_util.h"
#include "slow_disk.h"

#define GIB		(1024 * MIB)
#define BUDGET_NS	1000000ULL
/* what is measured for each scene, at least */
#define LEAST_MS	3000
/* MPOL_MF_MOVE of <numaif.h> */
#define MOVE		2

struct samples {
	uint64_t *ns;
	size_t nr, room;
};

/* The thread that waits, on a CPU of its own */
static struct {
	pthread_t thread;
	volatile bool end;
	int cpu;
	struct samples samples;
} waiter;

struct scene {
	const char *name;
	/* Returns NULL, or why there is nothing to measure */
	const char *(*set_up)(struct scene *scene);
	/* Before each walk through all of it */
	const char *(*again)(struct scene *scene);
	void (*tear_down)(struct scene *scene);
	char *mem;
	size_t len;
	uint64_t flags, active;
	/* it moves pages whose size matters */
	bool one_page;
	int fd, round;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void add(struct samples *samples, uint64_t ns)
{
	if (samples->nr == samples->room) {
		samples->room = samples->room ? 2 * samples->room : 4096;
		samples->ns = realloc(samples->ns, samples->room *
				      sizeof(*samples->ns));
		if (!samples->ns)
			abort();
	}
	samples->ns[samples->nr++] = ns;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static void print(const char *scene, const char *what, struct samples *samples)
{
	uint64_t *ns = samples->ns;
	size_t nr = samples->nr;

	if (nr) {
		qsort(ns, nr, sizeof(*ns), compare);
		printf("%-12s %-16s %8zu %12llu %12llu %12llu\n", scene, what,
		       nr, (unsigned long long)ns[nr - 1],
		       (unsigned long long)ns[nr - 1 - nr / 100],
		       (unsigned long long)ns[nr / 2]);
	}
	free(ns);
	*samples = (struct samples) { };
}

static void *wait_for_lock(void *unused)
{
	uint64_t begin;
	void *page;

	(void)unused;
	run_on_cpu(waiter.cpu);
	while (!waiter.end) {
		begin = now_ns();
		page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		if (page == MAP_FAILED || munmap(page, PAGE))
			abort();
		add(&waiter.samples, now_ns() - begin);
		/* so that it asks at many moments, and is not what is measured */
		usleep(100);
	}
	return NULL;
}

static bool waiter_start(void)
{
	waiter.end = false;
	return !pthread_create(&waiter.thread, NULL, wait_for_lock, NULL);
}

static void waiter_stop(void)
{
	waiter.end = true;
	pthread_join(waiter.thread, NULL);
}

/* Address space with page tables, and no page in them */
static const char *empty_set_up(struct scene *scene)
{
	const char *gib = getenv("VIRTFLEX_EMPTY_GIB");
	size_t at;

	scene->len = (gib ? atol(gib) : 64) * GIB;
	scene->mem = mmap(NULL, scene->len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (scene->mem == MAP_FAILED ||
	    madvise(scene->mem, scene->len, MADV_NOHUGEPAGE))
		return "no address space";
	/* the zero page, of which the tables stay */
	for (at = 0; at < scene->len; at += HUGE_PAGE)
		(void)*(volatile char *)(scene->mem + at);
	madvise(scene->mem, scene->len, MADV_DONTNEED);
	return NULL;
}

/* Memory interleaved over two nodes that are full */
static const char *full_set_up(struct scene *scene)
{
	uint64_t to = 1ULL << numa.node[1] | 1ULL << numa.node[2];
	int i;

	scene->len = 64 * MIB;
	scene->mem = region_new(scene->len, false);
	if (!scene->mem ||
	    bind_range(scene->mem, scene->len, MPOL_BIND, 1ULL << numa.node[0]))
		return "no memory";
	fill(scene->mem, scene->len, 1);
	if (bind_range(scene->mem, scene->len, MPOL_INTERLEAVE, to))
		return "no policy";
	for (i = 1; i <= 2; i++)
		if (node_fill_pool(numa.node[i],
				   node_zones_kb(numa.node[i], "high")) < 0 ||
		    fill_node(numa.node[i]))
			return "a node cannot be filled";
	return NULL;
}

static void full_tear_down(struct scene *scene)
{
	hugetlb_reserve(numa.node[1], 0);
	hugetlb_reserve(numa.node[2], 0);
	region_free(scene->mem, scene->len);
}

/* Pages of a disk that takes half a second to write them */
static const char *writeback_set_up(struct scene *scene)
{
	const char *why;

	scene->len = 8 * MIB;
	why = slow_disk_new(scene->len, 500, &scene->fd);
	if (why)
		return why;
	run_on_cpu(numa.cpu[0]);
	scene->mem = region_new_file(scene->len, scene->fd, false);
	return scene->mem ? NULL : "no mapping of the disk";
}

static const char *writeback_again(struct scene *scene)
{
	if (slow_disk_write(scene->fd, scene->len, scene->round) ||
	    !filled(scene->mem, scene->len, scene->round))
		return "nothing can be written";
	printf("# %ld of %zu pages under writeback\n",
	       under_writeback(scene->mem, scene->len), scene->len / PAGE);
	scene->active = 1ULL << numa.node[(scene->round & 1) + 1];
	return NULL;
}

static void writeback_tear_down(struct scene *scene)
{
	munmap(scene->mem, scene->len);
	slow_disk_remove(scene->fd);
}

/* A mapping of hugetlbfs, of 1 GiB or what fits two nodes with a third to spare */
static const char *hugetlb_set_up(struct scene *scene)
{
	long pages = GIB / HUGE_PAGE, fits;
	int i;

	for (i = 1; i <= 2; i++) {
		fits = node_exact_free_kb(numa.node[i]) / 3 * 2 * KIB / HUGE_PAGE;
		if (fits < pages)
			pages = fits;
	}
	if (hugetlb_reserve(numa.node[1], pages) ||
	    hugetlb_reserve(numa.node[2], pages))
		return "no pool";
	scene->len = pages * HUGE_PAGE;
	scene->mem = mmap(NULL, scene->len, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			  MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
	if (scene->mem == MAP_FAILED ||
	    bind_range(scene->mem, scene->len, MPOL_BIND, 1ULL << numa.node[1]))
		return "no mapping";
	fill(scene->mem, scene->len, 1);
	if (bind_range(scene->mem, scene->len, MPOL_DEFAULT, 0))
		return "no policy";
	printf("# hugetlb: %ld pages of 2 MiB\n", pages);
	return NULL;
}

/* there and back */
static const char *hugetlb_again(struct scene *scene)
{
	scene->active = 1ULL << numa.node[2 - (scene->round & 1)];
	return NULL;
}

static void hugetlb_tear_down(struct scene *scene)
{
	munmap(scene->mem, scene->len);
	hugetlb_reserve(numa.node[1], 0);
	hugetlb_reserve(numa.node[2], 0);
}

static struct scene scenes[] = {
	{ .name = "empty", .set_up = empty_set_up },
	{ .name = "full", .set_up = full_set_up, .tear_down = full_tear_down,
	  .flags = VIRTFLEX_MIGRATE_POLICY },
	{ .name = "writeback", .set_up = writeback_set_up,
	  .again = writeback_again, .tear_down = writeback_tear_down,
	  .flags = VIRTFLEX_MIGRATE_EVACUATE },
	{ .name = "hugetlb", .set_up = hugetlb_set_up,
	  .again = hugetlb_again, .tear_down = hugetlb_tear_down,
	  .flags = VIRTFLEX_MIGRATE_EVACUATE, .one_page = true },
	{ }
};

/* For comparison: what another system call needs to move one page */
static void print_one_page(struct scene *scene)
{
	struct samples moves = { };
	void *page = scene->mem;
	int node, status, i;
	uint64_t begin;

	for (i = 0; i < 50; i++) {
		node = numa.node[1 + (i & 1)];
		begin = now_ns();
		if (syscall(SYS_move_pages, 0, 1, &page, &node, &status, MOVE))
			break;
		if (i)
			add(&moves, now_ns() - begin);
	}
	print(scene->name, "move_pages, 1", &moves);
}

/* Calls until all of it is done, once. */
static const char *walk(struct scene *scene, struct samples *calls)
{
	struct virtflex_nodemask mask = { .bits[0] = scene->active };
	struct virtflex_migrate_args args = {
		.flags = scene->flags,
		.start = (uintptr_t)scene->mem,
		.end = (uintptr_t)scene->mem + scene->len,
		.nodemask = scene->active ? (uintptr_t)&mask : 0,
		.budget_ns = BUDGET_NS,
	};
	uint64_t begin;
	long ret;

	do {
		begin = now_ns();
		ret = sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF, &args,
					   sizeof(args));
		if (ret < 0)
			return strerror(errno);
		add(calls, now_ns() - begin);
		args.start = args.cursor;
	} while (ret);
	return NULL;
}

static const char *measure(struct scene *scene)
{
	struct samples calls = { };
	uint64_t spent = 0, begin;
	const char *why;

	run_on_cpu(numa.cpu[0]);
	why = scene->set_up(scene);
	if (why)
		return why;
	if (scene->one_page)
		print_one_page(scene);
	/* Nobody has the lock: this thread sleeps, or computes. */
	if (!waiter_start())
		return "no thread";
	usleep(LEAST_MS * 1000);
	waiter_stop();
	print(scene->name, "mmap, idle", &waiter.samples);
	if (!waiter_start())
		return "no thread";
	for (begin = now_ns(); now_ns() - begin < LEAST_MS * 1000000ULL;)
		continue;
	waiter_stop();
	print(scene->name, "mmap, computing", &waiter.samples);

	for (scene->round = 0; spent < LEAST_MS * 1000000ULL; scene->round++) {
		why = scene->again ? scene->again(scene) : NULL;
		if (why)
			return why;
		if (!waiter_start())
			return "no thread";
		begin = now_ns();
		why = walk(scene, &calls);
		spent += now_ns() - begin;
		waiter_stop();
		if (why)
			return why;
		/* some of these are over at once, and need be set up each time */
		if (scene->again && scene->round == 20)
			break;
	}
	print(scene->name, "mmap, calling", &waiter.samples);
	print(scene->name, "call", &calls);
	return NULL;
}

static bool wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *why = migrate_need(4);
	struct scene *scene;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (why) {
		printf("# nothing to measure: %s\n", why);
		return 4;
	}
	waiter.cpu = numa.cpu[3];
	printf("# budget of a call: %llu ns\n", BUDGET_NS);
	printf("%-12s %-16s %8s %12s %12s %12s\n", "scene", "what", "count",
	       "longest ns", "p99 ns", "median ns");
	for (scene = scenes; scene->name; scene++) {
		if (!wanted(scene->name, argv + 1))
			continue;
		/* each in a process of its own, which leaves nothing */
		pid = fork();
		if (!pid) {
			scene->fd = -1;
			why = measure(scene);
			if (why)
				printf("%-12s not measured: %s\n", scene->name,
				       why);
			if (scene->tear_down)
				scene->tear_down(scene);
			exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return 1;
	}
	return 0;
}
