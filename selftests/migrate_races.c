// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2) while the process goes on: threads that write every page, and
 * calls that change mappings in the middle of a move. No byte is lost or stale,
 * each page is what it was before, and statistics agree with what there is.
 * Pages of 4 KiB that nobody shares, and large ones of 64 KiB, move in batches
 * of a page table; these are most of what is looked at here.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "numa_util.h"
#include "kselftest_harness.h"

#define THP	"/sys/kernel/mm/transparent_hugepage/"
#define MTHP	THP "hugepages-64kB/enabled"
#define PMD_THP	THP "hugepages-2048kB/enabled"
#define UNDERUSED	THP "shrink_underused"
#define LEN	(8 * MIB)
#define PAGES	(LEN / PAGE)
/* filled alike, so that one can be looked at elsewhere */
#define PART	(LEN / 4)
#define LARGE	(64 * KIB)
/* Bits of /proc/self/pagemap: mapped by this process alone, present, and where */
#define PM_EXCLUSIVE	0x0100000000000000ULL
#define PM_PRESENT	0x8000000000000000ULL
#define PM_FRAME	0x007fffffffffffffULL
/* of /proc/kpageflags */
#define COMPOUND_HEAD	15
/* how long a race lasts */
#define RACE_MS	1500
#define MAX_THREADS	3
/* pages that two batches, of the mover and of compaction, may have isolated, and more */
#define MAX_ISOLATED	4096

FIXTURE(race)
{
	char *mem;
	uint64_t from, to;
	/* moves there or back until the end, by a thread of its own */
	pthread_t mover;
	volatile bool end;
	int error;
	uint64_t calls, moved, wrong;
};

FIXTURE_VARIANT(race)
{
	bool large;
};

FIXTURE_VARIANT_ADD(race, small) { };
FIXTURE_VARIANT_ADD(race, large) { .large = true };

typedef FIXTURE_DATA(race) race_t;

static void fill_parts(race_t *self)
{
	size_t at;

	for (at = 0; at < LEN; at += PART)
		fill(self->mem + at, PART, 1);
}

static bool intact(race_t *self)
{
	bool all = true;
	size_t at;

	for (at = 0; at < LEN; at += PART)
		all &= filled(self->mem + at, PART, 1);
	return all;
}

/* Pages of 64 KiB that are there as a whole: their first one is a head. */
static size_t whole(race_t *self)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	int flags = open("/proc/kpageflags", O_RDONLY);
	uint64_t entry, flag;
	size_t at, nr = 0;

	for (at = 0; at < LEN; at += LARGE)
		if (pread(pagemap, &entry, sizeof(entry),
			  (uintptr_t)(self->mem + at) / PAGE * sizeof(entry)) == sizeof(entry) &&
		    pread(flags, &flag, sizeof(flag),
			  (entry & PM_FRAME) * sizeof(flag)) == sizeof(flag))
			nr += flag >> COMPOUND_HEAD & 1;
	close(pagemap);
	close(flags);
	return nr;
}

FIXTURE_SETUP(race)
{
	const char *why = migrate_need(2);

	if (why)
		SKIP(return, "%s", why);
	self->from = 1ULL << numa.node[0];
	self->to = 1ULL << numa.node[1];
	if (variant->large && (write_file(MTHP, "madvise") || write_file(PMD_THP, "never")))
		SKIP(return, "no pages of 64 KiB");
	self->mem = region_new(LEN, false);
	ASSERT_NE(NULL, self->mem);
	if (variant->large)
		ASSERT_EQ(0, madvise(self->mem, LEN, MADV_HUGEPAGE));
	/* Moved by anyone else, large pages would not be whole any more. */
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	fill_parts(self);
	ASSERT_EQ(0, run_on_all());
	ASSERT_EQ(0, settle(self->mem));
	ASSERT_TRUE(all_on(self->mem, LEN, numa.node[0]));
	if (variant->large)
		ASSERT_EQ(LEN / LARGE, whole(self));
}

FIXTURE_TEARDOWN(race)
{
	if (variant->large) {
		write_file(MTHP, "never");
		write_file(PMD_THP, "inherit");
	}
	run_on_all();
}

static int evacuate(char *mem, size_t len, uint64_t active, struct virtflex_migrate_args *sum)
{
	return migrate(mem, len, VIRTFLEX_MIGRATE_EVACUATE, active, sum);
}

