// SPDX-License-Identifier: GPL-2.0-only
/* How memory is shared out, and what is known of balloons. */
#include <string.h>

#include "balloon.h"
#include "reporting.h"
#include "share.h"
#include "test.h"

#define MB	UINT64_C(1024)
#define FLOOR	(128 * MB)
#define SECOND	UINT64_C(1000000000)

static unsigned int seed = 20261127;

static unsigned int random_below(unsigned int most)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % most;
}

static struct memory_share guest(uint64_t size_mb, uint64_t need_mb)
{
	return (struct memory_share){
		.size_kb = size_mb * MB, .maximum_kb = 4096 * MB,
		.need_kb = need_mb * MB, .weight = 1, .may_fall = true,
	};
}

static void plan(struct memory_share *guests, unsigned int count, int64_t spare_mb)
{
	assert_true(share_plan(guests, count, spare_mb * (int64_t)MB, FLOOR));
}

static void rises_at_once(void **state)
{
	struct memory_share g = guest(300, 500);

	(void)state;
	plan(&g, 1, 10000);
	assert_int_equal(g.want_kb, (500 + 128 + 100) * MB);
	assert_int_equal(g.target_kb, g.want_kb);
	/* no more than it can have */
	g.maximum_kb = 600 * MB;
	plan(&g, 1, 10000);
	assert_int_equal(g.target_kb, 600 * MB);
	/* and no more than there is */
	plan(&g, 1, 100);
	assert_int_equal(g.target_kb, 400 * MB);
	plan(&g, 1, 0);
	assert_int_equal(g.target_kb, 300 * MB);
	plan(&g, 1, -50);
	assert_int_equal(g.target_kb, 300 * MB);
}

static void falls_slowly(void **state)
{
	struct memory_share g = guest(2000, 500);

	(void)state;
	plan(&g, 1, 10000);
	assert_int_equal(g.target_kb, 1800 * MB);
	g.may_fall = false;
	plan(&g, 1, 10000);
	assert_int_equal(g.target_kb, 2000 * MB);
	/* not below what is in use and the floor, however short the host is */
	g = guest(640, 500);
	plan(&g, 1, -10000);
	assert_int_equal(g.target_kb, 640 * MB);
	g = guest(660, 500);
	plan(&g, 1, -10000);
	assert_int_equal(g.target_kb, 628 * MB);
}

static void dead_band(void **state)
{
	struct memory_share g = guest(728 + 20, 500);

	(void)state;
	plan(&g, 1, 10000);
	assert_int_equal(g.target_kb, g.size_kb);
	g = guest(728 - 20, 500);
	plan(&g, 1, 10000);
	assert_int_equal(g.target_kb, g.size_kb);
	/* one that has less than it may have is given even a little */
	g = guest(620, 500);
	plan(&g, 1, 5);
	assert_int_equal(g.target_kb, 625 * MB);
}

/* Until nothing changes */
static void settle(struct memory_share *guests, unsigned int count, int64_t spare_mb)
{
	int64_t spare_kb = spare_mb * (int64_t)MB;
	unsigned int i, n;
	bool changed = true;

	for (n = 0; changed && n < 200; n++) {
		int64_t rises = 0;

		changed = false;
		assert_true(share_plan(guests, count, spare_kb, FLOOR));
		for (i = 0; i < count; i++) {
			struct memory_share *g = &guests[i];
			int64_t by = g->target_kb - g->size_kb;
			uint64_t least = share_least(g, FLOOR);

			assert_true(g->target_kb <= g->maximum_kb);
			/* no floor is broken, nothing falls fast */
			assert_true(by >= 0 || g->target_kb >= least);
			assert_true(by >= 0 || (uint64_t)-by <= g->size_kb / 10);
			assert_true(by >= 0 || g->may_fall);
			rises += by > 0 ? by : 0;
			changed |= by != 0;
		}
		/* what rises was free */
		assert_true(!rises || rises <= spare_kb);
		for (i = 0; i < count; i++) {
			spare_kb += (int64_t)guests[i].size_kb -
				    (int64_t)guests[i].target_kb;
			guests[i].size_kb = guests[i].target_kb;
		}
	}
	assert_false(changed);
}

static bool near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= share_band(a);
}

