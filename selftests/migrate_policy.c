// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2), pages under an explicit memory policy: they go to the
 * node the policy gives them among the active ones, at once.
 *
 * Pages are placed wrongly first. What the right node is comes from the kernel's
 * own allocator while all of the policy's nodes are active: the same memory,
 * faulted in anew. For interleaved pages while only some are, see interleaved.h.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "interleaved.h"
#include "numa_util.h"
#include "kselftest_harness.h"

#define SHMEM_HUGE	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

enum scope { VMA, TASK, SHMEM };

FIXTURE(policy)
{
	char *mem;
	size_t len;
	/* the policy's nodes, and one that is none of them */
	uint64_t nodes;
	int wrong;
	/* interleave index of the first page */
	uint64_t first;
	int *before, *after;
};

FIXTURE_VARIANT(policy)
{
	int mode;
	enum scope scope;
	bool huge;
};

FIXTURE_VARIANT_ADD(policy, bind)
	{ .mode = MPOL_BIND, .scope = VMA };
FIXTURE_VARIANT_ADD(policy, bind_thp)
	{ .mode = MPOL_BIND, .scope = VMA, .huge = true };
FIXTURE_VARIANT_ADD(policy, bind_task)
	{ .mode = MPOL_BIND, .scope = TASK };
FIXTURE_VARIANT_ADD(policy, bind_task_thp)
	{ .mode = MPOL_BIND, .scope = TASK, .huge = true };
FIXTURE_VARIANT_ADD(policy, bind_shmem)
	{ .mode = MPOL_BIND, .scope = SHMEM };
FIXTURE_VARIANT_ADD(policy, bind_shmem_thp)
	{ .mode = MPOL_BIND, .scope = SHMEM, .huge = true };
FIXTURE_VARIANT_ADD(policy, preferred)
	{ .mode = MPOL_PREFERRED, .scope = VMA };
FIXTURE_VARIANT_ADD(policy, preferred_thp)
	{ .mode = MPOL_PREFERRED, .scope = VMA, .huge = true };
FIXTURE_VARIANT_ADD(policy, preferred_task)
	{ .mode = MPOL_PREFERRED, .scope = TASK };
FIXTURE_VARIANT_ADD(policy, preferred_task_thp)
	{ .mode = MPOL_PREFERRED, .scope = TASK, .huge = true };
FIXTURE_VARIANT_ADD(policy, preferred_shmem)
	{ .mode = MPOL_PREFERRED, .scope = SHMEM };
FIXTURE_VARIANT_ADD(policy, preferred_many)
	{ .mode = MPOL_PREFERRED_MANY, .scope = VMA };
FIXTURE_VARIANT_ADD(policy, preferred_many_thp)
	{ .mode = MPOL_PREFERRED_MANY, .scope = VMA, .huge = true };
FIXTURE_VARIANT_ADD(policy, preferred_many_task)
	{ .mode = MPOL_PREFERRED_MANY, .scope = TASK };
FIXTURE_VARIANT_ADD(policy, preferred_many_task_thp)
	{ .mode = MPOL_PREFERRED_MANY, .scope = TASK, .huge = true };
FIXTURE_VARIANT_ADD(policy, preferred_many_shmem)
	{ .mode = MPOL_PREFERRED_MANY, .scope = SHMEM };
FIXTURE_VARIANT_ADD(policy, interleave)
	{ .mode = MPOL_INTERLEAVE, .scope = VMA };
FIXTURE_VARIANT_ADD(policy, interleave_thp)
	{ .mode = MPOL_INTERLEAVE, .scope = VMA, .huge = true };
FIXTURE_VARIANT_ADD(policy, interleave_task)
	{ .mode = MPOL_INTERLEAVE, .scope = TASK };
FIXTURE_VARIANT_ADD(policy, interleave_task_thp)
	{ .mode = MPOL_INTERLEAVE, .scope = TASK, .huge = true };
FIXTURE_VARIANT_ADD(policy, interleave_shmem)
	{ .mode = MPOL_INTERLEAVE, .scope = SHMEM };