static void *move(void *arg)
{
	race_t *self = arg;
	struct virtflex_migrate_args sum;

	while (!self->end && !self->error) {
		self->error = evacuate(self->mem, LEN,
				       self->calls % 2 ? self->from : self->to, &sum);
		self->calls++;
		self->moved += sum.moved;
		self->wrong += count_sum(&sum) != sum.scanned;
	}
	return NULL;
}

static int start_moves(race_t *self)
{
	self->end = false;
	return pthread_create(&self->mover, NULL, move, self);
}

static void end_moves(race_t *self)
{
	self->end = true;
	pthread_join(self->mover, NULL);
}

#define EXPECT_MOVES() do { \
	EXPECT_EQ(0, self->error); \
	EXPECT_EQ(0, self->wrong); \
	EXPECT_LT(0, self->moved); \
} while (0)

/* ---- what a page is, after a move */

/* Of all nodes, a line of meminfo in KiB */
static long meminfo_kb(int node, const char *field)
{
	char path[64], line[128], name[64];
	long value, kb = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Node %*d %63[^:]: %ld", name, &value) == 2 &&
		    !strcmp(name, field))
			kb = value;
	fclose(f);
	return kb;
}

/* Counts of a CPU reach those of the node after a while, or when asked for. */
static long node_kb(int node, const char *field)
{
	write_file("/proc/sys/vm/stat_refresh", "1");
	return meminfo_kb(node, field);
}

TEST_F(race, statistics_of_nodes_follow)
{
	static const char * const fields[] = { "AnonPages", "Active(anon)", "Inactive(anon)" };
	struct virtflex_migrate_args sum;
	long before[2][3], after[2][3], lru[2];
	/* what other programs, and this one's stack, may add meanwhile */
	long slack = 512;
	int i, node;

	for (node = 0; node < 2; node++)
		for (i = 0; i < 3; i++)
			before[node][i] = node_kb(numa.node[node], fields[i]);
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	ASSERT_EQ(PAGES, sum.moved);
	ASSERT_EQ(0, settle(self->mem));
	for (node = 0; node < 2; node++) {
		long sign = node ? 1 : -1;

		for (i = 0; i < 3; i++)
			after[node][i] = node_kb(numa.node[node], fields[i]);
		EXPECT_GE(slack, labs(after[node][0] - before[node][0] - sign * (long)(LEN / KIB)));
		lru[node] = after[node][1] + after[node][2] - before[node][1] - before[node][2];
		EXPECT_GE(slack, labs(lru[node] - sign * (long)(LEN / KIB)));
	}
	/* gone, they leave nothing behind */
	ASSERT_EQ(0, madvise(self->mem, LEN, MADV_DONTNEED));
	for (i = 0; i < 3; i++)
		after[1][i] = node_kb(numa.node[1], fields[i]);
	EXPECT_GE(slack, labs(after[1][0] - before[1][0]));
	EXPECT_GE(slack, labs(after[1][1] + after[1][2] - before[1][1] - before[1][2]));
}

/* Reclaim and compaction wait where too many are. */
TEST_F(race, isolated_pages_are_counted_meanwhile)
{
	uint64_t until = now_ms() + RACE_MS;
	long most = 0;

	ASSERT_EQ(0, start_moves(self));
	while (now_ms() < until) {
		long isolated = vm_counter("nr_isolated_anon");

		if (isolated > most)
			most = isolated;
	}
	end_moves(self);
	EXPECT_MOVES();
	/* A batch of small pages has up to 512; CPUs have some of the count to themselves. */
	EXPECT_LT(128, most);
	EXPECT_GE(MAX_ISOLATED, most);
	write_file("/proc/sys/vm/stat_refresh", "1");
	EXPECT_EQ(0, vm_counter("nr_isolated_anon"));
	EXPECT_TRUE(intact(self));
}

TEST_F(race, a_moved_page_is_written_without_a_fault)
{
	struct virtflex_migrate_args sum;
	struct rusage before, after;
	uint64_t entry;
	size_t at;
	int fd;

	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	ASSERT_EQ(PAGES, sum.moved);
	getrusage(RUSAGE_THREAD, &before);
	for (at = 0; at < LEN; at += PAGE)
		*(volatile char *)(self->mem + at + 8) += 0;
	getrusage(RUSAGE_THREAD, &after);
	/* none, but for the timer's sake of what else there is */
	EXPECT_GT(16, after.ru_minflt - before.ru_minflt);

	fd = open("/proc/self/pagemap", O_RDONLY);
	ASSERT_LE(0, fd);
	for (at = 0; at < LEN; at += PAGE) {
		ASSERT_EQ(sizeof(entry), pread(fd, &entry, sizeof(entry),
					       (uintptr_t)(self->mem + at) / PAGE * sizeof(entry)));
		ASSERT_TRUE((entry & PM_EXCLUSIVE) && (entry & PM_PRESENT));
	}
	close(fd);
	EXPECT_TRUE(intact(self));
}

