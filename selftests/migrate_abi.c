// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2) as an interface: the structure and its sizes, what is
 * refused, ranges, budgets and the cursor, and the report. Each entry under
 * ERRORS of the man page has a test error_<ERRNO>_<cause> here or in
 * migrate_permissions.c; error_names.sh compares the two.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include "numa_util.h"
#include "kselftest_harness.h"

#define SELF	VIRTFLEX_PIDFD_SELF
#define SIZE	sizeof(struct virtflex_migrate_args)

FIXTURE(abi)
{
	char *mem;
	size_t len;
	struct virtflex_nodemask mask;
	struct virtflex_migrate_args args;
};

FIXTURE_SETUP(abi)
{
	const char *why = migrate_need(2);

	if (why)
		SKIP(return, "%s", why);
	self->len = 64 * PAGE;
	self->mem = region_new(self->len, false);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(self->mem, self->len, 1);
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_DEFAULT, 0));
	/* by default: away from node 0, where everything is */
	self->mask.bits[0] = 1ULL << numa.node[1];
	self->args.flags = VIRTFLEX_MIGRATE_EVACUATE;
	self->args.start = (uintptr_t)self->mem;
	self->args.end = (uintptr_t)self->mem + self->len;
	self->args.nodemask = (uintptr_t)&self->mask;
}

FIXTURE_TEARDOWN(abi)
{
}

/* 0, 1, or the errno as a negative number */
static int call(int pidfd, void *args, size_t size)
{
	long ret = sys_virtflex_migrate(pidfd, args, size);

	return ret < 0 ? -errno : ret;
}

/* A refused call leaves memory where it is and the structure as it was. */
#define EXPECT_REFUSED(err, pidfd, size) do { \
	struct virtflex_migrate_args copy = self->args; \
	EXPECT_EQ(-(err), call(pidfd, &self->args, size)); \
	EXPECT_EQ(0, memcmp(&copy, &self->args, sizeof(copy))); \
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[0])); \
} while (0)

TEST_F(abi, layout)
{
	EXPECT_EQ(VIRTFLEX_MIGRATE_ARGS_SIZE_VER0, SIZE);
	EXPECT_EQ(0, offsetof(struct virtflex_migrate_args, flags));
	EXPECT_EQ(48, offsetof(struct virtflex_migrate_args, cursor));
	EXPECT_EQ(120, offsetof(struct virtflex_migrate_args, unmovable));
	EXPECT_EQ(128, sizeof(struct virtflex_nodemask));
}

