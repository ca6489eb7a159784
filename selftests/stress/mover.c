// SPDX-License-Identifier: GPL-2.0
/* A process that migrates the pages of owners, by this call and by others. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include "../numa_util.h"
#include "stress.h"

#define FLAGS		16U	/* all sets of flags that there are */
#define MOST_CALLS	50
#define ASKED		64U	/* pages of a call of move_pages(2) */

/* What an owner that ends, or memory that is short, may lead to */
static bool may_be(int err)
{
	switch (err) {
	case ESRCH:
	case EINTR:
		return true;
	case ENOMEM:
	case EFAULT:
		return shared->faults;
	default:
		return false;
	}
}

static void choose_range(int owner, struct virtflex_migrate_args *args)
{
	int area = random_below(3) ? random_below(OWNER_AREAS) : OWNER_AREAS;
	uint64_t start = (uintptr_t)shared->owner[owner].area[area].start;
	uint64_t pages = shared->owner[owner].area[area].len / PAGE;

	if (!pages || !random_below(3))
		return;
	args->start = start + random_below(pages) * PAGE;
	args->end = args->start + (1 + random_below(pages)) * PAGE;
}

/* Returns whether all was as it should be. */
static bool migrate_owner(int owner, int pidfd)
{
	struct virtflex_nodemask mask = { .bits[0] = random_nodes() };
	struct virtflex_migrate_args args = {
		.flags = random_below(FLAGS),
		.nodemask = random_below(2) ? (uintptr_t)&mask : 0,
		.budget_pages = random_below(2) ? 1 + random_below(2000) : 0,
		.budget_ns = random_below(2) ? 1000 * (1 + random_below(50000)) : 0,
	};
	int calls = MOST_CALLS;
	long ret;

	choose_range(owner, &args);
	do {
		ret = sys_virtflex_migrate(pidfd, &args, sizeof(args));
		count_up(&shared->count.calls, 1);
		if (ret < 0) {
			count_up(&shared->count.failed, 1);
			if (may_be(errno))
				return true;
			printf("# flags %#llx, %#llx to %#llx: %s\n",
			       (unsigned long long)args.flags, (unsigned long long)args.start,
			       (unsigned long long)args.end, strerror(errno));
			return false;
		}
		if (!adds_up(&args))
			return false;
		count_up(&shared->count.moved, args.moved);
		count_up(&shared->count.marked, args.marked);
		count_up(&shared->count.busy, args.busy);
		count_up(&shared->count.nomem, args.nomem);
		args.start = args.cursor;
	} while (ret > 0 && calls-- && !ended());
	return true;
}

/* The kernel's own calls, beside ours */
static void move_some(int owner, pid_t pid)
{
	int area = random_below(TOLD_AREAS), node = numa.node[random_below(numa.nr)];
	char *start = shared->owner[owner].area[area].start;
	size_t pages = shared->owner[owner].area[area].len / PAGE;
	int nodes[ASKED], status[ASKED];
	void *addrs[ASKED];
	unsigned int i;

	if (!pages)
		return;
	for (i = 0; i < ASKED; i++) {
		addrs[i] = start + random_below(pages) * PAGE;
		nodes[i] = node;
	}
	syscall(SYS_move_pages, pid, (unsigned long)ASKED, addrs, nodes, status,
		MPOL_MF_MOVE_ALL);
}

static void move_all(pid_t pid)
{
	uint64_t from = random_nodes(), to = random_nodes();

	syscall(SYS_migrate_pages, pid, NODES, &from, &to);
}

int mover_run(void)
{
	bool right = true;
	int owner, pidfd;
	pid_t pid;

	faults_take();
	while (right && !ended()) {
		owner = random_below(OWNERS);
		pid = shared->owner[owner].pid;
		if (!pid)
			continue;
		switch (random_below(8)) {
		case 0:
			move_some(owner, pid);
			continue;
		case 1:
			move_all(pid);
			continue;
		}
		pidfd = pidfd_open_of(pid);
		if (pidfd < 0)
			continue;
		right = migrate_owner(owner, pidfd);
		close(pidfd);
	}
	return !right;
}
