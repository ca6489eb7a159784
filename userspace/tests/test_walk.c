// SPDX-License-Identifier: LGPL-2.1-or-later
/* The walk through a process: budgets, addresses without pages, errors. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

static struct vf_walk *begin(const struct virtflex_migrate_args *args)
{
	struct vf_walk *walk;

	assert_int_equal(vf_walk_open(vf, &fake_os, VIRTFLEX_PIDFD_SELF, args,
				      &walk), 0);
	return walk;
}

/* Each step gets somewhere. */
static int step(struct vf_walk *walk, struct virtflex_migrate_args *args)
{
	int ret;

	clear_counts(args);
	ret = vf_walk_step(walk, args);
	assert_true(ret >= 0);
	assert_true(args->cursor > args->start);
	return ret;
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
	walk = begin(&args);
	do {
		ret = step(walk, &args);
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
	/* nor is the kernel asked about more */
	assert_int_equal(m.most_asked, 100);
}

/* Of addresses of which every second has a page, the others count less. */
static void budget_of_pages_and_gaps(void **state)
{
	/* the first 512 pages, and addresses without that count as one; the rest */
	const uint64_t enough = NR_PAGES / 2 + 1;
	struct virtflex_migrate_args args = { .budget_pages = enough };
	unsigned int i;

	(void)state;
	map_anon("bind:1");
	for (i = 0; i < NR_PAGES; i += 2)
		m.node[i] = 0;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, NR_PAGES / 2);
	clear_counts(&args);
	args.budget_pages = enough - 1;
	assert_int_equal(run(&args), 1);
	assert_int_equal(args.in_place, NR_PAGES / 2 - 1);
}

/* Nor is more done than that where the kernel cannot tell which there are. */
static void budget_of_pages_without_scan(void **state)
{
	struct virtflex_migrate_args args = { .budget_pages = 100 };
	struct vf_walk *walk;
	unsigned int i;

	(void)state;
	m.can_scan = false;
	map_anon("bind:1");
	place(0, NR_PAGES, 0);
	walk = begin(&args);
	args.start = BASE;
	for (i = 1; i <= 5; i++) {
		assert_int_equal(step(walk, &args), 1);
		assert_int_equal(args.moved, 100);
		assert_true(args.cursor == BASE + i * 100 * PAGE_SIZE);
		args.start = args.cursor;
	}
	vf_walk_close(walk);
	assert_nodes(0, 500, 1);
	assert_nodes(500, NR_PAGES - 500, 0);
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

/* A page of 2 MiB takes as long as 512: there is time for one, not for four. */
static void budget_of_time_for_huge_pages(void **state)
{
	struct virtflex_migrate_args args = { .budget_ns = 1000000 };
	unsigned int calls = 0;
	int ret;

	(void)state;
	map_anon("bind:1");
	place(0, NR_PAGES, 0);
	memset(m.huge, 1, sizeof(m.huge));
	m.page_ns = 2000;
	do {
		clear_counts(&args);
		ret = run(&args);
		assert_true(args.moved <= 512);
		args.start = args.cursor;
		calls++;
	} while (ret == 1);
	assert_int_equal(ret, 0);
	assert_int_equal(calls, 4);
	assert_nodes(0, NR_PAGES, 1);
}

/* Nor is what was busy tried again when the time is over: it is still busy. */
static void no_time_to_try_again(void **state)
{
	struct virtflex_migrate_args args = { .budget_ns = 1000000 };

	(void)state;
	map_anon("bind:1");
	place(0, NR_PAGES, 0);
	memset(m.huge, 1, sizeof(m.huge));
	m.page_ns = 2000;
	m.busy[0] = 1;
	assert_int_equal(run(&args), 1);
	assert_int_equal(args.busy, 512);
	assert_int_equal(args.moved, 512);
	/* in time, it is */
	args.budget_ns = 1ULL << 40;
	m.busy[0] = 1;
	clear_counts(&args);
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.busy, 0);
	assert_nodes(0, NR_PAGES, 1);
	/* for one of them, there is time */
	place(0, 1024, 0);
	place(1024, 1024, ABSENT);
	m.busy[0] = 1;
	m.busy[512] = 1;
	args.budget_ns = 1000000;
	clear_counts(&args);
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.busy, 512);
	assert_int_equal(args.moved, 512);
}

/* As long as it takes, from whatever time on. */
static void budget_of_all_time(void **state)
{
	struct virtflex_migrate_args args = { .budget_ns = UINT64_MAX };

	(void)state;
	map_anon("bind:1");
	place(0, NR_PAGES, 0);
	m.now_ns = 5;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, NR_PAGES);
}

