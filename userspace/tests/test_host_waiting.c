// SPDX-License-Identifier: GPL-2.0-only
/* How long vCPUs have waited, by glances at what they do. */
#include <stdlib.h>

#include "demand.h"
#include "test.h"
#include "waiting.h"

#define MS	UINT64_C(1000000)

/* Glances at one vCPU that is alone, far from who looks. */
static void glances(struct waiting *w, enum doing what, unsigned int count)
{
	struct glance glance = { .doing = what };

	while (count--)
		waiting_glance(w, &glance, 0);
}

static void shares_the_rest(void **state)
{
	struct waiting w = { 0 };

	(void)state;
	assert_true(waiting_read(&w, 1000 * MS, 500 * MS));
	assert_int_equal(w.delay_ns, 0);
	/* it ran a quarter of 2 s; of the rest it waited a third */
	glances(&w, DOING_WORK, 10);
	glances(&w, DOING_NOTHING, 20);
	glances(&w, DOING_WAIT, 10);
	assert_true(waiting_read(&w, 3000 * MS, 1000 * MS));
	assert_int_equal(w.delay_ns / MS, 500);
	/* never blocked: all of the rest, whatever the share of glances that saw it run */
	glances(&w, DOING_WORK, 1);
	glances(&w, DOING_WAIT, 1);
	assert_true(waiting_read(&w, 5000 * MS, 1250 * MS));
	assert_int_equal(w.delay_ns / MS, 500 + 1750);
	/* never found waiting: nothing */
	glances(&w, DOING_NOTHING, 1);
	glances(&w, DOING_WORK, 30);
	assert_true(waiting_read(&w, 7000 * MS, 2250 * MS));
	assert_int_equal(w.delay_ns / MS, 500 + 1750);
}

static void without_glances(void **state)
{
	struct waiting w = { 0 };

	(void)state;
	waiting_read(&w, 1000 * MS, 0);
	/* it ran all the time, and cannot have waited */
	assert_true(waiting_read(&w, 2000 * MS, 999 * MS));
	assert_int_equal(w.delay_ns, 0);
	assert_false(waiting_read(&w, 3000 * MS, 1500 * MS));
	assert_int_equal(w.delay_ns, 0);
	/* found to run each time */
	glances(&w, DOING_WORK, 5);
	assert_false(waiting_read(&w, 4000 * MS, 2000 * MS));
	/* more than there was is no reason for a fault */
	assert_true(waiting_read(&w, 5000 * MS, 9000 * MS));
	/* made anew: it begins again */
	glances(&w, DOING_WAIT, 5);
	assert_true(waiting_read(&w, 6000 * MS, 10 * MS));
	assert_int_equal(w.delay_ns, 0);
}

/* Who looks takes the CPU from one of those that are there. */
static void beside_who_looks(void **state)
{
	struct glance all[] = {
		{ DOING_WAIT, true }, { DOING_WAIT, true }, { DOING_NOTHING, true },
		{ DOING_WAIT, false }, { DOING_WORK, false },
	};
	struct waiting w[5] = { 0 };
	unsigned int i, beside = glances_beside(all, 5);

	(void)state;
	assert_int_equal(beside, 2);
	for (i = 0; i < 5; i++)
		waiting_glance(&w[i], &all[i], beside);
	assert_true(w[0].wait == 0.5 && w[1].wait == 0.5 && w[3].wait == 1);
	assert_true(w[2].nothing == 1 && !w[2].wait && !w[4].wait && !w[4].nothing);
	/* alone there it would run */
	assert_int_equal(glances_beside(all + 1, 1), 1);
	waiting_glance(&w[4], &all[1], 1);
	assert_true(!w[4].wait);
}

/* Vcpus on one CPU, each of which is busy for a part of its time, at 25 glances a second. */
static void demand_is_found(void **state)
{
	static const unsigned int busy[] = { 1000, 1000, 300, 0 };
	struct waiting w[4] = { 0 };
	uint64_t ran[4] = { 0 };
	unsigned int i, ms, turn = 0, phase[4] = { 0 }, thousandths;
	struct glance glance = { 0 };
	bool wants[4];

	(void)state;
	srand(1);
	for (i = 0; i < 4; i++)
		waiting_read(&w[i], 1, 0);
	for (ms = 0; ms < 12000; ms++) {
		/* those that are busy for a part are so for 50 ms, and not for the rest */
		for (i = 0; i < 4; i++) {
			if (phase[i])
				phase[i]--;
			else if (busy[i] < 1000 && busy[i])
				phase[i] = 166;
			wants[i] = busy[i] == 1000 || (busy[i] && phase[i] > 116);
		}
		do {
			turn = (turn + 1) % 4;
		} while (!wants[turn]);
		ran[turn] += MS;
		/* what is blocked while it waits is served later */
		if (ms % 40 == (unsigned int)rand() % 40)
			for (i = 0; i < 4; i++) {
				glance.doing = i == turn ? DOING_WORK :
					       wants[i] ? DOING_WAIT : DOING_NOTHING;
				waiting_glance(&w[i], &glance, 0);
			}
	}
	for (i = 0; i < 4; i++) {
		struct seen_vcpu before = { .online = true, .has_delay = true };
		struct seen_vcpu now = before;

		waiting_read(&w[i], 12000 * MS, ran[i]);
		now.run_ns = ran[i];
		now.delay_ns = w[i].delay_ns;
		demand(&before, &now, 12000 * MS, 0, &thousandths);
		if (busy[i] == 1000)
			assert_int_equal(thousandths, 1000);
		else
			assert_in_range(thousandths, busy[i] / 3, busy[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_the_rest),
		cmocka_unit_test(without_glances),
		cmocka_unit_test(beside_who_looks),
		cmocka_unit_test(demand_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
