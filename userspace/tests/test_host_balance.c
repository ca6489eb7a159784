// SPDX-License-Identifier: GPL-2.0-only
/* Plans for hosts, beside those that are found by trying all there are. */
#include <string.h>
#include <time.h>

#include "balance.h"
#include "cpulist.h"
#include "test.h"

#define HOSTS		2000
#define LOADS		7
#define CPUS		4

static unsigned int seed = 20261127;

static unsigned int random_below(unsigned int most)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % most;
}

/* A host whose vCPUs are pinned, each to a CPU. */
static struct balance *host(unsigned int nr_cpus, unsigned int nr_loads,
			    const unsigned int *points, const int *cpus)
{
	struct balance *b = balance_new(nr_cpus, nr_loads);
	unsigned int i;

	assert_non_null(b);
	for (i = 0; i < nr_loads; i++) {
		b->loads[i].demand = points[i] * POINT;
		b->loads[i].cpu = cpus[i];
	}
	return b;
}

/* Changes that a plan makes, and what is left. It is what it says. */
static unsigned int planned(struct balance *b, unsigned int *after)
{
	struct plan *plan = balance_plan(b);
	unsigned int changes, i;

	assert_non_null(plan);
	for (i = 0; i < plan->nr_pins; i++) {
		const struct load *l = &b->loads[plan->pins[i].load];

		assert_true(CPU_ISSET(plan->pins[i].cpu, &l->allowed));
		assert_true(CPU_ISSET(plan->pins[i].cpu, &b->usable));
		assert_int_not_equal(l->cpu, plan->pins[i].cpu);
		assert_int_not_equal(l->cpu, FLOATS);
	}
	/* whatever the host, no more than this */
	assert_in_range(plan->looks, 0, MOST_LOOKS);
	changes = plan->nr_pins;
	balance_apply(b, plan);
	*after = balance_spread(b);
	assert_int_equal(*after, plan->after);
	plan_free(plan);
	return changes;
}

static void expect(struct balance *b, unsigned int changes, unsigned int most)
{
	unsigned int after;

	assert_int_equal(planned(b, &after), changes);
	assert_true(after <= most);
	/* and then it is quiet */
	assert_int_equal(planned(b, &after), 0);
	balance_free(b);
}

#define HOST(cpus, points, at) \
	host(cpus, ARRAY_SIZE(((unsigned int[])points)), (unsigned int[])points, (int[])at)
#define LIST(...) { __VA_ARGS__ }

static void known_hosts(void **state)
{
	(void)state;
	/* all on one */
	expect(HOST(2, LIST(100, 100, 100, 100), LIST(0, 0, 0, 0)), 2, 0);
	expect(HOST(4, LIST(100, 100, 100, 100), LIST(0, 0, 0, 0)), 3, 0);
	/* balanced, and as good as it gets */
	expect(HOST(2, LIST(100, 95), LIST(0, 1)), 0, 100);
	expect(HOST(2, LIST(100, 100, 100), LIST(0, 1, 1)), 0, 1000);
	expect(HOST(4, LIST(100, 100), LIST(0, 1)), 0, 1000);
	expect(HOST(1, LIST(100, 100), LIST(0, 0)), 0, 0);
	/* two halves */
	expect(HOST(2, LIST(90, 90, 10, 10), LIST(0, 0, 1, 1)), 2, 0);
	/* one change is as good as two */
	expect(HOST(2, LIST(60, 30, 30), LIST(0, 0, 0)), 1, 0);
	/* nothing to do */
	expect(HOST(2, LIST(0, 0), LIST(0, 0)), 0, 0);
	expect(balance_new(4, 0), 0, 0);
}

/* What may run anywhere goes to where there is least, by itself. */
static void floating(void **state)
{
	struct balance *b;

	(void)state;
	expect(HOST(2, LIST(100, 100), LIST(FLOATS, FLOATS)), 0, 0);
	expect(HOST(2, LIST(100, 100, 50), LIST(FLOATS, FLOATS, 0)), 0, 0);
	expect(HOST(2, LIST(100, 100, 100, 100), LIST(0, 0, 0, FLOATS)), 1, 0);
	expect(HOST(3, LIST(100, 100, 100), LIST(0, 0, FLOATS)), 1, 0);
	/* on some only */
	b = HOST(4, LIST(100, 100, 100, 100), LIST(FLOATS, FLOATS, 0, 0));
	CPU_ZERO(&b->loads[0].allowed);
	CPU_SET(2, &b->loads[0].allowed);
	CPU_SET(3, &b->loads[0].allowed);
	b->loads[1].allowed = b->loads[0].allowed;
	expect(b, 1, 0);
}

