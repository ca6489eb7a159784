// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2) and pages in use for a moment only: in the batches that each
 * CPU collects for the lists of the LRU and for mlock(), or referenced when they
 * are looked at first and not later. They move in the same call. Pages that a
 * driver gave are no such: they are unmovable.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include "numa_util.h"
#include "trace_util.h"
#include "kselftest_harness.h"

/* Too few to fill a CPU's batch, which would empty it: of 15 or of 31 pages */
#define FEW		14
#define PART		(FEW * PAGE)
#define MOST_CPUS	64

/*
 * One thread on each CPU but ours. It does something with its part of memory,
 * and then nothing until the end: a thread that exits empties the batches of its
 * CPU.
 */
struct worker {
	pthread_t thread;
	int cpu;
	char *part;
	int err;
};

FIXTURE(batches)
{
	char *mem;
	size_t len;
	int fd;
	int nr;
	struct worker worker[MOST_CPUS];
};

typedef FIXTURE_DATA(batches) batches_t;

enum how {
	FAULT,		/* new pages of their own */
	FAULT_FILE,	/* new pages of shared memory */
	FREE,		/* MADV_FREE */
	ACTIVATE,	/* read twice */
	COLD,		/* MADV_COLD, of pages that were read twice */
	LOCK,		/* new pages under MLOCK_ONFAULT */
	LOCK_FILE,	/* new pages of shared memory under MLOCK_ONFAULT */
	LOCK_OLD,	/* mapping pages that there were, under MLOCK_ONFAULT */
};

FIXTURE_VARIANT(batches)
{
	enum how how;
};

FIXTURE_VARIANT_ADD(batches, faulted_in) { .how = FAULT };
FIXTURE_VARIANT_ADD(batches, faulted_in_shmem) { .how = FAULT_FILE };
FIXTURE_VARIANT_ADD(batches, freed_lazily) { .how = FREE };
FIXTURE_VARIANT_ADD(batches, activated) { .how = ACTIVATE };
FIXTURE_VARIANT_ADD(batches, deactivated) { .how = COLD };
FIXTURE_VARIANT_ADD(batches, locked) { .how = LOCK };
FIXTURE_VARIANT_ADD(batches, locked_shmem) { .how = LOCK_FILE };
FIXTURE_VARIANT_ADD(batches, locked_shmem_mapped_late) { .how = LOCK_OLD };

/* A page becomes active when it is read for the second time. */
static int read_often(int fd, size_t from, size_t len)
{
	char buf[PAGE];
	size_t at;
	int i;

	for (i = 0; i < 3; i++)
		for (at = from; at < from + len; at += PAGE)
			if (pread(fd, buf, PAGE, at) != PAGE)
				return -1;
	return 0;
}

static void touch(const char *mem, size_t len)
{
	size_t at;

	for (at = 0; at < len; at += PAGE)
		(void)*(const volatile char *)(mem + at);
}

static pthread_barrier_t ready, end;
/* what all of them do */
static enum how work;
static int work_fd;
static char *work_mem;

static void *work_on(void *arg)
{
	struct worker *self = arg;

	self->err = run_on_cpu(self->cpu);
	switch (work) {
	case FAULT:
	case FAULT_FILE:
	case LOCK:
	case LOCK_FILE:
	case LOCK_OLD:
		/* a fault for each page: only those for reading map more */
		fill(self->part, PART, self->cpu);
		break;
	case FREE:
		self->err |= madvise(self->part, PART, MADV_FREE);
		break;
	case ACTIVATE:
		self->err |= read_often(work_fd, self->part - work_mem, PART);
		break;
	case COLD:
		self->err |= madvise(self->part, PART, MADV_COLD);
		break;
	}
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&end);
	return NULL;
}

/* Empties the batches of all CPUs */
static int settle_all(void)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));

	page[0] = 1;
	return settle(page);
}

/* Bring the pages in, where it is not for the workers to do. */
static int prepare(batches_t *self, enum how how)
{
	char part[PART];
	int i;

	for (i = 0; i < self->nr; i++) {
		struct worker *worker = &self->worker[i];

		switch (how) {
		case FAULT:
		case FAULT_FILE:
			break;
		case LOCK:
		case LOCK_FILE:
			if (mlock2(worker->part, PART, MLOCK_ONFAULT))
				return -1;
			break;
		case LOCK_OLD:
			fill(part, PART, worker->cpu);
			if (pwrite(self->fd, part, PART, i * PART) != PART ||
			    mlock2(worker->part, PART, MLOCK_ONFAULT))
				return -1;
			break;
		case FREE:
		case ACTIVATE:
			fill(worker->part, PART, worker->cpu);
			break;
		case COLD:
			fill(worker->part, PART, worker->cpu);
			if (settle_all() || read_often(self->fd, i * PART, PART))
				return -1;
			break;
		}
	}
	return settle_all();
}

