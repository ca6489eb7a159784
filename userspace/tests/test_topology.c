// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The reader of /proc/virtflex/topology, with dumps of below sysroot/ that it
 * must understand, and texts that it must refuse. Where TOPOLOGY_FIXTURES is
 * the folder of these tests.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"

#define HEAD "version 1\ngeneration 5\nstate stable\n"
#define NODE0 "node 0 active 0 0-1 100 200 300 10,20\n"
#define NODE1 "node 1 leaving - - 1 2 3 20,10\n"

static int parse(const char *text, struct virtflex_topology **t)
{
	*t = NULL;
	return virtflex_topology_parse(text, strlen(text), t);
}

static void understood(void **state)
{
	struct virtflex_nodemask active;
	struct virtflex_topology *t;

	(void)state;
	assert_int_equal(parse(HEAD "# comment\n" NODE0 NODE1, &t), 0);
	assert_int_equal(t->version, 1);
	assert_int_equal(t->generation, 5);
	assert_int_equal(t->state, VIRTFLEX_STABLE);
	assert_null(t->why);
	assert_int_equal(t->nr_nodes, 2);
	assert_int_equal(t->nodes[0]->id, 0);
	assert_int_equal(t->nodes[0]->state, VIRTFLEX_NODE_ACTIVE);
	assert_int_equal(t->nodes[0]->pnode, 0);
	assert_int_equal(t->nodes[0]->nr_cpus, 2);
	assert_int_equal(t->nodes[0]->cpus[0], 0);
	assert_int_equal(t->nodes[0]->cpus[1], 1);
	assert_int_equal(t->nodes[0]->current_kb, 100);
	assert_int_equal(t->nodes[0]->target_kb, 200);
	assert_int_equal(t->nodes[0]->capacity_kb, 300);
	assert_int_equal(t->nodes[0]->distances[1], 20);
	assert_int_equal(t->nodes[1]->state, VIRTFLEX_NODE_LEAVING);
	assert_int_equal(t->nodes[1]->pnode, -1);
	assert_int_equal(t->nodes[1]->nr_cpus, 0);
	assert_int_equal(t->nodes[1]->distances[0], 20);
	virtflex_topology_active(t, &active);
	assert_int_equal(active.bits[0], 1);
	virtflex_topology_free(t);
}

/* Xen's numbers of nodes are the last field, which earlier modules do not have. */
static void vnodes(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	assert_int_equal(parse(HEAD "node 0 active 0 0 1 2 3 10,20 1\n"
			       "node 1 active 0 1 1 2 3 20,10 0 later\n", &t), 0);
	assert_int_equal(t->nodes[0]->vnode, 1);
	assert_int_equal(t->nodes[1]->vnode, 0);
	virtflex_topology_free(t);
	assert_int_equal(parse(HEAD "node 0 active 0 0 1 2 3 10,20 -\n"
			       "node 1 active 0 1 1 2 3 20,10\n", &t), 0);
	assert_int_equal(t->nodes[0]->vnode, -1);
	assert_int_equal(t->nodes[1]->vnode, -1);
	virtflex_topology_free(t);
}

static void states(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	assert_int_equal(parse("version 1\ngeneration 18446744073709551615\n"
			       "state expanding\n", &t), 0);
	assert_int_equal(t->state, VIRTFLEX_EXPANDING);
	assert_true(t->generation == UINT64_MAX);
	virtflex_topology_free(t);
	assert_int_equal(parse("version 1\ngeneration 1\nstate shrinking\n",
			       &t), 0);
	assert_int_equal(t->state, VIRTFLEX_SHRINKING);
	virtflex_topology_free(t);
	assert_int_equal(parse("version 1\ngeneration 1\n"
			       "state  failed: node/2/target: no  such node\n",
			       &t), 0);
	assert_int_equal(t->state, VIRTFLEX_FAILED);
	assert_string_equal(t->why, "node/2/target: no  such node");
	virtflex_topology_free(t);
	assert_int_equal(parse("version 1\ngeneration 1\nstate failed:\n", &t),
			 0);
	assert_string_equal(t->why, "");
	virtflex_topology_free(t);
	virtflex_topology_free(NULL);
}