TEST_F(abi, works)
{
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_TRUE(adds_up(&self->args));
	EXPECT_EQ(self->len / PAGE, self->args.moved);
	EXPECT_EQ(self->args.end, self->args.cursor);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

TEST_F(abi, works_by_pidfd)
{
	int pidfd = pidfd_open_of(getpid());

	ASSERT_GE(pidfd, 0);
	EXPECT_EQ(0, call(pidfd, &self->args, SIZE));
	EXPECT_EQ(self->len / PAGE, self->args.moved);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	close(pidfd);
}

/* sizes x misalignment x tail */
TEST_F(abi, sizes)
{
	static const struct {
		size_t size;
		bool tail;
		int err;
	} table[] = {
		{ 0, false, EINVAL },
		{ 1, false, EINVAL },
		{ 8, false, EINVAL },
		{ SIZE - 8, false, EINVAL },
		{ SIZE - 1, false, EINVAL },
		{ SIZE, false, 0 },
		{ SIZE + 1, false, 0 },
		{ SIZE + 1, true, E2BIG },
		{ SIZE + 8, false, 0 },
		{ SIZE + 8, true, E2BIG },
		{ 2 * SIZE + 3, false, 0 },
		{ 2 * SIZE + 3, true, E2BIG },
		{ PAGE, false, 0 },
		{ PAGE, true, E2BIG },
		{ PAGE + 1, false, E2BIG },
		{ 1UL << 31, false, E2BIG },
		{ 1UL << 32, false, E2BIG },
		{ (1UL << 32) + SIZE, false, E2BIG },
		{ -1UL, false, E2BIG },
	};
	char *buf = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i, off;

	ASSERT_NE(MAP_FAILED, buf);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		for (off = 0; off <= 9; off++) {
			size_t size = table[i].size;
			size_t seen = size < PAGE ? size : PAGE;
			struct virtflex_migrate_args out;

			memset(buf, 0, 3 * PAGE);
			/* what lies beyond the size is not looked at */
			memset(buf + off + seen, 0xa5, 64);
			memcpy(buf + off, &self->args, seen < SIZE ? seen : SIZE);
			if (table[i].tail)
				buf[off + seen - 1] = 1;
			ASSERT_EQ(-table[i].err, call(SELF, buf + off, size))
				TH_LOG("size %zu offset %zu tail %d", size, off,
				       table[i].tail);
			memcpy(&out, buf + off, SIZE);
			if (!table[i].err)
				ASSERT_EQ(self->len / PAGE, out.scanned);
			/* nor written to */
			for (size_t k = 0; k < 64; k++)
				ASSERT_EQ((char)0xa5, buf[off + seen + k]);
		}
}

TEST_F(abi, error_EINVAL_size_below_ver0)
{
	EXPECT_REFUSED(EINVAL, SELF, VIRTFLEX_MIGRATE_ARGS_SIZE_VER0 - 1);
	EXPECT_REFUSED(EINVAL, SELF, 0);
}

TEST_F(abi, error_E2BIG_size_above_page)
{
	EXPECT_REFUSED(E2BIG, SELF, PAGE + 1);
}

TEST_F(abi, error_E2BIG_unknown_tail)
{
	struct {
		struct virtflex_migrate_args args;
		uint64_t unknown[4];
	} longer = { .args = self->args, .unknown[3] = 1 };

	EXPECT_EQ(-E2BIG, call(SELF, &longer, sizeof(longer)));
	EXPECT_EQ(0, longer.args.scanned);
	longer.unknown[3] = 0;
	EXPECT_EQ(0, call(SELF, &longer, sizeof(longer)));
	EXPECT_EQ(self->len / PAGE, longer.args.moved);
}

TEST_F(abi, error_EINVAL_flags)
{
	int bit;

	for (bit = 4; bit < 64; bit++) {
		self->args.flags = 1ULL << bit;
		EXPECT_REFUSED(EINVAL, SELF, SIZE);
		self->args.flags |= VIRTFLEX_MIGRATE_EVACUATE;
		EXPECT_REFUSED(EINVAL, SELF, SIZE);
	}
}

TEST_F(abi, error_EINVAL_unaligned)
{
	static const uint64_t off[] = { 1, 8, PAGE / 2, PAGE - 1 };
	uint64_t start = self->args.start, end = self->args.end;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(off); i++) {
		self->args.start = start + off[i];
		EXPECT_REFUSED(EINVAL, SELF, SIZE);
		self->args.start = start;
		self->args.end = end - off[i];
		EXPECT_REFUSED(EINVAL, SELF, SIZE);
		self->args.end = end;
	}
}

TEST_F(abi, error_EINVAL_inverted)
{
	self->args.end = self->args.start - PAGE;
	EXPECT_REFUSED(EINVAL, SELF, SIZE);
	self->args.start = -PAGE;
	self->args.end = PAGE;
	EXPECT_REFUSED(EINVAL, SELF, SIZE);
}

TEST_F(abi, error_EINVAL_nodemask_empty)
{
	self->mask.bits[0] = 0;
	EXPECT_REFUSED(EINVAL, SELF, SIZE);
}

