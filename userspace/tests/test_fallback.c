// SPDX-License-Identifier: LGPL-2.1-or-later
/* The fallback, on the machine of machine.h: where pages end, and the report. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"

/* ---- where pages belong ---- */

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

static void interleaved(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	map_anon("interleave:0,2-3");
	place(0, NR_PAGES, 1);
	assert_int_equal(run(&args), 0);
	for (i = 0; i < NR_PAGES; i++) {
		static const int nodes[] = { 0, 2, 3 };

		assert_int_equal(m.node[i], nodes[(BASE / PAGE_SIZE + i) % 3]);
	}
	assert_int_equal(args.moved, NR_PAGES);
	/* once is enough */
	memset(&args, 0, sizeof(args));
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, NR_PAGES);
}

static void interleave_among_active(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};
	unsigned int i;

	(void)state;
	map_anon("interleave:2-3");
	for (i = 0; i < NR_PAGES; i++)
		m.node[i] = 2 + i % 2;
	assert_int_equal(run(&args), 0);
	assert_nodes(0, NR_PAGES, 2);
}

/* Memory files begin at their inode number, other files do not. */
static void interleave_in_files(void **state)
{
	static const struct {
		const char *file;
		unsigned int bias;
	} cases[] = {
		{ "00:01 77 /memfd:x (deleted)", 77 },
		{ "00:01 78 /dev/zero (deleted)", 78 },
		{ "00:01 79 /SYSV00000000 (deleted)", 79 },
		{ "00:1c 81 /mnt/file", 81 },
		{ "08:02 83 /home/file", 0 },
	};
	unsigned int i, k;

	(void)state;
	root_write(root, "/proc/thread-self/mountinfo",
		   "22 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw\n"
		   "30 22 0:28 / /mnt rw shared:5 - tmpfs none rw\n");
	for (k = 0; k < ARRAY_SIZE(cases); k++) {
		struct virtflex_migrate_args args = { 0 };

		map("interleave:0-2", cases[k].file, "4");
		place(0, 30, 3);
		assert_int_equal(run(&args), 0);
		for (i = 0; i < 30; i++)
			assert_int_equal(m.node[i], (cases[k].bias + i) % 3);
	}
}

static void interleaved_by_weight(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	static const int nodes[] = { 0, 0, 0, 1 };
	unsigned int i;

	(void)state;
	root_write(root, "/sys/kernel/mm/mempolicy/weighted_interleave/node0",
		   "3\n");
	map_anon("weighted interleave:0-1");
	place(0, 64, 2);
	assert_int_equal(run(&args), 0);
	for (i = 0; i < 64; i++)
		assert_int_equal(m.node[i], nodes[(BASE / PAGE_SIZE + i) % 4]);
}

static void huge_pages_whole(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	map_anon("interleave:0-1");
	place(0, NR_PAGES, 2);
	for (i = 0; i < 1024; i++)
		m.huge[i] = true;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, NR_PAGES);
	/* two of 2 MiB, then small ones */
	assert_nodes(0, 512, (BASE >> 21) % 2);
	assert_nodes(512, 512, ((BASE >> 21) + 1) % 2);
	for (i = 1024; i < NR_PAGES; i++)
		assert_int_equal(m.node[i], i % 2);
}

/* A part of a 2 MiB page in the range: it moves whole, the part is counted. */
static void huge_page_cut_by_range(void **state)
{
	struct virtflex_migrate_args args = {
		.start = BASE + 100 * PAGE_SIZE,
		.end = BASE + 200 * PAGE_SIZE,
	};
	unsigned int i;

	(void)state;
	map_anon("bind:1");
	place(0, 1024, 0);
	for (i = 0; i < 512; i++)
		m.huge[i] = true;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, 100);
	assert_nodes(0, 512, 1);
	assert_nodes(512, 512, 0);
	assert_true(args.cursor == args.end);
}

