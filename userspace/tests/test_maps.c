// SPDX-License-Identifier: LGPL-2.1-or-later
/* maps and numa_maps: policies, mappings put together, pages counted. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

static void policies(void **state)
{
	static const struct {
		const char *text;
		enum vf_policy_mode mode;
		uint64_t nodes;
	} cases[] = {
		{ "default", VF_POLICY_DEFAULT, 0 },
		{ "local", VF_POLICY_DEFAULT, 0 },
		{ "prefer:2", VF_POLICY_PREFERRED, 4 },
		{ "prefer (many):0-1", VF_POLICY_PREFERRED_MANY, 3 },
		{ "bind:0,2", VF_POLICY_BIND, 5 },
		{ "bind=static:1", VF_POLICY_BIND, 2 },
		{ "bind=static|balancing:1", VF_POLICY_BIND, 2 },
		{ "interleave:0-3", VF_POLICY_INTERLEAVE, 15 },
		{ "interleave=relative:0-1", VF_POLICY_INTERLEAVE, 3 },
		{ "weighted interleave:1-2", VF_POLICY_WEIGHTED, 6 },
		/* not known, or not to be known */
		{ "unknown", VF_POLICY_UNKNOWN, 0 },
		{ "random:0-1", VF_POLICY_UNKNOWN, 0 },
		{ "default:0", VF_POLICY_UNKNOWN, 0 },
		{ "bind", VF_POLICY_UNKNOWN, 0 },
		{ "bind:", VF_POLICY_UNKNOWN, 0 },
		{ "bind:x", VF_POLICY_UNKNOWN, 0 },
		{ "bind:1,x", VF_POLICY_UNKNOWN, 0 },
		{ "binding:0", VF_POLICY_UNKNOWN, 0 },
		{ "", VF_POLICY_UNKNOWN, 0 },
		/* as long as the kernel's buffer: the rest may be missing */
		{ "interleave:0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,3",
		  VF_POLICY_UNKNOWN, 0 },
	};
	struct vf_policy policy;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vf_span s = { cases[i].text, strlen(cases[i].text) };

		assert_int_equal(vf_parse_policy(s, &policy), 0);
		if (policy.mode != cases[i].mode ||
		    policy.nodes.bits[0] != cases[i].nodes)
			fail_msg("%s: mode %d, nodes %llx", cases[i].text,
				 policy.mode,
				 (unsigned long long)policy.nodes.bits[0]);
	}
}

static void put_together(void **state)
{
	struct vf_maps maps;

	(void)state;
	assert_int_equal(vf_maps_parse(SPAN(TEST_MAPS), SPAN(TEST_NUMA), &maps), 0);
	/* vsyscall is in maps only, ...300000 in numa_maps only */
	assert_int_equal(maps.nr_vmas, 5);
	assert_true(maps.vmas[0].start == 0x400000);
	assert_true(maps.vmas[0].end == 0x452000);
	assert_true(maps.vmas[0].offset == 0x1000);
	assert_int_equal(maps.vmas[0].ino, 173521);
	assert_false(maps.vmas[0].kernel_shm);
	assert_int_equal(maps.policies[maps.vmas[0].policy].mode,
			 VF_POLICY_DEFAULT);
	assert_int_equal(maps.policies[maps.vmas[1].policy].mode,
			 VF_POLICY_PREFERRED_MANY);
	assert_int_equal(maps.policies[maps.vmas[2].policy].mode,
			 VF_POLICY_INTERLEAVE);
	assert_int_equal(maps.vmas[2].page_bytes, 2 << 20);
	assert_true(maps.vmas[2].kernel_shm);
	assert_false(maps.vmas[3].present);
	assert_int_equal(maps.vmas[3].policy, maps.vmas[0].policy);
	assert_true(maps.vmas[4].special);
	vf_maps_free(&maps);
}

/* A mapping that came after numa_maps was read has not the policy of the next. */
static void mapped_between(void **state)
{
	struct vf_maps maps;

	(void)state;
	assert_int_equal(vf_maps_parse(SPAN("1000-2000 rw-p 0 0:0 0\n"
					    "3000-4000 rw-p 0 0:0 0\n"
					    "5000-6000 rw-p 0 0:0 0\n"),
				       SPAN("1000 default\n"
					    "5000 bind:1 N0=1 kernelpagesize_kB=4\n"),
				       &maps), 0);
	assert_int_equal(maps.nr_vmas, 2);
	assert_true(maps.vmas[0].start == 0x1000);
	assert_false(maps.vmas[0].present);
	assert_true(maps.vmas[1].start == 0x5000);
	assert_true(maps.vmas[1].present);
	vf_maps_free(&maps);
}