TEST_F(race, large_pages_stay_whole)
{
	struct virtflex_migrate_args sum;
	int i;

	if (!variant->large)
		SKIP(return, "these are small");
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, evacuate(self->mem, LEN, i % 2 ? self->from : self->to, &sum));
		ASSERT_EQ(PAGES, sum.moved);
	}
	EXPECT_EQ(LEN / LARGE, whole(self));
	EXPECT_TRUE(intact(self));
}

TEST_F(race, read_only_pages_stay_read_only)
{
	struct virtflex_migrate_args sum;
	int status;
	pid_t child;

	ASSERT_EQ(0, mprotect(self->mem, LEN, PROT_READ));
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	EXPECT_EQ(PAGES, sum.moved);
	child = fork();
	if (!child) {
		struct rlimit none = { };

		setrlimit(RLIMIT_CORE, &none);
		*(volatile char *)self->mem = 1;
		_exit(0);
	}
	ASSERT_LT(0, child);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_TRUE(intact(self));
}

/* Mapped by entries of their own, they move as one still, and are counted so. */
TEST(huge_pages_are_counted_however_they_are_mapped)
{
	const char *why = migrate_need(2);
	struct virtflex_migrate_args sum;
	const size_t len = 2 * HUGE_PAGE;
	long underused, moved, failed, split;
	char *mem;
	int round;

	if (why)
		SKIP(return, "%s", why);
	/* Those that the kernel may split for want of use move one by one. */
	underused = read_long(UNDERUSED, 0);
	write_file(UNDERUSED, "0");
	mem = region_new(len, true);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	fill(mem, len, 1);
	write_file(UNDERUSED, underused ? "1" : "0");
	ASSERT_EQ(0, settle(mem));
	if (smaps_kb(mem, len, "AnonHugePages") != (long)(len / KIB))
		SKIP(return, "no 2 MiB pages to be had");
	for (round = 0; round < 2; round++) {
		if (round) {
			ASSERT_EQ(0, mprotect(mem + PAGE, len - 2 * PAGE, PROT_READ));
			ASSERT_EQ(0, mprotect(mem + PAGE, len - 2 * PAGE,
					      PROT_READ | PROT_WRITE));
			ASSERT_EQ(0, smaps_kb(mem, len, "AnonHugePages"));
		}
		moved = vm_counter("thp_migration_success");
		failed = vm_counter("thp_migration_fail");
		split = vm_counter("thp_migration_split");
		ASSERT_EQ(0, evacuate(mem, len, 1ULL << numa.node[!round], &sum));
		print_counts(&sum);
		EXPECT_EQ(len / PAGE, sum.moved);
		EXPECT_TRUE(all_on(mem, len, numa.node[!round]));
		EXPECT_EQ(moved + (long)(len / HUGE_PAGE), vm_counter("thp_migration_success"));
		EXPECT_EQ(failed, vm_counter("thp_migration_fail"));
		EXPECT_EQ(split, vm_counter("thp_migration_split"));
	}
	EXPECT_TRUE(filled(mem, len, 1));
}

/* ---- threads that write every page */

struct writer {
	pthread_t thread;
	race_t *self;
	/* its word in each page, and where it is */
	unsigned int word, first;
	uint64_t rounds;
	size_t torn;
};

/*
 * Each has a word of each page, and writes in it how often it was there; so it
 * knows what it finds there the next time.
 */
static void *write_all(void *arg)
{
	struct writer *w = arg;
	size_t i;

	for (; !w->self->end; w->rounds++) {
		for (i = 0; i < PAGES; i++) {
			size_t page = (i + w->first) % PAGES;
			volatile uint64_t *word = (uint64_t *)(w->self->mem + page * PAGE);

			word += w->word;
			if (*word != w->rounds * PAGES + page)
				w->torn++;
			*word = (w->rounds + 1) * PAGES + page;
		}
	}
	return NULL;
}

