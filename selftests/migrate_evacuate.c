// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2), pages under the default or local policy on nodes that
 * are not active: they leave for the nearest active node with room.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "numa_util.h"
#include "kselftest_harness.h"

FIXTURE(evacuate)
{
	char *mem;
	size_t len;
};

FIXTURE_VARIANT(evacuate)
{
	bool huge;
	/* MPOL_DEFAULT, MPOL_LOCAL, or MPOL_PREFERRED of no node */
	int mode;
};

FIXTURE_VARIANT_ADD(evacuate, default_policy) { .mode = MPOL_DEFAULT };
FIXTURE_VARIANT_ADD(evacuate, default_policy_thp)
	{ .mode = MPOL_DEFAULT, .huge = true };
FIXTURE_VARIANT_ADD(evacuate, local_policy) { .mode = MPOL_LOCAL };
FIXTURE_VARIANT_ADD(evacuate, local_policy_thp)
	{ .mode = MPOL_LOCAL, .huge = true };
FIXTURE_VARIANT_ADD(evacuate, preferred_none) { .mode = MPOL_PREFERRED };

FIXTURE_SETUP(evacuate)
{
	const char *why = migrate_need(4);
	size_t quarter;
	int i;

	if (why)
		SKIP(return, "%s", why);
	self->len = variant->huge ? 8 * HUGE_PAGE : 128 * PAGE;
	quarter = self->len / 4;
	self->mem = region_new(self->len, variant->huge);
	ASSERT_NE(NULL, self->mem);
	/* a quarter of it on each node */
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, bind_range(self->mem + i * quarter, quarter,
					MPOL_BIND, 1ULL << numa.node[i]));
	fill(self->mem, self->len, 1);
	ASSERT_EQ(0, bind_range(self->mem, self->len, variant->mode, 0));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(numa.node[i], node_of(self->mem + i * quarter));
	if (variant->huge && smaps_kb(self->mem, self->len, "AnonHugePages") !=
	    (long)(self->len / KIB))
		SKIP(return, "no 2 MiB pages to be had");
}

FIXTURE_TEARDOWN(evacuate)
{
}

#define EXPECT_INTACT(sum) do { \
	EXPECT_TRUE(adds_up(sum)); \
	EXPECT_EQ(self->len / PAGE, (sum)->scanned); \
	EXPECT_TRUE(filled(self->mem, self->len, 1)); \
	if (variant->huge) \
		EXPECT_EQ(self->len / KIB, \
			  smaps_kb(self->mem, self->len, "AnonHugePages")); \
} while (0)

TEST_F(evacuate, inactive_nodes_are_left)
{
	uint64_t active = 1ULL << numa.node[0] | 1ULL << numa.node[1];
	size_t half = self->len / 2;
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_EVACUATE,
			     active, &sum));
	EXPECT_TRUE(all_on_mask(self->mem, self->len, active));
	EXPECT_INTACT(&sum);
	EXPECT_EQ(half / PAGE, sum.moved);
	EXPECT_EQ(half / PAGE, sum.in_place);
	/* those that were on active nodes are where they were */
	EXPECT_EQ(numa.node[0], node_of(self->mem));
	EXPECT_EQ(numa.node[0], node_of(self->mem + self->len / 4 - PAGE));
	EXPECT_EQ(numa.node[1], node_of(self->mem + self->len / 4));
	EXPECT_EQ(numa.node[1], node_of(self->mem + half - PAGE));
}

TEST_F(evacuate, one_node_is_enough)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_EVACUATE,
			     1ULL << numa.node[2], &sum));
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[2]));
	EXPECT_INTACT(&sum);
	EXPECT_EQ(self->len / PAGE * 3 / 4, sum.moved);
}

TEST_F(evacuate, no_flags_is_all_of_it)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, self->len, 0, 1ULL << numa.node[1],
			     &sum));
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_EQ(self->len / PAGE * 3 / 4, sum.moved);
	EXPECT_EQ(self->len / PAGE / 4, sum.marked);
	EXPECT_INTACT(&sum);
}

TEST_F(evacuate, all_active_nothing_moves)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_EVACUATE,
			     numa_mask(), &sum));
	EXPECT_INTACT(&sum);
	EXPECT_EQ(self->len / PAGE, sum.in_place);
	EXPECT_EQ(numa.node[3], node_of(self->mem + self->len - PAGE));
}

TEST_F(evacuate, other_flags_leave_it_alone)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_POLICY,
			     1ULL << numa.node[0], &sum));
	EXPECT_INTACT(&sum);
	EXPECT_EQ(self->len / PAGE, sum.in_place);
	EXPECT_EQ(numa.node[3], node_of(self->mem + self->len - PAGE));
}

TEST_F(evacuate, to_the_nearest)
{
	uint64_t active = numa_mask() & ~(1ULL << numa.node[3]);
	struct virtflex_migrate_args sum;
	int i, near = 1 << 30, got;

	for (i = 0; i < numa.nr; i++) {
		int distance = numa_distance(numa.node[3], numa.node[i]);

		if (numa.node[i] != numa.node[3] && distance < near)
			near = distance;
	}
	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_EVACUATE,
			     active, &sum));
	got = node_of(self->mem + self->len - PAGE);
	ASSERT_GE(got, 0);
	EXPECT_TRUE(active & 1ULL << got);
	EXPECT_EQ(near, numa_distance(numa.node[3], got));
	EXPECT_INTACT(&sum);
}