static void hugetlb(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	map("bind:1", "00:0f 9 /huge", "2048");
	place(0, NR_PAGES, 0);
	for (i = 0; i < NR_PAGES; i++)
		m.huge[i] = true;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, NR_PAGES);
	assert_nodes(0, NR_PAGES, 1);
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

/* ---- some nodes are not active ---- */

/* Interleave by a file's index: page i of the mapping has index FIRST + i. */
#define FIRST		1200u
#define MEMFD		"00:01 1200 /memfd:x (deleted)"
#define SPREAD		1200u

/**
 * struct displaced - what becomes of interleaved pages without some nodes
 * @inactive: the nodes that are not active
 * @moved: how many of SPREAD pages are on these
 * @gained: how many of them each node gets
 * @begin: nodes of the first pages
 */
struct displaced {
	uint64_t inactive;
	unsigned int moved;
	unsigned int gained[4];
	int begin[12];
};

static void displace(const char *policy, const int *pattern,
		     unsigned int slots, const struct displaced *d)
{
	struct virtflex_nodemask active = { .bits = { 15 & ~d->inactive } };
	struct virtflex_migrate_args args = { .nodemask = (uintptr_t)&active };
	unsigned int i, gained[4] = { 0 };

	map(policy, MEMFD, "4");
	place(0, NR_PAGES, ABSENT);
	for (i = 0; i < SPREAD; i++)
		m.node[i] = pattern[i % slots];
	/* what is where the policy put it stays */
	assert_int_equal(run(&args), 0);
	for (i = 0; i < SPREAD; i++) {
		int was = pattern[i % slots];

		if (!(d->inactive >> was & 1))
			assert_int_equal(m.node[i], was);
		else
			gained[m.node[i]]++;
		if (i < ARRAY_SIZE(d->begin))
			assert_int_equal(m.node[i], d->begin[i]);
	}
	assert_int_equal(args.moved, d->moved);
	assert_int_equal(args.in_place, SPREAD - d->moved);
	for (i = 0; i < 4; i++)
		assert_int_equal(gained[i], d->gained[i]);
	/* once is enough */
	clear_counts(&args);
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, SPREAD);
	/* the nodes are back: so are their pages, and no other has moved */
	args = (struct virtflex_migrate_args){ 0 };
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, d->moved);
	for (i = 0; i < SPREAD; i++)
		assert_int_equal(m.node[i], pattern[i % slots]);
}

static void interleave_displaced(void **state)
{
	static const int pattern[] = { 0, 1, 2, 3 };
	static const struct displaced cases[] = {
		{ 1 << 3, 300, { 100, 100, 100, 0 },
		  { 0, 1, 2, 0, 0, 1, 2, 1, 0, 1, 2, 2 } },
		{ 1 << 2 | 1 << 3, 600, { 300, 300, 0, 0 },
		  { 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1 } },
		{ 1 << 0 | 1 << 2, 600, { 0, 300, 0, 300 },
		  { 1, 1, 3, 3, 1, 1, 3, 3, 1, 1, 3, 3 } },
		{ 1 << 1 | 1 << 3, 600, { 300, 0, 300, 0 },
		  { 0, 0, 2, 2, 0, 0, 2, 2, 0, 0, 2, 2 } },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		displace("interleave:0-3", pattern, 4, &cases[i]);
}

static void weighted_displaced(void **state)
{
	static const int pattern[] = { 0, 1, 1, 2, 2, 2, 3, 3, 3, 3 };
	static const struct displaced cases[] = {
		{ 1 << 3, 480, { 80, 160, 240, 0 },
		  { 0, 1, 1, 2, 2, 2, 0, 1, 1, 2, 0, 1 } },
		{ 1 << 2 | 1 << 3, 840, { 280, 560, 0, 0 },
		  { 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 1 } },
		{ 1 << 0 | 1 << 2, 480, { 0, 160, 0, 320 },
		  { 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 1 } },
		{ 1 << 1 | 1 << 3, 720, { 180, 0, 540, 0 },
		  { 0, 0, 2, 2, 2, 2, 2, 2, 0, 2, 0, 2 } },
	};
	char path[80], weight[8];
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path),
			 "/sys/kernel/mm/mempolicy/weighted_interleave/node%u",
			 i);
		snprintf(weight, sizeof(weight), "%u\n", i + 1);
		root_write(root, path, weight);
	}
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		displace("weighted interleave:0-3", pattern, 10, &cases[i]);
}

