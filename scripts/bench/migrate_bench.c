// SPDX-License-Identifier: GPL-2.0
/*
 * How fast memory goes from one node to another, by virtflex_migrate(2) and by
 * what else there is; and what a scan of pages in place, marks for the next touch,
 * and a move cost those who run meanwhile.
 *
 *	migrate_bench move|profile KIB MIB RUN [METHOD]
 *	migrate_bench callers|scan|mark|wait KIB MIB RUN
 *
 * KIB is the size of the pages, MIB how much memory. Prints lines of
 * "NAME VALUE...", of which RUN is one; scripts/bench/migrate makes a table of them.
 * Two nodes, 0 and 1, and a CPU on node 0; "callers" and "wait" want one on node 1.
 * The module copy_folios is loaded for "move".
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/mempolicy.h>
#include <linux/virtflex.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kernel_samples.h"

#define KIB		1024UL
#define MIB		(1024 * KIB)
#define PAGE		(4 * KIB)
#define HUGE_PAGE	(2 * MIB)
#define COPY		"/sys/module/copy_folios/parameters/copy"
#define THP		"/sys/kernel/mm/transparent_hugepage"
/* of /proc/kpageflags */
#define KPF_COMPOUND_HEAD	15

static unsigned long kib, len, run;
static void **heads;
static int *nodes, *status;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %d", cpu);
}

