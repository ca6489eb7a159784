// SPDX-License-Identifier: GPL-2.0
/*
 * What one call of virtflex_migrate(2) may hold, and how long: page table
 * entries per hold of mmap_lock, with and without pages in them; attempts to
 * reclaim memory on nodes that are full; folios that are isolated while something
 * is waited for. All of it is counted, from tracepoints and the call's own
 * report, and none of it timed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/userfaultfd.h>
#include "full_node.h"
#include "numa_util.h"
#include "slow_disk.h"
#include "trace_util.h"
#include "kselftest_harness.h"

#define GIB		(1024 * MIB)
#define TIB		(1024 * GIB)
/* entries of one page table */
#define TABLE		512UL
/* entries examined under one hold of mmap_lock; a table is not cut */
#define BATCH_MOST	(8192UL + TABLE)
/* a batch moves 512 pages; a page of 2 MiB is not cut */
#define ISOLATED_MOST	(512UL + HUGE_PAGES - 1)

/* Linux 6.6 */
#ifndef UFFDIO_POISON
#define UFFD_FEATURE_POISON	0x4000
struct uffdio_poison {
	struct uffdio_range range;
	__u64 mode;
	__s64 pages;
};

#define UFFDIO_POISON	_IOWR(UFFDIO, 0x08, struct uffdio_poison)
#endif

#define BATCH		"virtflex/virtflex_batch"
#define REPORT		"virtflex/virtflex_report"

/*
 * Address space in which there are no pages, but something to walk: entries of
 * page tables of each level, entries that are neither empty nor present, and
 * mappings. It is made in the process that the call is for: fork() does not copy
 * empty page tables.
 */
FIXTURE(space)
{
	char *mem;
	size_t len, unit;
};

FIXTURE_VARIANT(space)
{
	/* what one entry is for, and for how many there is something to walk */
	size_t unit;
	size_t entries;
	enum { TABLES, POISONED, MAPPINGS } what;
};

typedef FIXTURE_DATA(space) space_t;
typedef FIXTURE_VARIANT(space) space_variant_t;

/* of 64 GiB with VIRTFLEX_EMPTY_GIB=64 */
FIXTURE_VARIANT_ADD(space, empty_page_tables)
	{ .unit = PAGE, .entries = GIB / PAGE, .what = TABLES };
FIXTURE_VARIANT_ADD(space, empty_middle_tables)
	{ .unit = HUGE_PAGE, .entries = 40 * TABLE, .what = TABLES };
FIXTURE_VARIANT_ADD(space, empty_upper_tables)
	{ .unit = GIB, .entries = 40 * TABLE, .what = TABLES };
FIXTURE_VARIANT_ADD(space, no_page_no_hole)
	{ .unit = PAGE, .entries = 40 * TABLE, .what = POISONED };
FIXTURE_VARIANT_ADD(space, mappings_and_gaps)
	{ .unit = 2 * PAGE, .entries = 10000, .what = MAPPINGS };

static char *new_area(size_t len, size_t align)
{
	char *area = mmap(NULL, len + align, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		return NULL;
	area = (char *)(((uintptr_t)area + align - 1) / align * align);
	return madvise(area, len, MADV_NOHUGEPAGE) ? NULL : area;
}

/* Reading brings in the zero page, with the tables above it, which stay. */
static int touch_tables(char *mem, size_t len, size_t step)
{
	size_t at;

	for (at = 0; at < len; at += step) {
		(void)*(volatile char *)(mem + at);
		if (madvise(mem + at, PAGE, MADV_DONTNEED))
			return -1;
	}
	return 0;
}

static int poison(char *mem, size_t len)
{
	struct uffdio_api api = { .api = UFFD_API,
				  .features = UFFD_FEATURE_POISON };
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)mem, .len = len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_poison all = { .range = range.range };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	int err;

	if (uffd < 0)
		return -1;
	err = ioctl(uffd, UFFDIO_API, &api) ||
	      ioctl(uffd, UFFDIO_REGISTER, &range) ||
	      ioctl(uffd, UFFDIO_POISON, &all);
	close(uffd);
	return err;
}

