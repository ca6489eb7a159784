// SPDX-License-Identifier: GPL-2.0-only
/* Which nodes of a guest give memory, or get it. */
#include <stdlib.h>
#include <string.h>

#include "spread.h"
#include "test.h"

#define MB	1024
#define NODES	4

static struct guest_node nodes[NODES];
static struct guest guest = { .nr_nodes = NODES, .nodes = nodes };
static struct host_node host[NODES];
static uint64_t kb[NODES];

/* Nodes of 256 MiB, each on a physical node of its own, with so much in use and free. */
static void begin(void)
{
	static const unsigned int used[] = { 100, 40, 20, 10 };
	unsigned int i;

	for (i = 0; i < NODES; i++) {
		nodes[i] = (struct guest_node){
			.pnode = i, .capacity_kb = 256 * MB, .target_kb = 128 * MB,
			.current_kb = 128 * MB, .has_report = true,
			.used_kb = used[i] * MB, .free_kb = (128 - used[i]) * MB,
		};
		host[i] = (struct host_node){ .total_kb = 1024 * MB, .free_kb = 64 * MB };
	}
}

static int64_t change(int more_mb)
{
	return spread_change(&guest, host, NODES, (int64_t)more_mb * MB, kb);
}

static void expect(int64_t a, int64_t b, int64_t c, int64_t d)
{
	int64_t want[] = { a, b, c, d };
	unsigned int i;

	for (i = 0; i < NODES; i++)
		assert_int_equal(kb[i], want[i] < 0 ? NODE_STAYS : (uint64_t)want[i] * MB);
}

/* Until all have equally much free */
static void who_has_most_gives(void **state)
{
	(void)state;
	begin();
	assert_int_equal(change(-10), -10 * MB);
	expect(-1, -1, -1, 118);
	begin();
	assert_int_equal(change(-50), -50 * MB);
	expect(-1, -1, 108, 98);
	/* never what is in use, and none leaves */
	assert_int_equal(change(-1000), -(26 + 86 + 106 + 116) * MB);
	expect(102, 42, 22, 12);
}

static void who_has_least_gets(void **state)
{
	(void)state;
	begin();
	assert_int_equal(change(20), 20 * MB);
	expect(148, -1, -1, -1);
	/* as far as its physical node has it */
	assert_int_equal(change(80), 80 * MB);
	expect(192, 144, -1, -1);
	host[0].free_kb = 7 * MB;
	assert_int_equal(change(20), 20 * MB);
	expect(134, 142, -1, -1);
	/* nor more than it was built with */
	nodes[1].capacity_kb = 132 * MB;
	assert_int_equal(change(1000), (6 + 4 + 64 + 64) * MB);
}

static void room(void **state)
{
	(void)state;
	begin();
	assert_int_equal(spread_room(&guest, host, NODES), 4 * 64 * MB);
	/* two on one physical node share what is free there */
	nodes[1].pnode = 0;
	assert_int_equal(spread_room(&guest, host, NODES), 3 * 64 * MB);
	assert_int_equal(change(1000), 3 * 64 * MB);
	nodes[1].pnode = NODE_UNKNOWN;
	nodes[2].pnode = 17;
	assert_int_equal(spread_room(&guest, host, NODES), 2 * 64 * MB);
	assert_int_equal(change(1000), 2 * 64 * MB);
}

static void leaves_nodes_alone(void **state)
{
	(void)state;
	begin();
	/* one that was taken, and one of which nothing is known */
	nodes[3].target_kb = 0;
	nodes[2].has_report = false;
	assert_int_equal(change(-1000), -(26 + 86) * MB);
	expect(102, 42, -1, -1);
	assert_int_equal(change(1000), 128 * MB);
	expect(192, 192, -1, -1);
	assert_int_equal(change(0), 0);
	expect(-1, -1, -1, -1);
	assert_int_equal(change(1), 0);
	assert_int_equal(change(-1), 0);
}

/* Sizes that are not what was wanted before */
static void fell_short(void **state)
{
	(void)state;
	begin();
	/* firmware keeps some: sizes stay round */
	nodes[3].current_kb -= 400;
	change(-10);
	expect(-1, -1, -1, 118);
	/* it kept what it was to give, and is to give more: less than it was to have */
	nodes[3].current_kb = 140 * MB;
	change(-10);
	expect(-1, -1, -1, 118);
	/* the host had no more, and is to give more: more than it was to have */
	nodes[0].current_kb = 110 * MB;
	change(10);
	expect(138, -1, -1, -1);
	/* it has given less than it was to: what it has counts */
	nodes[3].current_kb = 120 * MB;
	change(-10);
	expect(-1, -1, -1, 110);
}

/* No memory is made, no bound broken, and the way there is the only one. */
static void random_guests(void **state)
{
	unsigned int run, i;
	int64_t sum, got, more;

	(void)state;
	srand(7);
	for (run = 0; run < 20000; run++) {
		begin();
		for (i = 0; i < NODES; i++) {
			nodes[i].used_kb = rand() % (120 * MB);
			nodes[i].free_kb = 128 * MB - nodes[i].used_kb;
			nodes[i].target_kb = rand() % 5 ? 128 * MB : 0;
			nodes[i].capacity_kb = (128 + rand() % 128) * MB;
			nodes[i].pnode = rand() % NODES;
			host[i].free_kb = rand() % (100 * MB);
		}
		more = rand() % (600 * MB) - 300 * MB;
		got = spread_change(&guest, host, NODES, more, kb);
		assert_true(more < 0 ? got <= 0 && got >= more : got >= 0 && got <= more);
		for (i = 0, sum = 0; i < NODES; i++) {
			if (kb[i] == NODE_STAYS)
				continue;
			assert_true(nodes[i].target_kb && kb[i] <= nodes[i].capacity_kb &&
				    kb[i] > nodes[i].used_kb);
			assert_true(got < 0 ? kb[i] < 128 * MB : kb[i] > 128 * MB);
			sum += (int64_t)kb[i] - 128 * MB;
			host[nodes[i].pnode].free_kb -= got > 0 ? kb[i] - 128 * MB : 0;
			assert_true(host[nodes[i].pnode].free_kb < 100 * MB);
		}
		assert_int_equal(sum, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_most_gives),
		cmocka_unit_test(who_has_least_gets),
		cmocka_unit_test(room),
		cmocka_unit_test(leaves_nodes_alone),
		cmocka_unit_test(fell_short),
		cmocka_unit_test(random_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