FIXTURE_VARIANT_ADD(policy, interleave_shmem_thp)
	{ .mode = MPOL_INTERLEAVE, .scope = SHMEM, .huge = true };
FIXTURE_VARIANT_ADD(policy, weighted_interleave)
	{ .mode = MPOL_WEIGHTED_INTERLEAVE, .scope = VMA };
FIXTURE_VARIANT_ADD(policy, weighted_interleave_thp)
	{ .mode = MPOL_WEIGHTED_INTERLEAVE, .scope = VMA, .huge = true };
FIXTURE_VARIANT_ADD(policy, weighted_interleave_task)
	{ .mode = MPOL_WEIGHTED_INTERLEAVE, .scope = TASK };
FIXTURE_VARIANT_ADD(policy, weighted_interleave_task_thp)
	{ .mode = MPOL_WEIGHTED_INTERLEAVE, .scope = TASK, .huge = true };
FIXTURE_VARIANT_ADD(policy, weighted_interleave_shmem)
	{ .mode = MPOL_WEIGHTED_INTERLEAVE, .scope = SHMEM };

typedef FIXTURE_DATA(policy) policy_t;
typedef FIXTURE_VARIANT(policy) policy_variant_t;

static bool interleaves(int mode)
{
	return mode == MPOL_INTERLEAVE || mode == MPOL_WEIGHTED_INTERLEAVE;
}

static size_t unit_of(const policy_variant_t *variant)
{
	return variant->huge ? HUGE_PAGE : PAGE;
}

FIXTURE_SETUP(policy)
{
	const char *why = migrate_need(4);
	struct stat st;
	int fd;

	if (why)
		SKIP(return, "%s", why);
	if (variant->mode == MPOL_WEIGHTED_INTERLEAVE &&
	    interleave_weights_set())
		SKIP(return, "no weighted interleave here");

	self->len = variant->huge ? 6 * HUGE_PAGE : 96 * PAGE;
	self->before = calloc(self->len / PAGE, sizeof(int));
	self->after = calloc(self->len / PAGE, sizeof(int));
	ASSERT_TRUE(self->before && self->after);
	self->wrong = numa.node[3];
	self->nodes = 1ULL << numa.node[1];
	if (variant->mode != MPOL_PREFERRED)
		self->nodes |= 1ULL << numa.node[2];
	if (interleaves(variant->mode))
		self->nodes |= 1ULL << numa.node[0];

	if (variant->scope == SHMEM) {
		if (variant->huge && write_file(SHMEM_HUGE, "advise"))
			SKIP(return, "no 2 MiB pages for shared memory");
		fd = memfd_create("policy", MFD_CLOEXEC);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, ftruncate(fd, self->len));
		ASSERT_EQ(0, fstat(fd, &st));
		self->first = st.st_ino;
		self->mem = region_new_file(self->len, fd, variant->huge);
		close(fd);
	} else {
		self->mem = region_new(self->len, variant->huge);
		self->first = (uintptr_t)self->mem / unit_of(variant);
	}
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, run_on_node(numa.node[0]));
}

FIXTURE_TEARDOWN(policy)
{
}

static long apply(policy_t *self, const policy_variant_t *variant, uint64_t nodes)
{
	long ret = 0;

	if (variant->scope == TASK) {
		ret = bind_range(self->mem, self->len, MPOL_DEFAULT, 0);
		return ret ? ret : set_policy(variant->mode, nodes);
	}
	return bind_range(self->mem, self->len, variant->mode, nodes);
}

/* Fault everything in under the policy that is set now, and only then. */
static int fault_anew(policy_t *self, const policy_variant_t *variant)
{
	if (madvise(self->mem, self->len,
		    variant->scope == SHMEM ? MADV_REMOVE : MADV_DONTNEED))
		return -errno;
	fill(self->mem, self->len, 1);
	return 0;
}