static void later_versions_additions(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	assert_int_equal(parse("version 1\nboot 7 x=y\ngeneration 5\n"
			       "state stable\nchange 3 of 4\n"
			       "node 0 active 0 0 1 2 3 10 0 hot 99,98\n",
			       &t), 0);
	assert_int_equal(t->nr_nodes, 1);
	virtflex_topology_free(t);
	assert_int_equal(parse("version 2\ngeneration 1\nstate stable\n", &t),
			 -EPROTONOSUPPORT);
}

static void refused(void **state)
{
	static const char *const bad[] = {
		"", "\n", "version 1\n", "version 1\ngeneration 1\n",
		"generation 1\nstate stable\n",
		"boot 7\nversion 1\ngeneration 1\nstate stable\n",
		"version 1\nstate stable\n",
		"version 1\nstate stable\ngeneration 1\n",
		"version 1\nversion 1\ngeneration 1\nstate stable\n",
		"version 1\ngeneration 1\ngeneration 1\nstate stable\n",
		"version 1\ngeneration 1\nstate stable\nstate stable\n",
		"version\ngeneration 1\nstate stable\n",
		"version one\ngeneration 1\nstate stable\n",
		"version 1 1\ngeneration 1\nstate stable\n",
		"version 1\ngeneration 0\nstate stable\n",
		"version 1\ngeneration -1\nstate stable\n",
		"version 1\ngeneration 18446744073709551616\nstate stable\n",
		"version 1\ngeneration 1\nstate\n",
		"version 1\ngeneration 1\nstate calm\n",
		"version 1\ngeneration 1\nstate stable now\n",
		"version 1\ngeneration 1\nstate failed\n",
		"version\t1\ngeneration 1\nstate stable\n",
		/* cut off in the middle of a line */
		HEAD NODE0 "node 1 leaving - - 1 2 3 20,10",
		/* fewer or more lines than distances */
		HEAD NODE0, HEAD NODE1,
		HEAD NODE0 NODE1 "node 2 active 0 4 1 1 1 20,20\n",
		HEAD "node 0 active 0 0 1 1 1 10,20,20\n" NODE1,
		/* one node, each field wrong in turn */
		HEAD "node\n",
		HEAD "node 0\n",
		HEAD "node 0 active 0 0 1 1 1\n",
		HEAD "node 0 active 0 0 1 1 1 10 first\n",
		HEAD "node 0 active 0 0 1 1 1 10 -1\n",
		HEAD "node 0 active 0 0 1 1 1 10 2147483648\n",
		HEAD "node 1024 active 0 0 1 1 1 10\n",
		HEAD "node -1 active 0 0 1 1 1 10\n",
		HEAD "node x active 0 0 1 1 1 10\n",
		HEAD "node 0 ACTIVE 0 0 1 1 1 10\n",
		HEAD "node 0 gone 0 0 1 1 1 10\n",
		HEAD "node 0 active -1 0 1 1 1 10\n",
		HEAD "node 0 active 2147483648 0 1 1 1 10\n",
		HEAD "node 0 active 0 65536 1 1 1 10\n",
		HEAD "node 0 active 0 0- 1 1 1 10\n",
		HEAD "node 0 active 0 2-1 1 1 1 10\n",
		HEAD "node 0 active 0 1,0 1 1 1 10\n",
		HEAD "node 0 active 0 0,0 1 1 1 10\n",
		HEAD "node 0 active 0 0-1,1-2 1 1 1 10\n",
		HEAD "node 0 active 0 0 -1 1 1 10\n",
		HEAD "node 0 active 0 0 1 1k 1 10\n",
		HEAD "node 0 active 0 0 1 1 18446744073709551616 10\n",
		HEAD "node 0 active 0 0 1 1 1 0\n",
		HEAD "node 0 active 0 0 1 1 1 256\n",
		HEAD "node 0 active 0 0 1 1 1 10,\n",
		HEAD "node 0 active 0 0 1 1 1 ,10\n",
		HEAD "node 0 active 0 0 1 1 1 -\n",
		/* the same node, the same CPU twice */
		HEAD NODE0 "node 0 active 0 2 1 1 1 20,10\n",
		HEAD NODE0 "node 1 active 0 1 1 1 1 20,10\n",
		/* a node before the state */
		"version 1\ngeneration 1\n" NODE0 NODE1 "state stable\n",
	};
	struct virtflex_topology *t;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse(bad[i], &t) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
		assert_null(t);
	}
	assert_int_equal(virtflex_topology_parse(HEAD "\0\n", sizeof(HEAD) + 1,
						 &t), -EBADMSG);
	assert_int_equal(virtflex_topology_parse(NULL, 0, &t), -EINVAL);
}