TEST_F(race, writers_lose_nothing)
{
	struct writer writers[MAX_THREADS] = { };
	int i;
	size_t page;

	for (page = 0; page < PAGES; page++)
		for (i = 0; i < MAX_THREADS; i++)
			((uint64_t *)(self->mem + page * PAGE))[i * 64] = page;
	ASSERT_EQ(0, start_moves(self));
	for (i = 0; i < MAX_THREADS; i++) {
		writers[i].self = self;
		writers[i].word = i * 64;
		writers[i].first = i * PAGES / MAX_THREADS;
		ASSERT_EQ(0, pthread_create(&writers[i].thread, NULL, write_all, &writers[i]));
	}
	usleep(RACE_MS * 1000);
	end_moves(self);
	for (i = 0; i < MAX_THREADS; i++) {
		pthread_join(writers[i].thread, NULL);
		EXPECT_EQ(0, writers[i].torn);
		EXPECT_LT(0, writers[i].rounds);
	}
	EXPECT_MOVES();
}

/* ---- calls in the middle of it */

TEST_F(race, children_have_what_there_was)
{
	uint64_t begin = now_ms();
	int forks = 0, status;

	ASSERT_EQ(0, start_moves(self));
	while (now_ms() - begin < RACE_MS) {
		pid_t child = fork();

		if (!child)
			_exit(!intact(self));
		ASSERT_LT(0, child);
		/* before it, and while it is there */
		if (forks % 2)
			*(volatile char *)(self->mem + forks % PAGES * PAGE) += 0;
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_EQ(0, status);
		forks++;
	}
	end_moves(self);
	EXPECT_MOVES();
	EXPECT_TRUE(intact(self));
	TH_LOG("%d children, %llu calls", forks, (unsigned long long)self->calls);
}

/* What the parent writes after fork() is not seen by the child, and the reverse. */
TEST_F(race, children_do_not_share_what_is_written)
{
	uint64_t begin = now_ms();
	unsigned char *mem = (unsigned char *)self->mem;
	int status, round = 0;
	size_t at;

	ASSERT_EQ(0, start_moves(self));
	while (now_ms() - begin < RACE_MS) {
		int ready[2];
		pid_t child;
		char c = 0;

		for (at = 0; at < LEN; at += PAGE)
			mem[at] = round;
		ASSERT_EQ(0, pipe(ready));
		child = fork();
		if (!child) {
			int bad = 0;

			for (at = 0; at < LEN; at += 2 * PAGE)
				mem[at] = ~round;
			close(ready[1]);
			/* the parent has written now */
			bad = read(ready[0], &c, 1) != 1;
			for (at = 0; at < LEN; at += PAGE)
				bad |= mem[at] != (unsigned char)(at % (2 * PAGE) ? round : ~round);
			_exit(bad);
		}
		ASSERT_LT(0, child);
		for (at = 0; at < LEN; at += PAGE)
			mem[at] = round + 1;
		ASSERT_EQ(1, write(ready[1], &c, 1));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_EQ(0, status);
		for (at = 0; at < LEN; at += PAGE)
			ASSERT_EQ((unsigned char)(round + 1), mem[at]);
		close(ready[0]);
		close(ready[1]);
		round++;
	}
	end_moves(self);
	EXPECT_MOVES();
}

TEST_F(race, mappings_move_and_return)
{
	uint64_t begin = now_ms();
	size_t part = PART;
	char *away = region_new(LEN, false);

	ASSERT_NE(NULL, away);
	ASSERT_EQ(0, start_moves(self));
	while (now_ms() - begin < RACE_MS) {
		ASSERT_EQ(away, mremap(self->mem + part, part, part,
				       MREMAP_MAYMOVE | MREMAP_FIXED, away));
		ASSERT_TRUE(filled(away, part, 1));
		ASSERT_EQ(self->mem + part, mremap(away, part, part, MREMAP_MAYMOVE | MREMAP_FIXED,
						   self->mem + part));
		ASSERT_TRUE(intact(self));
	}
	end_moves(self);
	EXPECT_MOVES();
	EXPECT_TRUE(intact(self));
}