static long huge_kb(policy_t *self, const policy_variant_t *variant)
{
	return smaps_kb(self->mem, self->len, variant->scope == SHMEM ?
			"ShmemPmdMapped" : "AnonHugePages");
}

/* Everything on one node, and only then under the policy */
static int place_then_apply(policy_t *self, const policy_variant_t *variant, int node)
{
	if (bind_range(self->mem, self->len, MPOL_BIND, 1ULL << node) ||
	    fault_anew(self, variant) || apply(self, variant, self->nodes))
		return -errno;
	if (!all_on(self->mem, self->len, node))
		return -EAGAIN;
	return nodes_of(0, self->mem, self->len, self->before);
}

/* The report against what others say: pages whose node is another one now */
static bool report_is_true(policy_t *self,
			   const struct virtflex_migrate_args *sum)
{
	size_t pages = self->len / PAGE, changed = 0, i;

	if (nodes_of(0, self->mem, self->len, self->after))
		return false;
	for (i = 0; i < pages; i++)
		changed += self->before[i] != self->after[i];
	if (adds_up(sum) && sum->scanned == pages && sum->moved == changed &&
	    sum->in_place == pages - changed)
		return true;
	printf("# %zu pages, %zu moved in truth\n", pages, changed);
	print_counts(sum);
	return false;
}

/*
 * Whether each page is where a fresh one under the policy would be; must come
 * last, since the memory is faulted in anew.
 */
static bool as_fresh(policy_t *self, const policy_variant_t *variant)
{
	size_t i, bad = 0;

	if (apply(self, variant, self->nodes) || fault_anew(self, variant) ||
	    nodes_of(0, self->mem, self->len, self->before))
		return false;
	for (i = 0; i < self->len / PAGE; i++) {
		if (self->before[i] == self->after[i])
			continue;
		if (!bad++)
			printf("# page %zu is on node %d, a fresh one on %d\n",
			       i, self->after[i], self->before[i]);
	}
	return !bad;
}

/* Whether each page is where it belongs while only these nodes are active */
static bool as_counted_out(policy_t *self, const policy_variant_t *variant,
			   uint64_t active)
{
	size_t i, bad = 0, step = unit_of(variant) / PAGE;

	for (i = 0; i < self->len / PAGE; i++) {
		int node = interleave_target(variant->mode, self->nodes, active,
					     self->first + i / step);

		if (self->after[i] == node)
			continue;
		if (!bad++)
			printf("# page %zu is on node %d, and belongs on %d\n",
			       i, self->after[i], node);
	}
	return !bad;
}

/* Whether memory that was to be of 2 MiB pages is */
static bool huge_as_asked(policy_t *self, const policy_variant_t *variant)
{
	return !variant->huge ||
	       huge_kb(self, variant) == (long)(self->len / KIB);
}

#define EXPECT_MOVED_WELL(sum) do { \
	EXPECT_TRUE(report_is_true(self, sum)); \
	EXPECT_TRUE(filled(self->mem, self->len, 1)); \
	if (variant->huge) \
		EXPECT_EQ(self->len / KIB, huge_kb(self, variant)); \
} while (0)

TEST_F(policy, wrong_pages_move)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, place_then_apply(self, variant, self->wrong));
	if (!huge_as_asked(self, variant))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_MOVED_WELL(&sum);
	EXPECT_EQ(self->len / PAGE, sum.moved);
	EXPECT_TRUE(all_on_mask(self->mem, self->len, self->nodes));
	if (interleaves(variant->mode)) {
		EXPECT_TRUE(as_counted_out(self, variant, numa_mask()));
		EXPECT_TRUE(as_fresh(self, variant));
	}
}

TEST_F(policy, no_flags_is_all_of_it)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, place_then_apply(self, variant, self->wrong));
	if (!huge_as_asked(self, variant))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, migrate(self->mem, self->len, 0, numa_mask(), &sum));
	EXPECT_MOVED_WELL(&sum);
	EXPECT_TRUE(all_on_mask(self->mem, self->len, self->nodes));
}

