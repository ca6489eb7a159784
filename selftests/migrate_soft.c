// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2) when the node a policy asks for is full. Only a bind keeps
 * a page on an inactive node for want of memory: under other policies it goes to
 * any active node that has some. A page on an active node stays where it is.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include "cpuset.h"
#include "full_node.h"
#include "interleaved.h"
#include "numa_util.h"
#include "kselftest_harness.h"

/* places in numa.node[] */
enum { WITH_ROOM, FULL, ALSO_WITH_ROOM, LEAVING };

#define BIT(place)	(1U << (place))
#define ALL_ACTIVE	(BIT(WITH_ROOM) | BIT(FULL) | BIT(ALSO_WITH_ROOM))

/*
 * Why node FULL is not. Most of it is filled once, by the process whose children
 * the tests are; each fills up what the kernel has set free since.
 */
static const char *not_full;

__attribute__((constructor)) static void fill_one(void)
{
	int err;

	not_full = migrate_need(4);
	if (not_full)
		return;
	err = fill_node(numa.node[FULL]);
	if (err)
		not_full = strerror(-err);
}

enum scope { VMA, TASK, SHMEM, HUGETLB };

struct soft_case {
	int mode;
	enum scope scope;
	bool huge;
	/* the policy's nodes, by place */
	unsigned int nodes;
};

struct soft_memory {
	char *mem;
	size_t len;
};

FIXTURE(soft)
{
	struct soft_memory mem;
};

FIXTURE_VARIANT(soft)
{
	struct soft_case of;
};

#define CASE(mode_, ...) { .of = { .mode = mode_, __VA_ARGS__ } }

FIXTURE_VARIANT_ADD(soft, preferred)
	CASE(MPOL_PREFERRED, .nodes = BIT(FULL));
FIXTURE_VARIANT_ADD(soft, preferred_thp)
	CASE(MPOL_PREFERRED, .nodes = BIT(FULL), .huge = true);
FIXTURE_VARIANT_ADD(soft, preferred_task)
	CASE(MPOL_PREFERRED, .nodes = BIT(FULL), .scope = TASK);
FIXTURE_VARIANT_ADD(soft, preferred_shmem)
	CASE(MPOL_PREFERRED, .nodes = BIT(FULL), .scope = SHMEM);
FIXTURE_VARIANT_ADD(soft, preferred_hugetlb)
	CASE(MPOL_PREFERRED, .nodes = BIT(FULL), .scope = HUGETLB);
FIXTURE_VARIANT_ADD(soft, preferred_many)
	CASE(MPOL_PREFERRED_MANY, .nodes = BIT(FULL));
FIXTURE_VARIANT_ADD(soft, preferred_many_thp)
	CASE(MPOL_PREFERRED_MANY, .nodes = BIT(FULL), .huge = true);
FIXTURE_VARIANT_ADD(soft, preferred_many_inactive_too)
	CASE(MPOL_PREFERRED_MANY, .nodes = BIT(FULL) | BIT(LEAVING));
FIXTURE_VARIANT_ADD(soft, interleave)
	CASE(MPOL_INTERLEAVE, .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM));
FIXTURE_VARIANT_ADD(soft, interleave_thp)
	CASE(MPOL_INTERLEAVE, .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM),
	     .huge = true);
FIXTURE_VARIANT_ADD(soft, interleave_task)
	CASE(MPOL_INTERLEAVE, .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM),
	     .scope = TASK);
FIXTURE_VARIANT_ADD(soft, interleave_shmem)
	CASE(MPOL_INTERLEAVE, .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM),
	     .scope = SHMEM);
FIXTURE_VARIANT_ADD(soft, interleave_hugetlb)
	CASE(MPOL_INTERLEAVE, .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM),
	     .scope = HUGETLB);
FIXTURE_VARIANT_ADD(soft, interleave_one)
	CASE(MPOL_INTERLEAVE, .nodes = BIT(FULL));
FIXTURE_VARIANT_ADD(soft, weighted)
	CASE(MPOL_WEIGHTED_INTERLEAVE, .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM));

#define POOL	4
#define NO_SUCH	"no pages of this size to be had"

static int pools(int pages)
{
	return hugetlb_reserve(numa.node[WITH_ROOM], pages) |
	       hugetlb_reserve(numa.node[ALSO_WITH_ROOM], pages) |
	       hugetlb_reserve(numa.node[LEAVING], pages);
}