TEST_F(abi, error_EINVAL_nodemask_no_memory)
{
	int node;

	for (node = 0; node < VIRTFLEX_MAX_NODES; node += node < 64 ? 1 : 63) {
		if (node < NODES && numa_mask() & 1ULL << node)
			continue;
		memset(&self->mask, 0, sizeof(self->mask));
		self->mask.bits[node / 64] |= 1ULL << node % 64;
		EXPECT_REFUSED(EINVAL, SELF, SIZE);
		/* also beside one that is good */
		self->mask.bits[0] |= 1ULL << numa.node[1];
		EXPECT_REFUSED(EINVAL, SELF, SIZE);
	}
}

TEST_F(abi, error_EFAULT_args)
{
	char *area = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, area);
	EXPECT_EQ(-EFAULT, call(SELF, NULL, SIZE));
	EXPECT_EQ(-EFAULT, call(SELF, (void *)-8UL, SIZE));
	EXPECT_EQ(-EFAULT, call(SELF, (void *)(1UL << 63), SIZE));
	/* across the end of what is mapped */
	ASSERT_EQ(0, munmap(area + PAGE, PAGE));
	memset(area, 0, PAGE);
	EXPECT_EQ(-EFAULT, call(SELF, area + PAGE - SIZE / 2, SIZE));
	EXPECT_EQ(-EFAULT, call(SELF, area + PAGE - SIZE, SIZE + 1));
	/* can be read, and the report cannot be written */
	memcpy(area, &self->args, SIZE);
	ASSERT_EQ(0, mprotect(area, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, call(SELF, area, SIZE));
}

TEST_F(abi, error_EFAULT_nodemask)
{
	char *area = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, area);
	self->args.nodemask = 8;
	EXPECT_REFUSED(EFAULT, SELF, SIZE);
	self->args.nodemask = -8UL;
	EXPECT_REFUSED(EFAULT, SELF, SIZE);
	ASSERT_EQ(0, munmap(area + PAGE, PAGE));
	self->args.nodemask = (uintptr_t)area + PAGE -
			      sizeof(struct virtflex_nodemask) / 2;
	EXPECT_REFUSED(EFAULT, SELF, SIZE);
}

TEST_F(abi, error_EBADF_pidfd)
{
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	ASSERT_GE(file, 0);
	EXPECT_REFUSED(EBADF, file, SIZE);
	close(file);
	EXPECT_REFUSED(EBADF, file, SIZE);
	EXPECT_REFUSED(EBADF, -1, SIZE);
	EXPECT_REFUSED(EBADF, AT_FDCWD, SIZE);
	EXPECT_REFUSED(EBADF, SELF - 1, SIZE);
	EXPECT_REFUSED(EBADF, SELF + 1, SIZE);
	EXPECT_REFUSED(EBADF, 1 << 30, SIZE);
}

TEST_F(abi, error_ESRCH_exited)
{
	siginfo_t info;
	int pidfd;
	pid_t pid;

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(0);
	pidfd = pidfd_open_of(pid);
	ASSERT_GE(pidfd, 0);
	/* not yet waited for, and then no more there */
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_REFUSED(ESRCH, pidfd, SIZE);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_REFUSED(ESRCH, pidfd, SIZE);
	close(pidfd);

	/* a kernel thread has no memory of its own */
	pidfd = pidfd_open_of(2);
	ASSERT_GE(pidfd, 0);
	EXPECT_REFUSED(ESRCH, pidfd, SIZE);
	close(pidfd);
}

/* The error of a kernel without the call: a number above it has none. */
TEST(error_ENOSYS)
{
	struct virtflex_migrate_args args = { };

	if (migrate_need(1)) {
		EXPECT_EQ(-1, sys_virtflex_migrate(SELF, &args, SIZE));
		EXPECT_EQ(ENOSYS, errno);
	}
	EXPECT_EQ(-1, syscall(VIRTFLEX_MIGRATE_NR + 1, SELF, &args, SIZE));
	EXPECT_EQ(ENOSYS, errno);
}

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_PAGES	"/sys/kernel/debug/fail_page_alloc/"

