// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where pages belong by their policy, and which nodes have room. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "walk.h"

static void bound(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("bind:1");
	place(0, 1000, 0);
	place(1000, 24, 1);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 1024, 1);
	assert_int_equal(args.scanned, 1024);
	assert_int_equal(args.moved, 1000);
	assert_int_equal(args.in_place, 24);
	assert_true(args.cursor == VF_TASK_END);
}

/* Any node of the policy is right; from elsewhere to the nearest one. */
static void bind_to_many(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("bind:1-2");
	place(0, 10, 1);
	place(10, 10, 2);
	place(20, 10, 0); /* nearest is 1 */
	place(30, 10, 3); /* nearest is 2 */
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 10, 1);
	assert_nodes(10, 10, 2);
	assert_nodes(20, 10, 1);
	assert_nodes(30, 10, 2);
	assert_int_equal(args.in_place, 20);
}

static void preferred(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("prefer:3");
	place(0, 100, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 100, 3);
	map_anon("prefer (many):0,2");
	memset(&args, 0, sizeof(args));
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 100, 2);
}

/* None of the policy's nodes is active: the nearest active ones. */
static void stand_in_for_inactive(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};

	(void)state;
	map_anon("bind:3");
	place(0, 100, 3);
	place(100, 100, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 200, 2);
}

static void evacuate(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};

	(void)state;
	place(0, 100, 3);
	place(100, 50, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 100, 2);
	assert_nodes(100, 50, 0);
	assert_int_equal(args.moved, 100);
	assert_int_equal(args.in_place, 50);
}

/* The nearest node has room for some, the next for some more. */
static void evacuate_to_room(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};
	unsigned int i, count[4] = { 0 };

	(void)state;
	place(0, 1000, 3);
	m.room[2] = 300;
	m.room[1] = 200;
	m.room[0] = 100;
	assert_int_equal(run(&args), 0);
	for (i = 0; i < 1000; i++)
		count[m.node[i]]++;
	assert_int_equal(count[2], 300);
	assert_int_equal(count[1], 200);
	assert_int_equal(count[0], 100);
	assert_int_equal(args.moved, 600);
	assert_int_equal(args.nomem, 400);
}

static void published_nodes(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY,
		   "version 1\ngeneration 2\nstate shrinking\n"
		   "node 0 active - 0 1 1 1 10,20,20,20\n"
		   "node 1 leaving - 1 1 1 1 20,10,20,20\n"
		   "node 2 inactive - - 1 1 1 20,20,10,20\n"
		   "node 3 active - - 1 1 1 20,20,20,10\n");
	place(0, 10, 0);
	place(10, 10, 1);
	place(20, 10, 2);
	place(30, 10, 3);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 20, 0);
	assert_nodes(20, 20, 3);
	assert_int_equal(args.moved, 20);
}

static void flags_choose(void **state)
{
	struct virtflex_migrate_args args = {
		.flags = VIRTFLEX_MIGRATE_EVACUATE |
			 VIRTFLEX_MIGRATE_NEXT_TOUCH,
		.nodemask = (uintptr_t)&first_three,
	};

	(void)state;
	map_anon("bind:1");
	place(0, 10, 3);
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, 10);
	map_anon("local");
	clear_counts(&args);
	args.flags = VIRTFLEX_MIGRATE_POLICY;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, 10);
	/* next touch is more than user space can do */
	clear_counts(&args);
	args.flags = VIRTFLEX_MIGRATE_NEXT_TOUCH;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, 10);
	assert_nodes(0, 10, 3);
}

/* A policy that was cut off may have lost nodes: better do nothing. */
static void unknown_policy(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("interleave:0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,3");
	place(0, 10, 3);
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, 10);
}

/* Only bind keeps a page on a node that is not active for want of room. */
static void soft_policies_leave(void **state)
{
	static const struct {
		const char *policy;
		int full[2];	/* -1: none */
		int target;	/* of pages on node 3; -1: they stay */
	} cases[] = {
		{ "prefer:1", { 1, -1 }, 2 },
		{ "prefer (many):0-1", { 1, -1 }, 0 },
		{ "prefer (many):0-1", { 0, 1 }, 2 },
		{ "interleave:1", { 1, -1 }, 2 },
		{ "interleave:1,3", { 1, 2 }, 0 },
		{ "weighted interleave:1", { 1, -1 }, 2 },
		/* none of the policy's is active: 2 is the nearest */
		{ "prefer:3", { 2, -1 }, 1 },
		{ "prefer (many):3", { 2, 1 }, 0 },
		{ "interleave:3", { 2, -1 }, 1 },
		{ "bind:1", { 1, -1 }, -1 },
		{ "bind:0-1", { 1, -1 }, 0 },
		{ "bind:0-1", { 0, 1 }, -1 },
		{ "bind:3", { 2, -1 }, 1 },
		{ "bind:3", { 2, 1 }, 0 },
	};
	unsigned int i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct virtflex_migrate_args args = {
			.nodemask = (uintptr_t)&first_three,
		};
		int target = cases[i].target;

		for (k = 0; k < 4; k++)
			m.room[k] = 1 << 20;
		for (k = 0; k < 2; k++)
			if (cases[i].full[k] >= 0)
				m.room[cases[i].full[k]] = 0;
		map_anon(cases[i].policy);
		place(0, 100, 3);
		assert_int_equal(run(&args), 0);
		assert_nodes(0, 100, target < 0 ? 3 : target);
		assert_int_equal(args.moved, target < 0 ? 0 : 100);
		assert_int_equal(args.nomem, target < 0 ? 100 : 0);
	}
}