/* Where there is not enough for all, equals end equal, wherever they began. */
static void equals_end_equal(void **state)
{
	struct memory_share g[3] = { guest(1500, 800), guest(700, 800), guest(900, 800) };
	unsigned int i;

	(void)state;
	settle(g, 3, 0);
	for (i = 0; i < 3; i++)
		assert_true(near(g[i].size_kb, 3100 * MB / 3));
}

static void idle_give_first(void **state)
{
	struct memory_share g[2] = { guest(2000, 100), guest(1000, 1500) };

	(void)state;
	settle(g, 2, 0);
	assert_true(near(g[0].size_kb, 248 * MB));
	assert_true(near(g[1].size_kb, (1500 + 128 + 300) * MB));
}

static void shares(void **state)
{
	struct memory_share g[2] = { guest(1000, 300), guest(1000, 300) };

	(void)state;
	g[0].weight = 3;
	g[0].need_kb = 2000 * MB;
	g[1].need_kb = 400 * MB;
	g[0].size_kb = 1500 * MB;
	settle(g, 2, 0);
	assert_true(g[0].size_kb > g[1].size_kb);
	assert_true(g[1].size_kb >= share_least(&g[1], FLOOR));
}

/* From a constant load it comes to rest, and breaks nothing on the way. */
static void random_hosts(void **state)
{
	struct memory_share g[12];
	unsigned int i, n, count;

	(void)state;
	printf("seed %u\n", seed);
	for (n = 0; n < 3000; n++) {
		count = 1 + random_below(12);
		for (i = 0; i < count; i++) {
			g[i] = (struct memory_share){
				.maximum_kb = (256 + random_below(8000)) * MB,
				.weight = 1 + random_below(4) * random_below(2),
				.may_fall = random_below(8),
			};
			g[i].size_kb = g[i].maximum_kb / (1 + random_below(3));
			g[i].need_kb = random_below(g[i].size_kb);
		}
		settle(g, count, (int)random_below(8000) - 2000);
	}
}

/* ---- balloons */

static struct guest_memory memory(uint64_t actual_mb, uint64_t used_mb,
				  uint64_t stats_at)
{
	return (struct guest_memory){
		.has_balloon = true, .has_stats = true, .has_usable = true,
		.maximum_kb = 1024 * MB, .actual_kb = actual_mb * MB,
		.available_kb = (actual_mb - 40) * MB,
		.usable_kb = (actual_mb - 40 - used_mb) * MB,
		.stats_at = stats_at,
	};
}

static struct balloon balloon;
static uint64_t second;

static enum balloon_state see(struct guest_memory m)
{
	second += 2;
	balloon_see(&balloon, &m, second * SECOND, 2 * SECOND);
	return balloon.state;
}

static void begin(void)
{
	memset(&balloon, 0, sizeof(balloon));
	second = 100;
}

static void ready_when_it_has_spoken_twice(void **state)
{
	(void)state;
	begin();
	assert_int_equal(see(memory(1024, 100, 1)), BALLOON_NEW);
	/* the same statistics again say nothing new */
	assert_int_equal(see(memory(1024, 100, 1)), BALLOON_NEW);
	assert_int_equal(see(memory(1024, 100, 2)), BALLOON_READY);
	assert_int_equal(balloon.need_kb, 140 * MB);
	/* the larger one of two */
	assert_int_equal(see(memory(1024, 50, 3)), BALLOON_READY);
	assert_int_equal(balloon.need_kb, 140 * MB);
	assert_int_equal(see(memory(1024, 50, 4)), BALLOON_READY);
	assert_int_equal(balloon.need_kb, 90 * MB);
	assert_int_equal(see(memory(1024, 300, 5)), BALLOON_READY);
	assert_int_equal(balloon.need_kb, 340 * MB);
}

static void skips_while_it_moves(void **state)
{
	struct guest_memory m;

	(void)state;
	begin();
	see(memory(1024, 100, 1));
	see(memory(1024, 100, 2));
	balloon_set(&balloon, 600 * MB, second * SECOND);
	/* the guest speaks of before */
	m = memory(900, 100, 3);
	m.available_kb = 980 * MB;
	m.usable_kb = 860 * MB;
	assert_int_equal(see(m), BALLOON_MOVING);
	assert_int_equal(balloon.need_kb, 140 * MB);
	/* what it says fits where it is */
	assert_int_equal(see(memory(700, 200, 4)), BALLOON_READY);
	assert_int_equal(balloon.need_kb, 240 * MB);
	assert_int_equal(balloon_size(&balloon), 700 * MB);
	assert_int_equal(see(memory(600, 200, 5)), BALLOON_READY);
	assert_int_equal(balloon.target_kb, 0);
	/* on its way to more, that counts */
	balloon_set(&balloon, 800 * MB, second * SECOND);
	assert_int_equal(balloon_size(&balloon), 800 * MB);
}