TEST_F(race, protection_changes)
{
	static const int protections[] = { PROT_READ, PROT_NONE, PROT_READ };
	uint64_t begin = now_ms();
	size_t part = PART;
	int i = 0;

	ASSERT_EQ(0, start_moves(self));
	while (now_ms() - begin < RACE_MS) {
		ASSERT_EQ(0, mprotect(self->mem + part, part, protections[i++ % 3]));
		ASSERT_EQ(0, mprotect(self->mem + part, part, PROT_READ | PROT_WRITE));
		memset(self->mem + part, self->mem[part], 1);
	}
	end_moves(self);
	EXPECT_MOVES();
	EXPECT_TRUE(intact(self));
}

/* Memory that is given back is empty after that, and what is new is as written. */
TEST_F(race, memory_goes_and_comes)
{
	uint64_t begin = now_ms();
	size_t part = PART, at;
	int round = 0;

	ASSERT_EQ(0, start_moves(self));
	while (now_ms() - begin < RACE_MS) {
		int how = round % 3;

		if (how == 0) {
			ASSERT_EQ(0, madvise(self->mem + part, part, MADV_DONTNEED));
		} else if (how == 1) {
			ASSERT_EQ(self->mem + part, mmap(self->mem + part, part,
							 PROT_READ | PROT_WRITE,
							 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
							 -1, 0));
		} else {
			madvise(self->mem + part, part, MADV_FREE);
		}
		for (at = part; at < 2 * part; at += PAGE)
			if (how < 2)
				ASSERT_EQ(0, self->mem[at]);
		memset(self->mem + part, round + 1, part);
		for (at = part; at < 2 * part; at += 512)
			ASSERT_EQ((char)(round + 1), self->mem[at]);
		round++;
	}
	end_moves(self);
	EXPECT_MOVES();
	for (at = 0; at < LEN; at += part)
		if (at != part)
			EXPECT_TRUE(filled(self->mem + at, part, 1));
}

TEST_F(race, locked_in_the_middle)
{
	uint64_t begin = now_ms();
	size_t part = PART;
	long locked = vm_counter("nr_mlock");

	ASSERT_EQ(0, start_moves(self));
	while (now_ms() - begin < RACE_MS) {
		ASSERT_EQ(0, mlock(self->mem + part, part));
		ASSERT_EQ(0, munlock(self->mem + part, part));
	}
	end_moves(self);
	EXPECT_MOVES();
	EXPECT_TRUE(intact(self));
	write_file("/proc/sys/vm/stat_refresh", "1");
	EXPECT_EQ(locked, vm_counter("nr_mlock"));
}

TEST_F(race, large_pages_are_made_of_it)
{
	uint64_t begin = now_ms();

	ASSERT_EQ(0, madvise(self->mem, LEN, MADV_HUGEPAGE));
	ASSERT_EQ(0, start_moves(self));
	while (now_ms() - begin < RACE_MS) {
		madvise(self->mem, LEN, 25 /* MADV_COLLAPSE */);
		/* Parted, they can be made again. */
		mprotect(self->mem + PAGE, PAGE, PROT_READ);
		mprotect(self->mem + PAGE, PAGE, PROT_READ | PROT_WRITE);
		ASSERT_EQ(0, madvise(self->mem + 2 * PAGE, PAGE, MADV_DONTNEED));
		fill_parts(self);
	}
	end_moves(self);
	EXPECT_MOVES();
	EXPECT_TRUE(intact(self));
}

/* A pipe has the bytes that were there when it got the page, wherever that is now. */
TEST_F(race, pages_are_borrowed)
{
	uint64_t begin = now_ms();
	int pipes[2], round = 0;
	char buf[PAGE];

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, start_moves(self));
	while (now_ms() - begin < RACE_MS) {
		size_t at = round++ * 7 % PAGES * PAGE;
		struct iovec part = { .iov_base = self->mem + at, .iov_len = PAGE };

		ASSERT_EQ(PAGE, vmsplice(pipes[1], &part, 1, 0));
		/* It is the same page still: what is written now is read. */
		self->mem[at + 8] ^= 0x5a;
		ASSERT_EQ(PAGE, read(pipes[0], buf, PAGE));
		ASSERT_EQ(0, memcmp(buf, self->mem + at, PAGE));
		self->mem[at + 8] ^= 0x5a;
	}
	end_moves(self);
	EXPECT_MOVES();
	EXPECT_TRUE(intact(self));
}

