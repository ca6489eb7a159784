// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2) to a node without free memory, where there is some to
 * reclaim: what move_pages(2) would move moves.
 */
#include <stdio.h>
#include <sys/mman.h>
#include "full_node.h"
#include "numa_util.h"
#include "kselftest_harness.h"

/* lazily freed on the target; the rest of that node is taken and locked */
#define LAZY		(64 * MIB)
#define MOVING		(16 * MIB)

FIXTURE(reclaim)
{
	char *mem;
};

FIXTURE_VARIANT(reclaim)
{
	bool huge;
	uint64_t budget_pages, budget_ns;
};

#define HOUR	(3600 * 1000000000ULL)
#define ENOUGH	(4 * MOVING / PAGE)

FIXTURE_VARIANT_ADD(reclaim, small) { .huge = false };
FIXTURE_VARIANT_ADD(reclaim, small_for_a_time) { .budget_ns = HOUR };
FIXTURE_VARIANT_ADD(reclaim, huge) { .huge = true };
FIXTURE_VARIANT_ADD(reclaim, huge_for_a_time)
	{ .huge = true, .budget_ns = HOUR };
FIXTURE_VARIANT_ADD(reclaim, huge_for_some_pages)
	{ .huge = true, .budget_pages = ENOUGH };

FIXTURE_SETUP(reclaim)
{
	const char *why = migrate_need(2);
	char *lazy;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	self->mem = region_new(MOVING, variant->huge);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, MOVING, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(self->mem, MOVING, 1);
	ASSERT_EQ(0, bind_range(self->mem, MOVING, MPOL_DEFAULT, 0));
	if (variant->huge && smaps_kb(self->mem, MOVING, "AnonHugePages") !=
			     (long)(MOVING / KIB))
		SKIP(return, "no 2 MiB pages to be had");

	/* of the same size, so that a page is not found among what is left */
	lazy = region_new(LAZY, variant->huge);
	ASSERT_NE(NULL, lazy);
	ASSERT_EQ(0, bind_range(lazy, LAZY, MPOL_BIND, 1ULL << numa.node[1]));
	fill(lazy, LAZY, 2);
	ASSERT_EQ(0, fill_node(numa.node[1]));
	ASSERT_EQ(0, madvise(lazy, LAZY, MADV_FREE));
}

FIXTURE_TEARDOWN(reclaim)
{
}

/* What another system call makes of the same pages */
TEST_F_TIMEOUT(reclaim, move_pages_moves_them, 120)
{
	ASSERT_EQ(0, place(self->mem, MOVING, numa.node[1]));
	EXPECT_TRUE(all_on(self->mem, MOVING, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, MOVING, 1));
}

TEST_F_TIMEOUT(reclaim, the_call_moves_them, 120)
{
	struct virtflex_nodemask mask = { .bits[0] = 1ULL << numa.node[1] };
	struct virtflex_migrate_args args = {
		.flags = VIRTFLEX_MIGRATE_EVACUATE,
		.start = (uintptr_t)self->mem,
		.end = (uintptr_t)self->mem + MOVING,
		.nodemask = (uintptr_t)&mask,
		.budget_pages = variant->budget_pages,
		.budget_ns = variant->budget_ns,
	};

	ASSERT_EQ(0, sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args)));
	print_counts(&args);
	EXPECT_TRUE(adds_up(&args));
	EXPECT_EQ(0, args.nomem);
	EXPECT_EQ(MOVING / PAGE, args.moved);
	EXPECT_TRUE(all_on(self->mem, MOVING, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, MOVING, 1));
}

TEST_HARNESS_MAIN
