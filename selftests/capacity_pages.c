// SPDX-License-Identifier: GPL-2.0
/*
 * A program with memory of every kind on one node, which looks after it while
 * the node goes and comes:
 *
 *	capacity_pages NODE MIB [pin|late]
 *
 * has MIB MiB of each kind it can have, each page with its own pattern. It
 * prints "ready KIND...", and for each line it reads "intact", or "damaged" with
 * the kinds that are. With "pin", it only has memory that io_uring has pinned;
 * with "late", memory bound to the node that it touches at the first line only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/io_uring.h>

#include "numa_util.h"

struct kind {
	const char *name;
	/* Returns memory, filled by the caller once it is placed; or NULL. */
	void *(*map)(size_t len, int node);
	void *at;
};

static uint64_t bit(int node)
{
	return 1ULL << node;
}

static void *map_policy(size_t len, int node, int mode, uint64_t nodes)
{
	void *at = region_new(len, false);

	if (!at || bind_range(at, len, mode, nodes))
		return NULL;
	return at;
}

static void *map_bind(size_t len, int node)
{
	return map_policy(len, node, MPOL_BIND, bit(node));
}

static void *map_preferred(size_t len, int node)
{
	return map_policy(len, node, MPOL_PREFERRED, bit(node));
}

static void *map_interleave(size_t len, int node)
{
	return map_policy(len, node, MPOL_INTERLEAVE, numa_mask());
}

static void *map_local(size_t len, int node)
{
	void *at = region_new(len, false);

	if (!at || place(at, len, node))
		return NULL;
	return at;
}

static void *map_huge(size_t len, int node)
{
	void *at = region_new(len, true);

	if (!at || place(at, len, node))
		return NULL;
	return at;
}

static void *map_locked(size_t len, int node)
{
	void *at = map_local(len, node);

	if (!at || mlock(at, len))
		return NULL;
	return at;
}

static void *map_file(size_t len, int node)
{
	char name[] = "/tmp/capacity-XXXXXX";
	int fd = mkstemp(name);
	void *at;

	if (fd < 0)
		return NULL;
	unlink(name);
	if (ftruncate(fd, len))
		return NULL;
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED || place(at, len, node))
		return NULL;
	return at;
}

/* As many pages again are in the pool of node 0, to go to. */
static void *map_hugetlb(size_t len, int node)
{
	void *at;

	if (hugetlb_reserve(node, len / HUGE_PAGE) ||
	    hugetlb_reserve(0, len / HUGE_PAGE))
		return NULL;
	at = mmap(NULL, len, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	if (bind_range(at, len, MPOL_BIND, bit(node)))
		return NULL;
	return at;
}

static int ring = -1;

static void *map_pinned(size_t len, int node)
{
	struct io_uring_params params = { };
	void *at = map_local(len, node);
	struct iovec buffer = { at, len };

	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (!at || ring < 0 ||
	    syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
		    &buffer, 1))
		return NULL;
	return at;
}

static struct kind all_kinds[] = {
	{ "bind", map_bind },
	{ "preferred", map_preferred },
	{ "interleave", map_interleave },
	{ "local", map_local },
	{ "huge", map_huge },
	{ "locked", map_locked },
	{ "file", map_file },
	{ "hugetlb", map_hugetlb },
	{ }
};

static struct kind pinned_kind[] = {
	{ "pinned", map_pinned },
	{ }
};

static struct kind late_kind[] = {
	{ "late", map_bind },
	{ }
};

static struct kind *kinds_of(const char *mode)
{
	if (!mode)
		return all_kinds;
	return strcmp(mode, "late") ? pinned_kind : late_kind;
}

int main(int argc, char **argv)
{
	struct kind *kinds = kinds_of(argc > 3 ? argv[3] : NULL), *k;
	bool touched = kinds != late_kind;
	size_t len = argc > 2 ? atol(argv[2]) * MIB : 0;
	int node = argc > 1 ? atoi(argv[1]) : -1;
	const char *why = numa_need(2);
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (why || !len || node < 0 || node >= NODES) {
		fprintf(stderr, "capacity_pages: %s\n",
			why ? why : "usage: capacity_pages NODE MIB [pin|late]");
		return 2;
	}
	printf("ready");
	for (k = kinds; k->name; k++) {
		k->at = k->map(len, node);
		if (!k->at)
			continue;
		if (touched)
			fill(k->at, len, k - kinds);
		printf(" %s", k->name);
	}
	printf("\n");
	while (fgets(line, sizeof(line), stdin)) {
		bool good = true;

		if (!touched && kinds->at)
			fill(kinds->at, len, 0);
		touched = true;
		for (k = kinds; k->name; k++) {
			if (!k->at || filled(k->at, len, k - kinds))
				continue;
			printf("%s %s", good ? "damaged" : "", k->name);
			good = false;
		}
		printf("%s\n", good ? "intact" : "");
	}
	/* by the end of the process they would be unpinned some time after it */
	if (ring >= 0)
		syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
	return 0;
}