/* For kernels that can fail allocations of a task */
static bool can_fail_allocations(void)
{
	return !write_file(FAILSLAB "ignore-gfp-wait", "N") &&
	       !write_file(FAIL_PAGES "ignore-gfp-wait", "N") &&
	       !write_file(FAILSLAB "verbose", "0") &&
	       !write_file(FAIL_PAGES "verbose", "0");
}

/*
 * All allocations of threads that are to fail. The probability is the last to
 * come and the first to go: without the filter, nobody could open a file any more.
 */
static void fail_all(void)
{
	write_file(FAIL_PAGES "task-filter", "Y");
	write_file(FAIL_PAGES "min-order", "0");
	write_file(FAIL_PAGES "times", "-1");
	write_file(FAIL_PAGES "probability", "100");
}

static void fail_none(void)
{
	write_file(FAIL_PAGES "probability", "0");
	write_file(FAIL_PAGES "times", "1");
	write_file(FAIL_PAGES "min-order", "1");
	write_file(FAIL_PAGES "task-filter", "N");
}

TEST_F(abi, error_ENOMEM)
{
	int fd, ret;

	if (!can_fail_allocations())
		SKIP(return, "this kernel cannot fail allocations");
	ASSERT_EQ(0, place(self->mem, self->len, numa.node[0]));
	fd = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	fail_all();
	ASSERT_EQ(1, pwrite(fd, "1", 1, 0));
	ret = call(SELF, &self->args, SIZE);
	ASSERT_EQ(1, pwrite(fd, "0", 1, 0));
	fail_none();
	close(fd);
	EXPECT_EQ(-ENOMEM, ret);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[0]));
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

/*
 * Whichever single allocation fails, there is no other outcome than success and
 * ENOMEM, and no page is lost from the count.
 */
TEST_F_TIMEOUT(abi, any_allocation_may_fail, 120)
{
	int nth, ret, fd;
	char text[16];
	ssize_t len;

	if (!can_fail_allocations())
		SKIP(return, "this kernel cannot fail allocations");
	/* opened once: that allocates, and would be what fails */
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	for (nth = 1; nth < 400; nth++) {
		ASSERT_EQ(0, place(self->mem, self->len, numa.node[0]));
		len = snprintf(text, sizeof(text), "%d", nth);
		ASSERT_EQ(len, pwrite(fd, text, len, 0));
		ret = call(SELF, &self->args, SIZE);
		/* what is left of the count: 0 if something did fail */
		len = pread(fd, text, sizeof(text) - 1, 0);
		ASSERT_GT(len, 0);
		text[len] = 0;
		ASSERT_EQ(1, pwrite(fd, "0", 1, 0));
		if (ret != -ENOMEM) {
			ASSERT_EQ(0, ret);
			ASSERT_TRUE(adds_up(&self->args));
			ASSERT_EQ(self->len / PAGE, self->args.scanned);
		}
		ASSERT_TRUE(filled(self->mem, self->len, 1));
		if (atoi(text))
			break;
	}
	close(fd);
	EXPECT_GT(nth, 1);
	TH_LOG("%d allocations in a call", nth - 1);
}

