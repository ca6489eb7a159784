// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2): whose pages may be moved by whom. What move_pages(2)
 * refuses is refused; each case asks it first.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
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

TEST_HARNESS_MAIN
