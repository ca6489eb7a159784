// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pages of a process, in all and per mapping, and where its threads run. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

/* What opening a numa_maps fails with; 0: it does not. */
static int numa_maps_error;

int __real_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...)
{
	const char *base = strrchr(name, '/');

	if (!numa_maps_error || !base || strcmp(base, "/numa_maps"))
		return __real_open64(name, flags);
	errno = numa_maps_error;
	return -1;
}

static char *root;
static struct virtflex *vf, *here;
static unsigned int fds_before;

static int setup(void **state)
{
	(void)state;
	numa_maps_error = 0;
	fds_before = open_fds();
	root = root_make();
	return virtflex_open(&vf, root) || virtflex_open(&here, NULL);
}

static int teardown(void **state)
{
	(void)state;
	virtflex_close(vf);
	virtflex_close(here);
	root_remove(root);
	return open_fds() == fds_before ? 0 : -1;
}

/* ---- pages ---- */

static void counted(void **state)
{
	struct virtflex_pages *pages;

	(void)state;
	root_write(root, "/proc/42/numa_maps", TEST_NUMA);
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
	/* a thread that is not the main one, too, may be the caller */
	root_write(root, "/proc/thread-self/numa_maps", TEST_NUMA);
	assert_int_equal(virtflex_pages_read(vf, 0, &pages), 0);
	assert_int_equal(pages->total_pages, 1030);
	virtflex_pages_free(pages);
	virtflex_pages_free(NULL);
	root_write(root, "/proc/thread-self/numa_maps", "");
	assert_int_equal(virtflex_pages_read(vf, 0, &pages), -ESRCH);
}

/* Pages of 1 GiB, and no pages at all. */
static void counted_extremes(void **state)
{
	struct virtflex_pages *pages;

	(void)state;
	root_write(root, "/proc/42/numa_maps",
		   "7f0000000000 default huge N1023=2 kernelpagesize_kB=1048576\n");
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), 0);
	assert_int_equal(pages->nr_nodes, 1024);
	assert_int_equal(pages->pages[1023], 2 << 18);
	assert_int_equal(pages->hugetlb_pages, 2 << 18);
	virtflex_pages_free(pages);
	root_write(root, "/proc/42/numa_maps", "7f0000000000 default\n");
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), 0);
	assert_int_equal(pages->nr_nodes, 0);
	assert_int_equal(pages->total_pages, 0);
	virtflex_pages_free(pages);
}

/* When the main thread has exited, the memory is there by another. */
static void counted_without_leader(void **state)
{
	struct virtflex_mappings *mappings;
	struct virtflex_pages *pages;

	(void)state;
	root_write(root, "/proc/42/numa_maps", "");
	root_write(root, "/proc/42/task/42/numa_maps", "");
	root_write(root, "/proc/42/task/44/numa_maps", TEST_NUMA);
	root_write(root, "/proc/42/task/44/maps", TEST_MAPS);
	root_write(root, "/proc/42/task/44/smaps_rollup",
		   "AnonHugePages:      2048 kB\n");
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), 0);
	assert_int_equal(pages->total_pages, 1030);
	assert_int_equal(pages->thp_pages, 512);
	virtflex_pages_free(pages);
	assert_int_equal(virtflex_mappings_read(vf, 42, &mappings), 0);
	assert_int_equal(mappings->nr_mappings, 5);
	virtflex_mappings_free(mappings);
}

static void on_some_nodes(void **state)
{
	static const uint64_t counts[] = { 3, 4 };
	static const struct virtflex_pages two_nodes = {
		.nr_nodes = 2,
		.pages = counts,
	};
	struct virtflex_nodemask nodes = { .bits = { 1 << 1 | 1 << 3 } };
	struct virtflex_pages *pages;

	(void)state;
	virtflex_node_set(&nodes, 1000);
	root_write(root, "/proc/42/numa_maps", TEST_NUMA);
	assert_int_equal(virtflex_pages_read(vf, 42, &pages), 0);
	assert_int_equal(virtflex_pages_on(pages, &nodes), 501 + 512);
	virtflex_nodemask_clear(&nodes);
	assert_int_equal(virtflex_pages_on(pages, &nodes), 0);
	assert_int_equal(virtflex_pages_on(NULL, &nodes), 0);
	assert_int_equal(virtflex_pages_on(pages, NULL), 0);
	virtflex_pages_free(pages);
	/* one that the caller has made has no more counts than it says */
	virtflex_node_set(&nodes, 1);
	virtflex_node_set(&nodes, 2);
	assert_int_equal(virtflex_pages_on(&two_nodes, &nodes), 4);
}