static char *memory_of(const struct soft_case *of, size_t len)
{
	char *mem;
	int fd;

	switch (of->scope) {
	case SHMEM:
		fd = memfd_create("soft", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, len))
			return NULL;
		mem = region_new_file(len, fd, false);
		close(fd);
		return mem;
	case HUGETLB:
		if (pools(POOL))
			return NULL;
		mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		return mem == MAP_FAILED ? NULL : mem;
	default:
		return region_new(len, of->huge);
	}
}

/*
 * Memory with its pages on a node, and the policy only then. Returns -ENODATA if
 * there is none of the kind, or another error.
 */
static int place_on(struct soft_memory *self, const struct soft_case *of,
		    int place)
{
	long err;

	self->len = of->scope == HUGETLB ? POOL * HUGE_PAGE :
		    of->huge ? 8 * HUGE_PAGE : 1024 * PAGE;
	self->mem = memory_of(of, self->len);
	if (!self->mem)
		return of->scope == HUGETLB ? -ENODATA : -ENOMEM;
	if (bind_range(self->mem, self->len, MPOL_BIND, nth_nodes(BIT(place))))
		return -errno;
	fill(self->mem, self->len, 1);
	if (of->huge && smaps_kb(self->mem, self->len, "AnonHugePages") !=
			(long)(self->len / KIB))
		return -ENODATA;
	if (!all_on(self->mem, self->len, numa.node[place]))
		return -EXDEV;
	if (of->scope == TASK)
		err = bind_range(self->mem, self->len, MPOL_DEFAULT, 0) |
		      set_policy(of->mode, nth_nodes(of->nodes));
	else
		err = bind_range(self->mem, self->len, of->mode,
				 nth_nodes(of->nodes));
	return err ? -errno : 0;
}

FIXTURE_SETUP(soft)
{
	if (not_full)
		SKIP(return, "%s", not_full);
	ASSERT_EQ(0, run_on_node(numa.node[WITH_ROOM]));
	ASSERT_EQ(0, fill_node(numa.node[FULL]));
}

FIXTURE_TEARDOWN(soft)
{
	if (self->mem.mem)
		munmap(self->mem.mem, self->mem.len);
	if (variant->of.scope == HUGETLB)
		pools(0);
}

/* What the report says against where pages are; all were on one node. */
static bool report_is_true(const struct soft_memory *self, int place,
			   const struct virtflex_migrate_args *sum)
{
	size_t pages = self->len / PAGE;
	long nodes[NODES];

	if (count_query(0, self->mem, self->len, nodes))
		return false;
	if (adds_up(sum) && sum->scanned == pages &&
	    sum->moved == pages - nodes[numa.node[place]])
		return true;
	printf("# %ld of %zu pages did not move in truth\n",
	       nodes[numa.node[place]], pages);
	print_counts(sum);
	return false;
}

static int migrate_all(const struct soft_memory *self, unsigned int active,
		       struct virtflex_migrate_args *sum)
{
	return migrate(self->mem, self->len, VIRTFLEX_MIGRATE_POLICY,
		       nth_nodes(active), sum);
}

TEST_F(soft, an_inactive_node_is_left)
{
	struct virtflex_migrate_args sum;
	uint64_t right, near;
	int err = place_on(&self->mem, &variant->of, LEAVING);

	if (err == -ENODATA)
		SKIP(return, NO_SUCH);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, migrate_all(&self->mem, ALL_ACTIVE, &sum));
	EXPECT_TRUE(report_is_true(&self->mem, LEAVING, &sum));
	EXPECT_EQ(0, sum.nomem);
	EXPECT_EQ(self->mem.len / PAGE, sum.moved);
	/* where they belong, or next to where they were */
	right = nth_nodes(variant->of.nodes & ALL_ACTIVE);
	near = nearest_nodes(nth_nodes(BIT(WITH_ROOM) | BIT(ALSO_WITH_ROOM)),
			     nth_nodes(BIT(LEAVING)));
	EXPECT_TRUE(all_on_mask(self->mem.mem, self->mem.len, right | near));
	EXPECT_TRUE(filled(self->mem.mem, self->mem.len, 1));
}

