// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2), interleaved pages when some of the policy's nodes become
 * inactive, and active again: only the pages of those nodes move, they spread
 * evenly over the others, and come back to where they were.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "interleaved.h"
#include "numa_util.h"
#include "kselftest_harness.h"

#define PLACES	4
#define MANY	1200
/* Of 2 MiB. All weights together are 10. */
#define SOME_HUGE	12
#define SOME_WEIGHTED	10

FIXTURE(interleave)
{
	struct interleaved il;
	int *before, *after;
};

FIXTURE_VARIANT(interleave)
{
	const char *name;
	struct interleaved il;
};

#define WITH(name_, ...) { .name = name_, .il = { __VA_ARGS__ } }

FIXTURE_VARIANT_ADD(interleave, plain)
	WITH("", .mode = MPOL_INTERLEAVE, .nr = MANY);
FIXTURE_VARIANT_ADD(interleave, plain_task)
	WITH("task, ", .mode = MPOL_INTERLEAVE, .nr = MANY, .task = true);
FIXTURE_VARIANT_ADD(interleave, plain_shmem)
	WITH("shmem, ", .mode = MPOL_INTERLEAVE, .nr = MANY, .kind = IL_SHMEM);
FIXTURE_VARIANT_ADD(interleave, plain_shmem_task)
	WITH("shmem, task, ", .mode = MPOL_INTERLEAVE, .nr = MANY, .kind = IL_SHMEM,
	     .task = true);
FIXTURE_VARIANT_ADD(interleave, plain_thp)
	WITH("2 MiB, ", .mode = MPOL_INTERLEAVE, .nr = SOME_HUGE, .huge = true);
FIXTURE_VARIANT_ADD(interleave, plain_shmem_thp)
	WITH("2 MiB, shmem, ", .mode = MPOL_INTERLEAVE, .nr = SOME_HUGE,
	     .huge = true, .kind = IL_SHMEM);
FIXTURE_VARIANT_ADD(interleave, plain_hugetlb)
	WITH("hugetlb, ", .mode = MPOL_INTERLEAVE, .nr = SOME_HUGE,
	     .kind = IL_HUGETLB);
FIXTURE_VARIANT_ADD(interleave, weighted)
	WITH("weighted, ", .mode = MPOL_WEIGHTED_INTERLEAVE, .nr = MANY);
FIXTURE_VARIANT_ADD(interleave, weighted_task)
	WITH("weighted, task, ", .mode = MPOL_WEIGHTED_INTERLEAVE, .nr = MANY,
	     .task = true);
FIXTURE_VARIANT_ADD(interleave, weighted_shmem)
	WITH("weighted, shmem, ", .mode = MPOL_WEIGHTED_INTERLEAVE, .nr = MANY,
	     .kind = IL_SHMEM);
FIXTURE_VARIANT_ADD(interleave, weighted_thp)
	WITH("weighted, 2 MiB, ", .mode = MPOL_WEIGHTED_INTERLEAVE,
	     .nr = SOME_WEIGHTED, .huge = true);
FIXTURE_VARIANT_ADD(interleave, weighted_hugetlb)
	WITH("weighted, hugetlb, ", .mode = MPOL_WEIGHTED_INTERLEAVE,
	     .nr = SOME_WEIGHTED, .kind = IL_HUGETLB);