/* With Smack: a label that may read another one but not write to it */
TEST_F(abi, error_EACCES_security_module)
{
	char lsm[256];
	int pidfd, ready[2];
	pid_t pid;
	char byte;

	if (read_file("/sys/kernel/security/lsm", lsm, sizeof(lsm)) < 0 ||
	    !strstr(lsm, "smack"))
		SKIP(return, "no security module with a rule for moving pages");
	mount("smackfs", "/sys/fs/smackfs", "smackfs", 0, NULL);
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (write_file("/proc/self/attr/current", "vf_target") ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	pidfd = pidfd_open_of(pid);
	ASSERT_GE(pidfd, 0);
	EXPECT_EQ(0, write_file("/sys/fs/smackfs/load2", "vf_self vf_target r"));
	EXPECT_EQ(0, write_file("/proc/self/attr/current", "vf_self"));
	ASSERT_EQ(0, setresuid(2001, 2001, 2001));
	EXPECT_EQ(-EACCES, call(pidfd, &self->args, SIZE));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#define CGROUP	"/sys/fs/cgroup"
#define OURS	CGROUP "/virtflex-test"

/* A cgroup with this one memory node, for the calling process; NULL or why not */
static const char *enter_cpuset(int node)
{
	char text[32];

	mount("cgroup2", CGROUP, "cgroup2", 0, NULL);
	if (access(CGROUP "/cgroup.controllers", R_OK))
		return "no cgroup2";
	if (write_file(CGROUP "/cgroup.subtree_control", "+cpuset"))
		return "no cpuset controller";
	mkdir(OURS, 0755);
	snprintf(text, sizeof(text), "%d", node);
	if (write_file(OURS "/cpuset.mems", text))
		return "cpuset.mems cannot be set";
	snprintf(text, sizeof(text), "%d", getpid());
	if (write_file(OURS "/cgroup.procs", text))
		return "the cgroup cannot be entered";
	return NULL;
}

TEST_F(abi, error_EACCES_cpuset)
{
	const char *why;
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		why = enter_cpuset(numa.node[0]);
		if (why)
			SKIP(_exit(0), "%s", why);
		EXPECT_REFUSED(EACCES, SELF, SIZE);
		/* of several, those that are allowed are taken */
		self->mask.bits[0] |= 1ULL << numa.node[0];
		EXPECT_EQ(0, call(SELF, &self->args, SIZE));
		EXPECT_EQ(self->len / PAGE, self->args.scanned);
		EXPECT_EQ(self->len / PAGE, self->args.in_place);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	rmdir(OURS);
}

TEST_F(abi, cpuset_of_the_target_counts)
{
	int ready[2], pidfd;
	const char *why;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		why = enter_cpuset(numa.node[0]);
		if (why)
			SKIP(_exit(0), "%s", why);
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) == 1) {
		pidfd = pidfd_open_of(pid);
		ASSERT_GE(pidfd, 0);
		EXPECT_REFUSED(EACCES, pidfd, SIZE);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	rmdir(OURS);
}

TEST_F(abi, report_on_input_is_ignored)
{
	memset(&self->args.cursor, 0xff, SIZE - 48);
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_TRUE(adds_up(&self->args));
	EXPECT_EQ(self->len / PAGE, self->args.moved);
	EXPECT_EQ(self->args.end, self->args.cursor);
}

TEST_F(abi, input_is_left_alone)
{
	struct virtflex_migrate_args before = self->args;
	struct virtflex_nodemask mask = self->mask;

	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_EQ(0, memcmp(&before, &self->args, 48));
	EXPECT_EQ(0, memcmp(&mask, &self->mask, sizeof(mask)));
}

TEST_F(abi, empty_range)
{
	self->args.end = self->args.start;
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_EQ(0, self->args.scanned);
	EXPECT_EQ(self->args.end, self->args.cursor);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[0]));
}

TEST_F(abi, ranges_without_memory)
{
	char *hole = region_new(4 * MIB, false);

	ASSERT_NE(NULL, hole);
	/* mapped but never touched: not touched by the call either */
	self->args.start = (uintptr_t)hole;
	self->args.end = (uintptr_t)hole + 4 * MIB;
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_EQ(0, self->args.scanned);
	EXPECT_EQ(self->args.end, self->args.cursor);
	EXPECT_EQ(0, smaps_kb(hole, 4 * MIB, "Rss"));
	/* not mapped */
	region_free(hole, 4 * MIB);
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_EQ(0, self->args.scanned);
	/* above everything */
	self->args.start = 1ULL << 62;
	self->args.end = 1ULL << 63;
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_EQ(0, self->args.scanned);
	self->args.end = -PAGE;
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_EQ(0, self->args.scanned);
}

