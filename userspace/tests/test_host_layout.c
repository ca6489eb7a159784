// SPDX-License-Identifier: GPL-2.0-only
/* Which physical nodes a new domain gets, and which CPUs. */
#include <string.h>

#include "layout.h"
#include "pinning.h"
#include "test.h"

#define MB	1024

static void places(enum layout_policy policy, const uint64_t *free_mb,
		   unsigned int nr_pnodes, const char *expected)
{
	unsigned int pnode[4] = { 1, 1, 0, 2 };
	struct layout l = {
		.nr_vnodes = 4, .vnode_kb = 100 * MB, .nr_vcpus = 8,
		.policy = policy, .seed = 1, .next = 1, .pnode = pnode,
	};
	struct pnode pnodes[4] = { 0 };
	struct reason why = { "" };
	unsigned int i;
	char text[16];

	for (i = 0; i < nr_pnodes; i++)
		pnodes[i].free_kb = free_mb[i] * MB;
	if (!layout_place(&l, pnodes, nr_pnodes, &why)) {
		assert_non_null(strstr(why.text, "no room for 4 nodes of 100.0 MiB; free: 0: "));
		assert_non_null(strstr(why.text, "; stop or shrink a domain"));
		assert_string_equal("", expected);
		return;
	}
	for (i = 0; i < 4; i++)
		text[i] = '0' + pnode[i];
	text[4] = 0;
	assert_string_equal(text, expected);
}

static void local(void **state)
{
	(void)state;
	places(LAYOUT_LOCAL, (uint64_t[]){ 400, 400, 400 }, 3, "0000");
	places(LAYOUT_LOCAL, (uint64_t[]){ 399, 400, 400 }, 3, "1111");
	places(LAYOUT_LOCAL, (uint64_t[]){ 199, 350, 250 }, 3, "1112");
	places(LAYOUT_LOCAL, (uint64_t[]){ 199, 199, 199 }, 3, "");
	places(LAYOUT_LOCAL, (uint64_t[]){ 0 }, 1, "");
}

static void interleaved(void **state)
{
	(void)state;
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 200, 100, 100 }, 3, "0120");
	/* those without room are left out */
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 100, 400, 400 }, 3, "0121");
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 0, 400, 99 }, 3, "1111");
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 100, 100, 199 }, 3, "");
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 400 }, 1, "0000");
}

static void round_robin(void **state)
{
	(void)state;
	places(LAYOUT_ROUND_ROBIN, (uint64_t[]){ 400, 400, 400 }, 3, "1111");
	places(LAYOUT_ROUND_ROBIN, (uint64_t[]){ 400, 399, 400 }, 3, "2222");
	places(LAYOUT_ROUND_ROBIN, (uint64_t[]){ 400, 399, 399 }, 3, "0000");
	places(LAYOUT_ROUND_ROBIN, (uint64_t[]){ 399, 399, 399 }, 3, "");
}

static void listed(void **state)
{
	(void)state;
	places(LAYOUT_LIST, (uint64_t[]){ 100, 200, 100 }, 3, "1102");
	places(LAYOUT_LIST, (uint64_t[]){ 100, 199, 400 }, 3, "");
	/* one that is not there */
	places(LAYOUT_LIST, (uint64_t[]){ 400, 400 }, 2, "");
}

/* The same seed, the same nodes; always where there is room. */
static void at_random(void **state)
{
	unsigned int pnode[4], again[4];
	struct layout l = {
		.nr_vnodes = 4, .vnode_kb = 100 * MB, .nr_vcpus = 8,
		.policy = LAYOUT_RANDOM,
	};
	const struct pnode pnodes[3] = {
		{ .free_kb = 100 * MB }, { .free_kb = 0 }, { .free_kb = 300 * MB },
	};
	struct reason why;
	unsigned int i, on_0;

	(void)state;
	for (l.seed = 0; l.seed < 100; l.seed++) {
		l.pnode = pnode;
		assert_true(layout_place(&l, pnodes, 3, &why));
		for (i = 0, on_0 = 0; i < 4; i++) {
			on_0 += pnode[i] == 0;
			assert_int_not_equal(pnode[i], 1);
		}
		assert_int_equal(on_0, 1);
		l.pnode = again;
		assert_true(layout_place(&l, pnodes, 3, &why));
		assert_memory_equal(pnode, again, sizeof(pnode));
	}
}

static void spreads_vcpus(void **state)
{
	struct layout l = { .nr_vnodes = 4, .nr_vcpus = 6 };
	static const unsigned int first[] = { 0, 2, 4, 5 }, counts[] = { 2, 2, 1, 1 };
	unsigned int i, from, count;

	(void)state;
	for (i = 0; i < 4; i++) {
		layout_vcpus(&l, i, &from, &count);
		assert_int_equal(from, first[i]);
		assert_int_equal(count, counts[i]);
	}
	l.nr_vcpus = 2;
	layout_vcpus(&l, 3, &from, &count);
	assert_int_equal(count, 0);
}

static void chooses_cpus(void **state)
{
	static int node_of[] = { 0, 0, 1, PNODE_UNKNOWN, 1, 0 };
	static bool dom0[] = { true, false, true, false, true, false };
	struct cpus cpus = { .count = 6, .node_of = node_of };
	bool chosen[6];

	(void)state;
	assert_int_equal(pinning_choose(&cpus, 0, chosen), 3);
	assert_true(chosen[0] && chosen[1] && chosen[5]);
	assert_false(chosen[2] || chosen[3] || chosen[4]);
	/* dom0 is left its own, where there are others */
	cpus.reserved = dom0;
	assert_int_equal(pinning_choose(&cpus, 0, chosen), 2);
	assert_false(chosen[0]);
	assert_int_equal(pinning_choose(&cpus, 1, chosen), 2);
	assert_int_equal(pinning_choose(&cpus, 7, chosen), 0);
	assert_int_equal(pinning_choose(&cpus, PNODE_UNKNOWN, chosen), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local),
		cmocka_unit_test(interleaved),
		cmocka_unit_test(round_robin),
		cmocka_unit_test(listed),
		cmocka_unit_test(at_random),
		cmocka_unit_test(spreads_vcpus),
		cmocka_unit_test(chooses_cpus),
	};

	return cmocka_run_group_tests_name("host_layout", tests, NULL, NULL);
}
