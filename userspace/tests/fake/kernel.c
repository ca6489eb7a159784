// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel with two nodes and two CPUs on each, for the self-test, which was
 * started on the last two. Pages are where the policy was when they were first
 * asked for; a migration by FAKE_KERNEL is "honest", "lazy": it moves nothing and
 * says it did, "careless": it leaves the last page of each 2 MiB, "splitting": it splits the
 * last 2 MiB page, or "refused". On a "stubborn" kernel memory cannot be put
 * anywhere, a "blind" one does not tell where it is, a "strict" one has no
 * policies, a "fragmented" one no 2 MiB pages left, a "small" one does not know of
 * them, an "old" one has no virtflex_migrate(2), and a "crowded" one has all
 * CPUs on the first node.
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "virtflex.h"

#define MAX_PAGES	1024
#define PAGE_BYTES	4096UL
#define HUGE_BYTES	(2UL << 20)
#define NOWHERE		(-1)

#define BIND		2
#define INTERLEAVE	3

long __real_syscall(long nr, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long nr, long a, long b, long c, long d, long e, long f);
int __real_virtflex_migrate_all(struct virtflex *vf, int pidfd,
				struct virtflex_migrate_args *args, size_t size,
				unsigned int *method,
				virtflex_migrate_fn progress, void *data);
int __wrap_virtflex_migrate_all(struct virtflex *vf, int pidfd,
				struct virtflex_migrate_args *args, size_t size,
				unsigned int *method,
				virtflex_migrate_fn progress, void *data);
int __real_munmap(void *addr, size_t len);
int __wrap_munmap(void *addr, size_t len);
FILE *__real_fopen64(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode);
int __real_madvise(void *addr, size_t len, int advice);
int __wrap_madvise(void *addr, size_t len, int advice);
int __real_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int __real_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);
int __wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);

static struct {
	uintptr_t start;
	bool huge;
	long mode;
	uint64_t nodes;
	int page[MAX_PAGES];
	bool marked[MAX_PAGES];
	char content[MAX_PAGES];	/* of those that are marked */
	bool split;
	int node;
} memory;

static bool kernel_is(const char *what)
{
	const char *kernel = getenv("FAKE_KERNEL");

	return kernel && (!what || !strcmp(kernel, what));
}

static int node_by_policy(unsigned int page)
{
	uintptr_t addr = memory.start + page * PAGE_BYTES;

	if (memory.mode == INTERLEAVE)
		return addr / (memory.huge ? HUGE_BYTES : PAGE_BYTES) % 2;
	return memory.nodes & 1 ? 0 : 1;
}

static void forget_pages(void)
{
	unsigned int i;

	for (i = 0; i < MAX_PAGES; i++) {
		memory.page[i] = NOWHERE;
		memory.marked[i] = false;
	}
	memory.split = false;
}

static char content_of(unsigned int page)
{
	return *(volatile char *)(memory.start + page * PAGE_BYTES);
}

/* Whoever has touched pages that are marked did so on the node where he is. */
static void move_touched(void)
{
	unsigned int i;

	for (i = 0; i < MAX_PAGES; i++) {
		if (!memory.marked[i] || content_of(i) == memory.content[i])
			continue;
		memory.page[i] = memory.node;
		memory.marked[i] = false;
	}
}

static long set_policy(uintptr_t start, long mode, const uint64_t *nodes)
{
	memory.start = start;
	memory.mode = mode;
	memory.nodes = nodes ? *nodes : 0;
	return 0;
}

static long get_nodes(void **pages, unsigned long count, int *status)
{
	unsigned int i, page;

	move_touched();
	for (i = 0; i < count; i++) {
		page = ((uintptr_t)pages[i] - memory.start) / PAGE_BYTES;
		if (memory.page[page] == NOWHERE)
			memory.page[page] = kernel_is("stubborn") ?
						    1 : node_by_policy(page);
		status[i] = memory.page[page];
	}
	return 0;
}