/* The machine this runs on may have one node; its own pages are there. */
static void own_pages(void **state)
{
	const size_t len = 64 * VF_PAGE_BYTES;
	const struct virtflex_mapping *found = NULL;
	struct virtflex_mappings *mappings;
	struct virtflex_pages *pages;
	uint64_t sum = 0;
	char *mem;
	size_t i;
	int ret;

	(void)state;
	ret = virtflex_pages_read(here, 0, &pages);
	if (ret == -ENOSYS)
		skip_because("no numa_maps here");
	assert_int_equal(ret, 0);
	assert_true(pages->total_pages > 0);
	virtflex_pages_free(pages);
	/* a file, so that it does not become one with what is beside it */
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(mem != MAP_FAILED);
	memset(mem, 1, len / 2);
	assert_int_equal(virtflex_mappings_read(here, getpid(), &mappings), 0);
	for (i = 0; i < mappings->nr_mappings; i++) {
		sum += mappings->mappings[i]->total_pages;
		if (mappings->mappings[i]->start == (uintptr_t)mem)
			found = mappings->mappings[i];
	}
	assert_non_null(found);
	assert_true(found->end == (uintptr_t)mem + len);
	assert_int_equal(found->total_pages, 32);
	assert_true(sum > 32);
	virtflex_mappings_free(mappings);
	munmap(mem, len);
}

/* ---- mappings ---- */

static void per_mapping(void **state)
{
	const struct virtflex_mapping *const *all, *last;
	struct virtflex_mappings *mappings;

	(void)state;
	root_write(root, "/proc/42/numa_maps", TEST_NUMA);
	root_write(root, "/proc/42/maps", TEST_MAPS);
	assert_int_equal(virtflex_mappings_read(vf, 42, &mappings), 0);
	/* one that came, and one that went, are left out */
	assert_int_equal(mappings->nr_mappings, 5);
	all = mappings->mappings;
	assert_true(all[0]->start == 0x400000 && all[0]->end == 0x452000);
	assert_string_equal(all[0]->policy, "default");
	assert_string_equal(all[0]->name, "/usr/bin/a program");
	assert_int_equal(all[0]->page_kb, 4);
	assert_int_equal(all[0]->hugetlb, 0);
	assert_int_equal(all[0]->nr_nodes, 1);
	assert_int_equal(all[0]->pages[0], 4);
	assert_int_equal(all[0]->total_pages, 4);
	assert_string_equal(all[1]->policy, "prefer (many):0-1");
	assert_string_equal(all[1]->name, "");
	assert_int_equal(all[1]->nr_nodes, 3);
	assert_int_equal(all[1]->pages[0], 0);
	assert_int_equal(all[1]->pages[1], 500);
	assert_int_equal(all[1]->pages[2], 12);
	assert_int_equal(all[1]->total_pages, 512);
	assert_string_equal(all[2]->policy, "interleave:0-3");
	assert_string_equal(all[2]->name, "/memfd:x (deleted)");
	assert_int_equal(all[2]->hugetlb, 1);
	assert_int_equal(all[2]->page_kb, 2048);
	assert_int_equal(all[2]->pages[3], 512);
	/* nobody has touched it */
	assert_true(all[3]->start == 0x7f0000400000);
	assert_int_equal(all[3]->nr_nodes, 0);
	assert_int_equal(all[3]->total_pages, 0);
	last = all[4];
	assert_true(last->start == 0x7fff00000000);
	assert_string_equal(last->name, "[vdso]");
	virtflex_mappings_free(mappings);
	root_write(root, "/proc/thread-self/numa_maps", TEST_NUMA);
	root_write(root, "/proc/thread-self/maps", TEST_MAPS);
	assert_int_equal(virtflex_mappings_read(vf, 0, &mappings), 0);
	assert_int_equal(mappings->nr_mappings, 5);
	virtflex_mappings_free(mappings);
	virtflex_mappings_free(NULL);
}

