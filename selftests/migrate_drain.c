// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2) while a real-time thread keeps a CPU for itself: the pages
 * in the batches of that CPU reach no list of the LRU until something else runs
 * there, and who asks for them waits for that long: up to a second, after which
 * the scheduler gives other threads a moment on any CPU. Where that moment comes
 * into a test, it shows nothing, and is done again.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include "numa_util.h"
#include "trace_util.h"
#include "kselftest_harness.h"

/* Too few to fill a CPU's batch, which would empty it */
#define FEW		14
#define LEN		(FEW * PAGE)
/* A moment comes into one attempt of many */
#define ATTEMPTS	30
/* when a thread lets go that nobody has stopped */
#define LONGEST_S	20

/* Has a CPU for itself, and its pages in the batches of that CPU. */
struct keeper {
	pthread_t thread;
	pid_t tid;
	int cpu;
	char *mem;
	long preempted;
	int err;
	bool stop;
};

static pthread_barrier_t ready;

/* How often another thread got the CPU of this one, which wanted to go on */
static long preemptions(pid_t tid)
{
	char path[64], line[128];
	FILE *file;
	long nr = -1;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	file = fopen(path, "r");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "nonvoluntary_ctxt_switches: %ld", &nr) == 1)
			break;
	fclose(file);
	return nr;
}

static void *keep(void *arg)
{
	struct sched_param fifo = { .sched_priority = 1 };
	struct keeper *self = arg;
	struct timespec now, end;

	self->tid = gettid();
	self->err = run_on_cpu(self->cpu);
	if (sched_setscheduler(0, SCHED_FIFO, &fifo))
		self->err = -errno;
	self->preempted = preemptions(self->tid);
	fill(self->mem, LEN, 1);
	pthread_barrier_wait(&ready);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += LONGEST_S;
	while (!__atomic_load_n(&self->stop, __ATOMIC_ACQUIRE)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec)
			break;
	}
	return NULL;
}

/* Returns NULL, with a CPU chosen that is not ours, or why there is none. */
static const char *keeper_need(struct keeper *self)
{
	const char *why = migrate_need(2);

	if (why)
		return why;
	self->cpu = online_cpu_of(numa.node[1], 1);
	return self->cpu < 0 ? "the second node has less than two CPUs" : NULL;
}

/* Returns 0, or a negative errno. */
static int keeper_start(struct keeper *self)
{
	uint64_t node = 1ULL << numa.node[0];
	int err;

	self->stop = false;
	self->mem = region_new(LEN, false);
	if (!self->mem || bind_range(self->mem, LEN, MPOL_BIND, node))
		return -ENOMEM;
	pthread_barrier_init(&ready, NULL, 2);
	err = pthread_create(&self->thread, NULL, keep, self);
	if (err)
		return -err;
	pthread_barrier_wait(&ready);
	if (bind_range(self->mem, LEN, MPOL_DEFAULT, 0))
		return -errno;
	return self->err;
}

/* Nothing else has run on its CPU since before it had its pages. */
static bool has_kept(const struct keeper *self)
{
	return preemptions(self->tid) == self->preempted;
}

static void keeper_let_go(struct keeper *self)
{
	__atomic_store_n(&self->stop, true, __ATOMIC_RELEASE);
}

static void keeper_end(struct keeper *self)
{
	keeper_let_go(self);
	pthread_join(self->thread, NULL);
	region_free(self->mem, LEN);
}

static struct virtflex_migrate_args evacuate(char *mem,
					     struct virtflex_nodemask *to)
{
	*to = (struct virtflex_nodemask) { .bits[0] = 1ULL << numa.node[1] };
	return (struct virtflex_migrate_args) {
		.flags = VIRTFLEX_MIGRATE_EVACUATE,
		.start = (uintptr_t)mem,
		.end = (uintptr_t)mem + LEN,
		.nodemask = (uintptr_t)to,
	};
}

FIXTURE(kept)
{
	struct keeper keeper;
	struct virtflex_nodemask to;
	struct virtflex_migrate_args args;
};

FIXTURE_SETUP(kept)
{
	const char *why = keeper_need(&self->keeper);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, run_on_cpu(numa.cpu[0]));
}

FIXTURE_TEARDOWN(kept)
{
}

TEST_F_TIMEOUT(kept, a_budget_bounds_the_wait, 120)
{
	bool kept = false;
	int i;

	for (i = 0; i < ATTEMPTS && !kept; i++) {
		ASSERT_EQ(0, keeper_start(&self->keeper));
		self->args = evacuate(self->keeper.mem, &self->to);
		self->args.budget_ns = 20 * 1000000;
		ASSERT_LE(0, sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF,
						  &self->args,
						  sizeof(self->args)));
		kept = has_kept(&self->keeper);
		keeper_end(&self->keeper);
	}
	ASSERT_TRUE(kept);
	print_counts(&self->args);
	EXPECT_TRUE(adds_up(&self->args));
	EXPECT_EQ(self->args.scanned, self->args.busy);
	EXPECT_LT(self->args.start, self->args.cursor);
}