/* On an active node, a page waits for room on the right one. */
static void soft_policies_stay(void **state)
{
	static const char *const policies[] = {
		"prefer:1", "prefer (many):1", "interleave:1",
		"weighted interleave:1", "interleave:1,3", "bind:1",
	};
	unsigned int i;

	(void)state;
	m.room[1] = 0;
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		struct virtflex_migrate_args args = {
			.nodemask = (uintptr_t)&first_three,
		};

		map_anon(policies[i]);
		place(0, 50, 0);
		place(50, 50, 2);
		assert_int_equal(run(&args), 0);
		assert_nodes(0, 50, 0);
		assert_nodes(50, 50, 2);
		assert_int_equal(args.nomem, 100);
	}
}

/* Without an active node of the policy's, bind comes as near as there is room. */
static void bind_comes_nearer(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};

	(void)state;
	map_anon("bind:3");
	m.room[2] = 30;
	m.room[1] = 40;
	place(0, 100, 0);	/* the farthest from 3 */
	place(100, 20, 1);	/* nothing nearer has room */
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 30, 2);
	assert_nodes(30, 40, 1);
	assert_nodes(70, 30, 0);
	assert_nodes(100, 20, 1);
	assert_int_equal(args.moved, 70);
	assert_int_equal(args.nomem, 50);
}

/* Two of the active nodes are as near to a policy without any. */
static void bind_comes_near_to_any(void **state)
{
	static const struct virtflex_nodemask first_two = { .bits = { 3 } };
	struct virtflex_migrate_args args = { .nodemask = (uintptr_t)&first_two };

	(void)state;
	/* 30 from 0 to 2, and from 1 to 3 */
	map_anon("bind:2-3");
	m.room[1] = 10;
	place(0, 20, 0);
	place(20, 20, 1);
	place(40, 20, 3);	/* nearest is 1 */
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 20, 0);
	assert_nodes(20, 20, 1);
	assert_nodes(40, 10, 1);
	assert_nodes(50, 10, 0);
	assert_int_equal(args.in_place, 40);
	assert_int_equal(args.moved, 20);
}

/* What is as far from the policy as the page is no improvement. */
static void bind_moves_for_better_only(void **state)
{
	static const struct virtflex_nodemask but_one = { .bits = { 13 } };
	struct virtflex_migrate_args args = { .nodemask = (uintptr_t)&but_one };

	(void)state;
	root_write(root, "/sys/devices/system/node/node1/distance",
		   "20 10 30 30\n");
	map_anon("bind:1");
	m.room[0] = 0;
	place(0, 20, 2);	/* as far from 1 as 3 */
	place(20, 20, 3);
	place(40, 20, 1);	/* not active: to the nearest with room */
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 20, 2);
	assert_nodes(20, 20, 3);
	assert_int_equal(args.nomem, 40);
	assert_int_equal(args.moved, 20);
	assert_nodes(40, 20, 2);
}

/* The distance from a node that is not online is not known, not short. */
static void offline_node_is_not_near(void **state)
{
	static const struct virtflex_nodemask active = { .bits = { 5 } };
	struct virtflex_migrate_args args = { .nodemask = (uintptr_t)&active };

	(void)state;
	root_write(root, "/sys/devices/system/node/has_memory", "0,2-3\n");
	root_write(root, "/sys/devices/system/node/online", "0,2-3\n");
	root_write(root, "/sys/devices/system/node/node0/distance", "10 30 40\n");
	root_write(root, "/sys/devices/system/node/node2/distance", "30 10 20\n");
	root_write(root, "/sys/devices/system/node/node3/distance", "40 20 10\n");
	root_write(root, "/sys/devices/system/node/node1/distance", "");
	map_anon("bind:1,3");
	place(0, 50, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 50, 2);
}

