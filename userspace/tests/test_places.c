// SPDX-License-Identifier: LGPL-2.1-or-later
/* places.c: which CPUs each thread may use in a topology. */
#include "places.h"
#include "test.h"

#define MAX_THREADS	16

static struct places *places;
static struct cpus allowed, wanted[MAX_THREADS];
static struct placement list[MAX_THREADS];
static unsigned int nr;

static struct cpus cpus(const char *text)
{
	unsigned int first, last, len;
	struct cpus set;

	cpus_clear(&set);
	for (; sscanf(text, "%u%n", &first, &len) == 1; text += *text == ',') {
		text += len;
		last = first;
		if (*text == '-' && sscanf(text, "-%u%n", &last, &len) == 1)
			text += len;
		for (; first <= last; first++)
			cpus_add(&set, first);
	}
	return set;
}

static void assert_cpus(const struct cpus *set, const char *text)
{
	struct cpus expected = cpus(text);

	assert_true(cpus_equal(set, &expected));
}

/* Nodes as lines of a topology have them: "ID STATE - CPUS". */
static void topology(const char *const *nodes, unsigned int nr_nodes)
{
	struct virtflex_topology *t;
	char text[2048] = "version 1\ngeneration 1\nstate stable\n";
	unsigned int i, j;

	for (i = 0; i < nr_nodes; i++) {
		sprintf(text + strlen(text), "node %s 1 1 1 ", nodes[i]);
		for (j = 0; j < nr_nodes; j++)
			sprintf(text + strlen(text), "%s%u", j ? "," : "",
				i == j ? 10 : 20);
		strcat(text, "\n");
	}
	assert_int_equal(virtflex_topology_parse(text, strlen(text), &t), 0);
	free(places);
	places = places_of(t);
	assert_non_null(places);
	virtflex_topology_free(t);
}

#define TOPOLOGY(...) topology((const char *const[]){ __VA_ARGS__ }, \
	sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))

static int setup(void **state)
{
	(void)state;
	nr = 0;
	memset(list, 0, sizeof(list));
	allowed = cpus("0-7");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(places);
	places = NULL;
	return 0;
}

static void bound_to(const char *text)
{
	wanted[nr] = cpus(text);
	list[nr].wanted = &wanted[nr];
	nr++;
}

static void unbound(void)
{
	list[nr++].wanted = NULL;
}

static void assign(void)
{
	places_assign(places, &allowed, list, nr);
}

static void as_asked_while_all_is_there(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-3", "1 active - 4-7");
	bound_to("2");
	bound_to("4-5");
	unbound();
	assign();
	assert_cpus(&list[0].to, "2");
	assert_cpus(&list[0].start, "2");
	assert_cpus(&list[1].to, "4-5");
	assert_cpus(&list[2].to, "0-7");
	assert_false(list[0].displaced || list[1].displaced);
}

/* The CPUs of a node that leaves are still online: nobody may use them. */
static void off_a_node_that_leaves(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-3", "1 leaving - 4-7");
	bound_to("2-5");
	bound_to("6");
	unbound();
	assign();
	assert_cpus(&list[1].to, "0-3");
	assert_true(list[1].displaced);
	assert_cpus(&list[2].to, "0-3");
	/* of a place that is partly gone, what is left: all of node 0, now shared */
	assert_cpus(&list[0].to, "0-3");
	assert_false(list[0].displaced);
}

static void what_is_left_of_a_place(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-3", "1 leaving - 4-7");
	bound_to("3-5");
	assign();
	assert_cpus(&list[0].to, "3");
}

/* Offline CPUs stay in a set: the kernel gives them back by itself. */
static void offline_cpus_stay(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-3", "1 inactive - -");
	bound_to("3-5");
	unbound();
	assign();
	assert_cpus(&list[0].to, "3-5");
	assert_cpus(&list[1].to, "0-7");
	assert_cpus(&list[1].start, "0-3");
}