/* For every set of active nodes: the displaced are spread to within a page. */
static void displaced_evenly(void **state)
{
	unsigned int set, i, displaced, nr_active, least, most;

	(void)state;
	map("interleave:0-3", MEMFD, "4");
	for (set = 1; set < 15; set++) {
		struct virtflex_nodemask active = { .bits = { set } };
		struct virtflex_migrate_args args = {
			.nodemask = (uintptr_t)&active,
		};
		unsigned int gained[4] = { 0 };

		for (i = 0; i < NR_PAGES; i++)
			m.node[i] = i % 4;
		assert_int_equal(run(&args), 0);
		for (i = displaced = 0; i < NR_PAGES; i++) {
			if (set >> i % 4 & 1) {
				assert_int_equal(m.node[i], i % 4);
				continue;
			}
			gained[m.node[i]]++;
			displaced++;
		}
		assert_int_equal(args.moved, displaced);
		nr_active = __builtin_popcount(set);
		assert_int_equal(displaced, NR_PAGES / 4 * (4 - nr_active));
		least = displaced / nr_active;
		most = least + !!(displaced % nr_active);
		for (i = 0; i < 4; i++) {
			if (set >> i & 1)
				assert_in_range(gained[i], least, most);
			else
				assert_int_equal(gained[i], 0);
		}
	}
}

/* The allocator goes by the index in the file, wherever the mapping begins. */
static void interleave_by_index_in_file(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	char text[256];

	(void)state;
	/* the file's first 2 MiB begin 1 MiB before the mapping */
	snprintf(text, sizeof(text),
		 "%llx-%llx rw-s 00100000 00:01 4 /memfd:x (deleted)\n",
		 BASE + 256 * PAGE_SIZE, BASE + NR_PAGES * PAGE_SIZE);
	root_write(root, "/proc/thread-self/maps", text);
	snprintf(text, sizeof(text),
		 "%llx interleave:0-3 mapped=1 N0=1 kernelpagesize_kB=4\n",
		 BASE + 256 * PAGE_SIZE);
	root_write(root, "/proc/thread-self/numa_maps", text);
	place(512, 1024, 0);
	memset(m.huge + 512, 1, 1024 * sizeof(*m.huge));
	assert_int_equal(run(&args), 0);
	/* inode 4, and 2 MiB number 1 and 2 of the file */
	assert_nodes(512, 512, (4 + 1) % 4);
	assert_nodes(1024, 512, (4 + 2) % 4);
}

/*
 * The page cache of a program under an interleave policy was read without an
 * index; where the mapping has the policy, there is one.
 */
static void interleave_page_cache(void **state)
{
	static const char *const tasks[] = { "interleave:0-3", "default" };
	unsigned int k, i;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(tasks); k++) {
		struct virtflex_migrate_args args = {
			.nodemask = (uintptr_t)&first_three,
		};
		char text[512];

		snprintf(text, sizeof(text),
			 "00400000-00500000 r-xp 00000000 08:02 7 /bin/x\n"
			 "%llx-%llx rw-p 00000000 08:02 9 /home/data\n",
			 BASE, BASE + NR_PAGES * PAGE_SIZE);
		root_write(root, "/proc/thread-self/maps", text);
		snprintf(text, sizeof(text),
			 "00400000 %s file=/bin/x\n"
			 "%llx interleave:0-3 mapped=1 N0=1 kernelpagesize_kB=4\n",
			 tasks[k], BASE);
		root_write(root, "/proc/thread-self/numa_maps", text);
		/* of the file on an active node, on the other; then copies */
		place(0, 40, 1);
		place(40, 40, 3);
		place(80, 40, 1);
		memset(m.file, 1, 80 * sizeof(*m.file));
		assert_int_equal(run(&args), 0);
		for (i = 0; i < 120; i++) {
			int right = i % 4 == 3 ? (int)(i / 4 % 3) : (int)i % 4;

			if (i < 40 && !k)
				right = 1;
			assert_int_equal(m.node[i], right);
		}
	}
}