FIXTURE_SETUP(interleave)
{
	const char *why = migrate_need(PLACES);

	if (why)
		SKIP(return, "%s", why);
	if (variant->il.mode == MPOL_WEIGHTED_INTERLEAVE &&
	    interleave_weights_set())
		SKIP(return, "no weighted interleave here");
	self->il = variant->il;
	self->before = calloc(self->il.nr, sizeof(int));
	self->after = calloc(self->il.nr, sizeof(int));
	ASSERT_TRUE(self->before && self->after);
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	why = interleaved_new(&self->il);
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(interleave)
{
	interleaved_free(&self->il);
}

typedef FIXTURE_DATA(interleave) interleave_t;

/* Interleave it anew over these places, while all nodes are active. */
static int interleave_anew(interleave_t *self, unsigned int places)
{
	int err;

	self->il.nodes = nth_nodes(places);
	if (interleaved_apply(&self->il))
		return -errno;
	err = interleaved_fault(&self->il);
	if (err)
		return err;
	err = interleaved_look(&self->il, self->before);
	if (!err && !interleaved_well(&self->il, self->before, numa_mask()))
		err = -ENXIO;
	return err;
}

static int migrate_to(interleave_t *self, uint64_t active,
		      struct virtflex_migrate_args *sum)
{
	int err = migrate(self->il.mem, self->il.len, VIRTFLEX_MIGRATE_POLICY,
			  active, sum);

	return err ? err : interleaved_look(&self->il, self->after);
}

/* The report against what others say: pages of 4 KiB whose node is another now */
static bool report_is_true(interleave_t *self,
			   const struct virtflex_migrate_args *sum,
			   const int *before, const int *after)
{
	size_t step = self->il.unit / PAGE, changed = 0, i;

	for (i = 0; i < self->il.nr; i++)
		changed += before[i] != after[i] ? step : 0;
	if (adds_up(sum) && sum->scanned == self->il.nr * step &&
	    sum->moved == changed &&
	    sum->in_place == sum->scanned - changed)
		return true;
	printf("# %zu of %zu moved in truth\n", changed, self->il.nr * step);
	print_counts(sum);
	return false;
}

/* Pages that moved, by the node they are on now */
static size_t displaced_to(interleave_t *self, size_t *nodes)
{
	size_t i, all = 0;

	memset(nodes, 0, NODES * sizeof(*nodes));
	for (i = 0; i < self->il.nr; i++) {
		if (self->before[i] == self->after[i])
			continue;
		if (self->after[i] >= 0)
			nodes[self->after[i]]++;
		all++;
	}
	return all;
}

/*
 * By weight: rounds over the active nodes, the first and the last of which
 * need not be whole.
 */
static bool spread_evenly(interleave_t *self, uint64_t active, size_t all,
			  const size_t *nodes)
{
	size_t round = 0, least, most;
	bool even = true;
	int node, weight;

	for (node = 0; node < NODES; node++)
		if (active & 1ULL << node)
			round += interleave_weight(self->il.mode, node);
	for (node = 0; node < NODES; node++) {
		if (!(active & 1ULL << node)) {
			even &= !nodes[node];
			continue;
		}
		weight = interleave_weight(self->il.mode, node);
		least = all / round * weight;
		most = (all + round - 1) / round * weight;
		if (nodes[node] < least || nodes[node] > most)
			even = false;
	}
	return even;
}

static void print_set(const char *name, unsigned int places)
{
	const char *comma = "";
	int i;

	printf("# %s{", name);
	for (i = 0; i < PLACES; i++) {
		if (!(places & 1U << i))
			continue;
		printf("%s%d", comma, numa.node[i]);
		comma = ",";
	}
	printf("}: ");
}

static void print_moved(const char *name, interleave_t *self,
			unsigned int places, uint64_t active, size_t moved,
			const size_t *nodes, size_t back)
{
	const char *comma = "";
	int node;

	print_set(name, places);
	printf("moved %zu of %zu, per node ", moved, self->il.nr);
	for (node = 0; node < NODES; node++) {
		if (!(active & 1ULL << node))
			continue;
		printf("%s%zu", comma, nodes[node]);
		comma = ",";
	}
	printf("; back %zu\n", back);
}

TEST_F(interleave, only_displaced_pages_move_and_return)
{
	/* those of the project's notes come first, and for all kinds of memory */
	static const unsigned int sets[] = {
		0x8, 0xc, 0x5, 0xa, 0x1, 0x2, 0x3, 0x4, 0x6, 0x7, 0x9, 0xb, 0xd, 0xe,
	};
	const unsigned int all = (1U << PLACES) - 1;
	bool briefly = self->il.task || self->il.kind != IL_ANON ||
		       self->il.huge;
	size_t nr_sets = briefly ? 4 : ARRAY_SIZE(sets);
	size_t step = self->il.unit / PAGE, set, i, moved, displaced;
	struct virtflex_migrate_args there, back;
	size_t nodes[NODES];
	uint64_t active;
	int err, *home;

	home = calloc(self->il.nr, sizeof(*home));
	ASSERT_NE(NULL, home);
	err = interleave_anew(self, all);
	if (err == -ENOMEM)
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, err);
	memcpy(home, self->before, self->il.nr * sizeof(*home));
	for (set = 0; set < nr_sets; set++) {
		active = nth_nodes(all & ~sets[set]);
		memcpy(self->before, home, self->il.nr * sizeof(*home));
		ASSERT_EQ(0, migrate_to(self, active, &there));
		EXPECT_TRUE(report_is_true(self, &there, self->before,
					   self->after));
		moved = displaced_to(self, nodes);

		/* those on active nodes never move, all others do, evenly */
		displaced = 0;
		for (i = 0; i < self->il.nr; i++)
			displaced += !(active & 1ULL << home[i]);
		if (variant->il.mode == MPOL_INTERLEAVE)
			EXPECT_EQ(self->il.nr / PLACES *
				  __builtin_popcount(sets[set]), displaced);
		EXPECT_EQ(displaced, moved);
		EXPECT_EQ(displaced * step, there.moved);
		EXPECT_TRUE(spread_evenly(self, active, moved, nodes));
		EXPECT_TRUE(interleaved_well(&self->il, self->after, active));

		memcpy(self->before, self->after, self->il.nr * sizeof(*home));
		ASSERT_EQ(0, migrate_to(self, numa_mask(), &back));
		EXPECT_TRUE(report_is_true(self, &back, self->before,
					   self->after));
		EXPECT_EQ(displaced * step, back.moved);
		EXPECT_EQ(0, memcmp(home, self->after,
				    self->il.nr * sizeof(*home)));
		if (set < 4)
			print_moved(variant->name, self, sets[set], active,
				    moved, nodes, back.moved / step);
	}
	EXPECT_TRUE(interleaved_intact(&self->il));
	free(home);
}