static const char *make_space(space_t *self, const space_variant_t *variant)
{
	size_t at, step = TABLE * variant->unit;
	const char *gib = getenv("VIRTFLEX_EMPTY_GIB");

	self->unit = variant->unit;
	self->len = variant->entries * variant->unit;
	if (gib && variant->what == TABLES && variant->unit == PAGE)
		self->len = atol(gib) * GIB;
	self->mem = new_area(self->len, step);
	if (!self->mem)
		return "no address space";
	switch (variant->what) {
	case TABLES:
		return touch_tables(self->mem, self->len, step) ?
		       "no page tables" : NULL;
	case POISONED:
		return poison(self->mem, self->len) ? "no UFFDIO_POISON" : NULL;
	case MAPPINGS:
		for (at = 0; at < self->len; at += 2 * PAGE)
			if (munmap(self->mem + at + PAGE, PAGE))
				return "too many mappings";
		break;
	}
	return NULL;
}

FIXTURE_SETUP(space)
{
	const char *why = migrate_need(2);

	if (why)
		SKIP(return, "%s", why);
	why = make_space(self, variant);
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(space)
{
}

static long call(const space_t *self, size_t from, uint64_t flags,
		 struct virtflex_migrate_args *args)
{
	args->flags = flags;
	args->start = (uintptr_t)self->mem + from;
	args->end = (uintptr_t)self->mem + self->len;
	return sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF, args, sizeof(*args));
}

/* The most of one batch */
struct most {
	size_t batches;
	/* by its own account, by the distance that it went, and isolated */
	uint64_t entries, units, pages;
	uint64_t cursor;
};

static void look_at_batches(const struct trace *trace, size_t unit,
			    struct most *most)
{
	size_t i;

	*most = (struct most) { };
	for (i = 0; i < trace->nr; i++) {
		const struct trace_record *record = &trace->record[i];
		uint64_t start, entries, pages, units;

		if (strcmp(record->event, "virtflex_batch"))
			continue;
		start = trace_value(record, "start", 16);
		most->cursor = trace_value(record, "cursor", 16);
		entries = trace_value(record, "entries", 10);
		pages = trace_value(record, "pages", 10);
		units = (most->cursor - start) / unit;
		most->batches++;
		if (entries > most->entries)
			most->entries = entries;
		if (pages > most->pages)
			most->pages = pages;
		if (units > most->units)
			most->units = units;
	}
	printf("# %zu batches; the most: %llu entries by its account, ",
	       most->batches, (unsigned long long)most->entries);
	printf("%llu walked, %llu pages isolated\n",
	       (unsigned long long)most->units,
	       (unsigned long long)most->pages);
}

TEST_F_TIMEOUT(space, a_hold_of_the_lock_is_bounded, 180)
{
	static const uint64_t flags[] = {
		VIRTFLEX_MIGRATE_POLICY | VIRTFLEX_MIGRATE_EVACUATE,
		VIRTFLEX_MIGRATE_NEXT_TOUCH,
	};
	static const char * const events[] = { BATCH, NULL };
	struct trace trace;
	struct most most;
	const char *why;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct virtflex_migrate_args args = { };

		why = trace_start(gettid(), events);
		if (why)
			SKIP(return, "%s", why);
		ASSERT_EQ(0, call(self, 0, flags[i], &args));
		ASSERT_EQ(0, trace_stop(&trace));
		look_at_batches(&trace, self->unit, &most);
		trace_free(&trace);
		EXPECT_EQ(0, args.scanned);
		EXPECT_EQ(args.end, args.cursor);
		EXPECT_EQ(args.end, most.cursor);
		EXPECT_LE(most.entries, BATCH_MOST);
		EXPECT_LE(most.units, BATCH_MOST);
		/* none was counted less than once */
		EXPECT_GE(most.entries, most.units);
	}
}