TEST_F(abi, holes_are_skipped)
{
	size_t i;

	for (i = 1; i < self->len / PAGE; i += 2)
		ASSERT_EQ(0, madvise(self->mem + i * PAGE, PAGE,
				     MADV_DONTNEED));
	ASSERT_EQ(0, munmap(self->mem + 10 * PAGE, 4 * PAGE));
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_TRUE(adds_up(&self->args));
	EXPECT_EQ(self->len / PAGE / 2 - 2, self->args.scanned);
	EXPECT_EQ(self->args.scanned, self->args.moved);
	for (i = 0; i < self->len / PAGE; i++) {
		if (i >= 10 && i < 14)
			continue;
		EXPECT_EQ(i % 2 ? -ENOENT : numa.node[1],
			  node_of(self->mem + i * PAGE));
	}
}

TEST_F(abi, the_whole_address_space)
{
	self->args.start = 0;
	self->args.end = 0;
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_TRUE(adds_up(&self->args));
	EXPECT_GE(self->args.scanned, self->len / PAGE);
	EXPECT_GE(self->args.moved, self->len / PAGE);
	EXPECT_GT(self->args.cursor, (uintptr_t)self);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

TEST_F(abi, published_nodes_or_all)
{
	/* all nodes are active here: nothing is to leave */
	self->args.nodemask = 0;
	EXPECT_EQ(0, call(SELF, &self->args, SIZE));
	EXPECT_EQ(self->len / PAGE, self->args.scanned);
	EXPECT_EQ(self->len / PAGE, self->args.in_place);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[0]));
}

FIXTURE(budget)
{
	char *mem;
	size_t len;
	struct virtflex_nodemask mask;
	struct virtflex_migrate_args args;
};

FIXTURE_VARIANT(budget)
{
	bool huge;
	uint64_t pages;
	uint64_t ns;
};

FIXTURE_VARIANT_ADD(budget, one_page) { .pages = 1 };
FIXTURE_VARIANT_ADD(budget, seven_pages) { .pages = 7 };
FIXTURE_VARIANT_ADD(budget, whole_parts) { .pages = 128 };
FIXTURE_VARIANT_ADD(budget, just_all) { .pages = 1024 };
FIXTURE_VARIANT_ADD(budget, more_than_there_is) { .pages = 1 << 20 };
FIXTURE_VARIANT_ADD(budget, beyond_32_bits) { .pages = 1ULL << 32 };
FIXTURE_VARIANT_ADD(budget, largest) { .pages = -1ULL };
FIXTURE_VARIANT_ADD(budget, one_page_thp) { .pages = 1, .huge = true };
FIXTURE_VARIANT_ADD(budget, odd_thp) { .pages = 700, .huge = true };
FIXTURE_VARIANT_ADD(budget, one_ns) { .ns = 1 };
FIXTURE_VARIANT_ADD(budget, one_ns_thp) { .ns = 1, .huge = true };
FIXTURE_VARIANT_ADD(budget, one_ms) { .ns = 1000000 };
FIXTURE_VARIANT_ADD(budget, much_time) { .ns = 1ULL << 62 };
FIXTURE_VARIANT_ADD(budget, most_time) { .ns = -1ULL };
FIXTURE_VARIANT_ADD(budget, both) { .pages = 100, .ns = 1000000 };

FIXTURE_SETUP(budget)
{
	const char *why = migrate_need(2);

	if (why)
		SKIP(return, "%s", why);
	self->len = variant->huge ? 4 * HUGE_PAGE : 1024 * PAGE;
	self->mem = region_new(self->len, variant->huge);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(self->mem, self->len, 1);
	/* what another CPU has in its batch stays where there is no time to wait */
	ASSERT_EQ(0, settle(self->mem));
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_DEFAULT, 0));
	if (variant->huge && smaps_kb(self->mem, self->len, "AnonHugePages") !=
	    (long)(self->len / KIB))
		SKIP(return, "no 2 MiB pages to be had");
	self->mask.bits[0] = 1ULL << numa.node[1];
	self->args.flags = VIRTFLEX_MIGRATE_EVACUATE;
	self->args.start = (uintptr_t)self->mem;
	self->args.end = (uintptr_t)self->mem + self->len;
	self->args.nodemask = (uintptr_t)&self->mask;
	self->args.budget_pages = variant->pages;
	self->args.budget_ns = variant->ns;
}