TEST_F(soft, an_active_node_is_not_left_for_another)
{
	unsigned int right = variant->of.nodes & ALL_ACTIVE;
	struct virtflex_migrate_args sum;
	int err = place_on(&self->mem, &variant->of, WITH_ROOM);

	if (err == -ENODATA)
		SKIP(return, NO_SUCH);
	ASSERT_EQ(0, err);
	/* with what was freed or reclaimed there meanwhile */
	ASSERT_EQ(0, fill_node(numa.node[FULL]));
	ASSERT_EQ(0, migrate_all(&self->mem, ALL_ACTIVE, &sum));
	EXPECT_TRUE(report_is_true(&self->mem, WITH_ROOM, &sum));
	EXPECT_GT(sum.nomem, 0);
	EXPECT_EQ(self->mem.len / PAGE, sum.nomem + sum.moved);
	/* where they were, or where they belong */
	EXPECT_TRUE(all_on_mask(self->mem.mem, self->mem.len,
				nth_nodes(BIT(WITH_ROOM) | right)));
	EXPECT_TRUE(filled(self->mem.mem, self->mem.len, 1));
}

/* Nothing is asked of a full node that is not active. */
TEST_F(soft, a_full_node_may_be_inactive_too)
{
	bool interleaves = variant->of.mode == MPOL_INTERLEAVE ||
			   variant->of.mode == MPOL_WEIGHTED_INTERLEAVE;
	unsigned int active = BIT(WITH_ROOM) | BIT(ALSO_WITH_ROOM);
	struct virtflex_migrate_args sum;
	int err = place_on(&self->mem, &variant->of, LEAVING);

	if (err == -ENODATA)
		SKIP(return, NO_SUCH);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, migrate_all(&self->mem, active, &sum));
	EXPECT_TRUE(report_is_true(&self->mem, LEAVING, &sum));
	EXPECT_EQ(0, sum.nomem);
	if (interleaves && variant->of.nodes & BIT(ALSO_WITH_ROOM))
		active = BIT(ALSO_WITH_ROOM);
	EXPECT_TRUE(all_on_mask(self->mem.mem, self->mem.len,
				nth_nodes(active)));
	EXPECT_TRUE(filled(self->mem.mem, self->mem.len, 1));
}

/*
 * What binds, whatever there is elsewhere: pages stay on a node that leaves. Not
 * the task's policy: the test itself would find no memory.
 */
FIXTURE(strict)
{
	struct soft_memory mem;
};

FIXTURE_VARIANT(strict)
{
	struct soft_case of;
};

FIXTURE_VARIANT_ADD(strict, one)
	CASE(MPOL_BIND, .nodes = BIT(FULL));
FIXTURE_VARIANT_ADD(strict, one_thp)
	CASE(MPOL_BIND, .nodes = BIT(FULL), .huge = true);
FIXTURE_VARIANT_ADD(strict, one_shmem)
	CASE(MPOL_BIND, .nodes = BIT(FULL), .scope = SHMEM);
FIXTURE_VARIANT_ADD(strict, one_hugetlb)
	CASE(MPOL_BIND, .nodes = BIT(FULL), .scope = HUGETLB);
FIXTURE_VARIANT_ADD(strict, one_and_inactive)
	CASE(MPOL_BIND, .nodes = BIT(FULL) | BIT(LEAVING));
FIXTURE_VARIANT_ADD(strict, two)
	CASE(MPOL_BIND, .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM));
FIXTURE_VARIANT_ADD(strict, two_thp)
	CASE(MPOL_BIND, .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM), .huge = true);
FIXTURE_VARIANT_ADD(strict, two_hugetlb)
	CASE(MPOL_BIND, .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM),
	     .scope = HUGETLB);

FIXTURE_SETUP(strict)
{
	if (not_full)
		SKIP(return, "%s", not_full);
	ASSERT_EQ(0, run_on_node(numa.node[WITH_ROOM]));
	ASSERT_EQ(0, fill_node(numa.node[FULL]));
}

FIXTURE_TEARDOWN(strict)
{
	if (self->mem.mem)
		munmap(self->mem.mem, self->mem.len);
	if (variant->of.scope == HUGETLB)
		pools(0);
}