/* As many nodes, CPUs and distances as there can be, and one more. */
static void largest(void **state)
{
	size_t size, cpus_per_node = VF_MAX_CPUS / VIRTFLEX_MAX_NODES, i, k;
	struct virtflex_topology *t;
	char *text;
	FILE *f;

	(void)state;
	f = open_memstream(&text, &size);
	assert_non_null(f);
	fputs(HEAD, f);
	for (i = 0; i < VIRTFLEX_MAX_NODES; i++) {
		fprintf(f, "node %zu active 0 %zu-%zu 1 2 3 10", i,
			i * cpus_per_node, (i + 1) * cpus_per_node - 1);
		for (k = 1; k < VIRTFLEX_MAX_NODES; k++)
			fputs(",255", f);
		fputc('\n', f);
	}
	assert_int_equal(fclose(f), 0);
	assert_int_equal(virtflex_topology_parse(text, size, &t), 0);
	assert_int_equal(t->nr_nodes, VIRTFLEX_MAX_NODES);
	assert_int_equal(t->nodes[VIRTFLEX_MAX_NODES - 1]->cpus[63],
			 VF_MAX_CPUS - 1);
	virtflex_topology_free(t);
	free(text);

	/* one distance more than there can be nodes */
	f = open_memstream(&text, &size);
	assert_non_null(f);
	fputs(HEAD "node 0 active 0 0 1 2 3 10", f);
	for (k = 0; k < VIRTFLEX_MAX_NODES; k++)
		fputs(",255", f);
	fputc('\n', f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(virtflex_topology_parse(text, size, &t), -EBADMSG);
	free(text);
}

static char *read_text(const char *path, size_t *len)
{
	char *text = NULL;
	FILE *f = fopen(path, "r");
	size_t size = 0;
	ssize_t n;

	assert_non_null(f);
	n = getdelim(&text, &size, 0, f);
	assert_true(n > 0);
	*len = n;
	fclose(f);
	return text;
}

/*
 * Each dump with each byte replaced, and cut off everywhere: nothing may crash,
 * read beyond the text or leak, whatever it is taken for.
 */
static void dumps_damaged(void **state)
{
	static const char bytes[] = "0x\n ,-#9\xff";
	const char *fixtures = getenv("TOPOLOGY_FIXTURES");
	struct virtflex_topology *t;
	char path[512], *text, *copy;
	unsigned int i, dumps = 0;
	size_t len, at;
	struct dirent *e;
	char byte;
	DIR *d;

	(void)state;
	if (!fixtures)
		skip_because("TOPOLOGY_FIXTURES is not set");
	snprintf(path, sizeof(path), "%s/sysroot", fixtures);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path),
			 "%s/sysroot/%s/proc/virtflex/topology", fixtures,
			 e->d_name);
		text = read_text(path, &len);
		dumps++;
		assert_int_equal(virtflex_topology_parse(text, len, &t), 0);
		virtflex_topology_free(t);
		for (at = 0; at < len; at++) {
			/* a copy of its own, so that reading on is seen */
			copy = malloc(at ? at : 1);
			assert_non_null(copy);
			memcpy(copy, text, at);
			if (!virtflex_topology_parse(copy, at, &t))
				virtflex_topology_free(t);
			free(copy);
			byte = text[at];
			for (i = 0; i < sizeof(bytes); i++) {
				text[at] = bytes[i];
				if (!virtflex_topology_parse(text, len, &t))
					virtflex_topology_free(t);
			}
			text[at] = byte;
		}
		free(text);
	}
	closedir(d);
	assert_true(dumps >= 5);
}

static void from_a_file(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY, HEAD NODE0 NODE1);
	assert_int_equal(virtflex_topology_read(vf, &t), 0);
	assert_int_equal(t->nr_nodes, 2);
	virtflex_topology_free(t);
	virtflex_topology_free(NULL);
	virtflex_close(NULL);
}

