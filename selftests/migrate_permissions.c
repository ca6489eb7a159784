// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2): whose pages may be moved by whom. What move_pages(2)
 * refuses is refused; each case asks it first.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include "numa_util.h"
#include "kselftest_harness.h"

#define LEN	(32 * PAGE)
#define USER	2001
#define OTHER	2002

FIXTURE(perm)
{
	char *mem;
	uint64_t to;
};

FIXTURE_SETUP(perm)
{
	const char *why = migrate_need(2);

	if (why)
		SKIP(return, "%s", why);
	if (geteuid())
		SKIP(return, "needs root, to become others");
	self->to = 1ULL << numa.node[1];
	self->mem = region_new(LEN, false);
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(perm)
{
}

static int become(uid_t uid)
{
	/* a change of user makes a process undumpable, which is another test */
	return setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	       setresuid(uid, uid, uid) || prctl(PR_SET_DUMPABLE, 1);
}

/*
 * A process of a user, with memory of its own on node 0 under the default
 * policy. It ends with its parent, which may not be allowed to kill it: the
 * end of a pipe tells.
 */
static pid_t target(char *mem, uid_t uid)
{
	int ready[2], alive[2];
	char byte;
	pid_t pid;

	if (pipe(ready) || pipe(alive))
		return -1;
	pid = fork();
	if (!pid) {
		close(alive[1]);
		bind_range(mem, LEN, MPOL_BIND, 1ULL << numa.node[0]);
		fill(mem, LEN, 1);
		bind_range(mem, LEN, MPOL_DEFAULT, 0);
		if ((uid && become(uid)) || write(ready[1], "r", 1) != 1)
			_exit(1);
		_exit(read(alive[0], &byte, 1) != 0);
	}
	close(ready[1]);
	close(alive[0]);
	if (pid > 0 && read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

/* Evacuate a target's memory to node 1 as the user we are; 0 or the errno */
static int evacuate(pid_t pid, char *mem, uint64_t flags,
		    struct virtflex_migrate_args *args)
{
	struct virtflex_nodemask mask = { .bits[0] = 1ULL << numa.node[1] };
	int pidfd = pidfd_open_of(pid), err = 0;

	*args = (struct virtflex_migrate_args) {
		.flags = VIRTFLEX_MIGRATE_EVACUATE | flags,
		.start = (uintptr_t)mem,
		.end = (uintptr_t)mem + LEN,
		.nodemask = (uintptr_t)&mask,
	};
	if (pidfd < 0 || sys_virtflex_migrate(pidfd, args, sizeof(*args)))
		err = errno;
	close(pidfd);
	return err;
}

/* What move_pages(2) says to the same: 0 or the errno */
static int asked_before(pid_t pid, char *mem, int flags)
{
	int node = numa.node[0], status;
	void *page = mem;

	return syscall(SYS_move_pages, pid, 1, &page, &node, &status, flags) ?
	       errno : 0;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* MPOL_MF_MOVE and MPOL_MF_MOVE_ALL of <numaif.h> */
#define MOVE		2
#define MOVE_ALL	4

TEST_F(perm, error_EPERM_process)
{
	struct virtflex_migrate_args args;
	pid_t pid = target(self->mem, OTHER);

	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, become(USER));
	EXPECT_EQ(EPERM, asked_before(pid, self->mem, MOVE));
	EXPECT_EQ(EPERM, evacuate(pid, self->mem, 0, &args));
	EXPECT_EQ(0, args.scanned);
}

TEST_F(perm, own_child)
{
	struct virtflex_migrate_args args;
	pid_t pid;

	ASSERT_EQ(0, become(USER));
	pid = target(self->mem, 0);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(0, asked_before(pid, self->mem, MOVE));
	EXPECT_EQ(0, evacuate(pid, self->mem, 0, &args));
	EXPECT_EQ(LEN / PAGE, args.moved);
	EXPECT_TRUE(all_on_mask_of(pid, self->mem, LEN, self->to));
	end(pid);
}

TEST_F(perm, undumpable_is_refused)
{
	struct virtflex_migrate_args args;
	int ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, become(USER));
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		fill(self->mem, LEN, 1);
		if (prctl(PR_SET_DUMPABLE, 0) || write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(EPERM, asked_before(pid, self->mem, MOVE));
	EXPECT_EQ(EPERM, evacuate(pid, self->mem, 0, &args));
	end(pid);
}

TEST_F(perm, root_may)
{
	struct virtflex_migrate_args args;
	pid_t pid = target(self->mem, OTHER);

	ASSERT_GT(pid, 0);
	EXPECT_EQ(0, asked_before(pid, self->mem, MOVE));
	EXPECT_EQ(0, evacuate(pid, self->mem, 0, &args));
	EXPECT_EQ(LEN / PAGE, args.moved);
	EXPECT_TRUE(all_on_mask_of(pid, self->mem, LEN, self->to));
	end(pid);
}

TEST_F(perm, oneself_unprivileged)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, become(USER));
	ASSERT_EQ(0, bind_range(self->mem, LEN, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(self->mem, LEN, 1);
	ASSERT_EQ(0, bind_range(self->mem, LEN, MPOL_DEFAULT, 0));
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_EVACUATE,
			     self->to, &sum));
	EXPECT_EQ(LEN / PAGE, sum.moved);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
}

TEST_F(perm, error_EPERM_shared)
{
	struct virtflex_migrate_args args;
	pid_t pid;

	ASSERT_EQ(0, become(USER));
	pid = target(self->mem, 0);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(EPERM, asked_before(pid, self->mem, MOVE_ALL));
	EXPECT_EQ(EPERM, evacuate(pid, self->mem, VIRTFLEX_MIGRATE_SHARED,
				  &args));
	EXPECT_EQ(0, args.scanned);
	EXPECT_TRUE(all_on_mask_of(pid, self->mem, LEN,
				   1ULL << numa.node[0]));
	end(pid);
}

/* The one capability, on its own, is what the flag needs. */
static int keep_only(int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { };

	if (prctl(PR_SET_KEEPCAPS, 1) || become(USER))
		return -1;
	data[0].effective = 1U << capability;
	data[0].permitted = 1U << capability;
	return syscall(SYS_capset, &header, data) ||
	       prctl(PR_SET_DUMPABLE, 1);
}

TEST_F(perm, sys_nice_is_enough_for_shared)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, keep_only(CAP_SYS_NICE));
	fill(self->mem, LEN, 1);
	EXPECT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_EVACUATE |
			     VIRTFLEX_MIGRATE_SHARED, self->to, &sum));
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
}