FIXTURE_SETUP(batches)
{
	const char *why = migrate_need(4);
	int node, nth, cpu, i;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, run_on_cpu(numa.cpu[0]));
	for (node = 0; node < numa.nr; node++)
		for (nth = 0; self->nr < MOST_CPUS; nth++) {
			cpu = online_cpu_of(numa.node[node], nth);
			if (cpu < 0)
				break;
			if (cpu != numa.cpu[0])
				self->worker[self->nr++].cpu = cpu;
		}
	self->len = self->nr * PART;
	self->fd = -1;
	switch (variant->how) {
	case FAULT:
	case FREE:
	case LOCK:
		self->mem = region_new(self->len, false);
		break;
	default:
		self->fd = memfd_create("batches", MFD_CLOEXEC);
		ASSERT_GE(self->fd, 0);
		ASSERT_EQ(0, ftruncate(self->fd, self->len));
		self->mem = region_new_file(self->len, self->fd, false);
		break;
	}
	ASSERT_NE(NULL, self->mem);
	for (i = 0; i < self->nr; i++)
		self->worker[i].part = self->mem + i * PART;
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_BIND,
				1ULL << numa.node[0]));
	ASSERT_EQ(0, prepare(self, variant->how));

	work = variant->how;
	work_fd = self->fd;
	work_mem = self->mem;
	pthread_barrier_init(&ready, NULL, self->nr + 1);
	pthread_barrier_init(&end, NULL, self->nr + 1);
	for (i = 0; i < self->nr; i++)
		ASSERT_EQ(0, pthread_create(&self->worker[i].thread, NULL,
					    work_on, &self->worker[i]));
	pthread_barrier_wait(&ready);
	for (i = 0; i < self->nr; i++)
		ASSERT_EQ(0, self->worker[i].err);
	/* this empties no batch */
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_DEFAULT, 0));
}

FIXTURE_TEARDOWN(batches)
{
	int i;

	pthread_barrier_wait(&end);
	for (i = 0; i < self->nr; i++)
		pthread_join(self->worker[i].thread, NULL);
}

static bool parts_filled(const batches_t *self)
{
	int i;

	for (i = 0; i < self->nr; i++)
		if (!filled(self->worker[i].part, PART, self->worker[i].cpu))
			return false;
	return true;
}

/* What another system call makes of the same pages */
TEST_F(batches, move_pages_moves_them)
{
	ASSERT_EQ(0, place(self->mem, self->len, numa.node[1]));
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_TRUE(parts_filled(self));
}

TEST_F(batches, one_call_moves_them)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_EVACUATE,
			     1ULL << numa.node[1], &sum));
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(0, sum.busy);
	EXPECT_EQ(self->len / PAGE, sum.moved);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_TRUE(parts_filled(self));
}

TEST_F(batches, one_call_with_a_budget_moves_them)
{
	struct virtflex_nodemask mask = { .bits[0] = 1ULL << numa.node[1] };
	struct virtflex_migrate_args args = {
		.flags = VIRTFLEX_MIGRATE_EVACUATE,
		.start = (uintptr_t)self->mem,
		.end = (uintptr_t)self->mem + self->len,
		.nodemask = (uintptr_t)&mask,
		.budget_pages = 2 * self->len / PAGE,
		.budget_ns = 3600 * 1000000000ULL,
	};

	ASSERT_EQ(0, sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args)));
	print_counts(&args);
	EXPECT_TRUE(adds_up(&args));
	EXPECT_EQ(0, args.busy);
	EXPECT_EQ(self->len / PAGE, args.moved);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
}

TEST_F(batches, they_follow_the_next_touch)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(self->len / PAGE, sum.marked);
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	touch(self->mem, self->len);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[2]));
	EXPECT_TRUE(parts_filled(self));
}

/*
 * Pages in a pipe, which are referenced until they are read: another thread
 * reads them when the call has gone on to what comes after them, and before it is
 * done.
 */
#define HELD		8
#define LONG_LEN	(32 * MIB)
#define ATTEMPTS	8

struct reader {
	int pipe;
	int err;
};

