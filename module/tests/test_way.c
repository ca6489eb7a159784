// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of way.c: hosts that take so long for an extent, and which way the
 * extents go on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "way.h"

#define MS	1000000ULL
/* What the two took on a stock Xen and on one with superpage removal, emulated */
static const u64 stock[VF_NR_WAYS] = { 157 * MS, 740 * MS };
static const u64 patched[VF_NR_WAYS] = { 157 * MS, 13 * MS };

/* Hand extents over on a host; returns how many of them went as a whole. */
static unsigned int hand_over(struct vf_ways *ways, const u64 *host,
			      unsigned int extents)
{
	unsigned int whole = 0;

	while (extents--) {
		enum vf_way way = vf_way_choose(ways);

		vf_way_learn(ways, way, host[way]);
		whole += way == VF_WAY_WHOLE;
	}
	return whole;
}

static void stock_xen_gets_pages(void **state)
{
	struct vf_ways ways = {};

	(void)state;
	/* the second extent, and trials after 8, 128, 1024... */
	assert_int_equal(hand_over(&ways, stock, 10), 1);
	assert_int_equal(hand_over(&ways, stock, 1), 1);
	assert_int_equal(hand_over(&ways, stock, 128), 0);
	assert_int_equal(hand_over(&ways, stock, 1), 1);
	assert_int_equal(hand_over(&ways, stock, 1024), 0);
	assert_int_equal(hand_over(&ways, stock, 1), 1);
	hand_over(&ways, stock, 10000);
	assert_int_equal(hand_over(&ways, stock, 1025), 1);
	assert_int_equal(hand_over(&ways, stock, 10250), 10);
}

static void patched_xen_gets_whole_extents(void **state)
{
	struct vf_ways ways = {};

	(void)state;
	assert_int_equal(hand_over(&ways, patched, 10), 9);
	hand_over(&ways, patched, 10000);
	assert_int_equal(hand_over(&ways, patched, 10250), 10240);
}

/* Equal, or nearly: the one Xen can interrupt */
static void doubt_is_for_pages(void **state)
{
	static const u64 host[VF_NR_WAYS] = { 20 * MS, 10 * MS };
	struct vf_ways ways = {};

	(void)state;
	assert_int_equal(hand_over(&ways, host, 10), 1);
}

/* The host was busy just when an extent went as a whole for the first time. */
static void first_impression_is_corrected(void **state)
{
	struct vf_ways ways = {};

	(void)state;
	vf_way_learn(&ways, VF_WAY_PAGES, patched[VF_WAY_PAGES]);
	vf_way_learn(&ways, VF_WAY_WHOLE, 5000 * MS);
	assert_int_equal(hand_over(&ways, patched, 8), 0);
	assert_int_equal(hand_over(&ways, patched, 16), 16);
}

/* ...or when its pages did, so that whole extents seem good. */
static void first_impression_of_pages_is_corrected(void **state)
{
	struct vf_ways ways = {};

	(void)state;
	vf_way_learn(&ways, VF_WAY_PAGES, 5000 * MS);
	vf_way_learn(&ways, VF_WAY_WHOLE, stock[VF_WAY_WHOLE]);
	assert_int_equal(hand_over(&ways, stock, 8), 8);
	assert_int_equal(hand_over(&ways, stock, 16), 0);
}

static void single_long_ones_do_not_count(void **state)
{
	struct vf_ways ways = {};
	unsigned int i;

	(void)state;
	hand_over(&ways, patched, 10);
	for (i = 0; i < 100; i++) {
		vf_way_learn(&ways, VF_WAY_WHOLE, 5000 * MS);
		assert_true(hand_over(&ways, patched, 9) >= 8);
	}
}

/* The guest has moved to a host with a stock Xen, and back. */
static void another_host(void **state)
{
	struct vf_ways ways = {};

	(void)state;
	hand_over(&ways, patched, 5000);
	assert_true(hand_over(&ways, stock, 5000) < 30);
	hand_over(&ways, patched, 1025);
	assert_true(hand_over(&ways, patched, 1000) >= 999);
}

static void no_time_at_all(void **state)
{
	static const u64 host[VF_NR_WAYS];
	struct vf_ways ways = {};

	(void)state;
	/* is not taken for "not tried yet" */
	assert_int_equal(hand_over(&ways, host, 10), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(stock_xen_gets_pages),
		cmocka_unit_test(patched_xen_gets_whole_extents),
		cmocka_unit_test(doubt_is_for_pages),
		cmocka_unit_test(first_impression_is_corrected),
		cmocka_unit_test(first_impression_of_pages_is_corrected),
		cmocka_unit_test(single_long_ones_do_not_count),
		cmocka_unit_test(another_host),
		cmocka_unit_test(no_time_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