/* Anonymous memory in pages of this size, on node 0, without a policy */
static char *region(size_t size)
{
	char *mem = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t at;

	if (mem == MAP_FAILED)
		err(1, "mmap");
	mem = (char *)(((uintptr_t)mem + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	madvise(mem, size, kib > 4 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	run_on(0);
	for (at = 0; at < size; at += PAGE)
		memset(mem + at, at / PAGE % 255 + 1, PAGE);
	return mem;
}

static void region_free(char *mem)
{
	if (munmap(mem, len))
		err(1, "munmap");
}

/* Have large pages of one size, and no other. */
static void set_size(void)
{
	static const int sizes[] = { 16, 32, 64, 128, 256, 512, 1024, 2048 };
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(path, sizeof(path), THP "/hugepages-%dkB/enabled", sizes[i]);
		write_text(path, sizes[i] == (int)kib ? "madvise" : "never");
	}
	write_text(THP "/khugepaged/defrag", "0");
}

/* Pages of this size that are there as a whole */
static unsigned long whole(const char *mem)
{
	static int pagemap = -1, flags = -1;
	unsigned long i, nr = 0;
	uint64_t entry, flag;

	if (pagemap < 0) {
		pagemap = open("/proc/self/pagemap", O_RDONLY);
		flags = open("/proc/kpageflags", O_RDONLY);
	}
	for (i = 0; i < len / (kib * KIB); i++) {
		off_t at = ((uintptr_t)mem + i * kib * KIB) / PAGE * sizeof(entry);

		if (pread(pagemap, &entry, sizeof(entry), at) != sizeof(entry))
			err(1, "pagemap");
		if (pread(flags, &flag, sizeof(flag), (entry & ((1ULL << 55) - 1)) *
			  sizeof(flag)) != sizeof(flag))
			err(1, "kpageflags");
		nr += flag >> KPF_COMPOUND_HEAD & 1;
	}
	return nr;
}

/* What of it is on this node already, of one page of each */
static void expect_node(const char *mem, size_t size, int node)
{
	unsigned long i, nr = size / (kib * KIB), wrong = 0;
	int first = 0;

	for (i = 0; i < nr; i++)
		heads[i] = (void *)(mem + i * kib * KIB);
	if (syscall(SYS_move_pages, 0, nr, heads, NULL, status, 0))
		err(1, "move_pages");
	for (i = 0; i < nr; i++)
		if (status[i] != node && !wrong++)
			first = status[i];
	if (wrong)
		errx(1, "%lu of %lu pages of %lu KiB are not on node %d, but %d",
		     wrong, nr, kib, node, first);
}

/* ---- ways to move memory to a node */

static char *other;

static void by_memcpy(char *mem, size_t size, int node)
{
	memcpy(node ? other : mem, node ? mem : other, size);
}

static void by_move_pages(char *mem, size_t size, int node)
{
	if (syscall(SYS_move_pages, 0, size / (kib * KIB), heads, nodes, status, 2) < 0)
		err(1, "move_pages");
}

static void by_migrate_pages(char *mem, size_t size, int node)
{
	unsigned long from = 1UL << !node, to = 1UL << node;

	if (syscall(SYS_migrate_pages, 0, 64, &from, &to) < 0)
		err(1, "migrate_pages");
}

static void by_mbind(char *mem, size_t size, int node)
{
	unsigned long mask = 1UL << node;

	if (syscall(SYS_mbind, mem, size, MPOL_BIND, &mask, 64, MPOL_MF_MOVE))
		err(1, "mbind");
}

static struct virtflex_migrate_args virtflex(char *mem, size_t size, uint64_t flags,
					     uint64_t active)
{
	struct virtflex_nodemask mask = { .bits = { active } };
	struct virtflex_migrate_args args = {
		.flags = flags,
		.start = (uintptr_t)mem,
		.end = (uintptr_t)mem + size,
		.nodemask = (uintptr_t)&mask,
	};

	if (syscall(VIRTFLEX_MIGRATE_NR, VIRTFLEX_PIDFD_SELF, &args, sizeof(args)))
		err(1, "virtflex_migrate");
	return args;
}

static void by_virtflex(char *mem, size_t size, int node)
{
	virtflex(mem, size, VIRTFLEX_MIGRATE_EVACUATE, 1UL << node);
}

static const struct method {
	const char *name;
	void (*move)(char *mem, size_t size, int node);
} methods[] = {
	{ "memcpy", by_memcpy },
	{ "kernel", NULL },
	{ "move_pages", by_move_pages },
	{ "migrate_pages", by_migrate_pages },
	{ "mbind", by_mbind },
	{ "virtflex_migrate", by_virtflex },
};

#define NR_METHODS	(sizeof(methods) / sizeof(methods[0]))

static void prepare(char *mem, size_t size, int node)
{
	unsigned long i;

	for (i = 0; i < size / (kib * KIB); i++) {
		heads[i] = mem + i * kib * KIB;
		nodes[i] = node;
	}
}

/* What folio_mc_copy() takes for as much, there and back, in ns */
static uint64_t kernel_copy(void)
{
	char text[64] = "";
	uint64_t ns = 0;
	int node, order, fd;

	for (order = 0; 4UL << order < kib; order++)
		;
	for (node = 0; node < 2; node++) {
		snprintf(text, sizeof(text), "%d %lu %d %d", order, len / MIB, node, !node);
		write_text(COPY, text);
		fd = open(COPY, O_RDONLY);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
			err(1, COPY);
		close(fd);
		ns += strtoull(text, NULL, 10);
	}
	return ns;
}

/* To node 1 and back, in ns */
static uint64_t there_and_back(const struct method *method, char *mem)
{
	uint64_t begin, ns = 0;
	int node;

	for (node = 1; node >= 0; node--) {
		prepare(mem, len, node);
		samples_take(true);
		begin = now_ns();
		method->move(mem, len, node);
		ns += now_ns() - begin;
		samples_take(false);
		if (method->move != by_memcpy)
			expect_node(mem, len, node);
		if (method->move == by_mbind)
			syscall(SYS_mbind, mem, len, MPOL_DEFAULT, NULL, 0, 0);
	}
	return ns;
}

static void bench_move(const char *only)
{
	unsigned long nr = len / (kib * KIB), before;
	size_t i;

	for (i = 0; i < NR_METHODS; i++) {
		const struct method *method = &methods[(i + run) % NR_METHODS];
		char *mem = region(len);
		uint64_t ns;

		if (only && strcmp(only, method->name))
			continue;
		before = whole(mem);
		if (kib > 4 && before != nr)
			errx(1, "%lu of %lu pages have %lu KiB", before, nr, kib);
		if (method->move == by_memcpy) {
			other = region(len);
			prepare(other, len, 1);
			by_move_pages(other, len, 1);
		}
		ns = method->move ? there_and_back(method, mem) : kernel_copy();
		printf("move %lu %s %lu %.0f %lu\n", kib, method->name, run,
		       len / PAGE * 2 * 1e9 / ns, before - whole(mem));
		region_free(mem);
		if (method->move == by_memcpy)
			region_free(other);
	}
}

/* ---- two callers on two ranges */

struct caller {
	pthread_t thread;
	pthread_barrier_t *barrier;
	char *mem;
	size_t size;
	int cpu, node;
};

static void *call(void *arg)
{
	struct caller *c = arg;

	run_on(c->cpu);
	pthread_barrier_wait(c->barrier);
	by_virtflex(c->mem, c->size, c->node);
	pthread_barrier_wait(c->barrier);
	return NULL;
}

/* So many callers, each its share of as much memory; there and back, in ns */
static uint64_t by_callers(int nr, char *mem, size_t size)
{
	pthread_barrier_t barrier;
	struct caller c[2];
	uint64_t begin, ns = 0;
	int i, node;

	for (node = 1; node >= 0; node--) {
		pthread_barrier_init(&barrier, NULL, nr + 1);
		for (i = 0; i < nr; i++) {
			c[i] = (struct caller) {
				.barrier = &barrier, .mem = mem + i * (size / nr),
				.size = size / nr, .cpu = i, .node = node,
			};
			if (pthread_create(&c[i].thread, NULL, call, &c[i]))
				errx(1, "no thread");
		}
		pthread_barrier_wait(&barrier);
		begin = now_ns();
		pthread_barrier_wait(&barrier);
		ns += now_ns() - begin;
		for (i = 0; i < nr; i++)
			pthread_join(c[i].thread, NULL);
		pthread_barrier_destroy(&barrier);
		expect_node(mem, size, node);
	}
	return ns;
}

static void bench_callers(void)
{
	char *mem = region(len);
	int nr;

	for (nr = 1; nr <= 2; nr++)
		printf("callers %lu %d %lu %.0f\n", kib, nr, run,
		       len / PAGE * 2 * 1e9 / by_callers(nr, mem, len));
}

/* ---- pages that are in place */

static void bench_scan(void)
{
	char *mem = region(len);
	uint64_t query, scan, begin;
	struct virtflex_migrate_args args;
	unsigned long i, nr = len / PAGE;

	for (i = 0; i < nr; i++)
		heads[i] = mem + i * PAGE;
	begin = now_ns();
	if (syscall(SYS_move_pages, 0, nr, heads, NULL, status, 0))
		err(1, "move_pages");
	query = now_ns() - begin;
	begin = now_ns();
	args = virtflex(mem, len, VIRTFLEX_MIGRATE_EVACUATE, 3);
	scan = now_ns() - begin;
	if (args.in_place != nr)
		errx(1, "%llu of %lu pages are in place", args.in_place, nr);
	printf("scan %lu %lu %.1f %.1f\n", kib, run, (double)query / nr, (double)scan / nr);
}

/* ---- pages that move at their next touch */

static double faults_of_writes(char *mem)
{
	struct rusage before, after;
	size_t at;

	getrusage(RUSAGE_THREAD, &before);
	for (at = 0; at < len; at += PAGE)
		*(volatile char *)(mem + at) = 1;
	getrusage(RUSAGE_THREAD, &after);
	return (after.ru_minflt - before.ru_minflt) / (len / (double)(kib * KIB));
}

static void bench_mark(void)
{
	char *mem = region(len);
	struct virtflex_migrate_args args;
	unsigned long nr = len / PAGE;
	uint64_t protect, mark, begin;
	double moves, stays;

	begin = now_ns();
	if (mprotect(mem, len, PROT_READ))
		err(1, "mprotect");
	protect = now_ns() - begin;
	if (mprotect(mem, len, PROT_READ | PROT_WRITE))
		err(1, "mprotect");
	faults_of_writes(mem);

	/* The only thread is bound to node 0, as the memory is. */
	args = virtflex(mem, len, VIRTFLEX_MIGRATE_NEXT_TOUCH, 3);
	stays = faults_of_writes(mem);

	by_virtflex(mem, len, 1);
	faults_of_writes(mem);
	begin = now_ns();
	args = virtflex(mem, len, VIRTFLEX_MIGRATE_NEXT_TOUCH, 3);
	mark = now_ns() - begin;
	if (args.marked != nr)
		errx(1, "%llu of %lu pages are marked", args.marked, nr);
	moves = faults_of_writes(mem);
	expect_node(mem, len, 0);
	printf("mark %lu %lu %.1f %.1f %.3f %.3f\n", kib, run, (double)protect / nr,
	       (double)mark / nr, moves, stays);
}

/* ---- a thread that runs meanwhile */

static struct {
	char *mem;
	size_t size;
	volatile bool end;
	uint64_t longest;
} runner;

static void *run_meanwhile(void *arg)
{
	uint64_t last, now;
	size_t at = 0;

	run_on(1);
	last = now_ns();
	while (!runner.end) {
		*(volatile char *)(runner.mem + at) = 1;
		at = (at + PAGE) % runner.size;
		now = now_ns();
		if (now - last > runner.longest)
			runner.longest = now - last;
		last = now;
	}
	return NULL;
}

/* The longest time between two writes while the memory moves there and back, in ns */
static uint64_t longest(const struct method *method, char *mem)
{
	pthread_t thread;

	runner.mem = mem;
	runner.size = len;
	runner.end = false;
	runner.longest = 0;
	if (pthread_create(&thread, NULL, run_meanwhile, NULL))
		errx(1, "no thread");
	usleep(100000);
	if (method)
		there_and_back(method, mem);
	else
		usleep(1000000);
	runner.end = true;
	pthread_join(thread, NULL);
	return runner.longest;
}

static void bench_wait(void)
{
	char *mem = region(len);
	uint64_t copy, least = UINT64_MAX;
	size_t i, at;

	other = region(HUGE_PAGE);
	for (at = 0; at < len && at < 64 * MIB; at += HUGE_PAGE) {
		copy = now_ns();
		memcpy(other, mem + at, HUGE_PAGE);
		copy = now_ns() - copy;
		if (copy < least)
			least = copy;
	}
	printf("wait %lu nothing %lu %llu %llu\n", kib, run,
	       (unsigned long long)longest(NULL, mem), (unsigned long long)least);
	for (i = 2; i < NR_METHODS; i++)
		printf("wait %lu %s %lu %llu %llu\n", kib, methods[i].name, run,
		       (unsigned long long)longest(&methods[i], mem), (unsigned long long)least);
}

/* ---- where the time goes */

/* Functions of the kernel by samples, for moves by one method */
static void bench_profile(const char *name)
{
	unsigned long hits;
	char before[64];
	uint64_t ns;
	size_t i;

	for (i = 0; i < NR_METHODS && strcmp(name, methods[i].name); i++)
		;
	if (i == NR_METHODS || !methods[i].move)
		errx(1, "%s is none of the ways to move memory", name);
	run_on(0);
	samples_open();
	other = region(len);
	ns = there_and_back(&methods[i], region(len));
	hits = samples_count();
	printf("profiled %lu %s %lu %lu %.1f\n", kib, name, run, hits,
	       (double)ns / (len / PAGE * 2));
	snprintf(before, sizeof(before), "function %lu %s %lu", kib, name, run);
	samples_print(before, hits);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 5)
		errx(2, "usage: migrate_bench PART KIB MIB RUN [METHOD]");
	kib = strtoul(argv[2], NULL, 10);
	len = strtoul(argv[3], NULL, 10) * MIB;
	run = strtoul(argv[4], NULL, 10);
	if (kib < 4 || !len)
		errx(2, "no pages of %s KiB, or no %s MiB", argv[2], argv[3]);
	heads = calloc(len / PAGE, sizeof(*heads));
	nodes = calloc(len / PAGE, sizeof(*nodes));
	status = calloc(len / PAGE, sizeof(*status));
	if (!heads || !nodes || !status)
		err(1, "no memory");
	set_size();

	if (!strcmp(argv[1], "move"))
		bench_move(argv[5]);
	else if (!strcmp(argv[1], "callers"))
		bench_callers();
	else if (!strcmp(argv[1], "scan"))
		bench_scan();
	else if (!strcmp(argv[1], "mark"))
		bench_mark();
	else if (!strcmp(argv[1], "wait"))
		bench_wait();
	else if (!strcmp(argv[1], "profile"))
		bench_profile(argv[5] ?: "virtflex_migrate");
	else
		errx(2, "no such part: %s", argv[1]);
	return 0;
}