static void stuck(void **state)
{
	unsigned int i;

	(void)state;
	begin();
	see(memory(1024, 100, 1));
	see(memory(1024, 100, 2));
	balloon_set(&balloon, 600 * MB, second * SECOND);
	for (i = 3; i < 8; i++) {
		assert_int_equal(see(memory(1024, 100, i)), BALLOON_READY);
		/* being asked again does not help */
		balloon_set(&balloon, 600 * MB, second * SECOND);
	}
	assert_int_equal(see(memory(1024, 100, 9)), BALLOON_STUCK);
	/* and it counts again once it moves */
	assert_int_equal(see(memory(900, 100, 10)), BALLOON_READY);
	assert_int_equal(see(memory(900, 100, 11)), BALLOON_READY);
	/* one that gave up what it could not give is left alone for some time */
	balloon_rest(&balloon, second * SECOND);
	assert_int_equal(see(memory(900, 100, 12)), BALLOON_STUCK);
	second += 60;
	assert_int_equal(see(memory(900, 100, 13)), BALLOON_READY);
}

static void moved_by_someone_else(void **state)
{
	unsigned int i;

	(void)state;
	begin();
	see(memory(1024, 100, 1));
	see(memory(1024, 100, 2));
	balloon_set(&balloon, 600 * MB, second * SECOND);
	see(memory(800, 100, 3));
	see(memory(1000, 100, 4));
	for (i = 5; i < 20; i++)
		assert_int_equal(see(memory(1000, 100, i)), BALLOON_READY);
}

/* Where it is known when a change is over, its size does not have to be what was asked. */
static struct guest_memory by_nodes(uint64_t actual_mb, uint64_t stats_at, bool changing)
{
	struct guest_memory m = memory(actual_mb, 100, stats_at);

	m.knows_end = true;
	m.changing = changing;
	return m;
}

static void knows_its_end(void **state)
{
	struct guest_memory m;
	unsigned int i;

	(void)state;
	begin();
	see(by_nodes(1024, 1, false));
	assert_int_equal(see(by_nodes(1024, 2, false)), BALLOON_READY);
	balloon_set(&balloon, 600 * MB, second * SECOND);
	assert_int_equal(see(by_nodes(900, 3, true)), BALLOON_MOVING);
	assert_int_equal(balloon.target_kb, 600 * MB);
	/* it keeps some of it */
	assert_int_equal(see(by_nodes(620, 4, false)), BALLOON_READY);
	assert_int_equal(balloon.target_kb, 0);
	/* it gave nearly nothing: it is not asked again at once */
	balloon_set(&balloon, 560 * MB, second * SECOND);
	assert_int_equal(see(by_nodes(618, 5, false)), BALLOON_STUCK);
	second += 60;
	assert_int_equal(see(by_nodes(618, 6, false)), BALLOON_READY);
	/* nor is one that refused */
	balloon_set(&balloon, 560 * MB, second * SECOND);
	m = by_nodes(560, 7, false);
	m.refused = true;
	assert_int_equal(see(m), BALLOON_STUCK);
	second += 60;
	/* what was refused before is over */
	m.stats_at = 8;
	assert_int_equal(see(m), BALLOON_READY);
	/* one that does not get anywhere */
	balloon_set(&balloon, 500 * MB, second * SECOND);
	for (i = 9; i < 14; i++)
		assert_int_equal(see(by_nodes(560, i, true)), BALLOON_MOVING);
	assert_int_equal(see(by_nodes(560, i, true)), BALLOON_STUCK);
}

/* What somebody else changes is left to him, however long it takes. */
static void changed_by_others(void **state)
{
	unsigned int i;

	(void)state;
	begin();
	see(by_nodes(1024, 1, false));
	see(by_nodes(1024, 2, false));
	for (i = 3; i < 40; i++)
		assert_int_equal(see(by_nodes(1024, i, true)), BALLOON_MOVING);
	assert_int_equal(see(by_nodes(1024, i, false)), BALLOON_READY);
}