/* A call goes by the nodes that are active then, as many as there are. */
static void nodes_change_between_steps(void **state)
{
	static const char *const topologies[] = {
		"version 1\ngeneration 2\nstate stable\n"
		"node 0 active - 0 1 1 1 10,20,30,40\n"
		"node 1 active - 1 1 1 1 20,10,40,30\n"
		"node 2 inactive - - 1 1 1 30,40,10,20\n"
		"node 3 inactive - - 1 1 1 40,30,20,10\n",
		"version 1\ngeneration 3\nstate stable\n"
		"node 0 active - 0 1 1 1 10,20,30,40\n"
		"node 1 inactive - - 1 1 1 20,10,40,30\n"
		"node 2 inactive - - 1 1 1 30,40,10,20\n"
		"node 3 inactive - - 1 1 1 40,30,20,10\n",
	};
	struct virtflex_migrate_args args = { .budget_pages = NR_PAGES / 2 };
	struct vf_walk *walk;
	int ret;

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY, topologies[0]);
	map_anon("bind:1-2");
	place(0, NR_PAGES, 3);
	walk = begin(&args);
	assert_int_equal(vf_walk_step(walk, &args), 1);
	assert_nodes(0, NR_PAGES / 2, 1);
	root_write(root, VF_PROC_TOPOLOGY, topologies[1]);
	do {
		args.start = args.cursor;
		clear_counts(&args);
		ret = vf_walk_step(walk, &args);
	} while (ret == 1);
	assert_int_equal(ret, 0);
	assert_nodes(NR_PAGES / 2, NR_PAGES / 2, 0);
	/* the cpuset, too */
	root_write(root, "/proc/thread-self/status", "Mems_allowed_list:\t3\n");
	assert_int_equal(vf_walk_step(walk, &args), -EACCES);
	vf_walk_close(walk);
}

/* Nodes that come between two calls have distances, and weights. */
static void nodes_come_between_steps(void **state)
{
	static const struct virtflex_nodemask first_two = { .bits = { 3 } };
	struct virtflex_migrate_args args = {
		.budget_pages = NR_PAGES / 2,
		.nodemask = (uintptr_t)&first_two,
	};
	struct vf_walk *walk;

	(void)state;
	root_write(root, "/sys/devices/system/node/has_memory", "0-1\n");
	root_write(root, "/sys/devices/system/node/online", "0-1\n");
	map_anon("bind:3");
	place(0, NR_PAGES, 0);
	walk = begin(&args);
	args.start = BASE;
	assert_int_equal(step(walk, &args), 1);
	/* it is not known what is near to a node that is not there */
	assert_int_equal(args.in_place, NR_PAGES / 2);
	root_write(root, "/sys/devices/system/node/has_memory", "0-3\n");
	root_write(root, "/sys/devices/system/node/online", "0-3\n");
	args.start = args.cursor;
	args.nodemask = (uintptr_t)&first_three;
	step(walk, &args);
	vf_walk_close(walk);
	assert_nodes(0, NR_PAGES / 2, 0);
	assert_nodes(NR_PAGES / 2, NR_PAGES / 2, 2);
}

