// SPDX-License-Identifier: GPL-2.0-only
/*
 * Physical CPUs that a vCPU may be pinned to, on a host of eight with two nodes, of which the last
 * CPU is offline.
 */
#include <stdlib.h>

#include "bound.h"
#include "cpulist.h"
#include "test.h"

static cpu_set_t set(const char *text)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	if (*text)
		assert_true(cpulist_parse(text, &cpus));
	return cpus;
}

/* "" for what is not known */
static void expect(const char *bound, const char *kept, const char *found, const char *node,
		   const char *now)
{
	struct bound b = {
		.nr_cpus = 8, .online = set("0-6"), .kept = set(kept), .found = set(found),
		.node = set(node), .now = set(now),
	};
	cpu_set_t cpus;
	char *text;

	bound_cpus(&b, &cpus);
	text = cpulist_text(&cpus);
	assert_string_equal(text, bound);
	free(text);
}

static void of_an_administrator(void **state)
{
	(void)state;
	expect("0-7", "", "0-7", "", "0-7");
	/* a single CPU is where it happens to be, unless it is kept */
	expect("0-7", "", "", "", "3");
	expect("3", "3", "", "", "3");
	expect("2-5", "2-5", "0-7", "", "0-7");
	/* all CPUs are no bound, and all that are online neither */
	expect("1-2", "0-7", "1-2", "", "1");
	expect("1-2", "0-6", "1-2", "", "1");
	expect("0-5", "0-5", "1-2", "", "1");
	expect("1-2", "", "1-2", "", "1");
	/* it is not where it is kept, and is to go there */
	expect("2-5", "2-5", "0-7", "", "7");
}

static void of_its_node(void **state)
{
	(void)state;
	expect("4-7", "", "0-7", "4-7", "0-7");
	expect("4-7", "", "", "4-7", "5");
	expect("4-5", "2-5", "0-7", "4-7", "0-7");
	/* somebody wanted it on another node: it is not brought back */
	expect("1", "", "0-7", "4-7", "1");
	expect("0-1", "", "0-1", "4-7", "0-1");
	expect("2", "2-5", "2-5", "4-7", "2");
	/* but where it may not be it does not stay */
	expect("4-5", "2-5", "0-7", "4-7", "0");
	/* a node whose CPUs it may not have */
	expect("0-1", "0-1", "0-7", "4-7", "0");
}

/*
 * What an administrator sets in the middle counts from then on; what it is pinned to does not, nor
 * what this program leaves to it.
 */
static void found(void **state)
{
	cpu_set_t cpus = set(""), pinned = set(""), now = set("3");

	(void)state;
	bound_found(&cpus, &pinned, &now);
	assert_int_equal(CPU_COUNT(&cpus), 0);
	now = set("0-7");
	bound_found(&cpus, &pinned, &now);
	pinned = set("4-7");
	now = set("4-7");
	bound_found(&cpus, &pinned, &now);
	now = set("0-7");
	assert_true(CPU_EQUAL(&cpus, &now));
	now = set("2-3");
	bound_found(&cpus, &pinned, &now);
	now = set("2");
	bound_found(&cpus, &pinned, &now);
	now = set("2-3");
	assert_true(CPU_EQUAL(&cpus, &now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_an_administrator),
		cmocka_unit_test(of_its_node),
		cmocka_unit_test(found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