/* What numa_maps has to say of a mapping is not known from maps alone. */
static void one_line(void **state)
{
	struct vf_vma vma;

	(void)state;
	memset(&vma, 0xff, sizeof(vma));
	assert_int_equal(vf_parse_maps_line(SPAN("1000-3000 rw-p 0 0:0 0"),
					    &vma), 0);
	assert_true(vma.start == 0x1000 && vma.end == 0x3000);
	assert_true(vma.accessible);
	assert_false(vma.present || vma.special || vma.text || vma.kernel_shm);
	assert_int_equal(vma.page_bytes, 0);
	assert_int_equal(vma.pages, 0);
}

/* However many there are, another thread may have mapped more above them since. */
static void mapped_since(void **state)
{
	static char text[2][1 << 14];
	struct vf_span maps, numa;
	unsigned int nr, i;
	struct vf_maps out;

	(void)state;
	for (nr = 1; nr <= 130; nr++) {
		maps = (struct vf_span){ text[0], 0 };
		numa = (struct vf_span){ text[1], 0 };
		for (i = 1; i <= nr; i++) {
			maps.len += sprintf(text[0] + maps.len,
					    "%x000-%x800 rw-p 0 0:0 0\n", i, i);
			numa.len += sprintf(text[1] + numa.len,
					    "%x000 bind:1\n", i);
		}
		assert_int_equal(vf_maps_parse(maps, numa, &out), 0);
		assert_int_equal(out.nr_vmas, nr);
		numa.len += sprintf(text[1] + numa.len, "%x000 bind:1\n", i);
		assert_int_equal(vf_maps_compare(&out, numa), 0);
		for (i = 0; i < nr; i++)
			assert_int_equal(out.vmas[i].policy, 0);
		/* or have less: of what it has not, nothing is known */
		numa.len = strlen("1000 bind:1\n");
		assert_int_equal(vf_maps_compare(&out, numa), 0);
		for (i = 0; i < nr; i++)
			assert_int_equal(out.vmas[i].policy, i ? 1 : 0);
		vf_maps_free(&out);
	}
}

static void broken(void **state)
{
	static const char *const bad_maps[] = {
		"x\n", "1000-2000\n", "1000 rw-p 0 00:00 0\n",
		"2000-1000 rw-p 0 00:00 0\n", "1000-2000 rw-p x 00:00 0\n",
		"1000-2000 rw-p 0 0000 0\n", "1000-2000 rw-p 0 00:00 x\n",
		"1000-2000 rw-p 0 0:x 0\n", "1000-2000 rw-p 0 x:0 0\n",
		"1000-2000 rw-p 0 0 0\n", "z-2000 rw-p 0 0:0 0\n", "\n",
	};
	static const char *const bad_numa[] = {
		"x default\n", "1000\n", "\n",
		"1000 default N0=1 kernelpagesize_kB=3\n",
		"1000 default N0=1 kernelpagesize_kB=x\n",
		"1000 default N0=1 kernelpagesize_kB=99999999999\n",
		"500 default\nx default\n",
	};
	struct vf_maps maps;
	struct vf_vma vma;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad_maps); i++) {
		struct vf_span s = { bad_maps[i], strlen(bad_maps[i]) };

		assert_int_equal(vf_maps_parse(s, SPAN("1000 default\n"),
					       &maps), -EBADMSG);
		vf_maps_free(&maps);
		s.len--;
		assert_int_equal(vf_parse_maps_line(s, &vma), -EBADMSG);
	}
	for (i = 0; i < ARRAY_SIZE(bad_numa); i++) {
		struct vf_span s = { bad_numa[i], strlen(bad_numa[i]) };

		assert_int_equal(vf_maps_parse(SPAN("1000-2000 rw-p 0 0:0 0\n"),
					       s, &maps), -EBADMSG);
		vf_maps_free(&maps);
	}
	assert_int_equal(vf_maps_parse(SPAN(""), SPAN(""), &maps), 0);
	assert_int_equal(maps.nr_vmas, 0);
	vf_maps_free(&maps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(put_together),
		cmocka_unit_test(mapped_between),
		cmocka_unit_test(one_line),
		cmocka_unit_test(mapped_since),
		cmocka_unit_test(broken),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