TEST_F(strict, a_bind_takes_its_own_nodes_only)
{
	unsigned int right = variant->of.nodes & ALL_ACTIVE;
	struct virtflex_migrate_args sum;
	int err = place_on(&self->mem, &variant->of, LEAVING);

	if (err == -ENODATA)
		SKIP(return, NO_SUCH);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, migrate_all(&self->mem, ALL_ACTIVE, &sum));
	EXPECT_TRUE(report_is_true(&self->mem, LEAVING, &sum));
	EXPECT_EQ(self->mem.len / PAGE, sum.nomem + sum.moved);
	EXPECT_EQ(right == BIT(FULL), sum.nomem > 0);
	EXPECT_TRUE(all_on_mask(self->mem.mem, self->mem.len,
				nth_nodes(right | BIT(LEAVING))));
	EXPECT_TRUE(filled(self->mem.mem, self->mem.len, 1));
}

/* None of its nodes is active: the nearest that has memory */
TEST_F(strict, a_bind_that_has_none_takes_any)
{
	unsigned int active = BIT(WITH_ROOM) | BIT(ALSO_WITH_ROOM) | BIT(FULL);
	struct virtflex_migrate_args sum;
	int err = place_on(&self->mem, &variant->of, LEAVING);

	if (err == -ENODATA)
		SKIP(return, NO_SUCH);
	ASSERT_EQ(0, err);
	active &= ~variant->of.nodes;
	ASSERT_EQ(0, migrate_all(&self->mem, active, &sum));
	EXPECT_TRUE(report_is_true(&self->mem, LEAVING, &sum));
	EXPECT_EQ(self->mem.len / PAGE, sum.moved);
	EXPECT_TRUE(all_on_mask(self->mem.mem, self->mem.len,
				nth_nodes(active)));
	EXPECT_TRUE(filled(self->mem.mem, self->mem.len, 1));
}

/* None of its nodes is active, and the nearest may be full: the next nearest */
TEST(a_bind_that_leaves)
{
	static const struct soft_case of = { .mode = MPOL_BIND,
					     .nodes = BIT(LEAVING) };
	struct virtflex_migrate_args sum;
	struct soft_memory mem;

	if (not_full)
		SKIP(return, "%s", not_full);
	ASSERT_EQ(0, fill_node(numa.node[FULL]));
	ASSERT_EQ(0, place_on(&mem, &of, LEAVING));
	ASSERT_EQ(0, migrate_all(&mem, ALL_ACTIVE, &sum));
	EXPECT_TRUE(report_is_true(&mem, LEAVING, &sum));
	EXPECT_EQ(mem.len / PAGE, sum.moved);
	EXPECT_TRUE(filled(mem.mem, mem.len, 1));
}

/* The other nodes are those that the process may use. */
TEST(never_outside_the_cpuset)
{
	static const struct soft_case cases[] = {
		{ .mode = MPOL_PREFERRED, .nodes = BIT(FULL) },
		{ .mode = MPOL_INTERLEAVE,
		  .nodes = BIT(FULL) | BIT(ALSO_WITH_ROOM) },
	};
	struct virtflex_migrate_args sum[ARRAY_SIZE(cases)];
	struct soft_memory mem[ARRAY_SIZE(cases)];
	const char *why = not_full;
	int err = 0;
	size_t i;

	if (!why && fill_node(numa.node[FULL]))
		why = "cannot fill a node";
	if (!why)
		why = cpuset_enter(nth_nodes(BIT(FULL) | BIT(ALSO_WITH_ROOM) |
					     BIT(LEAVING)));
	if (why)
		SKIP(return, "%s", why);
	/* set within the cpuset: the policies of one who enters change */
	for (i = 0; !err && i < ARRAY_SIZE(cases); i++) {
		err = place_on(&mem[i], &cases[i], LEAVING);
		if (!err)
			err = migrate_all(&mem[i], ALL_ACTIVE, &sum[i]);
	}
	cpuset_leave();
	ASSERT_EQ(0, err);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(0, sum[i].nomem);
		EXPECT_TRUE(report_is_true(&mem[i], LEAVING, &sum[i]));
		EXPECT_TRUE(all_on_mask(mem[i].mem, mem[i].len,
					nth_nodes(BIT(FULL) |
						  BIT(ALSO_WITH_ROOM))));
	}
}

TEST_HARNESS_MAIN
