// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdlib.h>

#include "report.h"

#include <cmocka.h>

static void reads_period(void **state)
{
	static const struct {
		const char *text;
		int ret;
		u64 seconds;
	} cases[] = {
		{ NULL, 0, 0 }, { "0", 0, 0 }, { "1", 0, 1 }, { "3600", 0, 3600 },
		{ "3601", -EINVAL, 0 }, { "99999999999999999999999", -EINVAL, 0 },
		{ "", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "1.5", -EINVAL, 0 },
		{ "01", -EINVAL, 0 }, { "2\n", -EINVAL, 0 },
	};
	struct vf_error err;
	u64 seconds;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		size_t len = text ? strlen(text) : 0;

		seconds = 4711;
		assert_int_equal(vf_report_period(text, len, &seconds, &err),
				 cases[i].ret);
		assert_true(seconds == cases[i].seconds);
	}
	/* only as much of it as there is */
	assert_int_equal(vf_report_period("123456", 2, &seconds, &err), 0);
	assert_true(seconds == 12);
	assert_int_equal(vf_report_period("of\ten", 5, &seconds, &err), -EINVAL);
	assert_string_equal(err.text,
			    "numa/report_s: \"of?en\" is not a number from 0 to 3600");
}

/* What is in use of a node with such an amount free and so much cache. */
static u64 used(u64 free_kb, u64 cache_kb)
{
	struct vf_usage usage = {
		.current_kb = 100000, .free_kb = free_kb, .cache_kb = cache_kb,
		.reserve_kb = 3000, .low_kb = 1000,
	};
	struct vf_report report;

	vf_report_set(&report, &usage);
	assert_true(report.used_kb + report.free_kb == usage.current_kb);
	return report.used_kb;
}

static void tells_what_is_used(void **state)
{
	struct vf_usage slab = { .current_kb = 100000, .slab_kb = 20000, .low_kb = 1000 };
	struct vf_report report;

	(void)state;
	assert_true(used(0, 0) == 100000);
	/* what the kernel keeps is not free */
	assert_true(used(3000, 0) == 100000);
	assert_true(used(53000, 0) == 50000);
	/* cache can be dropped, but for some */
	assert_true(used(3000, 41000) == 60000);
	assert_true(used(3000, 600) == 99700);
	vf_report_set(&report, &slab);
	assert_true(report.free_kb == 19000);
}

/* Numbers that do not fit each other, as they are of different moments, do no harm. */
static void tells_no_more_than_there_is(void **state)
{
	struct vf_usage all = {
		.current_kb = 5000, .free_kb = 6000, .cache_kb = 6000, .slab_kb = 6000,
		.reserve_kb = 1,
	};
	struct vf_usage none = { .free_kb = 10, .cache_kb = 10 };
	struct vf_report report;

	(void)state;
	vf_report_set(&report, &all);
	assert_true(!report.used_kb && report.free_kb == 5000);
	vf_report_set(&report, &none);
	assert_true(!report.used_kb && !report.free_kb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_period),
		cmocka_unit_test(tells_what_is_used),
		cmocka_unit_test(tells_no_more_than_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