static void bounds(void **state)
{
	struct balance *b;

	(void)state;
	/* those that an administrator has pinned stay */
	b = HOST(2, LIST(100, 100, 50), LIST(0, 0, 0));
	CPU_CLR(1, &b->loads[0].allowed);
	CPU_CLR(1, &b->loads[1].allowed);
	expect(b, 1, 1500);
	/* a CPU that is not for guests */
	b = HOST(3, LIST(100, 100), LIST(0, 0));
	CPU_CLR(1, &b->usable);
	expect(b, 1, 0);
	b = HOST(3, LIST(100, 100, 100), LIST(1, 1, 0));
	CPU_CLR(1, &b->usable);
	expect(b, 2, 1000);
	/* one that is gone from the host */
	b = HOST(2, LIST(100, 100), LIST(7, 0));
	expect(b, 1, 0);
}

/* vCPUs stay on their node, unless that cannot balance the host. */
static void nodes(void **state)
{
	struct balance *b;
	struct plan *plan;

	(void)state;
	b = HOST(4, LIST(105, 10, 95, 95, 95), LIST(0, 0, 1, 2, 3));
	b->node[1] = 1;
	b->node[2] = 1;
	plan = balance_plan(b);
	assert_non_null(plan);
	assert_int_equal(plan->nr_pins, 1);
	assert_int_equal(plan->pins[0].cpu, 3);
	plan_free(plan);
	balance_free(b);
	b = HOST(4, LIST(100, 100, 100, 100), LIST(0, 0, 1, 1));
	b->node[2] = 1;
	b->node[3] = 1;
	expect(b, 2, 0);
}

/* CPUs that are threads, two a core; the first ones are busy. */
static struct balance *threads_of_two(unsigned int nr_cpus, unsigned int busy)
{
	struct balance *b = balance_new(nr_cpus, busy);
	unsigned int i;

	assert_non_null(b);
	for (i = 0; i < nr_cpus; i++)
		b->core[i] = i / 2;
	for (i = 0; i < busy; i++) {
		b->loads[i].demand = WHOLE_CPU;
		b->loads[i].cpu = i;
	}
	return b;
}

static void hyperthreads(void **state)
{
	struct balance *b = HOST(4, LIST(100, 100), LIST(0, 0));
	struct plan *plan;
	int cpu;

	(void)state;
	b->core[1] = 0;
	b->core[2] = 2;
	b->core[3] = 2;
	plan = balance_plan(b);
	assert_non_null(plan);
	assert_int_equal(plan->nr_pins, 1);
	/* not to the other thread of the same core */
	assert_true(plan->pins[0].cpu >= 2);
	plan_free(plan);
	balance_free(b);
	/* two on one core, and another idle */
	b = threads_of_two(4, 2);
	assert_int_equal(balance_core_spread(b), 1000);
	expect(b, 1, 1000);
	/* no core has less */
	expect(threads_of_two(4, 4), 0, 0);
	expect(threads_of_two(4, 3), 0, 1000);
	expect(threads_of_two(8, 4), 2, 1000);
	/* those who may not */
	b = threads_of_two(4, 2);
	for (cpu = 2; cpu < 4; cpu++) {
		CPU_CLR(cpu, &b->loads[0].allowed);
		CPU_CLR(cpu, &b->loads[1].allowed);
	}
	expect(b, 0, 1000);
}

/* Those that are to be pinned wherever that is best */
static void unplaced(void **state)
{
	struct balance *b = threads_of_two(4, 2);
	struct plan *plan;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++)
		b->loads[i].cpu = UNPLACED;
	plan = balance_plan(b);
	assert_non_null(plan);
	assert_int_equal(plan->forced, 2);
	/* not on one core */
	assert_int_not_equal(plan->pins[0].cpu / 2, plan->pins[1].cpu / 2);
	balance_apply(b, plan);
	plan_free(plan);
	assert_int_equal(balance_excess(b), 0);
	b->loads[0].cpu = b->loads[1].cpu;
	assert_int_equal(balance_excess(b), WHOLE_CPU);
	balance_free(b);
	expect(HOST(2, LIST(50, 100, 50), LIST(UNPLACED, UNPLACED, UNPLACED)), 3, 0);
	expect(HOST(2, LIST(50, 100, 50, 5), LIST(UNPLACED, UNPLACED, 0, FLOATS)), 2, 50);
	/* the kernel's own share is no reason to put two on one core */
	b = threads_of_two(4, 3);
	for (i = 0; i < 2; i++)
		b->loads[i].cpu = UNPLACED;
	b->loads[2].demand = POINT;
	b->loads[2].cpu = FLOATS;
	plan = balance_plan(b);
	assert_non_null(plan);
	assert_int_not_equal(plan->pins[0].cpu / 2, plan->pins[1].cpu / 2);
	plan_free(plan);
	balance_free(b);
}