/* The most that one call of many goes on by, in entries */
static long longest_call(const space_t *self, struct virtflex_migrate_args *args,
			 size_t *calls)
{
	uint64_t start = (uintptr_t)self->mem;
	size_t longest = 0, went;
	long ret;

	*calls = 0;
	do {
		ret = call(self, start - (uintptr_t)self->mem, 0, args);
		if (ret < 0 || args->scanned || args->cursor <= start)
			return -1;
		++*calls;
		went = (args->cursor - start + self->unit - 1) / self->unit;
		if (went > longest)
			longest = went;
		start = args->cursor;
	} while (ret);
	printf("# %zu calls; the longest: %zu entries\n", *calls, longest);
	return longest;
}

TEST_F_TIMEOUT(space, a_budget_of_pages_ends_it, 180)
{
	struct virtflex_migrate_args args = { .budget_pages = 1 };
	long longest, budget;
	size_t calls;

	/* TABLE entries without a page count as one; a batch is not cut */
	for (budget = 1; budget <= 16; budget *= 16) {
		args.budget_pages = budget;
		longest = longest_call(self, &args, &calls);
		ASSERT_GT(longest, 0);
		EXPECT_LE(longest, budget * TABLE + BATCH_MOST);
		EXPECT_GT(calls, 1);
	}
}

TEST_F_TIMEOUT(space, a_budget_of_time_ends_it, 180)
{
	/* which is over when it is looked at */
	struct virtflex_migrate_args args = { .budget_ns = 1 };
	size_t calls;
	long longest;

	longest = longest_call(self, &args, &calls);
	ASSERT_GT(longest, 0);
	EXPECT_LE(longest, BATCH_MOST);
	EXPECT_GT(calls, 1);
}

static void on_signal(int signal)
{
}

TEST_F_TIMEOUT(space, a_signal_ends_it, 180)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct virtflex_migrate_args args = { };
	size_t calls = 0;
	long ret;
	int fd;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	/* the kernel itself sends it, when the first batch is walked */
	fd = trace_signal(gettid(), BATCH, SIGUSR1);
	if (fd < 0)
		SKIP(return, "no perf events: %s", strerror(-fd));
	do {
		ret = call(self, args.cursor ? args.cursor - (uintptr_t)self->mem
			   : 0, 0, &args);
		ASSERT_GE(ret, 0);
		calls++;
		EXPECT_LE((args.cursor - args.start) / self->unit,
			  2 * BATCH_MOST);
	} while (ret);
	close(fd);
	EXPECT_GT(calls, 1);
}

static pid_t start_killed(space_t *self, const space_variant_t *variant,
			  int *ready, int *go)
{
	struct virtflex_migrate_args args = { };
	pid_t pid;
	char byte;

	if (pipe(ready) || pipe(go))
		return -1;
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (make_space(self, variant) ||
	    write(ready[1], &self->mem, sizeof(self->mem)) < 0 ||
	    read(go[0], &byte, 1) != 1)
		_exit(1);
	call(self, 0, 0, &args);
	_exit(2);
}

