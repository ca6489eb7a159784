// SPDX-License-Identifier: GPL-2.0-only
/* How much of a physical CPU a vCPU wants. */
#include "demand.h"
#include "test.h"

#define MS		UINT64_C(1000000)
#define INTERVAL_MS	2000

static enum demand_kind kind;

/* A vCPU that ran and waited for so long in an interval whose length is not sure. */
static unsigned int of_unsure(uint64_t run_ms, uint64_t delay_ms, uint64_t unsure_ms)
{
	struct seen_vcpu before = {
		.online = true, .has_delay = true,
		.run_ns = 5000 * MS, .delay_ns = 700 * MS,
	}, now = before;
	unsigned int thousandths;

	now.run_ns += run_ms * MS;
	now.delay_ns += delay_ms * MS;
	kind = demand(&before, &now, INTERVAL_MS * MS, unsure_ms * MS, &thousandths);
	return thousandths;
}

static unsigned int of(uint64_t run_ms, uint64_t delay_ms)
{
	return of_unsure(run_ms, delay_ms, 0);
}

static void is_not_use(void **state)
{
	(void)state;
	/* eight busy ones on one CPU */
	assert_int_equal(of(250, 1750), 1000);
	assert_int_equal(kind, DEMAND_KNOWN);
	assert_int_equal(of(2000, 0), 1000);
	assert_int_equal(of(1000, 0), 500);
	/* half of the time that it did not wait */
	assert_int_equal(of(500, 1000), 500);
	assert_int_equal(of(0, 0), 0);
	assert_int_equal(of(0, 1000), 0);
	/* it waited all the time */
	assert_int_equal(of(0, 2000), 1000);
}

/* The time that it ran comes in ticks of 10 ms: what is less than two is not blocked. */
static void ticks(void **state)
{
	(void)state;
	assert_int_equal(of(10, 1975), 1000);
	assert_int_equal(of(2010, 0), 1000);
	assert_int_equal(of(2040, 30), 1000);
}

/* A look at a busy host takes its time: a busy vCPU is not taken for one that was blocked then. */
static void unsure(void **state)
{
	(void)state;
	assert_int_equal(of(400, 1300), 571);
	assert_int_equal(of_unsure(400, 1300, 300), 1000);
	assert_int_equal(kind, DEMAND_KNOWN);
	assert_int_equal(of_unsure(400, 1300, 200), 571);
	/* nor one of which nothing can be */
	of(400, 2500);
	assert_int_equal(kind, DEMAND_NONE);
	assert_int_equal(of_unsure(400, 2500, 300), 1000);
	assert_int_equal(kind, DEMAND_KNOWN);
	assert_int_equal(of_unsure(10, 20, 300), 5);
}

/* However long the look takes: what was blocked for most of the interval was not busy. */
static void very_unsure(void **state)
{
	(void)state;
	assert_int_equal(of_unsure(0, 0, 1990), 0);
	assert_int_equal(of_unsure(10, 0, 1990), 5);
	assert_int_equal(of_unsure(600, 0, 1500), 300);
	assert_int_equal(of_unsure(500, 400, 5000), 312);
	assert_int_equal(of_unsure(400, 1300, 1500), 1000);
	/* and a busy one is one in an interval that was three times as long */
	assert_int_equal(of_unsure(3400, 0, 1500), 1000);
}

static void absurd(void **state)
{
	struct seen_vcpu before = { .online = true, .has_delay = true, .run_ns = 10 * MS },
		    now = before;
	unsigned int thousandths = 7;

	(void)state;
	assert_int_equal(of(5000, 0), 0);
	assert_int_equal(kind, DEMAND_NONE);
	assert_int_equal(of(0, 5000), 0);
	assert_int_equal(kind, DEMAND_NONE);
	now.run_ns = 9 * MS;
	assert_int_equal(demand(&before, &now, INTERVAL_MS * MS, 0, &thousandths),
			 DEMAND_NONE);
	assert_int_equal(thousandths, 0);
	now = before;
	before.delay_ns = 1;
	assert_int_equal(demand(&before, &now, INTERVAL_MS * MS, 0, &thousandths),
			 DEMAND_NONE);
	before.delay_ns = 0;
	assert_int_equal(demand(&before, &now, 0, 0, &thousandths), DEMAND_NONE);
	now.online = false;
	assert_int_equal(demand(&before, &now, INTERVAL_MS * MS, 0, &thousandths),
			 DEMAND_NONE);
}

/* Where it is not known how long it waited, its use is all there is. */
static void without_delay(void **state)
{
	struct seen_vcpu before = { .online = true }, now = {
		.online = true, .run_ns = 500 * MS,
	};
	unsigned int thousandths;

	(void)state;
	assert_int_equal(demand(&before, &now, INTERVAL_MS * MS, 0, &thousandths),
			 DEMAND_USE);
	assert_int_equal(thousandths, 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_not_use),
		cmocka_unit_test(ticks),
		cmocka_unit_test(unsure),
		cmocka_unit_test(very_unsure),
		cmocka_unit_test(absurd),
		cmocka_unit_test(without_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