/* ---- beside all there are */

/**
 * struct optimum - what is found by trying all assignments
 * @spread: the least spread there is
 * @changes: fewest changes for which the spread is good enough
 */
struct optimum {
	unsigned int spread;
	unsigned int changes;
};

static unsigned int spread_of(const struct balance *b, const unsigned int *at)
{
	unsigned int carried[CPUS] = { 0 }, i, most = 0, least = ~0U;

	for (i = 0; i < b->nr_loads; i++)
		carried[at[i]] += b->loads[i].demand;
	for (i = 0; i < b->nr_cpus; i++) {
		most = carried[i] > most ? carried[i] : most;
		least = carried[i] < least ? carried[i] : least;
	}
	return most - least;
}

/* Calls once for each assignment: the least spread, then the fewest changes. */
static void try_all(const struct balance *b, struct optimum *o)
{
	unsigned int pass, at[LOADS], i, n, changes, all = 1, spread, enough;

	for (i = 0; i < b->nr_loads; i++)
		all *= b->nr_cpus;
	*o = (struct optimum){ ~0U, ~0U };
	for (pass = 0; pass < 2; pass++) {
		enough = o->spread > BALANCED ? o->spread : BALANCED;
		for (n = 0; n < all; n++) {
			unsigned int rest = n;

			for (i = 0, changes = 0; i < b->nr_loads; i++) {
				at[i] = rest % b->nr_cpus;
				rest /= b->nr_cpus;
				if (!CPU_ISSET(at[i], &b->loads[i].allowed))
					break;
				changes += (int)at[i] != b->loads[i].cpu;
			}
			if (i < b->nr_loads)
				continue;
			spread = spread_of(b, at);
			if (!pass && spread < o->spread)
				o->spread = spread;
			if (pass && spread <= enough && changes < o->changes)
				o->changes = changes;
		}
	}
}

static struct balance *random_host(void)
{
	unsigned int i, nr_cpus = 2 + random_below(CPUS - 1);
	struct balance *b = balance_new(nr_cpus, 2 + random_below(LOADS - 1));
	unsigned int shape = random_below(3);

	assert_non_null(b);
	for (i = 0; i < b->nr_loads; i++) {
		b->loads[i].demand = shape == 0 ? 1000 :
				     shape == 1 ? random_below(1001) :
				     random_below(11) * 100;
		b->loads[i].cpu = random_below(nr_cpus);
		/* some are bound to fewer */
		if (!random_below(6) && nr_cpus > 2)
			CPU_CLR((b->loads[i].cpu + 1) % nr_cpus,
				&b->loads[i].allowed);
	}
	return b;
}

static void beside_brute_force(void **state)
{
	unsigned int i, after, changes, solvable = 0, fewest = 0, enough;
	struct optimum o;

	(void)state;
	printf("seed %u\n", seed);
	for (i = 0; i < HOSTS; i++) {
		struct balance *b = random_host();

		try_all(b, &o);
		changes = planned(b, &after);
		enough = o.spread > BALANCED ? o.spread : BALANCED;
		assert_true(after <= enough);
		if (o.changes <= 3) {
			solvable++;
			fewest += changes == o.changes;
			assert_true(changes <= o.changes + 1);
		}
		/* and then it is quiet */
		assert_int_equal(planned(b, &after), 0);
		balance_free(b);
	}
	printf("fewest changes on %u of %u hosts for which three are enough\n",
	       fewest, solvable);
	assert_true(solvable > HOSTS / 2);
	assert_true(fewest >= solvable * 95 / 100);
}