TEST_F(interleave, from_one_set_to_another)
{
	static const unsigned int way[] = { 0x3, 0x9, 0xe, 0x1, 0xf, 0x6, 0xf };
	const unsigned int all = (1U << PLACES) - 1;
	/* larger pages take their time */
	size_t steps = self->il.unit == PAGE ? ARRAY_SIZE(way) : 3;
	struct virtflex_migrate_args sum;
	size_t i, step;
	int err;

	err = interleave_anew(self, all);
	if (err == -ENOMEM)
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, err);
	for (step = 0; step < steps; step++) {
		uint64_t active = nth_nodes(way[step]);

		ASSERT_EQ(0, migrate_to(self, active, &sum));
		EXPECT_TRUE(report_is_true(self, &sum, self->before,
					   self->after));
		EXPECT_TRUE(interleaved_well(&self->il, self->after, active));
		for (i = 0; i < self->il.nr; i++)
			self->before[i] = self->after[i];
	}
	EXPECT_TRUE(interleaved_intact(&self->il));
}

TEST_F(interleave, others_than_the_policys_nodes_get_nothing)
{
	uint64_t active = nth_nodes(0xd);
	struct virtflex_migrate_args sum;
	int err;

	err = interleave_anew(self, 0xb);
	if (err == -ENOMEM)
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, migrate_to(self, active, &sum));
	EXPECT_TRUE(report_is_true(self, &sum, self->before, self->after));
	EXPECT_TRUE(interleaved_well(&self->il, self->after, active));
	EXPECT_TRUE(all_on_mask(self->il.mem, self->il.len, nth_nodes(0x9)));
}

TEST_F(interleave, none_active_takes_the_nearest)
{
	uint64_t active = nth_nodes(0xc);
	struct virtflex_migrate_args sum;
	int err;

	err = interleave_anew(self, 0x3);
	if (err == -ENOMEM)
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, migrate_to(self, active, &sum));
	EXPECT_TRUE(report_is_true(self, &sum, self->before, self->after));
	EXPECT_EQ(self->il.len / PAGE, sum.moved);
	EXPECT_TRUE(interleaved_well(&self->il, self->after, active));
	EXPECT_TRUE(interleaved_intact(&self->il));
}

/*
 * Shared memory that is mapped from somewhere within a 2 MiB page of the file:
 * its index is that in the file, where the allocator has it from.
 */
#define FILE_PAGES	(8 * HUGE_PAGES)

FIXTURE(offset)
{
	char *mem;
	size_t len;
	int fd;
	uint64_t first, nodes;
	/* whether the part of a huge page that is mapped first is of small ones */
	bool small_first;
};

FIXTURE_VARIANT(offset)
{
	size_t pages;
	/* mapped at an address where 2 MiB pages fit */
	bool fits;
	/* the file's pages are there when it is mapped */
	bool populated;
};

FIXTURE_VARIANT_ADD(offset, of_1)
	{ .pages = 1, .fits = true };
FIXTURE_VARIANT_ADD(offset, of_511)
	{ .pages = 511, .fits = true };
FIXTURE_VARIANT_ADD(offset, of_1_populated)
	{ .pages = 1, .fits = true, .populated = true };
