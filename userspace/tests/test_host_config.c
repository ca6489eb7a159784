// SPDX-License-Identifier: GPL-2.0-only
/* What a new domain's configuration says; that toolstacks take it is tested by them. */
#include <string.h>

#include "config.h"
#include "test.h"

#define MB	1024

/* Physical nodes 0 and 2, which has no CPUs; there is no 1. */
static struct machine *host(void)
{
	struct machine *m = machine_new(3);

	assert_non_null(m);
	m->pnodes[0] = (struct pnode){ .size_kb = 2048 * MB, .free_kb = 1536 * MB };
	m->pnodes[2] = (struct pnode){ .size_kb = 1024 * MB, .free_kb = 512 };
	m->distances[0 * 3 + 2] = 31;
	m->cpus[0] = strdup("0-3,8");
	return m;
}

/* What one of the formats says, to be freed */
static char *written(void (*format)(const struct config *c, FILE *f),
		     bool part, bool emulated)
{
	unsigned int pnode[3] = { 0, 2, 0 };
	const struct layout l = {
		.nr_vnodes = 3, .vnode_kb = 256 * MB, .nr_vcpus = 3, .pnode = pnode,
	};
	struct machine *m = host();
	const struct config c = {
		.layout = &l, .machine = m, .name = "a-b_c.d+1", .part = part,
		.emulated = emulated,
	};
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	format(&c, f);
	fclose(f);
	machine_free(m);
	return text;
}

static void for_xl(void **state)
{
	static const char part[] =
		"memory = 768\nmaxmem = 768\nvcpus = 3\nmaxvcpus = 3\n"
		"vnuma = [\n"
		"    [ \"pnode=0\", \"size=256\", \"vcpus=0\", \"vdistances=10,31,11\" ],\n"
		"    [ \"pnode=2\", \"size=256\", \"vcpus=1\", \"vdistances=20,10,20\" ],\n"
		"    [ \"pnode=0\", \"size=256\", \"vcpus=2\", \"vdistances=11,31,10\" ],\n"
		"]\n";
	static const char head[] = "name = \"a-b_c.d+1\"\ntype = \"hvm\"\n";
	char *text;

	(void)state;
	text = written(config_write_xl, true, false);
	assert_string_equal(text, part);
	free(text);
	text = written(config_write_xl, false, false);
	assert_memory_equal(text, head, strlen(head));
	assert_memory_equal(text + strlen(head), part, strlen(part));
	/* and nothing else but comments */
	assert_int_equal(text[strlen(head) + strlen(part)], '#');
	free(text);
}

static void for_libvirt(void **state)
{
	static const char part[] =
		"  <memory unit='KiB'>786432</memory>\n"
		"  <vcpu placement='static'>3</vcpu>\n"
		"  <cputune>\n"
		"    <vcpupin vcpu='0' cpuset='0-3,8'/>\n"
		"    <vcpupin vcpu='2' cpuset='0-3,8'/>\n"
		"  </cputune>\n"
		"  <numatune>\n"
		"    <memnode cellid='0' mode='strict' nodeset='0'/>\n"
		"    <memnode cellid='1' mode='strict' nodeset='2'/>\n"
		"    <memnode cellid='2' mode='strict' nodeset='0'/>\n"
		"  </numatune>\n"
		"  <cpu>\n"
		"    <numa>\n"
		"      <cell id='0' cpus='0' memory='262144' unit='KiB'>\n"
		"        <distances>\n"
		"          <sibling id='0' value='10'/>\n"
		"          <sibling id='1' value='31'/>\n"
		"          <sibling id='2' value='11'/>\n"
		"        </distances>\n"
		"      </cell>\n";
	char *text;

	(void)state;
	text = written(config_write_libvirt, true, true);
	assert_memory_equal(text, part, strlen(part));
	free(text);
	text = written(config_write_libvirt, false, true);
	assert_non_null(strstr(text, "<domain type='qemu'>\n  <name>a-b_c.d+1</name>\n"));
	free(text);
	text = written(config_write_libvirt, false, false);
	assert_non_null(strstr(text, "<domain type='kvm'>"));
	assert_non_null(strstr(text, "<cpu mode='host-model'>"));
	free(text);
}

/* A node without vCPUs has no word of them. */
static void more_nodes_than_vcpus(void **state)
{
	unsigned int pnode[2] = { 0, 0 };
	const struct layout l = {
		.nr_vnodes = 2, .vnode_kb = 2 * MB, .nr_vcpus = 1, .pnode = pnode,
	};
	struct machine *m = host();
	const struct config c = { .layout = &l, .machine = m };
	char text[8] = "x";

	(void)state;
	assert_string_equal(config_vcpus(&c, 0, text, sizeof(text)), "0");
	assert_string_equal(config_vcpus(&c, 1, text, sizeof(text)), "");
	machine_free(m);
}

static void names(void **state)
{
	static const char *const bad[] = {
		"", "a b", "a\n", "a\"", "a'", "a<b", "a&b", "a/b", "a\\", "4711",
		"-a", ".a", "\xc3\xa4", "a\t",
	};
	char name[66] = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(config_name_is_good(bad[i]));
	assert_true(config_name_is_good("a"));
	assert_true(config_name_is_good("Web-1_a.b+c"));
	memset(name, 'a', 64);
	assert_true(config_name_is_good(name));
	name[64] = 'a';
	assert_false(config_name_is_good(name));
}

static void room_is_told(void **state)
{
	struct machine *m = host();
	char *text = machine_room_text(m);

	(void)state;
	assert_string_equal(text, "0: 1.50 GiB, 2: 512 KiB");
	free(text);
	machine_free(m);
	machine_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_xl),
		cmocka_unit_test(for_libvirt),
		cmocka_unit_test(more_nodes_than_vcpus),
		cmocka_unit_test(names),
		cmocka_unit_test(room_is_told),
	};

	return cmocka_run_group_tests_name("host_config", tests, NULL, NULL);
}