static void nothing(int signal)
{
}

TEST_F_TIMEOUT(kept, a_signal_ends_the_wait, 120)
{
	struct itimerval often = { .it_interval.tv_usec = 50 * 1000,
				   .it_value.tv_usec = 50 * 1000 };
	struct itimerval never = { };
	bool kept = false;
	int i;

	signal(SIGALRM, nothing);
	for (i = 0; i < ATTEMPTS && !kept; i++) {
		ASSERT_EQ(0, keeper_start(&self->keeper));
		self->args = evacuate(self->keeper.mem, &self->to);
		ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
		ASSERT_LE(0, sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF,
						  &self->args,
						  sizeof(self->args)));
		kept = has_kept(&self->keeper);
		ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
		keeper_end(&self->keeper);
	}
	ASSERT_TRUE(kept);
	print_counts(&self->args);
	EXPECT_TRUE(adds_up(&self->args));
	EXPECT_EQ(self->args.scanned, self->args.busy);
}

/*
 * Pages in a pipe, which are referenced until they are read, are busy at first.
 * Before they are looked at again, the call waits for the CPU that is kept, and
 * meanwhile another thread reads them.
 */
struct reader {
	pthread_t thread;
	struct keeper *keeper;
	int pipes[2];
	/* the pipe was empty before the wait was over */
	bool in_time;
	int err;
};

static void *read_in_time(void *arg)
{
	struct reader *self = arg;
	char buf[LEN];

	/* the batch in which they are busy is over */
	self->err = trace_wait(1);
	if (read(self->pipes[0], buf, LEN) != LEN)
		self->err = -1;
	self->in_time = has_kept(self->keeper);
	keeper_let_go(self->keeper);
	return NULL;
}

FIXTURE(referenced)
{
	struct keeper keeper;
	struct reader reader;
	char *mem;
	struct virtflex_nodemask to;
	struct virtflex_migrate_args args;
};

FIXTURE_VARIANT(referenced)
{
	uint64_t budget_pages;
};

FIXTURE_VARIANT_ADD(referenced, without_a_budget) { .budget_pages = 0 };
/* all of which goes for the first look */
FIXTURE_VARIANT_ADD(referenced, with_a_budget) { .budget_pages = FEW };

FIXTURE_SETUP(referenced)
{
	const char *why = keeper_need(&self->keeper);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, run_on_cpu(numa.cpu[0]));
	ASSERT_EQ(0, pipe(self->reader.pipes));
	self->mem = region_new(LEN, false);
	ASSERT_NE(NULL, self->mem);
	fill(self->mem, LEN, 2);
}

FIXTURE_TEARDOWN(referenced)
{
}

TEST_F_TIMEOUT(referenced, they_are_tried_again, 120)
{
	static const char * const events[] = { "virtflex/virtflex_batch", NULL };
	struct iovec part = { .iov_base = self->mem, .iov_len = LEN };
	struct reader *reader = &self->reader;
	struct trace trace;
	const char *why;
	int i;

	reader->keeper = &self->keeper;
	for (i = 0; i < ATTEMPTS && !reader->in_time; i++) {
		ASSERT_EQ(0, place(self->mem, LEN, numa.node[0]));
		ASSERT_EQ(LEN, vmsplice(reader->pipes[1], &part, 1, 0));
		why = trace_start(gettid(), events);
		if (why)
			SKIP(return, "%s", why);
		ASSERT_EQ(0, keeper_start(&self->keeper));
		ASSERT_EQ(0, pthread_create(&reader->thread, NULL, read_in_time,
					    reader));
		self->args = evacuate(self->mem, &self->to);
		self->args.budget_pages = variant->budget_pages;
		ASSERT_EQ(0, sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF,
						  &self->args,
						  sizeof(self->args)));
		pthread_join(reader->thread, NULL);
		keeper_end(&self->keeper);
		ASSERT_EQ(0, reader->err);
		ASSERT_EQ(0, trace_stop(&trace));
		trace_free(&trace);
	}
	ASSERT_TRUE(reader->in_time);
	print_counts(&self->args);
	EXPECT_TRUE(adds_up(&self->args));
	EXPECT_EQ(0, self->args.busy);
	EXPECT_EQ(FEW, self->args.moved);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, LEN, 2));
}

TEST_HARNESS_MAIN
