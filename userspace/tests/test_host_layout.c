// SPDX-License-Identifier: GPL-2.0-only
/* Which physical nodes a new domain gets, and which CPUs. */
#include <limits.h>
#include <string.h>

#include "layout.h"
#include "pinning.h"
#include "test.h"

#define MB	1024

#define REMEDY	"; stop or shrink a domain, or ask for less"
#define NO_ROOM	"no room for 4 nodes of 100.0 MiB" REMEDY

/* places() - four nodes of 100 MiB; expected is where, or why not */
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

	for (i = 0; i < nr_pnodes; i++) {
		pnodes[i].size_kb = 1000 * MB;
		pnodes[i].free_kb = free_mb[i] * MB;
	}
	if (!layout_place(&l, pnodes, nr_pnodes, &why)) {
		assert_string_equal(why.text, expected);
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
	places(LAYOUT_LOCAL, (uint64_t[]){ 199, 199, 199 }, 3, NO_ROOM);
	places(LAYOUT_LOCAL, (uint64_t[]){ 0 }, 1, NO_ROOM);
}

static void interleaved(void **state)
{
	(void)state;
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 200, 100, 100 }, 3, "0120");
	/* those without room are left out */
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 100, 400, 400 }, 3, "0121");
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 0, 400, 99 }, 3, "1111");
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 100, 100, 199 }, 3, NO_ROOM);
	places(LAYOUT_INTERLEAVE, (uint64_t[]){ 400 }, 1, "0000");
}

static void round_robin(void **state)
{
	(void)state;
	places(LAYOUT_ROUND_ROBIN, (uint64_t[]){ 400, 400, 400 }, 3, "1111");
	places(LAYOUT_ROUND_ROBIN, (uint64_t[]){ 400, 399, 400 }, 3, "2222");
	places(LAYOUT_ROUND_ROBIN, (uint64_t[]){ 400, 399, 399 }, 3, "0000");
	places(LAYOUT_ROUND_ROBIN, (uint64_t[]){ 399, 399, 399 }, 3,
	       "no physical node has room for 4 nodes of 100.0 MiB" REMEDY
	       ", or take --policy local");
}

static void listed(void **state)
{
	(void)state;
	places(LAYOUT_LIST, (uint64_t[]){ 100, 200, 100 }, 3, "1102");
	places(LAYOUT_LIST, (uint64_t[]){ 100, 199, 400 }, 3,
	       "physical node 1 has no room for 2 nodes of 100.0 MiB" REMEDY
	       ", or name others");
	places(LAYOUT_LIST, (uint64_t[]){ 99, 200, 100 }, 3,
	       "physical node 0 has no room for 1 node of 100.0 MiB" REMEDY
	       ", or name others");
	places(LAYOUT_LIST, (uint64_t[]){ 400, 400 }, 2,
	       "this host has no physical node 2 with memory");
}

/* One that has a number and nothing else is not there. */
static void listed_where_there_is_nothing(void **state)
{
	const struct pnode pnodes[2] = { { .size_kb = 9 * MB, .free_kb = 9 * MB } };
	unsigned int pnode[2] = { 0, 1 };
	struct layout l = {
		.nr_vnodes = 2, .vnode_kb = 2 * MB, .policy = LAYOUT_LIST,
		.pnode = pnode,
	};
	struct reason why;

	(void)state;
	assert_false(layout_place(&l, pnodes, 2, &why));
	assert_string_equal(why.text, "this host has no physical node 1 with memory");
}

/* What the hypervisor needs is to be free wherever a node is. */
static void leaves_a_spare(void **state)
{
	const struct pnode pnodes[2] = {
		{ .size_kb = 300 * MB, .free_kb = 209 * MB },
		{ .size_kb = 300 * MB, .free_kb = 210 * MB },
	};
	unsigned int pnode[3];
	struct layout l = {
		.nr_vnodes = 3, .vnode_kb = 100 * MB, .spare_kb = 10 * MB,
		.policy = LAYOUT_LOCAL, .pnode = pnode,
	};
	struct reason why;

	(void)state;
	assert_true(layout_place(&l, pnodes, 2, &why));
	assert_int_equal(pnode[0], 1);
	assert_int_equal(pnode[1], 1);
	assert_int_equal(pnode[2], 0);
	l.spare_kb = 211 * MB;
	assert_false(layout_place(&l, pnodes, 2, &why));
}

/* Every host of up to three physical nodes with room for up to three nodes each. */
#define MOST_PNODES	3
#define MOST_ROOM	3
#define MOST_VNODES	5

static unsigned int used(const struct layout *l, unsigned int p)
{
	unsigned int i, count = 0;

	for (i = 0; i < l->nr_vnodes; i++)
		count += l->pnode[i] == p;
	return count;
}

/* Fewest physical nodes that have room: of all sets the smallest. */
static unsigned int fewest(const struct layout *l, const unsigned int *rooms,
			   unsigned int nr_pnodes)
{
	unsigned int set, p, count, all, best = nr_pnodes + 1;

	for (set = 0; set < 1u << nr_pnodes; set++) {
		for (p = 0, count = 0, all = 0; p < nr_pnodes; p++) {
			count += set >> p & 1;
			all += set >> p & 1 ? rooms[p] : 0;
		}
		if (all >= l->nr_vnodes && count < best)
			best = count;
	}
	return best;
}

/* Of the places, sorted by how many are before them on their physical node, and then by
 * its number, the i-th is node i's.
 */
static unsigned int ith_place(const unsigned int *rooms, unsigned int nr_pnodes,
			      unsigned int i)
{
	unsigned int turn, p;

	for (turn = 0; turn < MOST_ROOM; turn++)
		for (p = 0; p < nr_pnodes; p++)
			if (turn < rooms[p] && !i--)
				return p;
	return UINT_MAX;
}