/* Where the kernel says nothing of them, all are as near; the first is taken. */
static void distances_unknown(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};
	char path[256];
	unsigned int i;

	(void)state;
	snprintf(path, sizeof(path), "%s/sys/devices/system/node/online", root);
	assert_int_equal(unlink(path), 0);
	/* nodes with memory are online in any case */
	place(0, 50, 3);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 50, 2);
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path),
			 "%s/sys/devices/system/node/node%u/distance", root, i);
		assert_int_equal(unlink(path), 0);
	}
	place(0, 50, 3);
	clear_counts(&args);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 50, 0);
}

/* A node may lose its memory, or leave the cpuset, at any time: no room there. */
static void node_refused(void **state)
{
	static const int refusals[] = { -ENODEV, -EACCES };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct virtflex_migrate_args args = {
			.nodemask = (uintptr_t)&first_three,
		};

		m.refused[2] = refusals[i];
		map_anon("default");
		place(0, 20, 3);
		assert_int_equal(run(&args), 0);
		assert_nodes(0, 20, 1);
		map_anon("bind:2");
		clear_counts(&args);
		assert_int_equal(run(&args), 0);
		assert_nodes(0, 20, 1);
		assert_int_equal(args.nomem, 20);
	}
}

/* The same for a soft policy, which then stays where it is. */
static void soft_stand_in_full(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};

	(void)state;
	map_anon("prefer:3");
	m.room[2] = 30;
	place(0, 100, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 30, 2);
	assert_nodes(30, 70, 0);
	assert_int_equal(args.nomem, 70);
}

/* No room for 2 MiB in one piece is room for small pages. */
static void full_for_huge_pages(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("bind:1");
	m.room[1] = 700;
	place(0, 1124, 0);
	memset(m.huge, 1, 1024 * sizeof(*m.huge));
	assert_int_equal(run(&args), 0);
	assert_nodes(1024, 100, 1);
	assert_int_equal(args.moved, 512 + 100);
	assert_int_equal(args.nomem, 512);
}

/* A pool of hugetlb pages that is used up says nothing of the node. */
static void full_for_hugetlb_pages(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	char text[512];

	(void)state;
	m.room[1] = 600;
	snprintf(text, sizeof(text),
		 "%llx-%llx rw-s 00000000 00:0f 9 /huge\n"
		 "%llx-%llx rw-p 00000000 00:00 0\n", BASE,
		 BASE + 1024 * PAGE_SIZE, BASE + 1024 * PAGE_SIZE,
		 BASE + NR_PAGES * PAGE_SIZE);
	root_write(root, "/proc/thread-self/maps", text);
	snprintf(text, sizeof(text),
		 "%llx bind:1 huge N0=2 kernelpagesize_kB=2048\n"
		 "%llx bind:1 N0=80 kernelpagesize_kB=4\n", BASE,
		 BASE + 1024 * PAGE_SIZE);
	root_write(root, "/proc/thread-self/numa_maps", text);
	place(0, 1024, 0);
	memset(m.huge, 1, 1024 * sizeof(*m.huge));
	place(1024, 80, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(1024, 80, 1);
	assert_int_equal(args.moved, 512 + 80);
	assert_int_equal(args.nomem, 512);
}

/* Of nodes that came after the last look nothing is known. */
static void nodes_beyond_all(void **state)
{
	struct vf_walk w = { .nr_nodes = 2 };

	(void)state;
	/* in memory of their own, which AddressSanitizer watches */
	w.distances = malloc(4);
	assert_non_null(w.distances);
	memset(w.distances, 20, 4);
	assert_int_equal(vf_nodes_distance(&w, 1, 0), 20);
	assert_int_equal(vf_nodes_distance(&w, 2, 1), UINT_MAX - 1);
	assert_int_equal(vf_nodes_distance(&w, 1, 2), UINT_MAX - 1);
	assert_int_equal(vf_nodes_distance(&w, 2, 2), 0);
	free(w.distances);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)
	const struct CMUnitTest tests[] = {
		TEST(bound),
		TEST(bind_to_many),
		TEST(preferred),
		TEST(stand_in_for_inactive),
		TEST(evacuate),
		TEST(evacuate_to_room),
		TEST(published_nodes),
		TEST(flags_choose),
		TEST(unknown_policy),
		TEST(soft_policies_leave),
		TEST(soft_policies_stay),
		TEST(bind_comes_nearer),
		TEST(bind_comes_near_to_any),
		TEST(bind_moves_for_better_only),
		TEST(offline_node_is_not_near),
		TEST(distances_unknown),
		TEST(nodes_beyond_all),
		TEST(node_refused),
		TEST(soft_stand_in_full),
		TEST(full_for_huge_pages),
		TEST(full_for_hugetlb_pages),
	};
#undef TEST

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