TEST_F_TIMEOUT(space, a_fatal_signal_ends_it, 180)
{
	static const char * const events[] = { BATCH, NULL };
	int ready[2], go[2], status, fd;
	struct trace trace;
	struct most most;
	const char *why;
	uint64_t end;
	pid_t pid;

	ASSERT_EQ(0, munmap(self->mem, self->len));
	pid = start_killed(self, variant, ready, go);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(sizeof(self->mem),
		  read(ready[0], &self->mem, sizeof(self->mem)));
	end = (uintptr_t)self->mem + self->len;
	why = trace_start(pid, events);
	if (why)
		SKIP(goto out, "%s", why);
	/* the kernel itself kills it, when the first batch is walked */
	fd = trace_signal(pid, BATCH, SIGKILL);
	if (fd < 0)
		SKIP(goto out, "no perf events: %s", strerror(-fd));
	ASSERT_EQ(1, write(go[1], "g", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	close(fd);
	pid = 0;
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ASSERT_EQ(0, trace_stop(&trace));
	look_at_batches(&trace, self->unit, &most);
	trace_free(&trace);
	ASSERT_GE(most.batches, 1);
	/* one more, if it was already past the question */
	EXPECT_LE(most.batches, 2);
	EXPECT_LT(most.cursor, end);
out:
	if (pid) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

/*
 * Two nodes without room, and memory interleaved over just these, on a third:
 * each page is to go to the one or the other.
 */
FIXTURE(full)
{
	char *mem;
	size_t len;
	uint64_t to;
};

FIXTURE_VARIANT(full)
{
	bool huge;
	uint64_t budget_ns;
};

FIXTURE_VARIANT_ADD(full, pages) { };
FIXTURE_VARIANT_ADD(full, pages_1ms) { .budget_ns = 1000000 };
FIXTURE_VARIANT_ADD(full, huge_pages) { .huge = true };
FIXTURE_VARIANT_ADD(full, huge_pages_1ms)
	{ .huge = true, .budget_ns = 1000000 };

FIXTURE_SETUP(full)
{
	const char *why = migrate_need(4);
	int i;

	if (why)
		SKIP(return, "%s", why);
	self->len = variant->huge ? 16 * HUGE_PAGE : 32 * MIB;
	self->mem = region_new(self->len, variant->huge);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(self->mem, self->len, 1);
	if (variant->huge && smaps_kb(self->mem, self->len, "AnonHugePages") !=
	    (long)(self->len / KIB))
		SKIP(return, "no 2 MiB pages to be had");
	self->to = 1ULL << numa.node[1] | 1ULL << numa.node[2];
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_INTERLEAVE,
				self->to));
	/* the most by a pool, which is quick, and then all of it */
	for (i = 1; i <= 2; i++) {
		if (node_fill_pool(numa.node[i],
				   node_zones_kb(numa.node[i], "high")) < 0)
			SKIP(return, "no pool to fill a node with");
		ASSERT_EQ(0, fill_node(numa.node[i]));
	}
}

FIXTURE_TEARDOWN(full)
{
	hugetlb_reserve(numa.node[1], 0);
	hugetlb_reserve(numa.node[2], 0);
}

/*
 * The most that one call asked for memory in vain: reclaim of nothing, and
 * compaction, which comes first where a page of 2 MiB is asked for.
 */
static void vain_calls(const struct trace *trace, size_t *calls,
		       size_t *reclaims, size_t *compactions)
{
	size_t i, reclaimed = 0, compacted = 0, sum[2] = { };

	*calls = 0;
	*reclaims = 0;
	*compactions = 0;
	for (i = 0; i < trace->nr; i++) {
		const struct trace_record *record = &trace->record[i];

		if (!strcmp(record->event, "mm_vmscan_direct_reclaim_end"))
			reclaimed += !trace_value(record, "nr_reclaimed", 10);
		else if (!strcmp(record->event,
				 "mm_compaction_try_to_compact_pages"))
			compacted++;
		if (strcmp(record->event, "virtflex_report"))
			continue;
		++*calls;
		if (reclaimed > *reclaims)
			*reclaims = reclaimed;
		if (compacted > *compactions)
			*compactions = compacted;
		sum[0] += reclaimed;
		sum[1] += compacted;
		reclaimed = 0;
		compacted = 0;
	}
	printf("# %zu calls, %zu vain reclaims and %zu compactions; ",
	       *calls, sum[0], sum[1]);
	printf("in one call at most %zu and %zu\n", *reclaims, *compactions);
}

TEST_F_TIMEOUT(full, a_full_node_is_asked_once, 120)
{
	static const char * const events[] = {
		BATCH, REPORT, "vmscan/mm_vmscan_direct_reclaim_end",
		"compaction/mm_compaction_try_to_compact_pages", NULL
	};
	struct virtflex_migrate_args args = {
		.flags = VIRTFLEX_MIGRATE_POLICY,
		.start = (uintptr_t)self->mem,
		.end = (uintptr_t)self->mem + self->len,
		.budget_ns = variant->budget_ns,
	};
	struct virtflex_migrate_args sum = { };
	size_t calls, reclaims, compactions;
	struct trace trace;
	long nodes[NODES];
	struct most most;
	const char *why;
	long ret;

	why = trace_start(gettid(), events);
	if (why)
		SKIP(return, "%s", why);
	do {
		ret = sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF, &args,
					   sizeof(args));
		ASSERT_GE(ret, 0);
		EXPECT_TRUE(adds_up(&args));
		sum.scanned += args.scanned;
		sum.moved += args.moved;
		sum.nomem += args.nomem;
		sum.busy += args.busy;
		args.start = args.cursor;
	} while (ret);
	ASSERT_EQ(0, trace_stop(&trace));
	print_counts(&sum);
	vain_calls(&trace, &calls, &reclaims, &compactions);
	look_at_batches(&trace, PAGE, &most);
	trace_free(&trace);
	/* both were full indeed */
	EXPECT_EQ(self->len / PAGE, sum.scanned);
	EXPECT_GT(sum.nomem, self->len / PAGE / 2);
	ASSERT_EQ(0, count_query(0, self->mem, self->len, nodes));
	EXPECT_EQ(nodes[numa.node[0]], sum.nomem + sum.busy);
	EXPECT_TRUE(filled(self->mem, self->len, 1));
	EXPECT_LE(reclaims, 2);
	/* before and after reclaim, of each node */
	EXPECT_LE(compactions, 4);
	EXPECT_LE(most.pages, ISOLATED_MOST);
}

