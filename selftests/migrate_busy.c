// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2) and pages in use for a moment only: in the batches that each
 * CPU collects for the lists of the LRU and for mlock(). They move in the same
 * call. What is referenced all the time is busy. Pages that a driver gave are no
 * such: they are unmovable.
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

/* Pages in a pipe are referenced until they are read. */
#define HELD		8

struct referenced {
	char *mem;
	int pipes[2];
};

static const char *reference(struct referenced *self, size_t len, bool huge,
			     size_t part)
{
	struct iovec iov;

	self->mem = region_new(len, huge);
	if (!self->mem || run_on_cpu(numa.cpu[0]) || pipe(self->pipes))
		return "no memory";
	fill(self->mem, len, 1);
	if (place(self->mem, len, numa.node[0]))
		return "no place";
	iov = (struct iovec) { .iov_base = self->mem, .iov_len = part };
	return vmsplice(self->pipes[1], &iov, 1, 0) == (ssize_t)part ? NULL :
								     "no pipe";
}

TEST(referenced_pages_are_not_marked)
{
	const char *why = migrate_need(2);
	struct virtflex_migrate_args sum;
	struct referenced ref;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(NULL, reference(&ref, 2 * HELD * PAGE, false, HELD * PAGE));
	ASSERT_EQ(0, run_on_all());
	ASSERT_EQ(0, migrate(ref.mem, 2 * HELD * PAGE,
			     VIRTFLEX_MIGRATE_NEXT_TOUCH, numa_mask(), &sum));
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(HELD, sum.marked);
	EXPECT_EQ(HELD, sum.busy);
}

/* Every other page is gone; none of the others is counted twice, or forgotten. */
TEST(a_busy_huge_page_with_holes_is_counted_once)
{
	const char *why = migrate_need(2);
	struct virtflex_migrate_args sum;
	struct referenced ref;
	size_t at;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(NULL, reference(&ref, HUGE_PAGE, true, PAGE));
	if (!smaps_kb(ref.mem, HUGE_PAGE, "AnonHugePages"))
		SKIP(return, "no 2 MiB pages to be had");
	for (at = PAGE; at < HUGE_PAGE; at += 2 * PAGE)
		ASSERT_EQ(0, madvise(ref.mem + at, PAGE, MADV_DONTNEED));
	ASSERT_EQ(0, migrate(ref.mem, HUGE_PAGE, VIRTFLEX_MIGRATE_EVACUATE,
			     1ULL << numa.node[1], &sum));
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(HUGE_PAGES / 2, sum.scanned);
	EXPECT_EQ(HUGE_PAGES / 2, sum.busy);
}

/* As many pages as a batch has room for, and a huge page far from them */
TEST(a_second_look_is_as_bounded_as_the_first)
{
	static const char * const events[] = { "virtflex/virtflex_batch", NULL };
	const char *why = migrate_need(2);
	struct virtflex_migrate_args sum;
	struct iovec parts[2];
	struct trace trace;
	int pipes[2];
	size_t i;
	char *mem;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, run_on_cpu(numa.cpu[0]));
	mem = region_new(4 * HUGE_PAGE, true);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, madvise(mem, HUGE_PAGE, MADV_NOHUGEPAGE));
	parts[0] = (struct iovec) { .iov_base = mem, .iov_len = HUGE_PAGE };
	parts[1] = (struct iovec) { .iov_base = mem + 2 * HUGE_PAGE,
				    .iov_len = PAGE };
	fill(mem, HUGE_PAGE, 1);
	fill(mem + 2 * HUGE_PAGE, HUGE_PAGE, 2);
	if (!smaps_kb(mem, 4 * HUGE_PAGE, "AnonHugePages"))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, place(mem, HUGE_PAGE, numa.node[0]));
	ASSERT_EQ(0, place(mem + 2 * HUGE_PAGE, HUGE_PAGE, numa.node[0]));
	ASSERT_EQ(0, pipe(pipes));
	ASSERT_LE(0, fcntl(pipes[1], F_SETPIPE_SZ, 2 * HUGE_PAGE));
	ASSERT_EQ(HUGE_PAGE + PAGE, vmsplice(pipes[1], parts, 2, 0));

	why = trace_start(gettid(), events);
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, migrate(mem, 4 * HUGE_PAGE, VIRTFLEX_MIGRATE_EVACUATE,
			     1ULL << numa.node[1], &sum));
	ASSERT_EQ(0, trace_stop(&trace));
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(2 * HUGE_PAGES, sum.busy);
	for (i = 0; i < trace.nr; i++)
		EXPECT_LE(trace_value(&trace.record[i], "folios", 10),
			  HUGE_PAGES);
	trace_free(&trace);
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
