// SPDX-License-Identifier: LGPL-2.1-or-later
/* Numbers, lists, fields. */
#include <errno.h>
#include <string.h>

#include "test.h"

static void numbers(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(vf_parse_u64(SPAN("0"), &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(vf_parse_u64(SPAN("18446744073709551615"), &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(vf_parse_u64(SPAN("18446744073709551616"), &v),
			 -ERANGE);
	assert_int_equal(vf_parse_u64(SPAN(""), &v), -EINVAL);
	assert_int_equal(vf_parse_u64(SPAN("-1"), &v), -EINVAL);
	assert_int_equal(vf_parse_u64(SPAN("+1"), &v), -EINVAL);
	assert_int_equal(vf_parse_u64(SPAN("0x10"), &v), -EINVAL);
	assert_int_equal(vf_parse_u64(SPAN("1 "), &v), -EINVAL);
	assert_int_equal(vf_parse_hex(SPAN("7fff0000"), &v), 0);
	assert_true(v == 0x7fff0000);
	assert_int_equal(vf_parse_hex(SPAN("ffffffffffffffff"), &v), 0);
	assert_int_equal(vf_parse_hex(SPAN("10000000000000000"), &v), -EINVAL);
	assert_int_equal(vf_parse_hex(SPAN("g"), &v), -EINVAL);
	assert_int_equal(vf_parse_hex(SPAN(""), &v), -EINVAL);
}

static void node_lists(void **state)
{
	static const char *const bad[] = {
		"", ",", "0,", ",0", "-", "1-", "-1", "2-1", "a", "0 1", "0-1-2",
		" 0", "0\n", "99999999999999999999",
	};
	struct virtflex_nodemask mask;
	unsigned int i;

	(void)state;
	assert_int_equal(virtflex_nodemask_parse("0-1,4,1023", &mask), 0);
	for (i = 0; i < VIRTFLEX_MAX_NODES; i++)
		assert_int_equal(virtflex_node_isset(&mask, i),
				 i < 2 || i == 4 || i == 1023);
	assert_int_equal(virtflex_node_isset(&mask, VIRTFLEX_MAX_NODES), 0);
	assert_int_equal(virtflex_nodemask_parse("3,1", &mask), 0);
	assert_int_equal(mask.bits[0], 10);
	assert_int_equal(virtflex_nodemask_parse("1024", &mask), -ERANGE);
	assert_int_equal(virtflex_nodemask_parse("0-1024", &mask), -ERANGE);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(virtflex_nodemask_parse(bad[i], &mask) < 0);
	assert_int_equal(virtflex_nodemask_parse(NULL, &mask), -EINVAL);
	/* ids beyond the set change nothing */
	memset(&mask, 0, sizeof(mask));
	virtflex_node_set(&mask, VIRTFLEX_MAX_NODES);
	assert_true(vf_nodemask_empty(&mask));
}

static int count_items(unsigned int first, unsigned int last, void *data)
{
	unsigned int *count = data;

	(void)first;
	(void)last;
	(*count)++;
	return 0;
}

/* Where lists ascend, nothing is in one twice. */
static void ascending_lists(void **state)
{
	static const struct {
		const char *list;
		bool ascends;
	} lists[] = {
		{ "0,1", true }, { "0-1,2-3,9", true }, { "0,0", false },
		{ "0-1,1-2", false }, { "0-3,2", false }, { "1,0", false },
	};
	unsigned int i, count = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		struct vf_span s = { lists[i].list, strlen(lists[i].list) };

		assert_int_equal(vf_parse_list(s, 10, true, count_items,
					       &count),
				 lists[i].ascends ? 0 : -EINVAL);
		assert_int_equal(vf_parse_list(s, 10, false, count_items,
					       &count), 0);
	}
}

static void lines_and_fields(void **state)
{
	struct vf_span text = SPAN("  a  bc\n\nlast"), line, field;

	(void)state;
	assert_true(vf_next_line(&text, &line));
	assert_true(vf_next_field(&line, &field));
	assert_true(vf_span_is(field, "a"));
	assert_true(vf_next_field(&line, &field));
	assert_true(vf_span_is(field, "bc"));
	assert_false(vf_next_field(&line, &field));
	assert_true(vf_next_line(&text, &line));
	assert_false(vf_next_field(&line, &field));
	assert_true(vf_next_line(&text, &line));
	assert_true(vf_span_is(line, "last"));
	assert_false(vf_next_line(&text, &line));
}

static void node_counts(void **state)
{
	unsigned int node;
	uint64_t count;

	(void)state;
	assert_int_equal(vf_parse_node_count(SPAN("N12=345"), &node, &count), 1);
	assert_int_equal(node, 12);
	assert_int_equal(count, 345);
	assert_int_equal(vf_parse_node_count(SPAN("anon=3"), &node, &count), 0);
	assert_int_equal(vf_parse_node_count(SPAN("N"), &node, &count), 0);
	assert_int_equal(vf_parse_node_count(SPAN("n1=3"), &node, &count), 0);
	assert_int_equal(vf_parse_node_count(SPAN("Nx=3"), &node, &count), 0);
	assert_int_equal(vf_parse_node_count(SPAN("N1"), &node, &count),
			 -EBADMSG);
	assert_int_equal(vf_parse_node_count(SPAN("N1024=1"), &node, &count),
			 -EBADMSG);
	assert_int_equal(vf_parse_node_count(SPAN("N1="), &node, &count),
			 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(node_lists),
		cmocka_unit_test(ascending_lists),
		cmocka_unit_test(lines_and_fields),
		cmocka_unit_test(node_counts),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