/* A node without memory has its place in the order, and its distances. */
static void node_without_memory(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	root_write(root, "/sys/devices/system/node/has_memory", "0-2\n");
	map_anon("bind:3");
	place(0, 100, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 100, 2);
	root_write(root, "/sys/kernel/mm/mempolicy/weighted_interleave/node3",
		   "5\n");
	map("weighted interleave:0,3", MEMFD, "4");
	for (i = 0; i < 60; i++)
		m.node[i] = i % 6 ? 2 : 0;
	place(60, 40, ABSENT);
	clear_counts(&args);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 60, 0);
	assert_int_equal(args.in_place, 10);
	assert_int_equal(args.moved, 50);
}

/* ---- full nodes ---- */

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

static void reasons(void **state)
{
	static const unsigned int stuck[] = { 50, 51, 300, 699 };
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	map_anon("bind:1");
	place(0, 700, 0);
	place(10, 5, ZERO_PAGE);
	place(20, 5, ABSENT);
	for (i = 30; i < 37; i++)
		m.shared[i] = true;
	for (i = 40; i < 43; i++)
		m.busy[i] = FOR_EVER;
	/* these fail late, and take others of their call with them */
	for (i = 0; i < ARRAY_SIZE(stuck); i++)
		m.stuck[stuck[i]] = true;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.scanned, 695);
	assert_int_equal(args.unmovable, 5);
	assert_int_equal(args.shared, 7);
	assert_int_equal(args.busy, 3 + 4);
	assert_int_equal(args.moved, 695 - 5 - 7 - 7);
	memset(&args, 0, sizeof(args));
	args.flags = VIRTFLEX_MIGRATE_SHARED;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.shared, 0);
	assert_int_equal(args.moved, 7);
}

/* What another has just isolated is there a moment later. */
static void busy_tried_again(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	map_anon("bind:1");
	place(0, NR_PAGES, 0);
	for (i = 0; i < NR_PAGES; i += 3)
		m.busy[i] = 1;
	m.busy[7] = FOR_EVER;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.busy, 1);
	assert_int_equal(args.moved, NR_PAGES - 1);
	assert_int_equal(args.scanned, NR_PAGES);
	/* in each call of many, too */
	place(0, NR_PAGES, 0);
	for (i = 0; i < NR_PAGES; i++)
		m.busy[i] = 1;
	args.budget_pages = NR_PAGES / 2;
	clear_counts(&args);
	assert_int_equal(run(&args), 1);
	assert_int_equal(args.moved, NR_PAGES / 2);
	assert_int_equal(args.busy, 0);
}

/* Memory of the kernel's own: not tried, and not busy for ever. */
static void kernel_memory(void **state)
{
	static const struct {
		const char *file;
		bool movable;
	} cases[] = {
		{ "00:10 1038 anon_inode:[perf_event]", false },
		{ "00:10 5372 anon_inode:[io_uring]", false },
		{ "00:10 1038 anon_inode:kvm-vcpu:0", false },
		{ "00:10 1038 anon_inode:bpf-map", false },
		{ "00:09 5192 socket:[5192]", false },
		{ "00:0e 5193 /secretmem (deleted)", false },
		{ "00:00 0 [vdso]", false },
		{ "00:00 0 [heap]", true },
		{ "00:00 0 [anon:anon_inode:x]", true },
		{ "00:06 4 /dev/zero", true },
		{ "08:02 9 /secretmem (deleted)", true },
		{ "00:13 5 /[aio] (deleted)", true },
		{ "08:02 9 /home/anon_inode:[perf_event]", true },
	};
	unsigned int i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct virtflex_migrate_args args = { 0 };

		map("bind:1", cases[i].file, "4");
		place(0, 16, 0);
		memset(m.busy, 0, sizeof(m.busy));
		for (k = 0; k < 16 && !cases[i].movable; k++)
			m.busy[k] = FOR_EVER;
		m.moves = 0;
		assert_int_equal(run(&args), 0);
		assert_int_equal(args.busy, 0);
		if (cases[i].movable) {
			assert_int_equal(args.moved, 16);
		} else {
			assert_int_equal(args.unmovable, 16);
			assert_int_equal(m.moves, 0);
		}
	}
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