/* As many as the kernel allows. */
static void many_mappings(void **state)
{
	const unsigned int nr = 65530;
	struct virtflex_mappings *mappings;
	char *maps = malloc(nr * 64), *numa = malloc(nr * 64);
	size_t maps_len = 0, numa_len = 0;
	unsigned int i;

	(void)state;
	assert_true(maps && numa);
	for (i = 0; i < nr; i++) {
		maps_len += sprintf(maps + maps_len,
				    "%x-%x rw-p 00000000 00:00 0\n",
				    0x10000 + i * 0x2000, 0x11000 + i * 0x2000);
		numa_len += sprintf(numa + numa_len,
				    "%x default anon=1 N%u=1 kernelpagesize_kB=4\n",
				    0x10000 + i * 0x2000, i % 3);
	}
	root_write(root, "/proc/42/maps", maps);
	root_write(root, "/proc/42/numa_maps", numa);
	free(maps);
	free(numa);
	assert_int_equal(virtflex_mappings_read(vf, 42, &mappings), 0);
	assert_int_equal(mappings->nr_mappings, nr);
	for (i = 0; i < nr; i++) {
		assert_int_equal(mappings->mappings[i]->nr_nodes, i % 3 + 1);
		assert_int_equal(mappings->mappings[i]->total_pages, 1);
	}
	virtflex_mappings_free(mappings);
}

/* ---- threads ---- */

static void write_nodes(void)
{
	root_write(root, "/sys/devices/system/node/online", "0,2-3\n");
	root_write(root, "/sys/devices/system/node/node0/cpulist", "0-1,8\n");
	root_write(root, "/sys/devices/system/node/node2/cpulist", "2\n");
	root_write(root, "/sys/devices/system/node/node3/cpulist", "\n");
}

static const struct virtflex_thread *
find_thread(const struct virtflex_threads *threads, pid_t tid)
{
	size_t i;

	for (i = 0; i < threads->nr_threads; i++)
		if (threads->threads[i]->tid == tid)
			return threads->threads[i];
	return NULL;
}

static void assert_thread(const struct virtflex_threads *threads, pid_t tid,
			  int cpu, int node, char state, const char *name)
{
	const struct virtflex_thread *t = find_thread(threads, tid);

	assert_non_null(t);
	assert_int_equal(t->cpu, cpu);
	assert_int_equal(t->node, node);
	assert_int_equal(t->state, state);
	assert_string_equal(t->name, name);
}

static void threads_by_node(void **state)
{
	struct virtflex_threads *threads;

	(void)state;
	write_nodes();
	root_write(root, "/proc/42/task/42/stat", TEST_STAT("prog", "S", "8"));
	root_write(root, "/proc/42/task/43/stat",
		   TEST_STAT("a ) R 9 (\n(b", "R", "2"));
	/* its CPU has gone offline since */
	root_write(root, "/proc/42/task/44/stat", TEST_STAT("", "D", "5"));
	/* exited, and exiting */
	root_write(root, "/proc/42/task/45/stat", TEST_STAT("z", "Z", "2"));
	root_write(root, "/proc/42/task/46/status", "");
	assert_int_equal(virtflex_threads_read(vf, 42, &threads), 0);
	assert_int_equal(threads->nr_threads, 3);
	assert_thread(threads, 42, 8, 0, 'S', "prog");
	assert_thread(threads, 43, 2, 2, 'R', "a ) R 9 (\n(b");
	assert_thread(threads, 44, 5, -1, 'D', "");
	assert_int_equal(threads->nodes.bits[0], 1 << 0 | 1 << 2);
	assert_int_equal(virtflex_nodemask_count(&threads->nodes), 2);
	virtflex_threads_free(threads);
	virtflex_threads_free(NULL);
}

/* Names of kernel threads may be longer than those of others. */
static void long_name(void **state)
{
	struct virtflex_threads *threads;
	char stat[512], name[100];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	snprintf(stat, sizeof(stat), TEST_STAT("%s", "I", "0"), name);
	root_write(root, "/proc/42/task/42/stat", stat);
	assert_int_equal(virtflex_threads_read(vf, 42, &threads), 0);
	assert_int_equal(strlen(threads->threads[0]->name), 63);
	/* nothing is known of nodes here */
	assert_int_equal(threads->threads[0]->node, -1);
	virtflex_threads_free(threads);
}

