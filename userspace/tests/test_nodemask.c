// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sets of nodes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

#define LAST	(VIRTFLEX_MAX_NODES - 1)

static void one_by_one(void **state)
{
	struct virtflex_nodemask mask;
	unsigned int node;

	(void)state;
	memset(&mask, 0xff, sizeof(mask));
	virtflex_nodemask_clear(&mask);
	assert_true(vf_nodemask_empty(&mask));
	for (node = 0; node < VIRTFLEX_MAX_NODES; node++) {
		virtflex_node_set(&mask, node);
		assert_int_equal(virtflex_node_isset(&mask, node), 1);
		assert_int_equal(virtflex_nodemask_count(&mask), 1);
		assert_int_equal(virtflex_nodemask_next(&mask, 0), node);
		assert_int_equal(virtflex_nodemask_next(&mask, node), node);
		assert_int_equal(virtflex_nodemask_next(&mask, node + 1),
				 VIRTFLEX_MAX_NODES);
		virtflex_node_clear(&mask, node);
		assert_true(vf_nodemask_empty(&mask));
	}
}

/* Ids that are none are in no set, and nothing is written beside it. */
static void beyond(void **state)
{
	struct {
		struct virtflex_nodemask mask;
		uint64_t behind;
	} s = { .behind = 5 };

	(void)state;
	virtflex_node_set(&s.mask, VIRTFLEX_MAX_NODES);
	virtflex_node_set(&s.mask, UINT32_MAX);
	assert_true(vf_nodemask_empty(&s.mask));
	assert_int_equal(s.behind, 5);
	virtflex_node_clear(&s.mask, VIRTFLEX_MAX_NODES);
	virtflex_node_clear(&s.mask, VIRTFLEX_MAX_NODES + 2);
	assert_int_equal(s.behind, 5);
	assert_int_equal(virtflex_node_isset(&s.mask, VIRTFLEX_MAX_NODES), 0);
	assert_int_equal(virtflex_nodemask_next(&s.mask, UINT32_MAX),
			 VIRTFLEX_MAX_NODES);
	/* a set that is not there has no nodes */
	assert_int_equal(virtflex_nodemask_count(NULL), 0);
	assert_int_equal(virtflex_nodemask_next(NULL, 0), VIRTFLEX_MAX_NODES);
}

static void gone_through(void **state)
{
	static const unsigned int nodes[] = { 0, 1, 63, 64, 700, LAST };
	struct virtflex_nodemask mask = { .bits = { 0 } };
	unsigned int node, i = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		virtflex_node_set(&mask, nodes[i]);
	assert_int_equal(virtflex_nodemask_count(&mask), ARRAY_SIZE(nodes));
	i = 0;
	virtflex_for_each_node(node, &mask) {
		assert_int_equal(node, nodes[i++]);
		virtflex_node_clear(&mask, node);
	}
	assert_int_equal(i, ARRAY_SIZE(nodes));
	assert_true(vf_nodemask_empty(&mask));
}

static void written_and_read(void **state)
{
	static const char *const lists[] = {
		"0", "1023", "0-1,3", "0-1023", "63-64", "5,7,9-11,1022-1023",
	};
	struct virtflex_nodemask mask;
	char text[VIRTFLEX_NODEMASK_LEN];
	unsigned int i;
	int len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		assert_int_equal(virtflex_nodemask_parse(lists[i], &mask), 0);
		len = virtflex_nodemask_format(&mask, text, sizeof(text));
		assert_int_equal(len, strlen(lists[i]));
		assert_string_equal(text, lists[i]);
	}
	virtflex_nodemask_clear(&mask);
	strcpy(text, "x");
	assert_int_equal(virtflex_nodemask_format(&mask, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	/* the longest there is: every second node */
	for (i = 0; i < VIRTFLEX_MAX_NODES; i += 2)
		virtflex_node_set(&mask, i);
	len = virtflex_nodemask_format(&mask, NULL, 0);
	assert_in_range(len, 1, VIRTFLEX_NODEMASK_LEN - 1);
	assert_int_equal(virtflex_nodemask_format(&mask, text, sizeof(text)),
			 len);
	assert_int_equal(strlen(text), len);
}

/* What does not fit is cut off, and its length is told. */
static void cut_off(void **state)
{
	struct virtflex_nodemask mask;
	char text[8];
	size_t size;

	(void)state;
	assert_int_equal(virtflex_nodemask_parse("10-11,13", &mask), 0);
	for (size = 0; size <= sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		assert_int_equal(virtflex_nodemask_format(&mask, text, size),
				 8);
		if (!size)
			continue;
		assert_int_equal(strlen(text), size - 1);
		assert_memory_equal(text, "10-11,13", size - 1);
		if (size < sizeof(text))
			assert_int_equal(text[size], '#');
	}
}

static void error_nodemask_parse_EINVAL(void **state)
{
	static const char *const lists[] = {
		"", " ", "-", "-1", "1-", "1,", ",1", "2-1", "1 ", " 1", "+1",
		"0x1", "1--2", "a", "1;2",
	};
	struct virtflex_nodemask mask = { .bits = { 6 } };
	unsigned int i;
	char text[4];

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		assert_int_equal(virtflex_nodemask_parse(lists[i], &mask),
				 -EINVAL);
	assert_int_equal(mask.bits[0], 6);
	assert_int_equal(virtflex_nodemask_parse(NULL, &mask), -EINVAL);
	assert_int_equal(virtflex_nodemask_parse("1", NULL), -EINVAL);
	assert_int_equal(virtflex_nodemask_format(NULL, text, 4), -EINVAL);
	assert_int_equal(virtflex_nodemask_format(&mask, NULL, 4), -EINVAL);
}

static void error_nodemask_parse_ERANGE(void **state)
{
	static const char *const lists[] = {
		"1024", "0,1024", "0-1024", "99999999999999999999",
	};
	struct virtflex_nodemask mask = { .bits = { 6 } };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		assert_int_equal(virtflex_nodemask_parse(lists[i], &mask),
				 -ERANGE);
	assert_int_equal(mask.bits[0], 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(beyond),
		cmocka_unit_test(gone_through),
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(error_nodemask_parse_EINVAL),
		cmocka_unit_test(error_nodemask_parse_ERANGE),
	};

	return cmocka_run_group_tests_name("nodemask", tests, NULL, NULL);
}