static void budget_of_pages(void **state)
{
	struct virtflex_migrate_args args = { .budget_pages = 100 };
	uint64_t scanned = 0, moved = 0;
	struct vf_walk *walk;
	unsigned int steps = 0;
	int ret;

	(void)state;
	map_anon("bind:1");
	place(0, 250, 0);
	place(1000, 1000, 0);
	assert_int_equal(vf_walk_open(vf, &fake_os, VIRTFLEX_PIDFD_SELF, &args,
				      &walk), 0);
	do {
		clear_counts(&args);
		ret = vf_walk_step(walk, &args);
		assert_true(ret >= 0);
		assert_true(args.cursor > args.start);
		assert_true(args.scanned <= 100);
		scanned += args.scanned;
		moved += args.moved;
		args.start = args.cursor;
		steps++;
	} while (ret);
	vf_walk_close(walk);
	assert_int_equal(scanned, 1250);
	assert_int_equal(moved, 1250);
	assert_in_range(steps, 13, 14);
}

/* The kernel here takes 1 us for each page it is asked about. */
static void budget_of_time(void **state)
{
	struct virtflex_migrate_args args = { .budget_ns = 1000000 };

	(void)state;
	map_anon("bind:1");
	place(0, NR_PAGES, 0);
	assert_int_equal(run(&args), 1);
	assert_true(args.scanned > 0 && args.scanned < NR_PAGES);
	assert_true(args.cursor == BASE + args.scanned * PAGE_SIZE);
	/* however small, a call gets somewhere */
	args.start = args.cursor;
	args.budget_ns = 1;
	clear_counts(&args);
	assert_int_equal(run(&args), 1);
	assert_true(args.moved > 0 && args.cursor > args.start);
}

/* Before 6.7 the kernel does not tell which pages there are. */
static void without_scan(void **state)
{
	struct virtflex_migrate_args args = { .budget_pages = 600 };
	unsigned int calls = 0;
	uint64_t moved = 0;

	(void)state;
	m.can_scan = false;
	map_anon("bind:1");
	place(100, 50, 0);
	place(1500, 548, 0);
	do {
		clear_counts(&args);
		calls++;
		if (!run(&args))
			args.end = 1;
		moved += args.moved;
		args.start = args.cursor;
	} while (!args.end && calls < 100);
	assert_int_equal(args.end, 1);
	assert_int_equal(moved, 598);
}

/* 64 GiB of addresses with a page in the first and nothing in the rest */
#define SPARSE_PAGES	(64ULL << 18)
/* What an empty 2 MiB count as, in base pages */
#define SPARSE_COST	(SPARSE_PAGES / 512)

static void map_sparse(void)
{
	map_pages("bind:1", "00000000 00:00 0", "4", SPARSE_PAGES);
	place(0, 1, 0);
}