/* Pages that a fork has left in two processes */
static pid_t share(char *mem, int *ready)
{
	char byte;
	pid_t pid;

	bind_range(mem, LEN, MPOL_BIND, 1ULL << numa.node[0]);
	fill(mem, LEN, 1);
	bind_range(mem, LEN, MPOL_DEFAULT, 0);
	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!filled(mem, LEN, 1) || write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (pid > 0 && read(ready[0], &byte, 1) != 1)
		pid = -1;
	return pid;
}

TEST_F(perm, shared_pages_stay)
{
	struct virtflex_migrate_args sum;
	int ready[2];
	pid_t pid;

	/* privilege does not stand in for the flag */
	pid = share(self->mem, ready);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_EVACUATE,
			     self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(LEN / PAGE, sum.shared);
	EXPECT_EQ(0, sum.moved);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[0]));
	EXPECT_TRUE(all_on_mask_of(pid, self->mem, LEN, 1ULL << numa.node[0]));
	end(pid);

	/* once they are ours alone, they go */
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_EVACUATE,
			     self->to, &sum));
	EXPECT_EQ(LEN / PAGE, sum.moved);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
}

TEST_F(perm, shared_pages_in_place_are_in_place)
{
	struct virtflex_migrate_args sum;
	int ready[2];
	pid_t pid;

	pid = share(self->mem, ready);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_EVACUATE,
			     numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(LEN / PAGE, sum.in_place);
	end(pid);
}

TEST_F(perm, shared_pages_move_with_the_flag)
{
	struct virtflex_migrate_args sum;
	int ready[2];
	pid_t pid;

	pid = share(self->mem, ready);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_EVACUATE |
			     VIRTFLEX_MIGRATE_SHARED, self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(LEN / PAGE, sum.moved);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	EXPECT_TRUE(all_on_mask_of(pid, self->mem, LEN, self->to));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
	end(pid);
}

/*
 * Processes that map the same part of a file of hugetlbfs at addresses that are
 * aligned alike share the page table of it. Its pages are mapped once then, as far
 * as their mapcount goes, and are those of all.
 */
#define TABLE_LEN	(1024 * MIB)
#define HUGE_NR		4
#define HUGE_LEN	(HUGE_NR * HUGE_PAGE)

FIXTURE(tables)
{
	char *mem;
	uint64_t to;
	pid_t other;
	int ready, go;
};

