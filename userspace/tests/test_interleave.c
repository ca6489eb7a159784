// SPDX-License-Identifier: LGPL-2.1-or-later
/* How pages are spread by interleave policies, with all nodes active and without. */
#include <stdio.h>
#include <string.h>

#include "machine.h"

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
		{ "00:1c 82 /mnt/file", 82 },
		{ "08:02 83 /home/file", 0 },
	};
	unsigned int i, k;

	(void)state;
	root_write(root, "/proc/thread-self/mountinfo",
		   "22 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw\n"
		   "29 22 0:27 / /run rw shared:4 - tmpfs none rw\n"
		   "not a mount\n"
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

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)
	const struct CMUnitTest tests[] = {
		TEST(interleaved),
		TEST(interleave_among_active),
		TEST(interleave_in_files),
		TEST(interleaved_by_weight),
		TEST(huge_pages_whole),
		TEST(interleave_displaced),
		TEST(weighted_displaced),
		TEST(displaced_evenly),
		TEST(interleave_by_index_in_file),
		TEST(interleave_page_cache),
		TEST(node_without_memory),
	};
#undef TEST

	return cmocka_run_group_tests_name("interleave", tests, NULL, NULL);
}