struct sleeper {
	pthread_barrier_t barrier;
	pid_t tid;
};

static void *sleep_here(void *data)
{
	struct sleeper *s = data;

	s->tid = gettid();
	prctl(PR_SET_NAME, "sleeper");
	pthread_barrier_wait(&s->barrier);
	pthread_barrier_wait(&s->barrier);
	return NULL;
}

static void own_threads(void **state)
{
	const struct virtflex_thread *t;
	struct virtflex_threads *threads;
	struct sleeper s;
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&s.barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, sleep_here, &s), 0);
	pthread_barrier_wait(&s.barrier);
	assert_int_equal(virtflex_threads_read(here, 0, &threads), 0);
	t = find_thread(threads, s.tid);
	assert_non_null(t);
	assert_string_equal(t->name, "sleeper");
	assert_in_range(t->cpu, 0, VF_MAX_CPUS - 1);
	assert_non_null(find_thread(threads, getpid()));
	virtflex_threads_free(threads);
	pthread_barrier_wait(&s.barrier);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&s.barrier);
}

/* ---- errors ---- */

static int read_pages(struct virtflex *from, pid_t pid)
{
	struct virtflex_pages *pages;
	int ret = virtflex_pages_read(from, pid, &pages);

	if (!ret)
		virtflex_pages_free(pages);
	return ret;
}

static int read_mappings(struct virtflex *from, pid_t pid)
{
	struct virtflex_mappings *mappings;
	int ret = virtflex_mappings_read(from, pid, &mappings);

	if (!ret)
		virtflex_mappings_free(mappings);
	return ret;
}

static int read_threads(struct virtflex *from, pid_t pid)
{
	struct virtflex_threads *threads;
	int ret = virtflex_threads_read(from, pid, &threads);

	if (!ret)
		virtflex_threads_free(threads);
	return ret;
}

static void error_pages_read_EACCES(void **state)
{
	unsigned int method = VIRTFLEX_METHOD_MOVE_PAGES;
	struct virtflex_migrate_args args = { 0 };
	int ret;

	(void)state;
	numa_maps_error = EACCES;
	assert_int_equal(read_pages(here, getpid()), -EACCES);
	assert_int_equal(read_mappings(here, getpid()), -EACCES);
	/* who may move pages has the right, and lacks it here */
	ret = virtflex_migrate(here, VIRTFLEX_PIDFD_SELF, &args, sizeof(args),
			       &method);
	assert_true(ret == -EPERM || ret == -ENOSYS);
}

static void error_pages_read_EAGAIN(void **state)
{
	(void)state;
	root_write(root, "/proc/42/numa_maps", "");
	root_write(root, "/proc/42/task/42/numa_maps", "");
	assert_int_equal(read_pages(vf, 42), -ESRCH);
	/* one that exits meanwhile */
	root_write(root, "/proc/42/task/43/status", "");
	assert_int_equal(read_pages(vf, 42), -EAGAIN);
	assert_int_equal(read_mappings(vf, 42), -EAGAIN);
}

static void error_pages_read_EBADMSG(void **state)
{
	static const char *const numa[] = {
		"1000 default N1024=3\n", "1000 default N0=x\n", "x default\n",
		"1000 default N0=1 kernelpagesize_kB=3\n", "1000\n",
	};
	static const char *const stats[] = {
		"", "43 (x", "43 x) R 1\n", ") R (\n", TEST_STAT("x", "R", "65536"),
		TEST_STAT("x", "R", "-1"), "43 (x) R 1 2 3\n",
		/* all that is there to be read, but no name */
		&TEST_STAT("x", "R", "0")[sizeof("43 (") - 1],
	};
	unsigned int i;

	(void)state;
	root_write(root, "/proc/42/maps", "1000-2000 rw-p 0 0:0 0\n");
	for (i = 0; i < ARRAY_SIZE(numa); i++) {
		root_write(root, "/proc/42/numa_maps", numa[i]);
		assert_int_equal(read_pages(vf, 42), -EBADMSG);
		assert_int_equal(read_mappings(vf, 42), -EBADMSG);
	}
	root_write(root, "/proc/42/numa_maps", "1000 default\n");
	root_write(root, "/proc/42/maps", "1000+2000 rw-p 0 0:0 0\n");
	assert_int_equal(read_mappings(vf, 42), -EBADMSG);
	for (i = 0; i < ARRAY_SIZE(stats); i++) {
		root_write(root, "/proc/42/task/42/stat", stats[i]);
		assert_int_equal(read_threads(vf, 42), -EBADMSG);
	}
}