/* Larger ones, with nodes, reserved CPUs and vCPUs that float: what has to hold anywhere */
static void random_large_hosts(void **state)
{
	unsigned int i, j, after, before;
	struct balance *b;

	(void)state;
	for (i = 0; i < 150; i++) {
		b = balance_new(2 + random_below(30), random_below(90));
		assert_non_null(b);
		for (j = 0; j < b->nr_cpus; j++) {
			b->node[j] = j * 2 / b->nr_cpus;
			if (j && !random_below(10))
				CPU_CLR(j, &b->usable);
		}
		for (j = 0; j < b->nr_loads; j++) {
			b->loads[j].demand = random_below(1001);
			if (random_below(5))
				b->loads[j].cpu = random_below(b->nr_cpus);
			CPU_AND(&b->loads[j].allowed, &b->loads[j].allowed,
				&b->usable);
		}
		before = balance_spread(b);
		planned(b, &after);
		for (j = 0; j < b->nr_loads; j++)
			assert_true(b->loads[j].cpu == FLOATS ||
				    CPU_ISSET(b->loads[j].cpu, &b->usable));
		before = after;
		/* the same load: no more changes */
		assert_int_equal(planned(b, &after), 0);
		assert_int_equal(before, after);
		balance_free(b);
	}
}

static double seconds_of_plan(unsigned int cpus, unsigned int loads)
{
	struct balance *b = balance_new(cpus, loads);
	struct timespec from, to;
	unsigned int i, after;

	assert_non_null(b);
	for (i = 0; i < loads; i++) {
		b->loads[i].demand = random_below(1001);
		b->loads[i].cpu = random_below(cpus);
	}
	clock_gettime(CLOCK_MONOTONIC, &from);
	planned(b, &after);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(after <= BALANCED);
	balance_free(b);
	return to.tv_sec - from.tv_sec + (to.tv_nsec - from.tv_nsec) / 1e9;
}

/* As large as hosts get; how long it takes is printed, and not asserted. */
static void largest_host(void **state)
{
	(void)state;
	printf("500 vCPUs on 64 CPUs: %.1f ms, with sanitizers\n",
	       seconds_of_plan(64, 500) * 1000);
	printf("1024 vCPUs on 256 CPUs: %.1f ms, with sanitizers\n",
	       seconds_of_plan(256, 1024) * 1000);
}

/*
 * Twice as much as it can do, on two nodes, with some that float: what can be done is little, and
 * there is much that could be tried.
 */
static void hardest_hosts(void **state)
{
	unsigned int n, i, after;
	struct balance *b;

	(void)state;
	for (n = 0; n < 8; n++) {
		b = balance_new(64, 512 + n % 3);
		assert_non_null(b);
		for (i = 0; i < b->nr_cpus; i++) {
			b->node[i] = i * 2 / b->nr_cpus;
			b->core[i] = i / (1 + n % 2);
		}
		for (i = 0; i < b->nr_loads; i++) {
			b->loads[i].demand = i < 100 ? WHOLE_CPU : POINT;
			b->loads[i].cpu = n < 4 ? i % 64 : random_below(64);
		}
		/* one that floats wants half of a CPU */
		for (i = 512; i < b->nr_loads; i++) {
			b->loads[i].demand = WHOLE_CPU / 2;
			b->loads[i].cpu = FLOATS;
		}
		if (n == 7)
			for (i = 0; i < 512; i++)
				b->loads[i].cpu = 0;
		planned(b, &after);
		balance_free(b);
	}
}

static void lists(void **state)
{
	cpu_set_t set, other;
	char *text;

	(void)state;
	assert_true(cpulist_parse("3,0-1", &set));
	assert_int_equal(CPU_COUNT(&set), 3);
	assert_int_equal(cpulist_first(&set), 0);
	text = cpulist_text(&set);
	assert_string_equal(text, "0-1,3");
	free(text);
	assert_true(cpulist_parse("0-7", &other));
	assert_true(cpulist_within(&set, &other));
	assert_false(cpulist_within(&other, &set));
	assert_false(cpulist_parse("", &set));
	assert_false(cpulist_parse("3-1", &set));
	assert_false(cpulist_parse("1,", &set));
	assert_false(cpulist_parse("-1", &set));
	assert_false(cpulist_parse("1024", &set));
	assert_false(cpulist_parse("0-99999999999999999999", &set));
	CPU_ZERO(&set);
	assert_int_equal(cpulist_first(&set), MAX_HOST_CPUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_hosts),
		cmocka_unit_test(floating),
		cmocka_unit_test(bounds),
		cmocka_unit_test(nodes),
		cmocka_unit_test(hyperthreads),
		cmocka_unit_test(unplaced),
		cmocka_unit_test(beside_brute_force),
		cmocka_unit_test(random_large_hosts),
		cmocka_unit_test(largest_host),
		cmocka_unit_test(hardest_hosts),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