/* Addresses without pages count: 512 of them as a page. */
static void budget_of_addresses(void **state)
{
	static const unsigned int budgets[] = { 1, 100, 4096, 100000 };
	unsigned int i, steps;
	struct vf_walk *walk;
	uint64_t moved;
	int ret;

	(void)state;
	map_sparse();
	for (i = 0; i < ARRAY_SIZE(budgets); i++) {
		struct virtflex_migrate_args args = {
			.budget_pages = budgets[i],
		};

		m.node[0] = 0;
		m.longest_scan = 0;
		assert_int_equal(vf_walk_open(vf, &fake_os, VIRTFLEX_PIDFD_SELF,
					      &args, &walk), 0);
		moved = 0;
		steps = 0;
		do {
			clear_counts(&args);
			ret = vf_walk_step(walk, &args);
			assert_true(ret >= 0);
			assert_true(args.cursor > args.start);
			if (ret)
				assert_true(args.cursor - args.start <=
					    ((uint64_t)budgets[i] + 1) * 512 *
					    PAGE_SIZE + (args.start ? 0 : BASE));
			moved += args.moved;
			args.start = args.cursor;
			steps++;
		} while (ret);
		vf_walk_close(walk);
		assert_int_equal(moved, 1);
		/* one page, and what is empty; a part of a step is one */
		assert_in_range(steps, SPARSE_COST / budgets[i],
				SPARSE_COST / budgets[i] + 2);
		/* nobody waits for the rest of the mapping */
		assert_in_range(m.longest_scan, 1, 65536);
	}
}

/* The time is looked at between scans, which are short. */
static void budget_of_time_for_addresses(void **state)
{
	struct virtflex_migrate_args args = { .budget_ns = 1000000 };
	struct vf_walk *walk;
	unsigned int steps = 0;
	uint64_t began;
	int ret;

	(void)state;
	map_sparse();
	m.entry_ns = 5;
	assert_int_equal(vf_walk_open(vf, &fake_os, VIRTFLEX_PIDFD_SELF, &args,
				      &walk), 0);
	do {
		clear_counts(&args);
		began = m.now_ns;
		ret = vf_walk_step(walk, &args);
		assert_true(ret >= 0);
		assert_true(args.cursor > args.start);
		assert_in_range(m.now_ns - began, 1, 1000000 + 65536 * 5 + 2000);
		args.start = args.cursor;
		steps++;
	} while (ret);
	vf_walk_close(walk);
	/* 84 ms in all */
	assert_in_range(steps, 60, 85);
}

/* Without any budget there is one step, in scans as short. */
static void addresses_without_budget(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_sparse();
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, 1);
	assert_in_range(m.longest_scan, 1, 65536);
	assert_true(args.cursor == VF_TASK_END);
}

/* Where every address has to be asked for, they count all the same. */
static void addresses_without_scan(void **state)
{
	struct virtflex_migrate_args args = { .budget_pages = 4 };
	struct vf_walk *walk;
	unsigned int steps = 0, before;
	uint64_t moved = 0;
	int ret;

	(void)state;
	m.can_scan = false;
	map_pages("bind:1", "00000000 00:00 0", "4", 1 << 16);
	place(5, 1, 0);
	assert_int_equal(vf_walk_open(vf, &fake_os, VIRTFLEX_PIDFD_SELF, &args,
				      &walk), 0);
	do {
		clear_counts(&args);
		before = m.calls;
		ret = vf_walk_step(walk, &args);
		assert_true(ret >= 0);
		assert_true(args.cursor > args.start);
		assert_in_range(m.calls - before, 1, 4 * 512 + 3);
		moved += args.moved;
		args.start = args.cursor;
		steps++;
	} while (ret);
	vf_walk_close(walk);
	assert_int_equal(moved, 1);
	/* 128 times 512 addresses, and the page */
	assert_in_range(steps, 128 / 4, 128 / 4 + 1);
}