TEST_F(policy, right_pages_stay)
{
	struct virtflex_migrate_args sum;

	/* wherever the allocator puts a page under the policy is right */
	ASSERT_EQ(0, apply(self, variant, self->nodes));
	ASSERT_EQ(0, fault_anew(self, variant));
	if (!huge_as_asked(self, variant))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, nodes_of(0, self->mem, self->len, self->before));
	ASSERT_EQ(0, migrate(self->mem, self->len, 0, numa_mask(), &sum));
	EXPECT_MOVED_WELL(&sum);
	EXPECT_EQ(self->len / PAGE, sum.in_place);
}

TEST_F(policy, again_there_is_nothing_to_do)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, place_then_apply(self, variant, self->wrong));
	ASSERT_EQ(0, migrate(self->mem, self->len, 0, numa_mask(), &sum));
	ASSERT_EQ(0, nodes_of(0, self->mem, self->len, self->before));
	ASSERT_EQ(0, migrate(self->mem, self->len, 0, numa_mask(), &sum));
	EXPECT_MOVED_WELL(&sum);
	EXPECT_EQ(self->len / PAGE, sum.in_place);
}

TEST_F(policy, only_active_nodes_of_it)
{
	uint64_t active = numa_mask() & ~(1ULL << numa.node[2]);
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, place_then_apply(self, variant, numa.node[2]));
	if (!huge_as_asked(self, variant))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_POLICY,
			     active, &sum));
	EXPECT_MOVED_WELL(&sum);
	EXPECT_EQ(self->len / PAGE, sum.moved);
	EXPECT_TRUE(all_on_mask(self->mem, self->len, self->nodes & active));
	if (interleaves(variant->mode))
		EXPECT_TRUE(as_counted_out(self, variant, active));
}

TEST_F(policy, none_active_takes_the_nearest)
{
	uint64_t active = 1ULL << self->wrong;
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, place_then_apply(self, variant, numa.node[1]));
	if (!huge_as_asked(self, variant))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_POLICY,
			     active, &sum));
	EXPECT_MOVED_WELL(&sum);
	EXPECT_TRUE(all_on(self->mem, self->len, self->wrong));
}

TEST_F(policy, other_flags_leave_it_alone)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, place_then_apply(self, variant, self->wrong));
	if (!huge_as_asked(self, variant))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_EVACUATE |
			     VIRTFLEX_MIGRATE_NEXT_TOUCH, self->nodes, &sum));
	EXPECT_MOVED_WELL(&sum);
	EXPECT_EQ(self->len / PAGE, sum.in_place);
	EXPECT_TRUE(all_on(self->mem, self->len, self->wrong));
}

TEST_F(policy, only_the_range)
{
	size_t part = self->len / 3;
	struct virtflex_migrate_args sum;
	char *start = self->mem + part;

	ASSERT_EQ(0, place_then_apply(self, variant, self->wrong));
	if (!huge_as_asked(self, variant))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, migrate(start, part, 0, numa_mask(), &sum));
	EXPECT_EQ(part / PAGE, sum.scanned);
	EXPECT_EQ(part / PAGE, sum.moved);
	EXPECT_TRUE(part_on(self->mem, part, self->wrong));
	EXPECT_TRUE(part_on(start + part, part, self->wrong));
	ASSERT_EQ(0, nodes_of(0, self->mem, self->len, self->after));
	for (size_t i = part / PAGE; i < 2 * part / PAGE; i++)
		ASSERT_NE(self->wrong, self->after[i]);
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

TEST_F(policy, none_active_takes_nodes_as_near)
{
	uint64_t active = numa_mask() & ~self->nodes;
	uint64_t near = nearest_nodes(active, self->nodes);
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, place_then_apply(self, variant, numa.node[1]));
	if (!huge_as_asked(self, variant))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_POLICY,
			     active, &sum));
	EXPECT_MOVED_WELL(&sum);
	EXPECT_EQ(self->len / PAGE, sum.moved);
	EXPECT_TRUE(all_on_mask(self->mem, self->len, near));
	if (interleaves(variant->mode))
		EXPECT_TRUE(as_counted_out(self, variant, active));
	/* where they stand in for the policy's nodes they stay */
	ASSERT_EQ(0, nodes_of(0, self->mem, self->len, self->before));
	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_POLICY,
			     active, &sum));
	EXPECT_MOVED_WELL(&sum);
	EXPECT_EQ(self->len / PAGE, sum.in_place);
}

