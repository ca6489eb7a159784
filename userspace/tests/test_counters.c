// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reader of /proc/virtflex/counters. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"

#define PATH	"/proc/virtflex/counters"
#define HEAD	"version     1\n#      id     unplugged_kb    leaked_kb\n"

static const char text[] = HEAD
	"node    0          0   0  0  0  0  0  0   0        0    0        0  0  0\n"
	"node    2      53248   1 26  2  3  4  5  12 12070586 1044 11980300  6  7\n";

static int parse(const char *s, struct virtflex_counters **c)
{
	return virtflex_counters_parse(s, strlen(s), c);
}

static void whole(void **state)
{
	const struct virtflex_node_counters *n;
	struct virtflex_counters *c;

	(void)state;
	assert_int_equal(parse(text, &c), 0);
	assert_int_equal(c->version, 1);
	assert_int_equal(c->nr_nodes, 2);
	n = virtflex_counters_node(c, 2);
	assert_ptr_equal(n, c->nodes[1]);
	assert_int_equal(n->id, 2);
	assert_int_equal(n->unplugged_kb, 53248);
	assert_int_equal(n->leaked_kb, 1);
	assert_int_equal(n->unplug_free, 26);
	assert_int_equal(n->unplug_evacuated, 2);
	assert_int_equal(n->unplug_pages, 3);
	assert_int_equal(n->plug_extents, 4);
	assert_int_equal(n->plug_pages, 5);
	assert_int_equal(n->evacuate_fail, 12);
	assert_int_equal(n->unplug_us, 12070586);
	assert_int_equal(n->evacuate_us, 1044);
	assert_int_equal(n->decrease_us, 11980300);
	assert_int_equal(n->plug_us, 6);
	assert_int_equal(n->populate_us, 7);
	assert_int_equal(virtflex_counters_node(c, 0)->unplugged_kb, 0);
	assert_null(virtflex_counters_node(c, 1));
	assert_null(virtflex_counters_node(NULL, 0));
	virtflex_counters_free(c);
	virtflex_counters_free(NULL);
}

/* What a later version may add is skipped. */
static void later_version(void **state)
{
	struct virtflex_counters *c;

	(void)state;
	assert_int_equal(parse(HEAD "since 12 s\n"
			       "node 3 1 2 3 4 5 6 7 8 9 10 11 12 13 14 x\n\n",
			       &c), 0);
	assert_int_equal(c->nr_nodes, 1);
	assert_int_equal(c->nodes[0]->populate_us, 13);
	virtflex_counters_free(c);
	assert_int_equal(parse("version 1\n", &c), 0);
	assert_int_equal(c->nr_nodes, 0);
	virtflex_counters_free(c);
}

static void from_a_file(void **state)
{
	struct virtflex_counters *c;

	(void)state;
	root_write(root, PATH, text);
	interrupts = 2;
	assert_int_equal(virtflex_counters_read(vf, &c), 0);
	assert_int_equal(interrupts, 0);
	assert_int_equal(c->nr_nodes, 2);
	virtflex_counters_free(c);
}

static void error_counters_read_EBADMSG(void **state)
{
	static const char *const bad[] = {
		"", "\n", "version 1", "version\n", "version x\n",
		"version 1 1\n", "version 1\nversion 1\n",
		"node 0 1 2 3 4 5 6 7 8 9 10 11 12 13\nversion 1\n",
		"x 1\nversion 1\n",
		"version 1\nnode 0 1 2 3 4 5 6 7 8 9 10 11 12\n",
		"version 1\nnode 1024 1 2 3 4 5 6 7 8 9 10 11 12 13\n",
		"version 1\nnode x 1 2 3 4 5 6 7 8 9 10 11 12 13\n",
		"version 1\nnode 0 1 2 3 -4 5 6 7 8 9 10 11 12 13\n",
		"version 1\nnode 0 1 2 3 4 5 6 7 8 9 10 11 12 1e3\n",
		"version 1\nnode\n",
		"version 1\nnode 0 1 2 3 4 5 6 7 8 9 10 11 12 13\n"
		"node 0 1 2 3 4 5 6 7 8 9 10 11 12 13\n",
		"version 1\nnode 0 18446744073709551616 2 3 4 5 6 7 8 9 10 11 12 13\n",
	};
	struct virtflex_counters *c;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse(bad[i], &c) != -EBADMSG)
			fail_msg("%s", bad[i]);
		root_write(root, PATH, bad[i]);
		assert_int_equal(virtflex_counters_read(vf, &c), -EBADMSG);
	}
	assert_int_equal(virtflex_counters_parse("version 1\n\0\n", 12, &c),
			 -EBADMSG);
}

static void error_counters_read_EFBIG(void **state)
{
	struct virtflex_counters *c;

	(void)state;
	root_write(root, PATH, "");
	root_grow(root, PATH, VF_MAX_TOPOLOGY_BYTES + 1);
	assert_int_equal(virtflex_counters_read(vf, &c), -EFBIG);
}

static void error_counters_read_EINVAL(void **state)
{
	struct virtflex_counters *c;

	(void)state;
	assert_int_equal(virtflex_counters_read(NULL, &c), -EINVAL);
	assert_int_equal(virtflex_counters_read(vf, NULL), -EINVAL);
	assert_int_equal(virtflex_counters_parse(NULL, 0, &c), -EINVAL);
	assert_int_equal(virtflex_counters_parse(text, 1, NULL), -EINVAL);
}

static void error_counters_read_ENOENT(void **state)
{
	struct virtflex_counters *c;

	(void)state;
	assert_int_equal(virtflex_counters_read(vf, &c), -ENOENT);
}

static void error_counters_read_EPROTONOSUPPORT(void **state)
{
	struct virtflex_counters *c;

	(void)state;
	assert_int_equal(parse("version 2\nanything\n", &c), -EPROTONOSUPPORT);
	assert_int_equal(parse("version 0\n", &c), -EPROTONOSUPPORT);
}

static void error_counters_read_ENODEV(void **state)
{
	struct virtflex_counters *c;

	(void)state;
	root_write(root, PATH, text);
	gone = true;
	assert_int_equal(virtflex_counters_read(vf, &c), -ENODEV);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(whole),
		TEST(later_version),
		TEST(from_a_file),
		TEST(error_counters_read_EBADMSG),
		TEST(error_counters_read_EFBIG),
		TEST(error_counters_read_EINVAL),
		TEST(error_counters_read_ENODEV),
		TEST(error_counters_read_ENOENT),
		TEST(error_counters_read_EPROTONOSUPPORT),
	};
#undef TEST

	return cmocka_run_group_tests_name("capacity", tests, NULL, NULL);
}
