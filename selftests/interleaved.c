// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "numa_util.h"
#include "interleaved.h"

#define SHMEM_HUGE	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define WEIGHTS		"/sys/kernel/mm/mempolicy/weighted_interleave/node%d"
/* of all nodes together, at the most */
#define SLOTS		(NODES * 4)

/* as set; 0 is the default, which is 1 */
static int weights[NODES];
/* seen by the process whose children are the tests, which is the last to end */
static bool *weights_are_set;
static pid_t owner;

static int write_weight(int node, int weight)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), WEIGHTS, node);
	if (read_long(path, -1) == weight)
		return 0;
	snprintf(text, sizeof(text), "%d", weight);
	return write_file(path, text);
}

int interleave_weights_set(void)
{
	int i, node;

	if (!weights_are_set)
		return -1;
	*weights_are_set = true;
	for (i = 0; i < numa.nr; i++) {
		node = numa.node[i];
		weights[node] = i % 4 + 1;
		if (write_weight(node, weights[node]))
			return -1;
	}
	return 0;
}

__attribute__((constructor)) static void begin(void)
{
	owner = getpid();
	weights_are_set = mmap(NULL, sizeof(*weights_are_set),
			       PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (weights_are_set == MAP_FAILED)
		weights_are_set = NULL;
}

/* Each takes the kernel tens of milliseconds: not at the end of every test. */
__attribute__((destructor)) static void end(void)
{
	int node;

	if (owner != getpid() || !weights_are_set || !*weights_are_set)
		return;
	for (node = 0; node < NODES; node++)
		write_weight(node, 0);
}

int interleave_weight(int mode, int node)
{
	if (mode != MPOL_WEIGHTED_INTERLEAVE || !weights[node])
		return 1;
	return weights[node];
}

/* Asked for each page: read once */
static int distance_of(int from, int to)
{
	static int known[NODES][NODES];

	if (!known[from][to])
		known[from][to] = numa_distance(from, to);
	return known[from][to];
}

uint64_t nearest_nodes(uint64_t of, uint64_t to)
{
	int node, other, distance, least = INT_MAX;
	uint64_t nearest = 0;

	for (node = 0; node < NODES; node++) {
		for (other = 0; other < NODES; other++) {
			if (!(of & 1ULL << node) || !(to & 1ULL << other))
				continue;
			distance = distance_of(node, other);
			if (distance < least)
				nearest = 0;
			if (distance > least)
				continue;
			least = distance;
			nearest |= 1ULL << node;
		}
	}
	return nearest;
}

uint64_t nth_nodes(unsigned int places)
{
	uint64_t nodes = 0;
	int i;

	for (i = 0; i < numa.nr; i++)
		if (places & 1U << i)
			nodes |= 1ULL << numa.node[i];
	return nodes;
}

/* A round of pages: each node as often as its weight says. Returns its length. */
static unsigned int round_of(int mode, uint64_t nodes, int *slot)
{
	unsigned int nr = 0;
	int node, i;

	for (node = 0; node < NODES; node++) {
		if (!(nodes & 1ULL << node))
			continue;
		for (i = interleave_weight(mode, node); i > 0; i--)
			slot[nr++] = node;
	}
	return nr;
}

int interleave_target(int mode, uint64_t nodes, uint64_t active,
		      uint64_t index)
{
	int slot[SLOTS], left[SLOTS];
	unsigned int nr, nr_left, i, displaced = 0, before = 0;

	if (!(nodes & active)) {
		nr = round_of(mode, nearest_nodes(active, nodes), slot);
		return slot[index % nr];
	}
	nr = round_of(mode, nodes, slot);
	if (active & 1ULL << slot[index % nr])
		return slot[index % nr];

	/* It goes by how many pages before it are displaced, too. */
	for (i = 0; i < nr; i++) {
		if (active & 1ULL << slot[i])
			continue;
		displaced++;
		before += i < index % nr;
	}
	nr_left = round_of(mode, nodes & active, left);
	return left[(index / nr * displaced + before) % nr_left];
}

static int pools(int pages)
{
	int i, err = 0;

	for (i = 0; i < numa.nr; i++)
		err |= hugetlb_reserve(numa.node[i], pages);
	return err;
}

const char *interleaved_new(struct interleaved *il)
{
	struct stat st;
	int fd;

	il->unit = il->huge || il->kind == IL_HUGETLB ? HUGE_PAGE : PAGE;
	il->len = il->nr * il->unit;
	if (il->kind == IL_SHMEM) {
		if (il->huge && write_file(SHMEM_HUGE, "advise"))
			return "no 2 MiB pages for shared memory";
		fd = memfd_create("interleaved", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, il->len) || fstat(fd, &st))
			return "no shared memory";
		il->mem = region_new_file(il->len, fd, il->huge);
		/* each file begins elsewhere */
		il->first = st.st_ino;
		close(fd);
	} else if (il->kind == IL_HUGETLB) {
		if (pools(il->nr))
			return "no hugetlb pages to be had";
		il->mem = mmap(NULL, il->len, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (il->mem == MAP_FAILED)
			il->mem = NULL;
		il->first = 0;
	} else {
		il->mem = region_new(il->len, il->huge);
		il->first = (uintptr_t)il->mem / il->unit;
	}
	return il->mem ? NULL : "no memory";
}

void interleaved_free(struct interleaved *il)
{
	if (il->mem)
		region_free(il->mem, il->len);
	il->mem = NULL;
	if (il->kind == IL_HUGETLB)
		pools(0);
}

long interleaved_apply(const struct interleaved *il)
{
	return il->task ? set_policy(il->mode, il->nodes) :
	       bind_range(il->mem, il->len, il->mode, il->nodes);
}

/* A word of each 4 KiB: enough to see that a page is another's, or old. */
static uint64_t *word_of(const struct interleaved *il, size_t page)
{
	return (uint64_t *)(il->mem + page * PAGE) + page % (PAGE / sizeof(uint64_t));
}

int interleaved_fault(const struct interleaved *il)
{
	const char *field = il->kind == IL_SHMEM ? "ShmemPmdMapped" :
						"AnonHugePages";
	size_t i;

	if (madvise(il->mem, il->len,
		    il->kind == IL_SHMEM ? MADV_REMOVE : MADV_DONTNEED))
		return -errno;
	for (i = 0; i < il->len / PAGE; i++)
		*word_of(il, i) = il->first + i + 1;
	if (il->huge && smaps_kb(il->mem, il->len, field) != (long)(il->len / KIB))
		return -ENOMEM;
	return 0;
}

bool interleaved_intact(const struct interleaved *il)
{
	size_t i;

	for (i = 0; i < il->len / PAGE; i++) {
		if (*word_of(il, i) == il->first + i + 1)
			continue;
		printf("# page %zu is not as it was written\n", i);
		return false;
	}
	return true;
}

int interleaved_look(const struct interleaved *il, int *node)
{
	size_t step = il->unit / PAGE, i;
	void **addr = calloc(2 * il->nr, sizeof(*addr));
	int *ends = calloc(2 * il->nr, sizeof(*ends));
	long err = -ENOMEM;

	if (addr && ends) {
		for (i = 0; i < il->nr; i++) {
			addr[2 * i] = il->mem + i * il->unit;
			addr[2 * i + 1] = il->mem + (i + 1) * il->unit - PAGE;
		}
		err = syscall(SYS_move_pages, 0, 2 * il->nr, addr, NULL, ends, 0);
		if (err < 0)
			err = -errno;
	}
	for (i = 0; !err && i < il->nr; i++) {
		node[i] = ends[2 * i];
		/* the first and the last part of one page */
		if (step > 1 && ends[2 * i + 1] != node[i])
			err = -ESTALE;
	}
	free(addr);
	free(ends);
	return err;
}

int interleaved_node(const struct interleaved *il, uint64_t active, size_t nth)
{
	return interleave_target(il->mode, il->nodes, active, il->first + nth);
}

bool interleaved_well(const struct interleaved *il, const int *node,
		      uint64_t active)
{
	size_t i, bad = 0;
	int first = 0;

	for (i = 0; i < il->nr; i++) {
		if (node[i] == interleaved_node(il, active, i))
			continue;
		if (!bad++)
			first = i;
	}
	if (bad)
		printf("# %zu of %zu are elsewhere: page %d on node %d, not %d\n",
		       bad, il->nr, first, node[first],
		       interleaved_node(il, active, first));
	return !bad;
}