static void check_placed(const struct layout *l, const unsigned int *rooms,
			 unsigned int nr_pnodes, unsigned int next)
{
	unsigned int i, p, count = 0;

	for (p = 0; p < nr_pnodes; p++) {
		assert_true(used(l, p) <= rooms[p]);
		count += used(l, p) > 0;
	}
	switch (l->policy) {
	case LAYOUT_LOCAL:
		assert_int_equal(count, fewest(l, rooms, nr_pnodes));
		break;
	case LAYOUT_INTERLEAVE:
		for (i = 0; i < l->nr_vnodes; i++)
			assert_int_equal(l->pnode[i], ith_place(rooms, nr_pnodes, i));
		break;
	case LAYOUT_ROUND_ROBIN:
		assert_int_equal(count, 1);
		/* nobody before it, from whose turn it was, has room */
		for (p = next % nr_pnodes; p != l->pnode[0]; p = (p + 1) % nr_pnodes)
			assert_true(rooms[p] < l->nr_vnodes);
		assert_int_equal(l->next, (l->pnode[0] + 1) % nr_pnodes);
		break;
	default:
		break;
	}
}

static bool has_room(const struct layout *l, const unsigned int *rooms,
		     unsigned int nr_pnodes)
{
	unsigned int p, all = 0, most = 0;

	for (p = 0; p < nr_pnodes; p++) {
		all += rooms[p];
		most = rooms[p] > most ? rooms[p] : most;
	}
	return (l->policy == LAYOUT_ROUND_ROBIN ? most : all) >= l->nr_vnodes;
}

static void check_host(const unsigned int *rooms, unsigned int nr_pnodes)
{
	struct pnode pnodes[MOST_PNODES] = { 0 };
	unsigned int pnode[MOST_VNODES], p, next;
	struct reason why;
	struct layout l;

	for (p = 0; p < nr_pnodes; p++) {
		pnodes[p].size_kb = 1000 * MB;
		/* a little more makes no room for another */
		pnodes[p].free_kb = rooms[p] * 100 * MB + p;
	}
	for (next = 0; next < 5; next++) {
		l = (struct layout){
			.vnode_kb = 100 * MB, .next = next, .seed = next, .pnode = pnode,
		};
		for (l.nr_vnodes = 1; l.nr_vnodes <= MOST_VNODES; l.nr_vnodes++)
			for (l.policy = LAYOUT_LOCAL; l.policy < LAYOUT_LIST; l.policy++) {
				l.next = next;
				assert_int_equal(layout_place(&l, pnodes, nr_pnodes, &why),
						 has_room(&l, rooms, nr_pnodes));
				if (has_room(&l, rooms, nr_pnodes))
					check_placed(&l, rooms, nr_pnodes, next);
				else
					assert_int_equal(l.next, next);
			}
	}
}

static void every_small_host(void **state)
{
	unsigned int rooms[MOST_PNODES], nr_pnodes, host, p, rest;

	(void)state;
	for (nr_pnodes = 1; nr_pnodes <= MOST_PNODES; nr_pnodes++)
		for (host = 0; host < 1u << 2 * nr_pnodes; host++) {
			for (p = 0, rest = host; p < nr_pnodes; p++, rest >>= 2)
				rooms[p] = rest & 3;
			check_host(rooms, nr_pnodes);
		}
}

static void divides(void **state)
{
	struct layout l = { .nr_vnodes = 3 };
	uint64_t less, more;

	(void)state;
	assert_true(layout_divide(&l, 6 * MB, &less, &more));
	assert_int_equal(l.vnode_kb, 2 * MB);
	assert_false(layout_divide(&l, 32 * MB, &less, &more));
	assert_int_equal(less, 30 * MB);
	assert_int_equal(more, 36 * MB);
	/* a whole number of extents, but not for each */
	assert_false(layout_divide(&l, 8 * MB, &less, &more));
	/* a share each, of less than an extent */
	assert_false(layout_divide(&l, 6 * MB + 3, &less, &more));
	assert_false(layout_divide(&l, 4 * MB, &less, &more));
	assert_int_equal(less, 0);
	assert_int_equal(more, 6 * MB);
	assert_false(layout_divide(&l, 0, &less, &more));
	l.nr_vnodes = 128;
	assert_true(layout_divide(&l, UINT64_C(1) << 40, &less, &more));
	assert_int_equal(l.vnode_kb, UINT64_C(1) << 33);
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
	bool seen[4] = { false };
	struct reason why;
	unsigned int i, on_0;

	(void)state;
	for (l.seed = 0; l.seed < 100; l.seed++) {
		l.pnode = pnode;
		assert_true(layout_place(&l, pnodes, 3, &why));
		for (i = 0, on_0 = 0; i < 4; i++) {
			on_0 += pnode[i] == 0;
			assert_int_not_equal(pnode[i], 1);
			seen[i] |= pnode[i] == 0;
		}
		assert_int_equal(on_0, 1);
		l.pnode = again;
		assert_true(layout_place(&l, pnodes, 3, &why));
		assert_memory_equal(pnode, again, sizeof(pnode));
	}
	/* by some seed, each of them is on the first */
	for (i = 0; i < 4; i++)
		assert_true(seen[i]);
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
		cmocka_unit_test(listed_where_there_is_nothing),
		cmocka_unit_test(leaves_a_spare),
		cmocka_unit_test(every_small_host),
		cmocka_unit_test(divides),
		cmocka_unit_test(at_random),
		cmocka_unit_test(spreads_vcpus),
		cmocka_unit_test(chooses_cpus),
	};

	return cmocka_run_group_tests_name("host_layout", tests, NULL, NULL);
}