/* The second node is not asked any more. */
TEST_F_TIMEOUT(full, a_signal_ends_reclaim, 120)
{
	static const char * const events[] = {
		"vmscan/mm_vmscan_direct_reclaim_begin", NULL
	};
	struct virtflex_migrate_args args = {
		.flags = VIRTFLEX_MIGRATE_POLICY,
		.start = (uintptr_t)self->mem,
		.end = (uintptr_t)self->mem + self->len,
		.budget_ns = variant->budget_ns,
	};
	struct trace trace;
	const char *why;
	int fd;

	signal(SIGUSR1, on_signal);
	why = trace_start(gettid(), events);
	if (why)
		SKIP(return, "%s", why);
	fd = trace_signal(gettid(), events[0], SIGUSR1);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args)));
	close(fd);
	ASSERT_EQ(0, trace_stop(&trace));
	print_counts(&args);
	EXPECT_TRUE(adds_up(&args));
	EXPECT_EQ(1, trace.nr);
	EXPECT_LT(args.start, args.cursor);
	EXPECT_LT(args.cursor, args.end);
	trace_free(&trace);
}

/*
 * Pages of a disk that are written back to it for as long as we want: what has a
 * budget leaves them, and what has none waits for them.
 */
#define WRITTEN		(64 * PAGE)
/* much longer than a call that does not wait */
#define WRITE_MS	1000

FIXTURE(writeback)
{
	char *mem;
	int fd;
	struct virtflex_nodemask mask;
	struct virtflex_migrate_args args;
};

FIXTURE_VARIANT(writeback)
{
	uint64_t budget_ns, budget_pages;
};

FIXTURE_VARIANT_ADD(writeback, no_budget) { };
FIXTURE_VARIANT_ADD(writeback, a_budget_of_time)
	{ .budget_ns = 3600 * 1000000000ULL };
FIXTURE_VARIANT_ADD(writeback, a_budget_of_pages)
	{ .budget_pages = 4 * WRITTEN / PAGE };