/* The whole of another process, through its pidfd */
TEST(whole_process)
{
	uint64_t to = 0;
	struct virtflex_nodemask mask = { };
	struct virtflex_migrate_args args = { };
	int go[2], status, pidfd, i;
	const char *why = migrate_need(4);
	size_t len = 64 * PAGE;
	char *line = NULL, path[64], byte;
	size_t size = 0;
	long ret, pages = 0, elsewhere = 0;
	FILE *maps;
	char *mem;
	pid_t pid;

	if (why)
		SKIP(return, "%s", why);
	to = 1ULL << numa.node[2];
	mask.bits[0] = to;
	mem = region_new(len, false);
	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		size_t quarter = len / 4;

		for (i = 0; i < 4; i++)
			bind_range(mem + i * quarter, quarter, MPOL_BIND,
				   1ULL << numa.node[i]);
		fill(mem, len, 7);
		bind_range(mem, len, MPOL_DEFAULT, 0);
		if (write(go[1], "r", 1) != 1)
			_exit(1);
		/* stay as we are until looked at */
		raise(SIGSTOP);
		_exit(!filled(mem, len, 7));
	}
	ASSERT_EQ(1, read(go[0], &byte, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	pidfd = pidfd_open_of(pid);
	ASSERT_GE(pidfd, 0);
	args.nodemask = (uintptr_t)&mask;
	args.flags = VIRTFLEX_MIGRATE_EVACUATE;
	ret = sys_virtflex_migrate(pidfd, &args, sizeof(args));
	ASSERT_EQ(0, ret)
		TH_LOG("%s", strerror(errno));
	EXPECT_TRUE(adds_up(&args));
	EXPECT_TRUE(all_on_mask_of(pid, mem, len, to));

	/* its own anonymous memory, as its numa_maps has it */
	snprintf(path, sizeof(path), "/proc/%d/numa_maps", pid);
	maps = fopen(path, "r");
	ASSERT_NE(NULL, maps);
	while (getline(&line, &size, maps) > 0) {
		char *field;

		/* mapmax: shared with its parent since the fork */
		if (strstr(line, "file=") || strstr(line, "mapmax="))
			continue;
		for (field = strtok(line, "\n "); field;
		     field = strtok(NULL, "\n ")) {
			int node;
			long n;

			if (sscanf(field, "N%d=%ld", &node, &n) != 2)
				continue;
			if (node != numa.node[2])
				elsewhere += n;
			pages += n;
		}
	}
	fclose(maps);
	/*
	 * A page that was shared during the call is the child's alone once its parent
	 * has written to its own.
	 */
	EXPECT_LE(elsewhere, args.shared)
		print_counts(&args);
	EXPECT_GE(pages, len / PAGE);
	kill(pid, SIGCONT);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static long node_free_kb(int node)
{
	char path[128], text[4096], *at;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo",
		 node);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	at = strstr(text, "MemFree:");
	return at ? atol(at + strlen("MemFree:")) : -1;
}

/* Take a node's free memory but for about leave_kb. */
static char *fill_node(int node, long leave_kb)
{
	size_t len = 0;
	char *mem;

	if (node_free_kb(node) > leave_kb)
		len = ((node_free_kb(node) - leave_kb) * KIB) &
		      ~(HUGE_PAGE - 1);
	mem = region_new(len + HUGE_PAGE, true);
	if (!mem || !len || bind_range(mem, len, MPOL_BIND, 1ULL << node))
		return NULL;
	memset(mem, 1, len);
	return mem;
}

FIXTURE(full)
{
	char *mem;
	size_t len;
};

FIXTURE_SETUP(full)
{
	const char *why = migrate_need(4);
	long leave_kb;

	if (why)
		SKIP(return, "%s", why);
	/*
	 * What is left on the full node is above its watermarks, since the
	 * filling itself must not call for the OOM killer; what is to move
	 * there is more than that.
	 */
	leave_kb = node_zones_kb(numa.node[1], "high") + 8 * KIB;
	self->len = ((leave_kb * KIB) & ~(HUGE_PAGE - 1)) + 16 * MIB;
	self->mem = region_new(self->len, false);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_BIND,
				1ULL << numa.node[3]));
	fill(self->mem, self->len, 5);
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_DEFAULT, 0));
	ASSERT_NE(NULL, fill_node(numa.node[1], leave_kb));
}

FIXTURE_TEARDOWN(full)
{
}

TEST_F_TIMEOUT(full, no_room_is_counted, 120)
{
	struct virtflex_migrate_args sum;
	long nodes[NODES];

	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_EVACUATE,
			     1ULL << numa.node[1], &sum));
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(self->len / PAGE, sum.scanned);
	EXPECT_GT(sum.nomem, 0);
	ASSERT_EQ(0, count_query(0, self->mem, self->len, nodes));
	EXPECT_EQ(sum.moved, nodes[numa.node[1]]);
	EXPECT_EQ(sum.nomem + sum.busy, nodes[numa.node[3]]);
	EXPECT_TRUE(filled(self->mem, self->len, 5));
}

TEST_F_TIMEOUT(full, the_next_node_takes_the_rest, 120)
{
	uint64_t active = 1ULL << numa.node[1] | 1ULL << numa.node[2];
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_EVACUATE,
			     active, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(self->len / PAGE, sum.moved);
	EXPECT_TRUE(all_on_mask(self->mem, self->len, active));
	EXPECT_TRUE(filled(self->mem, self->len, 5));
}

TEST_HARNESS_MAIN