static void silent(void **state)
{
	struct guest_memory m = memory(1024, 100, 0);
	unsigned int i;

	(void)state;
	begin();
	m.has_stats = false;
	for (i = 0; i < 15; i++)
		assert_int_equal(see(m), BALLOON_NEW);
	see(m);
	assert_int_equal(see(m), BALLOON_SILENT);
	/* a guest that hangs says the same on and on */
	begin();
	see(memory(1024, 100, 1));
	see(memory(1024, 100, 2));
	for (i = 0; i < 16; i++)
		see(memory(1024, 100, 2));
	assert_int_equal(balloon.state, BALLOON_SILENT);
	see(memory(1024, 100, 3));
	assert_int_equal(see(memory(1024, 100, 4)), BALLOON_READY);
	begin();
	m.has_balloon = false;
	assert_int_equal(see(m), BALLOON_SILENT);
}

/* For an hour, in the middle of a change: it goes on with that. */
static void paused(void **state)
{
	struct guest_memory m = memory(1024, 100, 2);

	(void)state;
	begin();
	see(memory(1024, 100, 1));
	see(m);
	balloon_set(&balloon, 600 * MB, second * SECOND);
	second += 3600;
	balloon_paused(&balloon, second * SECOND);
	assert_int_equal(see(m), BALLOON_READY);
	assert_int_equal(balloon.target_kb, 600 * MB);
	/* then it has as much time as any other */
	second += 31;
	assert_int_equal(see(m), BALLOON_SILENT);
}

static void absurd(void **state)
{
	struct guest_memory m = memory(1024, 100, 1);
	unsigned int i;

	(void)state;
	begin();
	m.usable_kb = 2000 * MB;
	for (i = 1; i < 5; i++) {
		m.stats_at = i;
		assert_int_equal(see(m), BALLOON_NEW);
	}
	/* the same ones again are no more of them */
	assert_int_equal(see(m), BALLOON_NEW);
	m.stats_at++;
	assert_int_equal(see(m), BALLOON_UNCLEAR);
	m = memory(1024, 100, 20);
	assert_int_equal(see(m), BALLOON_READY);
	m.available_kb = 1025 * MB;
	for (i = 21; i < 25; i++) {
		m.stats_at = i;
		assert_int_equal(see(m), BALLOON_MOVING);
	}
	m.stats_at++;
	assert_int_equal(see(m), BALLOON_UNCLEAR);
	/* one that moves speaks of another size */
	m.actual_kb = 800 * MB;
	m.stats_at++;
	assert_int_equal(see(m), BALLOON_MOVING);
	/* a size that no guest has */
	begin();
	m.actual_kb = UINT64_MAX;
	m.maximum_kb = UINT64_MAX;
	for (i = 30; i < 36; i++) {
		m.stats_at = i;
		see(m);
	}
	assert_int_equal(balloon.state, BALLOON_UNCLEAR);
	assert_int_equal(balloon_claim(&balloon), 1024 * 1024 * 1024 * MB);
	/* also of one that was good: it is not shared with from the first moment */
	begin();
	see(memory(1024, 100, 1));
	assert_int_equal(see(memory(1024, 100, 2)), BALLOON_READY);
	m = memory(1024, 100, 3);
	m.actual_kb = UINT64_MAX;
	assert_int_equal(see(m), BALLOON_UNCLEAR);
	assert_int_equal(see(memory(1024, 100, 4)), BALLOON_READY);
	m = memory(1024, 100, 5);
	m.maximum_kb = UINT64_MAX;
	assert_int_equal(see(m), BALLOON_UNCLEAR);
	/* unless it does not count what the balloon has */
	begin();
	m = memory(600, 100, 22);
	m.available_kb = 984 * MB;
	m.autodeflate = true;
	see(m);
	m.stats_at++;
	see(m);
	m.stats_at++;
	assert_int_equal(see(m), BALLOON_READY);
	assert_int_equal(balloon.need_kb, 140 * MB);
}

/* A driver that does not say what is usable, which is not nothing */
static void without_usable(void **state)
{
	struct guest_memory m = memory(1024, 100, 1);

	(void)state;
	begin();
	m.has_usable = false;
	m.usable_kb = 0;
	assert_int_equal(see(m), BALLOON_UNCLEAR);
	m.stats_at++;
	assert_int_equal(see(m), BALLOON_UNCLEAR);
	assert_false(balloon.has_need);
	assert_true(balloon_left_alone(&balloon));
	/* another driver was loaded */
	assert_int_equal(see(memory(1024, 100, 3)), BALLOON_READY);
	assert_int_equal(balloon.need_kb, 140 * MB);
}