FIXTURE_SETUP(writeback)
{
	const char *why = migrate_need(2);

	self->fd = -1;
	if (why)
		SKIP(return, "%s", why);
	why = slow_disk_new(WRITTEN, WRITE_MS, &self->fd);
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, run_on_cpu(numa.cpu[0]));
	self->mem = region_new_file(WRITTEN, self->fd, false);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, slow_disk_write(self->fd, WRITTEN, 3));
	ASSERT_TRUE(filled(self->mem, WRITTEN, 3));
	ASSERT_TRUE(all_on(self->mem, WRITTEN, numa.node[0]));
	self->mask.bits[0] = 1ULL << numa.node[1];
	self->args = (struct virtflex_migrate_args) {
		.flags = VIRTFLEX_MIGRATE_EVACUATE,
		.start = (uintptr_t)self->mem,
		.end = (uintptr_t)self->mem + WRITTEN,
		.nodemask = (uintptr_t)&self->mask,
		.budget_ns = variant->budget_ns,
		.budget_pages = variant->budget_pages,
	};
}

FIXTURE_TEARDOWN(writeback)
{
	if (self->mem)
		munmap(self->mem, WRITTEN);
	slow_disk_remove(self->fd);
}

TEST_F(writeback, only_a_call_without_a_budget_waits)
{
	bool budget = variant->budget_ns || variant->budget_pages;
	long written;

	ASSERT_EQ(WRITTEN / PAGE, under_writeback(self->mem, WRITTEN));
	ASSERT_EQ(0, sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF, &self->args,
					  sizeof(self->args)));
	written = under_writeback(self->mem, WRITTEN);
	print_counts(&self->args);
	EXPECT_TRUE(adds_up(&self->args));
	if (!budget) {
		EXPECT_EQ(0, written);
		EXPECT_EQ(WRITTEN / PAGE, self->args.moved);
		EXPECT_TRUE(all_on(self->mem, WRITTEN, numa.node[1]));
	} else {
		EXPECT_EQ(WRITTEN / PAGE, written);
		EXPECT_EQ(WRITTEN / PAGE, self->args.busy);
		EXPECT_TRUE(all_on(self->mem, WRITTEN, numa.node[0]));
		/* written, they go: when that is, only fsync() tells */
		ASSERT_EQ(0, fsync(self->fd));
		ASSERT_EQ(0, sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF,
						  &self->args,
						  sizeof(self->args)));
		EXPECT_EQ(WRITTEN / PAGE, self->args.moved);
		EXPECT_TRUE(all_on(self->mem, WRITTEN, numa.node[1]));
	}
	EXPECT_TRUE(filled(self->mem, WRITTEN, 3));
}

/* MIGRATE_SYNC is the mode that waits for writeback, with a batch isolated. */
TEST(nothing_isolated_waits_with_a_budget)
{
	static const char * const events[] = {
		REPORT, "migrate/mm_migrate_pages", NULL
	};
	const char *why = migrate_need(2);
	struct virtflex_nodemask mask = { };
	struct virtflex_migrate_args args = {
		.flags = VIRTFLEX_MIGRATE_EVACUATE,
		.nodemask = (uintptr_t)&mask,
		.budget_ns = 3600 * 1000000000ULL,
	};
	size_t i, sync = 0, migrations = 0, len = 64 * PAGE;
	struct trace trace;
	char *mem;

	if (why)
		SKIP(return, "%s", why);
	mem = region_new(len, false);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, place(mem, len, numa.node[0]));
	mask.bits[0] = 1ULL << numa.node[1];
	args.start = (uintptr_t)mem;
	args.end = (uintptr_t)mem + len;
	why = trace_start(gettid(), events);
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args)));
	ASSERT_EQ(0, trace_stop(&trace));
	for (i = 0; i < trace.nr; i++) {
		if (strcmp(trace.record[i].event, "mm_migrate_pages"))
			continue;
		migrations++;
		sync += trace_is(&trace.record[i], "mode", "MIGRATE_SYNC");
	}
	trace_free(&trace);
	EXPECT_EQ(len / PAGE, args.moved);
	EXPECT_GT(migrations, 0);
	EXPECT_EQ(0, sync);
}

TEST_HARNESS_MAIN