/* What is mapped there by then may have no page tables: huge pages of hugetlbfs. */
TEST_F(race, huge_pages_are_mapped_instead)
{
	uint64_t begin = now_ms();
	char *part = self->mem + PART;

	if (hugetlb_reserve(numa.node[0], 4) || hugetlb_reserve(numa.node[1], 4))
		SKIP(return, "no hugetlb pages to be had");
	ASSERT_EQ(0, start_moves(self));
	while (now_ms() - begin < RACE_MS) {
		ASSERT_EQ(part, mmap(part, PART, PROT_READ | PROT_WRITE, MAP_PRIVATE |
				     MAP_ANONYMOUS | MAP_FIXED | MAP_HUGETLB, -1, 0));
		fill(part, PART, 1);
		ASSERT_TRUE(filled(part, PART, 1));
		ASSERT_EQ(part, mmap(part, PART, PROT_READ | PROT_WRITE, MAP_PRIVATE |
				     MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		fill(part, PART, 1);
	}
	end_moves(self);
	hugetlb_reserve(numa.node[0], 0);
	hugetlb_reserve(numa.node[1], 0);
	EXPECT_MOVES();
	EXPECT_TRUE(intact(self));
}

/* exec makes its stack in one place and moves it to another, with arguments in it. */
TEST_F(race, programs_begin)
{
	static const char again[] = "#!/bin/sh\nexec /bin/sh /tmp/again \"$@\"\n";
	static char word[16 * KIB];
	char * const args[] = { "sh", "/tmp/again", word, word, word, word, NULL };
	struct virtflex_nodemask mask = { .bits = { self->to } };
	struct virtflex_migrate_args move = {
		.flags = VIRTFLEX_MIGRATE_EVACUATE,
		.nodemask = (uintptr_t)&mask,
	};
	uint64_t begin = now_ms(), moved = 0;
	int fd, pidfd, status;
	pid_t child;

	memset(word, 'x', sizeof(word) - 1);
	fd = open("/tmp/again", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ASSERT_LE(0, fd);
	ASSERT_EQ((ssize_t)sizeof(again) - 1, write(fd, again, sizeof(again) - 1));
	close(fd);
	child = fork();
	if (!child) {
		execv("/bin/sh", args);
		_exit(1);
	}
	ASSERT_LT(0, child);
	pidfd = pidfd_open_of(child);
	ASSERT_LE(0, pidfd);
	while (now_ms() - begin < 2 * RACE_MS) {
		if (sys_virtflex_migrate(pidfd, &move, sizeof(move)) >= 0)
			moved += move.moved;
		mask.bits[0] ^= self->from | self->to;
		move = (struct virtflex_migrate_args) {
			.flags = VIRTFLEX_MIGRATE_EVACUATE,
			.nodemask = (uintptr_t)&mask,
		};
	}
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_LT(0, moved);
	close(pidfd);
	unlink("/tmp/again");
}

static void *move_too(void *arg)
{
	race_t *self = arg;
	struct virtflex_migrate_args sum;

	while (!self->end)
		if (evacuate(self->mem, LEN, self->from, &sum))
			return self;
	return NULL;
}

TEST_F(race, two_callers)
{
	pthread_t other;
	void *failed;

	ASSERT_EQ(0, start_moves(self));
	ASSERT_EQ(0, pthread_create(&other, NULL, move_too, self));
	usleep(RACE_MS * 1000);
	end_moves(self);
	pthread_join(other, &failed);
	EXPECT_EQ(NULL, failed);
	EXPECT_MOVES();
	EXPECT_TRUE(intact(self));
}

TEST_F(race, the_process_ends)
{
	int i, status;

	for (i = 0; i < 20; i++) {
		pid_t child = fork();
		struct virtflex_migrate_args args = {
			.flags = VIRTFLEX_MIGRATE_EVACUATE,
		};
		struct virtflex_nodemask mask = { .bits = { i % 2 ? self->from : self->to } };
		int pidfd;

		if (!child) {
			memset(self->mem, i, LEN);
			usleep(i * 2000);
			_exit(0);
		}
		ASSERT_LT(0, child);
		pidfd = pidfd_open_of(child);
		ASSERT_LE(0, pidfd);
		args.nodemask = (uintptr_t)&mask;
		while (sys_virtflex_migrate(pidfd, &args, sizeof(args)) >= 0)
			mask.bits[0] ^= self->from | self->to;
		EXPECT_EQ(ESRCH, errno);
		close(pidfd);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_EQ(0, status);
	}
	EXPECT_TRUE(intact(self));
}

TEST_HARNESS_MAIN