/* How far nodes are is not read again as long as they are the same ones. */
static void nodes_the_same_between_steps(void **state)
{
	struct virtflex_migrate_args args = {
		.budget_pages = NR_PAGES / 2,
		.nodemask = (uintptr_t)&first_three,
	};
	struct vf_walk *walk;
	unsigned int i;
	char path[64];

	(void)state;
	place(0, NR_PAGES, 3);
	walk = begin(&args);
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%u/distance", i);
		root_write(root, path, "not read\n");
	}
	args.start = BASE;
	assert_int_equal(step(walk, &args), 1);
	args.start = args.cursor;
	step(walk, &args);
	vf_walk_close(walk);
	/* the nearest to 3 */
	assert_nodes(0, NR_PAGES, 2);
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
		walk = begin(&args);
		moved = 0;
		steps = 0;
		do {
			ret = step(walk, &args);
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
	walk = begin(&args);
	do {
		began = m.now_ns;
		ret = step(walk, &args);
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
	walk = begin(&args);
	do {
		before = m.calls;
		ret = step(walk, &args);
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

/* A file that is there, but cannot be opened */
static void make_loop(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s", root, name);
	unlink(path);
	assert_int_equal(symlink(path, path), 0);
}

/* What goes wrong here is not taken for a process or a kernel without the file. */
static void errors_of_files(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map("interleave:0-1", "00:1c 81 /mnt/file", "4");
	place(0, 10, 3);
	make_loop("/proc/thread-self/mountinfo");
	assert_int_equal(run(&args), -ELOOP);
	make_loop("/proc/thread-self/pagemap");
	assert_int_equal(run(&args), -ELOOP);
	assert_int_equal(run_at(5, &args), -EBADF);
	root_write(root, "/proc/thread-self/fdinfo/6", "");
	make_loop("/proc/thread-self/fdinfo/5");
	assert_int_equal(run_at(5, &args), -ELOOP);
}

/* There is nothing that high, and no way back. */
static void range_above_all_memory(void **state)
{
	struct virtflex_migrate_args args = { .start = 1ULL << 60 };

	(void)state;
	assert_int_equal(run(&args), 0);
	assert_true(args.cursor >= args.start);
	assert_int_equal(args.scanned, 0);
}

/* A range may end within a mapping, and the next begin there or later. */
static void ranges_of_a_walk(void **state)
{
	static const unsigned int ends[] = { 100, 101, 700, NR_PAGES };
	struct virtflex_migrate_args args = { 0 };
	struct vf_walk *walk;
	unsigned int i, first = 0;

	(void)state;
	map_anon("bind:1");
	place(0, NR_PAGES, 0);
	walk = begin(&args);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		args.start = BASE + first * PAGE_SIZE;
		args.end = BASE + ends[i] * PAGE_SIZE;
		assert_int_equal(step(walk, &args), 0);
		assert_true(args.cursor == args.end);
		assert_int_equal(args.moved, ends[i] - first);
		first = ends[i];
	}
	vf_walk_close(walk);
	assert_nodes(0, NR_PAGES, 1);
	/* with a gap, in which nothing is done */
	place(0, NR_PAGES, 0);
	clear_counts(&args);
	walk = begin(&args);
	args.start = BASE;
	args.end = BASE + 10 * PAGE_SIZE;
	assert_int_equal(step(walk, &args), 0);
	args.start = BASE + 20 * PAGE_SIZE;
	args.end = 0;
	assert_int_equal(step(walk, &args), 0);
	vf_walk_close(walk);
	assert_nodes(0, 10, 1);
	assert_nodes(10, 10, 0);
	assert_nodes(20, NR_PAGES - 20, 1);
}

/* Mappings behind a range are those of the next. */
static void ranges_of_mappings(void **state)
{
	struct virtflex_migrate_args args = { .start = BASE };
	char maps[512], numa[512];
	size_t maps_len = 0, numa_len = 0;
	struct vf_walk *walk;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		unsigned long long start = BASE + i * 512 * PAGE_SIZE;

		maps_len += sprintf(maps + maps_len,
				    "%llx-%llx rw-p 00000000 00:00 0\n", start,
				    start + 256 * PAGE_SIZE);
		numa_len += sprintf(numa + numa_len,
				    "%llx bind:1 N0=9 kernelpagesize_kB=4\n",
				    start);
		place(i * 512, 256, 0);
	}
	write_process("thread-self", maps, numa);
	walk = begin(&args);
	for (i = 1; i <= 4; i++) {
		args.end = BASE + i * 512 * PAGE_SIZE;
		assert_int_equal(step(walk, &args), 0);
		assert_int_equal(args.moved, 256);
		args.start = args.end;
	}
	vf_walk_close(walk);
}

/* Where there are no pages, none are looked for, nor is it gone back there. */
static void mappings_without_pages(void **state)
{
	struct virtflex_migrate_args args = { .start = BASE + 4096 };
	char text[512];

	(void)state;
	sprintf(text, "%llx-%llx rw-p 00000000 00:00 0\n%llx-%llx rw-p 00000000 00:00 0\n",
		BASE - 4096, BASE, BASE, BASE + NR_PAGES * PAGE_SIZE);
	root_write(root, "/proc/thread-self/maps", text);
	sprintf(text, "%llx bind:1 N0=1 kernelpagesize_kB=4\n%llx bind:1\n",
		BASE - 4096, BASE);
	root_write(root, "/proc/thread-self/numa_maps", text);
	place(0, NR_PAGES, 0);
	args.end = args.start;
	assert_int_equal(run(&args), 0);
	assert_true(args.cursor == args.start);
	args.end = 0;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.scanned, 0);
	assert_int_equal(m.scans, 0);
}

/* Files in memory are looked for only where that decides something. */
static void mounts_of_interleaved_only(void **state)
{
	static const char *const policies[] = { "default", "bind:1" };
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	make_loop("/proc/thread-self/mountinfo");
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		map(policies[i], "00:1c 81 /mnt/file", "4");
		place(0, 10, 1);
		clear_counts(&args);
		assert_int_equal(run(&args), 0);
		assert_int_equal(args.in_place, 10);
	}
	/* what is of the kernel's own says so itself */
	map("interleave:1", "00:01 81 /memfd:x (deleted)", "4");
	clear_counts(&args);
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, 10);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)
	const struct CMUnitTest tests[] = {
		TEST(budget_of_pages),
		TEST(budget_of_pages_and_gaps),
		TEST(budget_of_pages_without_scan),
		TEST(budget_of_time),
		TEST(budget_of_time_for_huge_pages),
		TEST(no_time_to_try_again),
		TEST(budget_of_all_time),
		TEST(nodes_change_between_steps),
		TEST(nodes_come_between_steps),
		TEST(nodes_the_same_between_steps),
		TEST(without_scan),
		TEST(budget_of_addresses),
		TEST(budget_of_time_for_addresses),
		TEST(addresses_without_budget),
		TEST(addresses_without_scan),
		TEST(ranges_of_a_walk),
		TEST(ranges_of_mappings),
		TEST(mappings_without_pages),
		TEST(mounts_of_interleaved_only),
		TEST(errors_of_files),
		TEST(range_above_all_memory),
	};
#undef TEST

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