FIXTURE_TEARDOWN(budget)
{
}

TEST_F(budget, resumes_until_all_is_done_once)
{
	uint64_t unit = variant->huge ? HUGE_PAGES : 1;
	uint64_t scanned = 0, moved = 0, calls = 0, end = self->args.end;
	int ret;

	do {
		ret = call(SELF, &self->args, SIZE);
		calls++;
		ASSERT_GE(ret, 0);
		ASSERT_LE(ret, 1);
		ASSERT_TRUE(adds_up(&self->args));
		ASSERT_LE(self->args.cursor, end);
		ASSERT_EQ(0, self->args.cursor % PAGE);
		/* what is behind the cursor has been seen, no more and no less */
		ASSERT_EQ(self->args.cursor - self->args.start,
			  self->args.scanned * PAGE);
		if (variant->pages && variant->pages < self->len)
			ASSERT_LT(self->args.scanned, variant->pages + unit);
		ASSERT_TRUE(ret ? self->args.cursor > self->args.start :
			    self->args.cursor == end);
		if (ret && !variant->ns)
			ASSERT_GE(self->args.scanned, variant->pages);
		scanned += self->args.scanned;
		moved += self->args.moved;
		self->args.start = self->args.cursor;
	} while (ret);
	EXPECT_EQ(self->len / PAGE, scanned);
	EXPECT_EQ(self->len / PAGE, moved);
	EXPECT_LE(calls, self->len / PAGE / unit + 1);
	/* a budget smaller than the work is kept to */
	if (variant->pages == 1 || variant->ns == 1)
		EXPECT_GT(calls, 1);
	if (variant->pages > 1024 || variant->ns > 1ULL << 61)
		EXPECT_EQ(1, calls);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

static void on_alarm(int signal)
{
}

TEST_F_TIMEOUT(abi, a_signal_ends_a_call, 60)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { };
	size_t len = 64 * MIB;
	uint64_t scanned = 0;
	int ret, ended = 0;
	char *mem;

	mem = region_new(len, false);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, bind_range(mem, len, MPOL_BIND, 1ULL << numa.node[0]));
	fill(mem, len, 2);
	ASSERT_EQ(0, bind_range(mem, len, MPOL_DEFAULT, 0));
	self->args.start = (uintptr_t)mem;
	self->args.end = (uintptr_t)mem + len;

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	do {
		ret = call(SELF, &self->args, SIZE);
		ASSERT_GE(ret, 0);
		ASSERT_TRUE(adds_up(&self->args));
		/* even then each call gets on */
		ASSERT_GT(self->args.cursor, self->args.start);
		ended += ret;
		scanned += self->args.scanned;
		self->args.start = self->args.cursor;
	} while (ret);
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_GT(ended, 0);
	EXPECT_EQ(len / PAGE, scanned);
	EXPECT_TRUE(all_on(mem, len, numa.node[1]));
	EXPECT_TRUE(filled(mem, len, 2));
}

/* Of a structure that is longer than ours, the report is written and no more. */
TEST_F(abi, report_ends_where_the_structure_does)
{
	char *area = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct virtflex_migrate_args *args;

	ASSERT_NE(MAP_FAILED, area);
	args = (void *)(area + PAGE - SIZE);
	*args = self->args;
	/* what is not known is zero, and cannot be written */
	ASSERT_EQ(0, mprotect(area + PAGE, PAGE, PROT_READ));
	EXPECT_EQ(0, call(SELF, args, SIZE + 64));
	EXPECT_TRUE(adds_up(args));
	EXPECT_EQ(self->len / PAGE, args->moved);
	EXPECT_EQ(self->args.end, args->cursor);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
}

TEST_HARNESS_MAIN