FIXTURE_VARIANT_ADD(offset, of_511_populated)
	{ .pages = 511, .fits = true, .populated = true };
FIXTURE_VARIANT_ADD(offset, of_1_by_parts)
	{ .pages = 1, .populated = true };
FIXTURE_VARIANT_ADD(offset, of_511_by_parts)
	{ .pages = 511, .populated = true };

typedef FIXTURE_DATA(offset) offset_t;
typedef FIXTURE_VARIANT(offset) offset_variant_t;

/* Map the file as the variant says; the policy of all of it is set. */
static int map_file(offset_t *self, const offset_variant_t *variant)
{
	size_t all = FILE_PAGES * PAGE, skip = variant->pages * PAGE;
	char *area;

	/* pages that were there are of the policy before */
	if (ftruncate(self->fd, 0) || ftruncate(self->fd, all))
		return -errno;
	area = region_new_file(all, self->fd, true);
	if (!area || bind_range(area, all, MPOL_INTERLEAVE, self->nodes))
		return -errno;
	if (variant->populated) {
		fill(area, all, 1);
		if (smaps_kb(area, all, "ShmemPmdMapped") != (long)(all / KIB))
			return -ENOMEM;
	}
	region_free(area, all);

	area = region_new(all + HUGE_PAGE, true);
	if (!area)
		return -ENOMEM;
	self->len = all - skip;
	self->mem = mmap(area + (variant->fits ? skip : PAGE * 3), self->len,
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 self->fd, skip);
	if (self->mem == MAP_FAILED ||
	    madvise(self->mem, self->len, MADV_HUGEPAGE))
		return -errno;
	fill(self->mem, self->len, 1);
	self->small_first = !variant->populated;
	return 0;
}

FIXTURE_SETUP(offset)
{
	const char *why = migrate_need(PLACES);
	struct stat st;

	if (why)
		SKIP(return, "%s", why);
	if (write_file("/sys/kernel/mm/transparent_hugepage/shmem_enabled",
		       "advise"))
		SKIP(return, "no 2 MiB pages for shared memory");
	self->fd = memfd_create("offset", MFD_CLOEXEC);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, fstat(self->fd, &st));
	self->first = st.st_ino;
	self->nodes = numa_mask();
	ASSERT_EQ(0, run_on_node(numa.node[0]));
}

FIXTURE_TEARDOWN(offset)
{
}

/* Whether each page is where its place in the file says */
static bool all_by_index(offset_t *self, size_t skip,
			 uint64_t active)
{
	size_t i, bad = 0, pages = self->len / PAGE;
	int *node = calloc(pages, sizeof(*node));

	if (!node || nodes_of(0, self->mem, self->len, node))
		return false;
	for (i = 0; i < pages; i++) {
		size_t at = skip + i;
		uint64_t index = self->first +
			(self->small_first && at < HUGE_PAGES ? at :
							at / HUGE_PAGES);
		int belongs = interleave_target(MPOL_INTERLEAVE, self->nodes,
						active, index);

		if (node[i] != belongs && !bad++)
			printf("# page %zu of the file is on node %d, not %d\n",
			       at, node[i], belongs);
	}
	free(node);
	return !bad;
}

TEST_F(offset, fresh_pages_are_in_place)
{
	struct virtflex_migrate_args sum;
	int err;

	err = map_file(self, variant);
	if (err == -ENOMEM)
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, err);
	ASSERT_TRUE(all_by_index(self, variant->pages, numa_mask()));
	ASSERT_EQ(0, migrate(self->mem, self->len, 0, numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(self->len / PAGE, sum.scanned);
	EXPECT_EQ(self->len / PAGE, sum.in_place)
		print_counts(&sum);
	EXPECT_TRUE(all_by_index(self, variant->pages, numa_mask()));
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

TEST_F(offset, moved_pages_are_where_fresh_ones_would_be)
{
	uint64_t active = nth_nodes(0xa);
	struct virtflex_migrate_args sum;
	int err;

	err = map_file(self, variant);
	if (err == -ENOMEM)
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, migrate(self->mem, self->len, 0, active, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_TRUE(all_by_index(self, variant->pages, active));
	ASSERT_EQ(0, migrate(self->mem, self->len, 0, numa_mask(), &sum));
	EXPECT_TRUE(all_by_index(self, variant->pages, numa_mask()));
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

TEST_HARNESS_MAIN