static void error_pages_read_EFBIG(void **state)
{
	(void)state;
	root_write(root, "/proc/42/numa_maps", "1000 default\n");
	root_grow(root, "/proc/42/numa_maps", VF_MAX_MAPS_BYTES + 1);
	assert_int_equal(read_pages(vf, 42), -EFBIG);
}

static void error_pages_read_EINVAL(void **state)
{
	(void)state;
	assert_int_equal(read_pages(NULL, 0), -EINVAL);
	assert_int_equal(read_pages(vf, -1), -EINVAL);
	assert_int_equal(virtflex_pages_read(vf, 0, NULL), -EINVAL);
	assert_int_equal(read_mappings(NULL, 0), -EINVAL);
	assert_int_equal(read_mappings(vf, -1), -EINVAL);
	assert_int_equal(virtflex_mappings_read(vf, 0, NULL), -EINVAL);
	assert_int_equal(read_threads(NULL, 0), -EINVAL);
	assert_int_equal(read_threads(vf, -1), -EINVAL);
	assert_int_equal(virtflex_threads_read(vf, 0, NULL), -EINVAL);
}

static void error_pages_read_ENOSYS(void **state)
{
	(void)state;
	numa_maps_error = ENOENT;
	assert_int_equal(read_pages(here, 0), -ENOSYS);
	assert_int_equal(read_pages(here, getpid()), -ENOSYS);
	assert_int_equal(read_mappings(here, getpid()), -ENOSYS);
}

/* A process that has ended, and one whose number nobody has. */
static void error_pages_read_ESRCH(void **state)
{
	pid_t child = fork();
	siginfo_t info;
	unsigned int i;

	(void)state;
	if (!child)
		_exit(0);
	assert_true(child > 0);
	assert_int_equal(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
	for (i = 0; i < 2; i++) {
		if (read_pages(here, 0) != -ENOSYS) {
			assert_int_equal(read_pages(here, child), -ESRCH);
			assert_int_equal(read_mappings(here, child), -ESRCH);
		}
		assert_int_equal(read_threads(here, child), -ESRCH);
		/* a zombie first, then nothing */
		if (!i)
			assert_int_equal(waitpid(child, NULL, 0), child);
	}
	assert_int_equal(read_pages(vf, 42), -ESRCH);
	assert_int_equal(read_mappings(vf, 42), -ESRCH);
	assert_int_equal(read_threads(vf, 42), -ESRCH);
	/* it ended between the two files */
	root_write(root, "/proc/42/numa_maps", TEST_NUMA);
	assert_int_equal(read_mappings(vf, 42), -ESRCH);
}

/* However often: what is tried for one that is gone is closed again. */
static void gone_leaves_nothing_open(void **state)
{
	unsigned int fds = open_fds(), i;

	(void)state;
	for (i = 0; i < 3; i++) {
		read_pages(here, INT32_MAX);
		read_mappings(here, INT32_MAX);
		read_threads(here, INT32_MAX);
		read_pages(vf, 42);
		assert_int_equal(open_fds(), fds);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(counted),
		TEST(counted_extremes),
		TEST(counted_without_leader),
		TEST(on_some_nodes),
		TEST(own_pages),
		TEST(per_mapping),
		TEST(many_mappings),
		TEST(threads_by_node),
		TEST(long_name),
		TEST(own_threads),
		TEST(gone_leaves_nothing_open),
		TEST(error_pages_read_EACCES),
		TEST(error_pages_read_EAGAIN),
		TEST(error_pages_read_EBADMSG),
		TEST(error_pages_read_EFBIG),
		TEST(error_pages_read_EINVAL),
		TEST(error_pages_read_ENOSYS),
		TEST(error_pages_read_ESRCH),
	};
#undef TEST

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