#define THREE_NODES \
	HEAD "node 2 active - 1000,1030-1031 1 1 1 10,20,20\n" \
	"node 5 inactive - 2 1 1 1 20,10,20\n" \
	"node 7 active - - 1 1 1 20,20,10\n"

static void node_by_id(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	assert_int_equal(parse(THREE_NODES, &t), 0);
	assert_ptr_equal(virtflex_topology_node(t, 2), t->nodes[0]);
	assert_ptr_equal(virtflex_topology_node(t, 7), t->nodes[2]);
	assert_null(virtflex_topology_node(t, 0));
	assert_null(virtflex_topology_node(t, VIRTFLEX_MAX_NODES));
	assert_null(virtflex_topology_node(NULL, 0));
	virtflex_topology_free(t);
}

static void cpus_of_nodes(void **state)
{
	struct virtflex_nodemask nodes = { .bits = { 1 << 5 | 1 << 7 } };
	struct virtflex_topology *t;
	cpu_set_t *large, small;
	unsigned int cpu;
	size_t size;

	(void)state;
	assert_int_equal(parse(THREE_NODES, &t), 0);
	assert_int_equal(virtflex_topology_nr_cpus(t), 1032);
	size = CPU_ALLOC_SIZE(1032);
	large = malloc(size);
	assert_non_null(large);
	memset(large, 0xff, size);
	assert_int_equal(virtflex_topology_cpus(t, NULL, size, large), 3);
	for (cpu = 0; cpu < 8 * size; cpu++)
		assert_int_equal(!!CPU_ISSET_S(cpu, size, large),
				 cpu == 1000 || cpu == 1030 || cpu == 1031);
	free(large);
	/* these would do in any set */
	memset(&small, 0xff, sizeof(small));
	assert_int_equal(virtflex_topology_cpus(t, &nodes, sizeof(small),
						&small), 1);
	assert_int_equal(CPU_COUNT(&small), 1);
	assert_true(CPU_ISSET(2, &small));
	virtflex_node_clear(&nodes, 5);
	assert_int_equal(virtflex_topology_cpus(t, &nodes, sizeof(small),
						&small), 0);
	assert_int_equal(CPU_COUNT(&small), 0);
	assert_int_equal(virtflex_topology_cpus(t, &nodes, 0, NULL), 0);
	virtflex_topology_free(t);
	assert_int_equal(parse("version 1\ngeneration 1\nstate stable\n", &t),
			 0);
	assert_int_equal(virtflex_topology_nr_cpus(t), 0);
	virtflex_topology_free(t);
	assert_int_equal(virtflex_topology_nr_cpus(NULL), 0);
}

/* One that is not there has no active nodes. */
static void active_of_none(void **state)
{
	struct virtflex_nodemask active = { .bits = { 1 } };

	(void)state;
	virtflex_topology_active(NULL, &active);
	assert_true(vf_nodemask_empty(&active));
	virtflex_topology_active(NULL, NULL);
}

static void error_topology_read_EBADMSG(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY, HEAD NODE0);
	assert_int_equal(virtflex_topology_read(vf, &t), -EBADMSG);
	assert_int_equal(parse("", &t), -EBADMSG);
}

static void error_topology_read_EFBIG(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY, HEAD);
	root_grow(root, VF_PROC_TOPOLOGY, VF_MAX_TOPOLOGY_BYTES + 1);
	assert_int_equal(virtflex_topology_read(vf, &t), -EFBIG);
	/* as long as may be, it is only no topology */
	root_grow(root, VF_PROC_TOPOLOGY, VF_MAX_TOPOLOGY_BYTES);
	assert_int_equal(virtflex_topology_read(vf, &t), -EBADMSG);
}

static void error_topology_read_EINVAL(void **state)
{
	struct virtflex_topology *t;
	cpu_set_t cpus;

	(void)state;
	assert_int_equal(virtflex_topology_read(NULL, &t), -EINVAL);
	assert_int_equal(virtflex_topology_read(vf, NULL), -EINVAL);
	assert_int_equal(virtflex_topology_parse(NULL, 0, &t), -EINVAL);
	assert_int_equal(virtflex_topology_parse(HEAD, 9, NULL), -EINVAL);
	assert_int_equal(parse(THREE_NODES, &t), 0);
	assert_int_equal(virtflex_topology_cpus(NULL, NULL, sizeof(cpus),
						&cpus), -EINVAL);
	assert_int_equal(virtflex_topology_cpus(t, NULL, sizeof(cpus), NULL),
			 -EINVAL);
	assert_int_equal(virtflex_topology_cpus(t, NULL, 12, &cpus), -EINVAL);
	virtflex_topology_free(t);
}