/* Four threads of a node that left go where there are fewest for the CPUs. */
static void displaced_are_balanced(void **state)
{
	unsigned int i, on_one = 0;

	(void)state;
	TOPOLOGY("0 active - 0-3", "1 active - 4-5", "2 leaving - 6-7");
	bound_to("0");
	bound_to("1");
	bound_to("2");
	bound_to("3");
	for (i = 0; i < 4; i++)
		bound_to(i % 2 ? "6" : "7");
	assign();
	for (i = 4; i < 8; i++) {
		struct cpus one = cpus("4-5");

		assert_true(list[i].displaced);
		on_one += cpus_equal(&list[i].to, &one);
	}
	/* 4 threads on 4 CPUs, and 3 on 2 */
	assert_int_equal(on_one, 3);
}

/* Who has to share, shares the node: not one CPU with one visitor. */
static void a_crowded_node_is_shared(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-1", "1 active - 2-3", "2 leaving - 4");
	bound_to("0");
	bound_to("2");
	bound_to("3");
	bound_to("4");
	assign();
	assert_cpus(&list[3].to, "0-1");
	assert_cpus(&list[0].to, "0-1");
	assert_cpus(&list[1].to, "2");
	assert_cpus(&list[2].to, "3");
}

static void unbound_begin_on_nodes_in_turn(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-3", "1 active - 4-7");
	unbound();
	unbound();
	unbound();
	assign();
	assert_cpus(&list[0].start, "0-3");
	assert_cpus(&list[1].start, "4-7");
	assert_cpus(&list[2].start, "0-3");
	assert_cpus(&list[2].to, "0-7");
}

static void within_what_the_process_has(void **state)
{
	(void)state;
	allowed = cpus("0-1,4");
	TOPOLOGY("0 active - 0-3", "1 leaving - 4-7");
	unbound();
	bound_to("4");
	assign();
	assert_cpus(&list[0].to, "0-1");
	assert_cpus(&list[1].to, "0-1");
}

/* Nothing is left of it: rather elsewhere than nowhere. */
static void none_of_what_the_process_has(void **state)
{
	(void)state;
	allowed = cpus("4-5");
	TOPOLOGY("0 active - 0-3", "1 leaving - 4-7");
	unbound();
	bound_to("5");
	assign();
	assert_cpus(&list[0].to, "0-3");
	assert_cpus(&list[1].to, "0-3");
}

static void no_active_node(void **state)
{
	(void)state;
	TOPOLOGY("0 leaving - 0-7");
	bound_to("3");
	unbound();
	assign();
	assert_cpus(&list[0].to, "3");
	assert_cpus(&list[0].start, "3");
	assert_cpus(&list[1].to, "0-7");
	assert_cpus(&list[1].start, "0-7");
}

static void node_without_cpus(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-3", "1 active - -");
	assert_int_equal(places->nr_nodes, 1);
	unbound();
	unbound();
	assign();
	assert_cpus(&list[1].start, "0-3");
}

static void no_threads(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-3");
	assign();
}

/* From one topology to the next nothing is left of the counts. */
static void counts_are_made_anew(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-3", "1 active - 4-7");
	unbound();
	assign();
	assign();
	assert_cpus(&list[0].start, "0-3");
}

static void cpus_beyond_all(void **state)
{
	(void)state;
	TOPOLOGY("0 active - 0-1,65535");
	assert_cpus(&places->active, "0-1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(as_asked_while_all_is_there),
		TEST(off_a_node_that_leaves),
		TEST(what_is_left_of_a_place),
		TEST(offline_cpus_stay),
		TEST(displaced_are_balanced),
		TEST(a_crowded_node_is_shared),
		TEST(unbound_begin_on_nodes_in_turn),
		TEST(within_what_the_process_has),
		TEST(none_of_what_the_process_has),
		TEST(no_active_node),
		TEST(node_without_cpus),
		TEST(no_threads),
		TEST(counts_are_made_anew),
		TEST(cpus_beyond_all),
	};
#undef TEST

	return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