/* A guest that is busy with a job says how large it is, and nothing else. */
static void busy(void **state)
{
	struct guest_memory m = memory(1024, 100, 1), nothing = {
		.has_balloon = true,
		.maximum_kb = 1024 * MB, .actual_kb = 1024 * MB,
	};
	unsigned int i;

	(void)state;
	begin();
	/* what it has of the host may be nothing */
	see(nothing);
	assert_int_equal(balloon_claim(&balloon), 1024 * MB);
	m.rss_kb = 300 * MB;
	see(m);
	assert_int_equal(balloon_claim(&balloon), 724 * MB);
	/* it is remembered */
	see(nothing);
	assert_int_equal(balloon_claim(&balloon), 724 * MB);
	m.rss_kb = 2000 * MB;
	see(m);
	assert_int_equal(balloon_claim(&balloon), 0);
	/* and nothing said is nothing new, however often it is looked at */
	begin();
	see(memory(1024, 100, 1));
	see(memory(1024, 100, 2));
	for (i = 0; i < 7; i++) {
		assert_int_equal(see(nothing), BALLOON_MOVING);
		assert_int_equal(see(memory(1024, 100, 2)), BALLOON_READY);
	}
	see(nothing);
	assert_int_equal(see(nothing), BALLOON_SILENT);
}

/* Guests are asked to report when they are first seen, and seldom again. */
static void reporting(void **state)
{
	struct guest g = { .running = true, .memory = { .has_balloon = true } };
	struct reporting r = { .agreed = false };
	uint64_t at = 100;

	(void)state;
	/* one that is paused, or has no use for it */
	g.running = false;
	assert_false(reporting_due(&r, &g, at * SECOND));
	g.running = true;
	g.memory.fixed = true;
	assert_false(reporting_due(&r, &g, at * SECOND));
	g.memory.fixed = false;
	g.memory.has_balloon = false;
	assert_false(reporting_due(&r, &g, at * SECOND));
	g.memory.has_balloon = true;
	assert_true(reporting_due(&r, &g, at * SECOND));
	/* it could not be asked: again after a minute */
	reporting_asked(&r, false, at * SECOND);
	assert_false(reporting_due(&r, &g, (at + 59) * SECOND));
	at += 60;
	assert_true(reporting_due(&r, &g, at * SECOND));
	reporting_asked(&r, true, at * SECOND);
	/* one without a driver, for long */
	assert_false(reporting_due(&r, &g, (at + 1000) * SECOND));
	/* one that reported, and went silent */
	g.memory.has_stats = true;
	g.memory.stats_at = 7;
	at += 1000;
	assert_false(reporting_due(&r, &g, at * SECOND));
	assert_false(reporting_due(&r, &g, (at + 59) * SECOND));
	assert_true(reporting_due(&r, &g, (at + 60) * SECOND));
	reporting_asked(&r, true, (at + 60) * SECOND);
	assert_false(reporting_due(&r, &g, (at + 119) * SECOND));
	assert_true(reporting_due(&r, &g, (at + 120) * SECOND));
	/* it does again */
	g.memory.stats_at = 8;
	assert_false(reporting_due(&r, &g, (at + 120) * SECOND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rises_at_once),
		cmocka_unit_test(falls_slowly),
		cmocka_unit_test(dead_band),
		cmocka_unit_test(equals_end_equal),
		cmocka_unit_test(idle_give_first),
		cmocka_unit_test(shares),
		cmocka_unit_test(random_hosts),
		cmocka_unit_test(ready_when_it_has_spoken_twice),
		cmocka_unit_test(skips_while_it_moves),
		cmocka_unit_test(stuck),
		cmocka_unit_test(moved_by_someone_else),
		cmocka_unit_test(knows_its_end),
		cmocka_unit_test(changed_by_others),
		cmocka_unit_test(silent),
		cmocka_unit_test(paused),
		cmocka_unit_test(absurd),
		cmocka_unit_test(without_usable),
		cmocka_unit_test(busy),
		cmocka_unit_test(reporting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