/*
 * Policies within one mapping: each part by its own.
 */
TEST(policies_side_by_side)
{
	struct virtflex_migrate_args sum;
	const char *why = migrate_need(4);
	size_t part = 32 * PAGE;
	char *mem;

	if (why)
		SKIP(return, "%s", why);
	mem = region_new(4 * part, false);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, bind_range(mem, 4 * part, MPOL_BIND, 1ULL << numa.node[3]));
	fill(mem, 4 * part, 2);
	ASSERT_EQ(0, bind_range(mem, part, MPOL_BIND, 1ULL << numa.node[0]));
	ASSERT_EQ(0, bind_range(mem + part, part, MPOL_PREFERRED,
				1ULL << numa.node[1]));
	ASSERT_EQ(0, bind_range(mem + 2 * part, part, MPOL_INTERLEAVE,
				1ULL << numa.node[1] | 1ULL << numa.node[2]));
	ASSERT_EQ(0, migrate(mem, 4 * part, 0, numa_mask(), &sum));
	EXPECT_EQ(3 * part / PAGE, sum.moved);
	EXPECT_EQ(part / PAGE, sum.in_place);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_TRUE(all_on(mem, part, numa.node[0]));
	EXPECT_TRUE(all_on(mem + part, part, numa.node[1]));
	EXPECT_TRUE(all_on_mask(mem + 2 * part, part, 1ULL << numa.node[1] |
				1ULL << numa.node[2]));
	EXPECT_TRUE(all_on(mem + 3 * part, part, numa.node[3]));
	EXPECT_TRUE(filled(mem, 4 * part, 2));
}

/* Of several nodes that may be taken, the one nearest to home_node */
TEST(home_node)
{
	static const int modes[] = { MPOL_BIND, MPOL_PREFERRED_MANY };
	struct virtflex_migrate_args sum;
	const char *why = migrate_need(4);
	size_t len = 32 * PAGE, i, home;
	char *mem;

	if (why)
		SKIP(return, "%s", why);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		for (home = 0; home < 3; home++) {
			mem = region_new(len, false);
			ASSERT_NE(NULL, mem);
			ASSERT_EQ(0, bind_range(mem, len, MPOL_BIND,
						nth_nodes(0x8)));
			fill(mem, len, 5);
			ASSERT_EQ(0, bind_range(mem, len, modes[i],
						nth_nodes(0x7)));
			if (syscall(SYS_set_mempolicy_home_node, mem, len,
				    (long)numa.node[home], 0L))
				SKIP(return, "no home_node");
			ASSERT_EQ(0, migrate(mem, len, 0, numa_mask(), &sum));
			EXPECT_EQ(len / PAGE, sum.moved);
			EXPECT_TRUE(all_on(mem, len, numa.node[home]));
			EXPECT_TRUE(filled(mem, len, 5));
			region_free(mem, len);
		}
	}
}