static char *map_table(int fd)
{
	char *area = mmap(NULL, 2 * TABLE_LEN, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		return MAP_FAILED;
	area = (char *)(((uintptr_t)area + TABLE_LEN - 1) & ~(TABLE_LEN - 1));
	return mmap(area, TABLE_LEN, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0);
}

/* How often a page is mapped, by the kernel's own account of it, or -1 */
static long mapcount(const char *page)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int counts = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	uint64_t entry, count;
	long ret = -1;

	if (pread(pagemap, &entry, sizeof(entry),
		  (uintptr_t)page / PAGE * sizeof(entry)) == sizeof(entry) &&
	    pread(counts, &count, sizeof(count),
		  (entry & ((1ULL << 55) - 1)) * sizeof(count)) == sizeof(count))
		ret = count;
	close(pagemap);
	close(counts);
	return ret;
}

FIXTURE_SETUP(tables)
{
	const char *why = migrate_need(2);
	int fd, ready[2], go[2];
	char byte;

	if (why)
		SKIP(return, "%s", why);
	if (geteuid())
		SKIP(return, "needs root, to become others");
	if (hugetlb_reserve(numa.node[0], HUGE_NR) ||
	    hugetlb_reserve(numa.node[1], HUGE_NR))
		SKIP(return, "no hugetlb pages to be had");
	self->to = 1ULL << numa.node[1];
	fd = memfd_create("tables", MFD_CLOEXEC | MFD_HUGETLB);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ftruncate(fd, TABLE_LEN));
	self->mem = map_table(fd);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, TABLE_LEN, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(self->mem, HUGE_LEN, 9);
	ASSERT_EQ(0, bind_range(self->mem, TABLE_LEN, MPOL_DEFAULT, 0));

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	self->other = fork();
	ASSERT_GE(self->other, 0);
	if (!self->other) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(go[1]);
		if (become(OTHER) || !filled(self->mem, HUGE_LEN, 9) ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		/* look again when we are told to */
		_exit(read(go[0], &byte, 1) != 1 ||
		      !filled(self->mem, HUGE_LEN, 9) ||
		      write(ready[1], "r", 1) != 1 ||
		      read(go[0], &byte, 1) != 0);
	}
	close(ready[1]);
	self->ready = ready[0];
	self->go = go[1];
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	if (mapcount(self->mem) != 1)
		SKIP(return, "page tables are not shared: mapped %ld times",
		     mapcount(self->mem));
}

FIXTURE_TEARDOWN(tables)
{
	if (self->other > 0)
		end(self->other);
	if (self->mem)
		munmap(self->mem, TABLE_LEN);
	hugetlb_reserve(numa.node[0], 0);
	hugetlb_reserve(numa.node[1], 0);
}

TEST_F(tables, shared_pages_stay)
{
	struct virtflex_migrate_args sum;
	int err;

	ASSERT_EQ(0, seteuid(USER));
	err = migrate(self->mem, HUGE_LEN, VIRTFLEX_MIGRATE_EVACUATE, self->to,
		      &sum);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, err);
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(HUGE_NR * HUGE_PAGES, sum.shared);
	EXPECT_EQ(0, sum.moved);
	EXPECT_TRUE(all_on(self->mem, HUGE_LEN, numa.node[0]));
	/* the other has not lost the mapping, either */
	EXPECT_TRUE(all_on_mask_of(self->other, self->mem, HUGE_LEN,
				   1ULL << numa.node[0]));
}

TEST_F(tables, shared_pages_move_with_the_flag)
{
	struct virtflex_migrate_args sum;
	char byte;
	int i;

	/*
	 * What moves is taken out of the caller's tables with all the other pages
	 * that are in a shared one: they are there again when they are touched.
	 */
	for (i = 0; i < HUGE_NR; i++) {
		ASSERT_EQ(0, migrate(self->mem, HUGE_LEN,
				     VIRTFLEX_MIGRATE_EVACUATE |
				     VIRTFLEX_MIGRATE_SHARED, self->to, &sum));
		EXPECT_TRUE(adds_up(&sum));
		EXPECT_EQ(sum.scanned, sum.moved + sum.in_place);
		ASSERT_TRUE(filled(self->mem, HUGE_LEN, 9));
	}
	EXPECT_TRUE(all_on(self->mem, HUGE_LEN, numa.node[1]));
	/* and the other has the same ones, at the latest when it looks */
	ASSERT_EQ(1, write(self->go, "g", 1));
	ASSERT_EQ(1, read(self->ready, &byte, 1));
	EXPECT_TRUE(all_on_mask_of(self->other, self->mem, HUGE_LEN, self->to));
}

TEST_F(tables, pages_of_one_process_move)
{
	struct virtflex_migrate_args sum;
	int err;

	end(self->other);
	self->other = 0;
	ASSERT_EQ(0, seteuid(USER));
	err = migrate(self->mem, HUGE_LEN, VIRTFLEX_MIGRATE_EVACUATE, self->to,
		      &sum);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, err);
	EXPECT_EQ(HUGE_NR * HUGE_PAGES, sum.moved);
	EXPECT_TRUE(all_on(self->mem, HUGE_LEN, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, HUGE_LEN, 9));
}

