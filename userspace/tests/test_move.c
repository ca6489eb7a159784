// SPDX-License-Identifier: LGPL-2.1-or-later
/* Moving pages, whole ones of any size, and what the report says of each. */
#include <errno.h>
#include <string.h>

#include "machine.h"

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

/* Where they alternate, each kind of page is moved with one call. */
static void one_call_for_a_kind(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("bind:1");
	place(0, 612, 0);
	place(1024, 612, 0);
	memset(m.huge, 1, 512 * sizeof(*m.huge));
	memset(m.huge + 1024, 1, 512 * sizeof(*m.huge));
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, 2 * 612);
	assert_int_equal(m.moves, 2);
}

/* Where there is not a page left, none of 2 MiB is asked for. */
static void not_tried_in_vain(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("bind:1");
	m.room[1] = 0;
	place(0, NR_PAGES, 0);
	memset(m.huge + 1024, 1, 1024 * sizeof(*m.huge));
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.nomem, NR_PAGES);
	assert_int_equal(m.moves, 1);
}

/* Whichever call fails, that is told, and nothing is tried after it. */
static void error_of_any_call(void **state)
{
	unsigned int call, calls = 0;

	(void)state;
	map_anon("bind:1");
	m.failure = -EPERM;
	for (call = 0; call <= calls; call++) {
		struct virtflex_migrate_args args = { 0 };

		place(0, NR_PAGES, 0);
		m.calls = 0;
		m.fail_at = call;
		assert_int_equal(run(&args), call ? -EPERM : 0);
		/* the first time, none does */
		if (!call)
			calls = m.calls;
		else
			assert_int_equal(m.calls, call);
	}
	assert_true(calls > 4);
}

/* What is in place is left alone. */
static void nothing_to_move(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("bind:1");
	place(0, NR_PAGES, 1);
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, NR_PAGES);
	assert_int_equal(m.moves, 0);
}

/* What is unmapped meanwhile is no page, though the kernel says of both the same. */
static void unmapped_meanwhile(void **state)
{
	unsigned int call, scan;

	(void)state;
	map_anon("bind:1");
	for (scan = 0; scan < 2; scan++) {
		m.can_scan = scan;
		/* the kernel is asked where pages are, to move some, and again */
		for (call = 1; call <= 3; call++) {
			struct virtflex_migrate_args args = { 0 };

			m.calls = 0;
			/* one call looks for a thread before */
			m.unmap_at = 1 + call;
			place(0, NR_PAGES, 0);
			place(10, 5, ZERO_PAGE);
			assert_int_equal(run(&args), 0);
			assert_int_equal(args.unmovable, call == 1 ? 0 : 5);
			assert_int_equal(args.scanned, args.unmovable);
		}
	}
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
		TEST(huge_page_cut_by_range),
		TEST(hugetlb),
		TEST(reasons),
		TEST(one_call_for_a_kind),
		TEST(not_tried_in_vain),
		TEST(error_of_any_call),
		TEST(nothing_to_move),
		TEST(unmapped_meanwhile),
		TEST(busy_tried_again),
		TEST(kernel_memory),
		TEST(anything),
	};
#undef TEST

	return cmocka_run_group_tests_name("move", tests, NULL, NULL);
}
