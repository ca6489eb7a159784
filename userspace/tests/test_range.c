// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a range is split for threads. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migration.h"
#include "test.h"

#define MIB	(UINT64_C(1) << 20)
#define GIB	(UINT64_C(1) << 30)

static char text[1 << 16];

static void add(const char *perms, uint64_t start, uint64_t bytes)
{
	size_t len = strlen(text);

	snprintf(text + len, sizeof(text) - len,
		 "%llx-%llx %s 00000000 00:00 0\n", (unsigned long long)start,
		 (unsigned long long)(start + bytes), perms);
}

static int setup(void **state)
{
	(void)state;
	text[0] = 0;
	return 0;
}

static struct vf_range *split(uint64_t start, uint64_t end,
			      unsigned int nr_threads, size_t *nr)
{
	struct vf_range *ranges;
	size_t i;

	assert_int_equal(vf_ranges_split((struct vf_span){ text, strlen(text) },
					 start, end, nr_threads, &ranges, nr),
			 0);
	/* all of it, without gaps, and nothing twice */
	assert_true(*nr > 0);
	assert_true(ranges[0].start == start);
	assert_true(ranges[*nr - 1].end == end);
	for (i = 0; i < *nr; i++) {
		assert_true(ranges[i].cursor == ranges[i].start);
		if (i)
			assert_true(ranges[i].start == ranges[i - 1].end);
		if (ranges[i].end)
			assert_true(ranges[i].start < ranges[i].end);
	}
	return ranges;
}

static void nothing_to_split(void **state)
{
	struct vf_range *ranges;
	size_t nr;

	(void)state;
	free(split(0, 0, 4, &nr));
	assert_int_equal(nr, 1);
	/* too little to be worth it */
	add("rw-p", GIB, 15 * MIB);
	ranges = split(4096, 0, 4, &nr);
	assert_int_equal(nr, 1);
	assert_true(ranges[0].start == 4096 && !ranges[0].end);
	free(ranges);
}

static void evenly(void **state)
{
	struct vf_range *ranges;
	size_t nr, i;

	(void)state;
	/* 2 GiB by 4 threads: 64 MiB each */
	add("rw-p", GIB + 4096, 2 * GIB);
	ranges = split(0, 0, 4, &nr);
	assert_int_equal(nr, 32);
	for (i = 1; i < nr; i++)
		assert_int_equal(ranges[i].start % (2 * MIB), 0);
	for (i = 1; i + 1 < nr; i++)
		assert_in_range(ranges[i].end - ranges[i].start, 64 * MIB,
				66 * MIB);
	free(ranges);
}

/* Many small mappings make a part together, and what has no pages counts not. */
static void small_ones(void **state)
{
	struct vf_range *ranges;
	size_t nr, i;

	(void)state;
	for (i = 0; i < 256; i++)
		add(i % 2 ? "rw-p" : "---p", GIB * (i + 1), MIB);
	ranges = split(0, 0, 2, &nr);
	/* 128 MiB, in parts of 16 MiB that end within a mapping */
	assert_in_range(nr, 7, 9);
	free(ranges);
	text[0] = 0;
	add("---p", GIB, 1000 * GIB);
	free(split(0, 0, 2, &nr));
	assert_int_equal(nr, 1);
}

/* What may be made of 1 GiB pages is cut between these. */
static void gigantic(void **state)
{
	struct vf_range *ranges;
	size_t nr, i;

	(void)state;
	add("rw-p", 8 * GIB, 4 * GIB);
	ranges = split(0, 0, 8, &nr);
	assert_int_equal(nr, 4);
	for (i = 1; i < nr; i++)
		assert_int_equal(ranges[i].start % GIB, 0);
	free(ranges);
}

static void part_of_a_mapping(void **state)
{
	struct vf_range *ranges;
	size_t nr;

	(void)state;
	add("rw-p", GIB + 2 * MIB, GIB);
	ranges = split(GIB + 4096, GIB + 64 * MIB, 2, &nr);
	assert_int_equal(nr, 4);
	assert_true(ranges[3].end == GIB + 64 * MIB);
	free(ranges);
	free(split(4 * GIB, 5 * GIB, 2, &nr));
	assert_int_equal(nr, 1);
}

/* A reservation of terabytes makes many parts, not parts of terabytes. */
static void huge_reservation(void **state)
{
	struct vf_range *ranges;
	size_t nr, i;

	(void)state;
	add("rw-p", 4096, 16384 * GIB);
	ranges = split(0, 0, 2, &nr);
	assert_in_range(nr, 16384, 16386);
	free(ranges);
	text[0] = 0;
	for (i = 0; i < 2; i++)
		add("rw-p", 4096 + i * 60000 * GIB, 50000 * GIB);
	ranges = split(0, 0, 2, &nr);
	assert_in_range(nr, 60000, 65540);
	free(ranges);
}

/* What is above the addresses of a process is the kernel's. */
static void above_the_process(void **state)
{
	struct vf_range *ranges;
	size_t nr;

	(void)state;
	add("rw-p", GIB + 4096, GIB);
	add("--xp", UINT64_C(0xffffffffff600000), 4096);
	ranges = split(0, 0, 2, &nr);
	assert_int_equal(nr, 16);
	assert_in_range(ranges[15].start, GIB, 3 * GIB);
	free(ranges);
	ranges = split(0, UINT64_C(0xfffffffffffff000), 2, &nr);
	assert_int_equal(nr, 16);
	free(ranges);
}

static void broken(void **state)
{
	struct vf_range *ranges;
	size_t nr;

	(void)state;
	assert_int_equal(vf_ranges_split(SPAN("x\n"), 0, 0, 2, &ranges, &nr),
			 -EBADMSG);
}

/* Where the mappings cannot be read, the call is to say why. */
static void unreadable(void **state)
{
	struct virtflex_migrate_args args = { .start = 3, .end = 1 };
	struct vf_range *ranges;
	char *root = root_make();
	struct virtflex *vf;
	size_t nr;

	(void)state;
	assert_int_equal(virtflex_open(&vf, root), 0);
	assert_int_equal(vf_ranges_read(vf, 5, &args, 4, &ranges, &nr), 0);
	assert_int_equal(nr, 1);
	assert_true(ranges[0].start == 3 && ranges[0].end == 1);
	free(ranges);
	/* of another thread, when the main one has exited */
	root_write(root, "/proc/thread-self/fdinfo/5", "Pid:\t42\n");
	root_write(root, "/proc/42/maps", "");
	add("rw-p", GIB + 4096, GIB);
	root_write(root, "/proc/42/task/43/maps", text);
	args = (struct virtflex_migrate_args){ 0 };
	assert_int_equal(vf_ranges_read(vf, 5, &args, 4, &ranges, &nr), 0);
	assert_int_equal(nr, 32);
	free(ranges);
	/* of none: all have exited, or it is a kernel thread */
	root_write(root, "/proc/42/task/43/maps", "");
	assert_int_equal(vf_ranges_read(vf, 5, &args, 4, &ranges, &nr), 0);
	assert_int_equal(nr, 1);
	free(ranges);
	virtflex_close(vf);
	root_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_to_split, setup),
		cmocka_unit_test_setup(evenly, setup),
		cmocka_unit_test_setup(small_ones, setup),
		cmocka_unit_test_setup(gigantic, setup),
		cmocka_unit_test_setup(part_of_a_mapping, setup),
		cmocka_unit_test_setup(huge_reservation, setup),
		cmocka_unit_test_setup(above_the_process, setup),
		cmocka_unit_test_setup(broken, setup),
		cmocka_unit_test_setup(unreadable, setup),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