static void *read_in_time(void *arg)
{
	struct reader *reader = arg;
	char buf[PAGE];
	int i;

	/* the first batch is over when the second is announced */
	reader->err = trace_wait(2);
	for (i = 0; i < HELD; i++)
		if (read(reader->pipe, buf, PAGE) != PAGE)
			reader->err = -1;
	if (trace_mark("read"))
		reader->err = -1;
	return NULL;
}

/* Whether the call was still walking when the pipe had been read */
static bool in_time(const struct trace *trace)
{
	bool marked = false;
	size_t i;

	for (i = 0; i < trace->nr; i++) {
		if (!strcmp(trace->record[i].event, "tracing_mark_write"))
			marked = true;
		else if (marked)
			return true;
	}
	return false;
}

TEST(a_busy_page_is_tried_again)
{
	static const char * const events[] = { "virtflex/virtflex_batch", NULL };
	const char *why = migrate_need(2);
	struct virtflex_migrate_args sum;
	bool tried = false;
	int pipes[2], i;
	char *mem;

	if (why)
		SKIP(return, "%s", why);
	mem = region_new(LONG_LEN, false);
	ASSERT_NE(NULL, mem);
	fill(mem, LONG_LEN, 1);
	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, run_on_cpu(numa.cpu[0]));
	for (i = 0; i < ATTEMPTS && !tried; i++) {
		struct iovec part = { .iov_base = mem, .iov_len = HELD * PAGE };
		struct reader reader = { .pipe = pipes[0] };
		struct trace trace;
		pthread_t thread;

		ASSERT_EQ(0, place(mem, LONG_LEN, numa.node[0]));
		ASSERT_EQ(HELD * PAGE, vmsplice(pipes[1], &part, 1, 0));
		why = trace_start(gettid(), events);
		if (why)
			SKIP(return, "%s", why);
		ASSERT_EQ(0, pthread_create(&thread, NULL, read_in_time,
					    &reader));
		ASSERT_EQ(0, migrate(mem, LONG_LEN, VIRTFLEX_MIGRATE_EVACUATE,
				     1ULL << numa.node[1], &sum));
		pthread_join(thread, NULL);
		ASSERT_EQ(0, reader.err);
		ASSERT_EQ(0, trace_stop(&trace));
		tried = in_time(&trace);
		trace_free(&trace);
	}
	ASSERT_TRUE(tried);
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(0, sum.busy);
	EXPECT_EQ(LONG_LEN / PAGE, sum.moved);
	EXPECT_TRUE(all_on(mem, LONG_LEN, numa.node[1]));
	EXPECT_TRUE(filled(mem, LONG_LEN, 1));
}

/* Rings that the kernel and a program share: its pages, on no list of the LRU */
#define RING_PAGES	8

static char *perf_ring(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
	};
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1,
			 PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return MAP_FAILED;
	return mmap(NULL, (1 + RING_PAGES) * PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
}

static char *io_uring_ring(void)
{
	struct io_uring_params params = { };
	int fd = syscall(SYS_io_uring_setup, 256, &params);

	if (fd < 0)
		return MAP_FAILED;
	return mmap(NULL, (1 + RING_PAGES) * PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, IORING_OFF_SQES);
}

FIXTURE(ring)
{
	char *mem;
	size_t len;
};

FIXTURE_VARIANT(ring)
{
	char *(*make)(void);
	size_t len;
};

FIXTURE_VARIANT_ADD(ring, perf)
	{ .make = perf_ring, .len = (1 + RING_PAGES) * PAGE };
FIXTURE_VARIANT_ADD(ring, io_uring)
	{ .make = io_uring_ring, .len = 4 * PAGE };

FIXTURE_SETUP(ring)
{
	const char *why = migrate_need(2);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, run_on_cpu(numa.cpu[0]));
	self->len = variant->len;
	self->mem = variant->make();
	if (self->mem == MAP_FAILED)
		SKIP(return, "no such ring: %s", strerror(errno));
	touch(self->mem, self->len);
}

FIXTURE_TEARDOWN(ring)
{
}

TEST_F(ring, its_pages_are_unmovable)
{
	struct virtflex_migrate_args sum;
	int node = node_of(self->mem), i;

	ASSERT_EQ(numa.node[0], node);
	/* the second time, too */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, migrate(self->mem, self->len,
				     VIRTFLEX_MIGRATE_EVACUATE,
				     1ULL << numa.node[1], &sum));
		print_counts(&sum);
		EXPECT_TRUE(adds_up(&sum));
		EXPECT_EQ(self->len / PAGE, sum.scanned);
		EXPECT_EQ(self->len / PAGE, sum.unmovable);
	}
	EXPECT_EQ(node, node_of(self->mem));
}

TEST_HARNESS_MAIN