long __wrap_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	if (!kernel_is(NULL))
		return __real_syscall(nr, a, b, c, d, e, f);
	switch (nr) {
	case SYS_get_mempolicy:
		*(uint64_t *)b = 3;
		return 0;
	case SYS_getcpu:
		*(unsigned int *)b = memory.node;
		return 0;
	case SYS_mbind:
		errno = EPERM;
		if (kernel_is("strict"))
			return -1;
		return set_policy(a, c, (const uint64_t *)d);
	case SYS_move_pages:
		errno = ENOSYS;
		if (kernel_is("blind"))
			return -1;
		return get_nodes((void **)c, b, (int *)e);
	default:
		return __real_syscall(nr, a, b, c, d, e, f);
	}
}

int __wrap_virtflex_migrate_all(struct virtflex *vf, int pidfd,
				struct virtflex_migrate_args *args, size_t size,
				unsigned int *method,
				virtflex_migrate_fn progress, void *data)
{
	unsigned int i;
	uint64_t active = *(uint64_t *)(uintptr_t)args->nodemask;

	if (!kernel_is(NULL))
		return __real_virtflex_migrate_all(vf, pidfd, args, size,
						   method, progress, data);
	if (args->start != memory.start ||
	    args->end != memory.start + MAX_PAGES * PAGE_BYTES)
		abort();
	if (kernel_is("refused"))
		return -EPERM;
	*method = kernel_is("old") ? VIRTFLEX_METHOD_MOVE_PAGES :
				     VIRTFLEX_METHOD_SYSCALL;
	args->moved = MAX_PAGES;
	memory.split = kernel_is("splitting");
	for (i = 0; i < MAX_PAGES && !kernel_is("lazy"); i++) {
		if (kernel_is("careless") && i % 512 == 511)
			continue;
		if (args->flags == VIRTFLEX_MIGRATE_NEXT_TOUCH) {
			memory.marked[i] = true;
			memory.content[i] = content_of(i);
		} else if (args->flags == VIRTFLEX_MIGRATE_EVACUATE) {
			memory.page[i] = active & 1 ? 0 : 1;
		} else {
			memory.page[i] = node_by_policy(i);
		}
	}
	return 0;
}

int __wrap_munmap(void *addr, size_t len)
{
	forget_pages();
	return __real_munmap(addr, len);
}

int __wrap_madvise(void *addr, size_t len, int advice)
{
	if (!kernel_is(NULL))
		return __real_madvise(addr, len, advice);
	if (advice != MADV_HUGEPAGE && advice != MADV_NOHUGEPAGE)
		return 0;
	errno = EINVAL;
	if (kernel_is("small"))
		return -1;
	memory.start = (uintptr_t)addr;
	memory.huge = advice == MADV_HUGEPAGE;
	forget_pages();
	return 0;
}

static void write_mapping(FILE *f, uintptr_t start, bool huge)
{
	fprintf(f, "%lx-%lx rw-p 00000000 00:00 0\nAnonHugePages: %8d kB\n",
		start, start + HUGE_BYTES, huge ? 2048 : 0);
}

/* The memory, as two mappings, among others with 2 MiB pages. */
FILE *__wrap_fopen64(const char *path, const char *mode)
{
	bool huge = memory.huge && !kernel_is("fragmented");
	unsigned int i;
	FILE *f;

	if (!kernel_is(NULL) || strcmp(path, "/proc/self/smaps"))
		return __real_fopen64(path, mode);
	f = tmpfile();
	if (!f)
		abort();
	for (i = 0; i < 6; i++)
		write_mapping(f, memory.start + (i - 2UL) * HUGE_BYTES,
			      i == 2 ? huge :
			      i == 3 ? huge && !memory.split : true);
	rewind(f);
	return f;
}

int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	if (!kernel_is(NULL))
		return __real_sched_getaffinity(pid, size, set);
	CPU_ZERO(set);
	CPU_SET(2, set);
	CPU_SET(3, set);
	return 0;
}

int __wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
	if (!kernel_is(NULL))
		return __real_sched_setaffinity(pid, size, set);
	/* whoever started it may have kept other CPUs for others */
	if (CPU_ISSET(0, set) || CPU_ISSET(1, set))
		abort();
	move_touched();
	/* back on all of its own, it may be on any: the first here */
	memory.node = CPU_COUNT(set) == 1 && CPU_ISSET(3, set) &&
		      !kernel_is("crowded");
	return 0;
}