/* A 2 MiB page that is cut in two by a policy moves, counted by its part. */
TEST(part_of_a_huge_page)
{
	struct virtflex_migrate_args sum;
	const char *why = migrate_need(4);
	char *mem;

	if (why)
		SKIP(return, "%s", why);
	mem = region_new(2 * HUGE_PAGE, true);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, bind_range(mem, 2 * HUGE_PAGE, MPOL_BIND,
				1ULL << numa.node[3]));
	fill(mem, 2 * HUGE_PAGE, 3);
	ASSERT_EQ(0, bind_range(mem, HUGE_PAGE / 2, MPOL_BIND,
				1ULL << numa.node[0]));
	ASSERT_EQ(0, migrate(mem, HUGE_PAGE / 2, 0, numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(HUGE_PAGES / 2, sum.scanned);
	EXPECT_EQ(HUGE_PAGES / 2, sum.moved);
	EXPECT_TRUE(part_on(mem, HUGE_PAGE / 2, numa.node[0]));
	EXPECT_TRUE(filled(mem, 2 * HUGE_PAGE, 3));
	/* the neighbour has not moved, whatever became of this half */
	EXPECT_TRUE(part_on(mem + HUGE_PAGE, HUGE_PAGE, numa.node[3]));
}

FIXTURE(hugetlb)
{
	char *mem;
};

FIXTURE_SETUP(hugetlb)
{
	const char *why = migrate_need(4);
	int i;

	if (why)
		SKIP(return, "%s", why);
	for (i = 0; i < 4; i++)
		if (hugetlb_reserve(numa.node[i], 6))
			SKIP(return, "no hugetlb pages to be had");
	self->mem = mmap(NULL, 4 * HUGE_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, 4 * HUGE_PAGE, MPOL_BIND,
				1ULL << numa.node[3]));
	fill(self->mem, 4 * HUGE_PAGE, 4);
	ASSERT_TRUE(all_on(self->mem, 4 * HUGE_PAGE, numa.node[3]));
}

FIXTURE_TEARDOWN(hugetlb)
{
	int i;

	munmap(self->mem, 4 * HUGE_PAGE);
	for (i = 0; i < 4; i++)
		hugetlb_reserve(numa.node[i], 0);
}

TEST_F(hugetlb, bind)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, bind_range(self->mem, 4 * HUGE_PAGE, MPOL_BIND,
				1ULL << numa.node[1]));
	ASSERT_EQ(0, migrate(self->mem, 4 * HUGE_PAGE, 0, numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(4 * HUGE_PAGES, sum.moved);
	EXPECT_TRUE(all_on(self->mem, 4 * HUGE_PAGE, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, 4 * HUGE_PAGE, 4));
}

TEST_F(hugetlb, interleave)
{
	struct virtflex_migrate_args sum;
	long nodes[NODES];
	int i;

	ASSERT_EQ(0, bind_range(self->mem, 4 * HUGE_PAGE, MPOL_INTERLEAVE,
				numa_mask()));
	ASSERT_EQ(0, migrate(self->mem, 4 * HUGE_PAGE, 0, numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(3 * HUGE_PAGES, sum.moved);
	ASSERT_EQ(0, count_query(0, self->mem, 4 * HUGE_PAGE, nodes));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(HUGE_PAGES, nodes[numa.node[i]]);
	EXPECT_TRUE(filled(self->mem, 4 * HUGE_PAGE, 4));
}

TEST_F(hugetlb, more_than_the_pool_of_the_right_node)
{
	struct virtflex_migrate_args sum;
	long nodes[NODES];

	/*
	 * Two in the pool of node 1 for four. As with move_pages(2), a page may
	 * be made of free memory for the purpose; if not, it stays.
	 */
	ASSERT_EQ(0, hugetlb_reserve(numa.node[1], 2));
	ASSERT_EQ(0, bind_range(self->mem, 4 * HUGE_PAGE, MPOL_BIND,
				1ULL << numa.node[1]));
	ASSERT_EQ(0, migrate(self->mem, 4 * HUGE_PAGE, 0, numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_GE(sum.moved, 2 * HUGE_PAGES);
	EXPECT_EQ(4 * HUGE_PAGES, sum.moved + sum.nomem);
	ASSERT_EQ(0, count_query(0, self->mem, 4 * HUGE_PAGE, nodes));
	EXPECT_EQ(sum.moved, nodes[numa.node[1]]);
	EXPECT_EQ(sum.nomem, nodes[numa.node[3]]);
	EXPECT_TRUE(filled(self->mem, 4 * HUGE_PAGE, 4));
}

TEST_HARNESS_MAIN
