// SPDX-License-Identifier: LGPL-2.1-or-later
/* maps and numa_maps: policies, mappings put together, pages counted. */
#include <errno.h>
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

#define MAPS \
	"00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/a program\n" \
	"7f0000000000-7f0000200000 rw-p 00000000 00:00 0\n" \
	"7f0000200000-7f0000400000 rw-s 00003000 00:01 77  /memfd:x (deleted)\n" \
	"7f0000400000-7f0000500000 rw-p 00000000 00:00 0\n" \
	"7fff00000000-7fff00001000 r-xp 00000000 00:00 0   [vdso]\n" \
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n"

#define NUMA \
	"00400000 default file=/usr/bin/a\\040program mapped=4 N0=4 kernelpagesize_kB=4\n" \
	"7f0000000000 prefer (many):0-1 anon=512 dirty=512 N1=500 N2=12 kernelpagesize_kB=4\n" \
	"7f0000200000 interleave:0-3 file=/memfd:x\\040(deleted) huge dirty=1 " \
	"N3=1 kernelpagesize_kB=2048\n" \
	"7f0000300000 bind:1 anon=1 N1=1 kernelpagesize_kB=4\n" \
	"7f0000400000 default\n" \
	"7fff00000000 default mapped=1 N0=1 kernelpagesize_kB=4\n"

static void put_together(void **state)
{
	struct vf_maps maps;

	(void)state;
	assert_int_equal(vf_maps_parse(SPAN(MAPS), SPAN(NUMA), &maps), 0);
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

static void broken(void **state)
{
	static const char *const bad_maps[] = {
		"x\n", "1000-2000\n", "1000 rw-p 0 00:00 0\n",
		"2000-1000 rw-p 0 00:00 0\n", "1000-2000 rw-p x 00:00 0\n",
		"1000-2000 rw-p 0 0000 0\n", "1000-2000 rw-p 0 00:00 x\n",
		"1000-2000 rw-p 0 0:x 0\n", "z-2000 rw-p 0 0:0 0\n", "\n",
	};
	static const char *const bad_numa[] = {
		"x default\n", "1000\n", "\n",
		"1000 default N0=1 kernelpagesize_kB=3\n",
		"1000 default N0=1 kernelpagesize_kB=x\n",
		"1000 default N0=1 kernelpagesize_kB=99999999999\n",
	};
	struct vf_maps maps;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad_maps); i++) {
		struct vf_span s = { bad_maps[i], strlen(bad_maps[i]) };

		assert_int_equal(vf_maps_parse(s, SPAN("1000 default\n"),
					       &maps), -EBADMSG);
		vf_maps_free(&maps);
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

static void counted(void **state)
{
	struct virtflex_pages *pages;
	char *root = root_make();
	struct virtflex *vf;

	(void)state;
	assert_int_equal(virtflex_open(&vf, root), 0);
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), -ESRCH);
	root_write(root, "/proc/42/numa_maps", NUMA);
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), 0);
	assert_int_equal(pages->nr_nodes, 4);
	assert_int_equal(pages->pages[0], 5);
	assert_int_equal(pages->pages[1], 501);
	assert_int_equal(pages->pages[2], 12);
	assert_int_equal(pages->pages[3], 512);
	assert_int_equal(pages->total_pages, 1030);
	assert_int_equal(pages->hugetlb_pages, 512);
	assert_int_equal(pages->thp_pages, 0);
	virtflex_pages_free(pages);
	root_write(root, "/proc/42/smaps_rollup",
		   "00400000-7fff00000000 ---p 00000000 00:00 0 [rollup]\n"
		   "Rss:                2068 kB\n"
		   "AnonHugePages:      2048 kB\n"
		   "ShmemPmdMapped:     4096 kB\n");
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), 0);
	assert_int_equal(pages->thp_pages, 1536);
	virtflex_pages_free(pages);
	root_write(root, "/proc/42/numa_maps", "1000 default N1024=3\n");
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), -EBADMSG);
	root_write(root, "/proc/42/numa_maps", "1000 default N0=x\n");
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), -EBADMSG);
	/* a thread that is not the main one, too, may be the caller */
	root_write(root, "/proc/thread-self/numa_maps", NUMA);
	assert_int_equal(virtflex_pages_read(vf, 0, &pages), 0);
	assert_int_equal(pages->total_pages, 1030);
	virtflex_pages_free(pages);
	virtflex_pages_free(NULL);
	virtflex_close(vf);
	root_remove(root);
}

/* When the main thread has exited, the memory is there by another. */
static void counted_without_leader(void **state)
{
	struct virtflex_pages *pages;
	char *root = root_make();
	struct virtflex *vf;

	(void)state;
	assert_int_equal(virtflex_open(&vf, root), 0);
	root_write(root, "/proc/42/numa_maps", "");
	root_write(root, "/proc/42/task/42/numa_maps", "");
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), -ESRCH);
	/* one that exits meanwhile */
	root_write(root, "/proc/42/task/43/status", "");
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), -EAGAIN);
	root_write(root, "/proc/42/task/44/numa_maps", NUMA);
	root_write(root, "/proc/42/task/44/smaps_rollup",
		   "AnonHugePages:      2048 kB\n");
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), 0);
	assert_int_equal(pages->total_pages, 1030);
	assert_int_equal(pages->thp_pages, 512);
	virtflex_pages_free(pages);
	virtflex_close(vf);
	root_remove(root);
}

/* The machine this runs on may have one node; its own pages are there. */
static void own_pages(void **state)
{
	struct virtflex_pages *pages;
	struct virtflex *vf;
	int ret;

	(void)state;
	assert_int_equal(virtflex_open(&vf, NULL), 0);
	ret = virtflex_pages_read(vf, 0, &pages);
	virtflex_close(vf);
	if (ret == -ENOSYS)
		skip();
	assert_int_equal(ret, 0);
	assert_true(pages->total_pages > 0);
	virtflex_pages_free(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(put_together),
		cmocka_unit_test(broken),
		cmocka_unit_test(counted),
		cmocka_unit_test(counted_without_leader),
		cmocka_unit_test(own_pages),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