static void error_topology_read_ENODEV(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY, HEAD NODE0 NODE1);
	gone = true;
	assert_int_equal(virtflex_topology_read(vf, &t), -ENODEV);
}

static void error_topology_read_ENOENT(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	assert_int_equal(virtflex_topology_read(vf, &t), -ENOENT);
}

static void error_topology_read_EPROTONOSUPPORT(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	assert_int_equal(parse("version 2\n", &t), -EPROTONOSUPPORT);
}

static void error_topology_read_ERANGE(void **state)
{
	struct virtflex_topology *t;
	cpu_set_t cpus, before;

	(void)state;
	memset(&cpus, 0x5a, sizeof(cpus));
	before = cpus;
	assert_int_equal(parse(THREE_NODES, &t), 0);
	assert_int_equal(virtflex_topology_cpus(t, NULL, sizeof(cpus), &cpus),
			 -ERANGE);
	assert_int_equal(virtflex_topology_cpus(t, NULL, 0, NULL), -ERANGE);
	assert_memory_equal(&cpus, &before, sizeof(cpus));
	virtflex_topology_free(t);
	/* the last that has a place, and the first that has none */
	assert_int_equal(parse(HEAD "node 0 active - 63 1 1 1 10\n", &t), 0);
	assert_int_equal(virtflex_topology_cpus(t, NULL, 8, &cpus), 1);
	virtflex_topology_free(t);
	assert_int_equal(parse(HEAD "node 0 active - 64 1 1 1 10\n", &t), 0);
	assert_int_equal(virtflex_topology_cpus(t, NULL, 8, &cpus), -ERANGE);
	virtflex_topology_free(t);
}

static void error_libvirtflex_EINVAL(void **state)
{
	struct virtflex *other;

	(void)state;
	assert_int_equal(virtflex_open(&other, ""), -EINVAL);
	assert_int_equal(virtflex_open(NULL, NULL), -EINVAL);
}

static void error_libvirtflex_ENAMETOOLONG(void **state)
{
	static const size_t path_len = sizeof(VF_PROC_TOPOLOGY) - 1;
	struct virtflex_topology *t;
	struct virtflex *other;
	char long_root[PATH_MAX];
	size_t len, i;

	(void)state;
	/* the longest path there can be, and one that is longer */
	for (len = PATH_MAX - 1 - path_len; len < PATH_MAX; len++) {
		for (i = 0; i < len; i++)
			long_root[i] = "/x"[i % 2];
		long_root[len] = 0;
		assert_int_equal(virtflex_open(&other, long_root), 0);
		assert_int_equal(virtflex_topology_read(other, &t),
				 len < PATH_MAX - path_len ? -ENOENT :
							     -ENAMETOOLONG);
		virtflex_close(other);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understood),
		cmocka_unit_test(states),
		cmocka_unit_test(vnodes),
		cmocka_unit_test(later_versions_additions),
		cmocka_unit_test(refused),
		cmocka_unit_test(largest),
		cmocka_unit_test(dumps_damaged),
		cmocka_unit_test(node_by_id),
		cmocka_unit_test(cpus_of_nodes),
		cmocka_unit_test(active_of_none),
		TEST(from_a_file),
		TEST(error_topology_read_EBADMSG),
		TEST(error_topology_read_EFBIG),
		TEST(error_topology_read_EINVAL),
		TEST(error_topology_read_ENODEV),
		TEST(error_topology_read_ENOENT),
		TEST(error_topology_read_EPROTONOSUPPORT),
		TEST(error_topology_read_ERANGE),
		cmocka_unit_test(error_libvirtflex_EINVAL),
		cmocka_unit_test(error_libvirtflex_ENAMETOOLONG),
	};
#undef TEST

	return cmocka_run_group_tests_name("topology", tests, NULL, NULL);
}
