// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * No memory: each allocation that a function makes fails once. It says so, and
 * what it had is given back, which the sanitizers and the count of descriptors
 * tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failing.h"
#include "machine.h"
#include "migration.h"

static unsigned long fail_at;	/* allocations until one fails; 0: none */

static bool fails(void)
{
	if (!fail_at || --fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__real_strndup(const char *s, size_t len);
char *__wrap_strndup(const char *s, size_t len);
char *__wrap_strndup(const char *s, size_t len)
{
	return fails() ? NULL : __real_strndup(s, len);
}

FILE *__real_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode)
{
	return fails() ? NULL : __real_fdopen(fd, mode);
}

/* The topology is a file of the sysroot, for what is not below one, too. */
int __real_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...)
{
	char path[256];

	if (strcmp(name, VF_PROC_TOPOLOGY))
		return __real_open64(name, flags);
	snprintf(path, sizeof(path), "%s%s", root, name);
	return __real_open64(path, flags);
}

/* @call: once with each of its allocations failing, then with none */
static void each_allocation(int (*call)(void))
{
	unsigned int fds = open_fds();
	unsigned long n;
	int ret;

	for (n = 1; ; n++) {
		fail_at = n;
		ret = call();
		if (fail_at) {
			fail_at = 0;
			break;
		}
		if (ret != -ENOMEM)
			fail_msg("allocation %lu: %d", n, ret);
		assert_int_equal(open_fds(), fds);
	}
	assert_int_equal(ret, 0);
	assert_true(n > 1);
}

#define TOPOLOGY	"version 1\ngeneration 5\nstate failed: no\n" \
			"node 0 active 0 0-1 1 2 3 10,20\n" \
			"node 1 active - - 1 2 3 20,10\n"
#define MAPS		"1000-2000 rw-p 0 0:0 0\n3000-4000 rw-p 0 0:0 0 x\n"
#define NUMA		"1000 default anon=1 N0=1 kernelpagesize_kB=4\n" \
			"3000 bind:1 anon=1 N1=1 kernelpagesize_kB=4\n"

static int open_handle(void)
{
	struct virtflex *other;
	int ret = virtflex_open(&other, root);

	if (!ret)
		virtflex_close(other);
	return ret;
}

static void error_libvirtflex_ENOMEM(void **state)
{
	(void)state;
	each_allocation(open_handle);
}

static int read_topology(void)
{
	struct virtflex_topology *t;
	int ret = virtflex_topology_read(vf, &t);

	if (!ret)
		virtflex_topology_free(t);
	return ret;
}

static void error_topology_read_ENOMEM(void **state)
{
	static char text[40000];

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY, TOPOLOGY);
	each_allocation(read_topology);
	/* a text for which the buffer has to grow */
	memset(text, '#', sizeof(text) - 1);
	memcpy(text, TOPOLOGY, strlen(TOPOLOGY));
	text[sizeof(text) - 2] = '\n';
	root_write(root, VF_PROC_TOPOLOGY, text);
	each_allocation(read_topology);
}

static struct virtflex *here;

static int watch(void)
{
	struct virtflex_watch *w;
	int ret = virtflex_watch_open(here, &w);

	if (ret)
		return ret;
	ret = virtflex_watch_read(w, NULL);
	virtflex_watch_close(w);
	return ret < 0 ? ret : 0;
}

static int wait_once(void)
{
	return virtflex_wait(here, 0, 0, NULL);
}

static void error_wait_ENOMEM(void **state)
{
	(void)state;
	root_write(root, VF_PROC_TOPOLOGY, TOPOLOGY);
	assert_int_equal(virtflex_open(&here, NULL), 0);
	each_allocation(watch);
	each_allocation(wait_once);
	virtflex_close(here);
}

static int read_counters(void)
{
	struct virtflex_counters *c;
	int ret = virtflex_counters_read(vf, &c);

	if (!ret)
		virtflex_counters_free(c);
	return ret;
}

static void error_counters_read_ENOMEM(void **state)
{
	(void)state;
	root_write(root, "/proc/virtflex/counters",
		   "version 1\nnode 0 1 2 3 4 5 6 7 8 9 10 11 12 13\n"
		   "node 1 1 2 3 4 5 6 7 8 9 10 11 12 13\n");
	each_allocation(read_counters);
}

static int read_pages(void)
{
	struct virtflex_pages *pages;
	int ret = virtflex_pages_read(vf, 42, &pages);

	if (!ret)
		virtflex_pages_free(pages);
	return ret;
}

static int read_mappings(void)
{
	struct virtflex_mappings *mappings;
	int ret = virtflex_mappings_read(vf, 42, &mappings);

	if (!ret)
		virtflex_mappings_free(mappings);
	return ret;
}

static int read_threads(void)
{
	struct virtflex_threads *threads;
	int ret = virtflex_threads_read(vf, 42, &threads);

	if (!ret)
		virtflex_threads_free(threads);
	return ret;
}

static void error_pages_read_ENOMEM(void **state)
{
	(void)state;
	root_write(root, "/proc/42/numa_maps", NUMA);
	root_write(root, "/proc/42/maps", MAPS);
	each_allocation(read_mappings);
	root_write(root, "/proc/42/task/42/stat",
		   TEST_STAT("x", "S", "0"));
	root_write(root, "/sys/devices/system/node/node0/cpulist", "0-3\n");
	each_allocation(read_threads);
	each_allocation(read_pages);
}

static int migrate(void)
{
	struct virtflex_migrate_args args = { 0 };

	return run(&args);
}

static int split(void)
{
	struct virtflex_migrate_args args = { 0 };
	struct vf_range *ranges;
	size_t nr_ranges;
	int ret;

	ret = vf_ranges_read(vf, VIRTFLEX_PIDFD_SELF, &args, 2, &ranges,
			     &nr_ranges);
	if (!ret)
		free(ranges);
	return ret;
}

static void error_migrate_ENOMEM(void **state)
{
	(void)state;
	/* all that may be read: several policies, mounts, weights, threads */
	root_write(root, "/proc/thread-self/mountinfo",
		   "30 22 0:28 / /mnt rw shared:5 - tmpfs none rw\n");
	root_write(root, "/proc/self/task/7/numa_maps",
		   "7f0000000000 interleave:0-1 N0=1\n");
	map("interleave:0-1", "00:1c 81 /mnt/file", "4");
	place(0, 10, 3);
	each_allocation(migrate);
	each_allocation(split);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)
	const struct CMUnitTest tests[] = {
		TEST(error_libvirtflex_ENOMEM),
		TEST(error_topology_read_ENOMEM),
		TEST(error_wait_ENOMEM),
		TEST(error_counters_read_ENOMEM),
		TEST(error_pages_read_ENOMEM),
		TEST(error_migrate_ENOMEM),
	};
#undef TEST

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