static void errors(void **state)
{
	struct virtflex_nodemask none = { 0 }, absent = { .bits = { 17 } };
	struct virtflex_migrate_args args = { .flags = 16 };

	(void)state;
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .start = 1 };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .end = 4095 };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .start = 8192, .end = 4096 };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .nodemask = (uintptr_t)&none };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .nodemask = (uintptr_t)&absent };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ 0 };
	m.denied = -EPERM;
	assert_int_equal(run(&args), -EPERM);
	m.denied = -EINVAL;
	assert_int_equal(run(&args), -ESRCH);
	m.denied = 0;
	m.alive = -ESRCH;
	assert_int_equal(run(&args), -ESRCH);
	m.alive = 0;
	root_write(root, "/proc/thread-self/status", "Mems_allowed_list:\t3\n");
	args.nodemask = (uintptr_t)&first_three;
	assert_int_equal(run(&args), -EACCES);
	/* the cpuset allows some */
	root_write(root, "/proc/thread-self/status",
		   "Mems_allowed_list:\t0,3\n");
	place(0, 10, 1);
	map_anon("bind:0-2");
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 10, 0);
	root_write(root, VF_PROC_TOPOLOGY, "version 2\n");
	args = (struct virtflex_migrate_args){ 0 };
	assert_int_equal(run(&args), -EPROTONOSUPPORT);
}

/* Whatever the process looks like: counts add up, and once is enough. */
static void anything(void **state)
{
	static const char *const policies[] = {
		"default", "bind:1", "bind:0,3", "prefer:2", "interleave:0-3",
		"prefer (many):1-2", "weighted interleave:0-1",
	};
	unsigned int seed, i, k, stuck;

	(void)state;
	for (seed = 0; seed < 300; seed++) {
		struct virtflex_migrate_args args = {
			.nodemask = (uintptr_t)&first_three,
		};
		unsigned int present = 0;

		srandom(seed);
		stuck = 0;
		memset(m.huge, 0, sizeof(m.huge));
		memset(m.stuck, 0, sizeof(m.stuck));
		m.can_scan = seed % 4;
		for (i = 0; i < NR_PAGES; i += 512) {
			int node = random() % 4;

			/* without a scan 2 MiB pages cannot be told */
			bool huge = m.can_scan && random() % 3 == 0;

			for (k = i; k < i + 512; k++) {
				m.huge[k] = huge;
				m.node[k] = huge ? node : (int)(random() % 5) - 1;
				present += m.node[k] != ABSENT;
				m.stuck[k] = !huge && random() % 40 == 0;
				stuck += m.stuck[k];
			}
		}
		map_anon(policies[seed % ARRAY_SIZE(policies)]);
		assert_int_equal(run(&args), 0);
		assert_int_equal(args.scanned, present);
		assert_true(args.busy <= stuck);
		assert_int_equal(args.nomem + args.shared, 0);
		memset(m.stuck, 0, sizeof(m.stuck));
		clear_counts(&args);
		assert_int_equal(run(&args), 0);
		clear_counts(&args);
		assert_int_equal(run(&args), 0);
		assert_int_equal(args.in_place, present);
	}
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
		TEST(interleaved),
		TEST(interleave_among_active),
		TEST(interleave_in_files),
		TEST(interleaved_by_weight),
		TEST(huge_pages_whole),
		TEST(huge_page_cut_by_range),
		TEST(hugetlb),
		TEST(evacuate),
		TEST(evacuate_to_room),
		TEST(interleave_displaced),
		TEST(weighted_displaced),
		TEST(displaced_evenly),
		TEST(interleave_by_index_in_file),
		TEST(interleave_page_cache),
		TEST(node_without_memory),
		TEST(soft_policies_leave),
		TEST(soft_policies_stay),
		TEST(bind_comes_nearer),
		TEST(soft_stand_in_full),
		TEST(full_for_huge_pages),
		TEST(full_for_hugetlb_pages),
		TEST(published_nodes),
		TEST(reasons),
		TEST(busy_tried_again),
		TEST(kernel_memory),
		TEST(flags_choose),
		TEST(unknown_policy),
		TEST(budget_of_pages),
		TEST(budget_of_time),
		TEST(without_scan),
		TEST(budget_of_addresses),
		TEST(budget_of_time_for_addresses),
		TEST(addresses_without_budget),
		TEST(addresses_without_scan),
		TEST(errors),
		TEST(anything),
	};
#undef TEST

	return cmocka_run_group_tests_name("fallback", tests, NULL, NULL);
}