/*
 * A process whose main thread has exited, and another goes on: its memory is
 * there, and its pidfd is the main thread's.
 */
struct left {
	int ready, alive;
	uint64_t bind;
};

static void *stay(void *arg)
{
	struct left *left = arg;
	pid_t tid = gettid();
	char byte;

	if ((left->bind && set_policy(MPOL_BIND, left->bind)) ||
	    write(left->ready, &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	/* as in target() */
	_exit(read(left->alive, &byte, 1) != 0);
}

static bool main_thread_exited(pid_t pid)
{
	char path[64], text[512], *state;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return false;
	state = strrchr(text, ')');
	return state && state[2] == 'Z';
}

/* Returns the process, and in *tid the thread that is left. */
static pid_t headless(char *mem, uint64_t bind, pid_t *tid)
{
	struct left left = { .bind = bind };
	int ready[2], alive[2];
	pthread_t thread;
	pid_t pid;

	if (pipe(ready) || pipe(alive))
		return -1;
	left.ready = ready[1];
	left.alive = alive[0];
	pid = fork();
	if (!pid) {
		close(alive[1]);
		bind_range(mem, LEN, MPOL_BIND, 1ULL << numa.node[0]);
		fill(mem, LEN, 1);
		bind_range(mem, LEN, MPOL_DEFAULT, 0);
		if (pthread_create(&thread, NULL, stay, &left))
			_exit(1);
		syscall(SYS_exit, 0);
	}
	close(ready[1]);
	close(alive[0]);
	if (pid < 0 || read(ready[0], tid, sizeof(*tid)) != sizeof(*tid))
		return -1;
	close(ready[0]);
	/* nobody is told of this */
	while (!main_thread_exited(pid))
		usleep(1000);
	return pid;
}

TEST_F(perm, main_thread_has_exited)
{
	struct virtflex_migrate_args args;
	siginfo_t info;
	pid_t pid, tid;

	pid = headless(self->mem, 0, &tid);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(0, asked_before(tid, self->mem, MOVE));
	EXPECT_EQ(0, evacuate(pid, self->mem, 0, &args));
	EXPECT_EQ(LEN / PAGE, args.moved);
	EXPECT_TRUE(all_on_mask_of(tid, self->mem, LEN, self->to));

	/* the whole of it has exited, and is not yet waited for */
	kill(pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(ESRCH, evacuate(pid, self->mem, 0, &args));
	end(pid);
}

TEST_F(perm, main_thread_has_exited_own_child)
{
	struct virtflex_migrate_args args;
	pid_t pid, tid;

	ASSERT_EQ(0, become(USER));
	pid = headless(self->mem, 0, &tid);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(0, asked_before(tid, self->mem, MOVE));
	EXPECT_EQ(0, evacuate(pid, self->mem, 0, &args));
	EXPECT_EQ(LEN / PAGE, args.moved);
	EXPECT_TRUE(all_on_mask_of(tid, self->mem, LEN, self->to));
	end(pid);
}

TEST_F(perm, main_thread_has_exited_of_another_user)
{
	struct virtflex_migrate_args args;
	pid_t pid, tid;

	pid = headless(self->mem, 0, &tid);
	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, seteuid(USER));
	ASSERT_EQ(0, setreuid(USER, -1));
	EXPECT_EQ(EPERM, asked_before(tid, self->mem, MOVE));
	EXPECT_EQ(EPERM, evacuate(pid, self->mem, 0, &args));
	EXPECT_EQ(0, args.scanned);
}

/* It has no policy any more: that of the thread that is left is the task's. */
TEST_F(perm, main_thread_has_exited_policy)
{
	struct virtflex_nodemask mask = { .bits[0] = numa_mask() };
	struct virtflex_migrate_args args = {
		.flags = VIRTFLEX_MIGRATE_POLICY,
		.start = (uintptr_t)self->mem,
		.end = (uintptr_t)self->mem + LEN,
		.nodemask = (uintptr_t)&mask,
	};
	pid_t pid, tid;
	int pidfd;

	pid = headless(self->mem, self->to, &tid);
	ASSERT_GT(pid, 0);
	pidfd = pidfd_open_of(pid);
	ASSERT_GE(pidfd, 0);
	EXPECT_EQ(0, sys_virtflex_migrate(pidfd, &args, sizeof(args)));
	EXPECT_EQ(LEN / PAGE, args.moved);
	EXPECT_TRUE(all_on_mask_of(tid, self->mem, LEN, self->to));
	close(pidfd);
	end(pid);
}

TEST_HARNESS_MAIN
