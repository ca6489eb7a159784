// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Errors of virtflex_migrate(3), which the fallback has in common with
 * virtflex_migrate(2). They are named as in the man pages.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine.h"

#define VER0	VIRTFLEX_MIGRATE_ARGS_SIZE_VER0

static struct virtflex *here;	/* this machine, not that of machine.h */
static unsigned int fds_before;

static int setup(void **state)
{
	fds_before = open_fds();
	return virtflex_open(&here, NULL) || machine_setup(state);
}

static int teardown(void **state)
{
	virtflex_close(here);
	machine_teardown(state);
	return open_fds() == fds_before ? 0 : -1;
}

/* By each method, and by threads, where that says something of the argument. */
static void assert_refused(struct virtflex_migrate_args *args, size_t size,
			   int error)
{
	unsigned int method = VIRTFLEX_METHOD_MOVE_PAGES;

	assert_int_equal(virtflex_migrate(here, VIRTFLEX_PIDFD_SELF, args, size,
					  &method), error);
	assert_int_equal(virtflex_migrate_all(here, VIRTFLEX_PIDFD_SELF, args,
					      size, &method, NULL, NULL),
			 error);
	assert_int_equal(virtflex_migrate_threads(here, VIRTFLEX_PIDFD_SELF,
						  args, size, &method, NULL,
						  NULL, 2), error);
}

static void *unreadable_page(int prot)
{
	void *page = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(page != MAP_FAILED);
	return page;
}

/* For what depends on the kernel, or the right, this machine may have none. */
static bool has_fallback(void)
{
	struct virtflex_migrate_args args = { .start = 4096, .end = 4096 };
	unsigned int method = VIRTFLEX_METHOD_MOVE_PAGES;

	return !virtflex_migrate(here, VIRTFLEX_PIDFD_SELF, &args, sizeof(args),
				 &method);
}

static void error_migrate_E2BIG_size_above_page(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	assert_refused(&args, 4097, -E2BIG);
	assert_refused(&args, SIZE_MAX, -E2BIG);
}

static void error_migrate_E2BIG_unknown_tail(void **state)
{
	struct {
		struct virtflex_migrate_args args;
		unsigned char later[16];
	} longer = { .args = { .start = 4096, .end = 4096 } };

	(void)state;
	longer.later[15] = 1;
	assert_refused(&longer.args, sizeof(longer), -E2BIG);
	longer.later[15] = 0;
	if (!has_fallback())
		skip_because("no move_pages(2) here");
	assert_refused(&longer.args, sizeof(longer), 0);
}

static void error_migrate_EACCES_cpuset(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};

	(void)state;
	root_write(root, "/proc/thread-self/status", "Mems_allowed_list:\t3\n");
	assert_int_equal(run(&args), -EACCES);
	/* it allows some */
	root_write(root, "/proc/thread-self/status",
		   "Mems_allowed_list:\t0,3\n");
	place(0, 10, 1);
	map_anon("bind:0-2");
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 10, 0);
}

static void error_migrate_EACCES_security_module(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	m.denied = -EACCES;
	assert_int_equal(run(&args), -EACCES);
}

static void error_migrate_EAGAIN(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	/* the main thread has exited, and the other is no more when it is asked */
	m.pid = 42;
	m.threads[0] = 99;
	root_write(root, "/proc/thread-self/fdinfo/5", "Pid:\t42\n");
	root_write(root, "/proc/42/task/42/status", "");
	root_write(root, "/proc/42/task/43/status", "");
	assert_int_equal(run_at(5, &args), -EAGAIN);
	/* the main one was tried once, and the other time and again */
	assert_int_equal(m.calls, 1 + VF_MAX_LOOKS);
}

static void error_migrate_EBADF_pidfd(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int method = VIRTFLEX_METHOD_MOVE_PAGES;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(virtflex_migrate(here, fds[0], &args, sizeof(args),
					  &method), -EBADF);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(virtflex_migrate(here, fds[0], &args, sizeof(args),
					  &method), -EBADF);
	assert_int_equal(virtflex_migrate(here, -1, &args, sizeof(args),
					  &method), -EBADF);
	assert_int_equal(virtflex_migrate_threads(here, -1, &args, sizeof(args),
						  &method, NULL, NULL, 2),
			 -EBADF);
}

static void error_migrate_EBADMSG(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	root_write(root, "/proc/thread-self/status", "Mems_allowed_list:\tx\n");
	assert_int_equal(run(&args), -EBADMSG);
	root_write(root, "/proc/thread-self/status", "");
	root_write(root, "/proc/thread-self/numa_maps", "x\n");
	assert_int_equal(run(&args), -EBADMSG);
	root_write(root, VF_PROC_TOPOLOGY, "version 1\n");
	assert_int_equal(run(&args), -EBADMSG);
	/* a topology that this library does not know says so */
	root_write(root, VF_PROC_TOPOLOGY, "version 2\n");
	assert_int_equal(run(&args), -EPROTONOSUPPORT);
}

static void error_migrate_EFAULT_args(void **state)
{
	struct virtflex_migrate_args *args = unreadable_page(PROT_NONE);
	char *page;

	(void)state;
	assert_refused(args, sizeof(*args), -EFAULT);
	assert_refused((void *)4096, sizeof(*args), -EFAULT);
	munmap(args, 4096);
	/* the beginning of it is there */
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(mprotect(page + 4096, 4096, PROT_NONE), 0);
	args = (void *)(page + 4096 - 64);
	assert_refused(args, sizeof(*args), -EFAULT);
	munmap(page, 8192);
	/* it can be read, but the report cannot be written */
	args = unreadable_page(PROT_READ);
	if (!has_fallback())
		skip_because("no move_pages(2) here");
	assert_refused(args, sizeof(*args), -EFAULT);
	munmap(args, 4096);
}

static void error_migrate_EFAULT_nodemask(void **state)
{
	void *page = unreadable_page(PROT_NONE);
	struct virtflex_migrate_args args = { .nodemask = (uintptr_t)page };

	(void)state;
	assert_int_equal(run(&args), -EFAULT);
	/* before it is asked which process this is */
	assert_int_equal(run_at(99, &args), -EFAULT);
	args.nodemask = 8;
	assert_int_equal(run(&args), -EFAULT);
	args.nodemask = UINT64_MAX - 7;
	assert_int_equal(run(&args), -EFAULT);
	if (!has_fallback())
		skip_because("no move_pages(2) here");
	assert_refused(&args, sizeof(args), -EFAULT);
	munmap(page, 4096);
}

static void error_migrate_EINVAL_flags(void **state)
{
	struct virtflex_migrate_args args = { .flags = 16 };

	(void)state;
	assert_refused(&args, sizeof(args), -EINVAL);
	args.flags = UINT64_C(1) << 63 | 1;
	assert_refused(&args, sizeof(args), -EINVAL);
}

static void error_migrate_EINVAL_inverted(void **state)
{
	struct virtflex_migrate_args args = { .start = 8192, .end = 4096 };

	(void)state;
	assert_refused(&args, sizeof(args), -EINVAL);
}

static void error_migrate_EINVAL_method(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int method = VIRTFLEX_METHOD_MOVE_PAGES + 1;

	(void)state;
	assert_int_equal(virtflex_migrate(here, VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args), &method), -EINVAL);
	assert_int_equal(virtflex_migrate_all(here, VIRTFLEX_PIDFD_SELF, &args,
					      sizeof(args), &method, NULL,
					      NULL), -EINVAL);
}

static void error_migrate_EINVAL_nodemask_empty(void **state)
{
	struct virtflex_nodemask none = { 0 };
	struct virtflex_migrate_args args = { .nodemask = (uintptr_t)&none };

	(void)state;
	assert_int_equal(run(&args), -EINVAL);
	if (!has_fallback())
		skip_because("no move_pages(2) here");
	assert_refused(&args, sizeof(args), -EINVAL);
}

static void error_migrate_EINVAL_nodemask_no_memory(void **state)
{
	struct virtflex_nodemask absent = { .bits = { 1 << 0 | 1 << 17 } };
	struct virtflex_migrate_args args = { .nodemask = (uintptr_t)&absent };

	(void)state;
	assert_int_equal(run(&args), -EINVAL);
	root_write(root, "/sys/devices/system/node/has_memory", "1-3\n");
	absent.bits[0] = 3;
	assert_int_equal(run(&args), -EINVAL);
}

static void error_migrate_EINVAL_null(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	assert_int_equal(virtflex_migrate(NULL, VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args), NULL), -EINVAL);
	assert_int_equal(virtflex_migrate_all(NULL, VIRTFLEX_PIDFD_SELF, &args,
					      sizeof(args), NULL, NULL, NULL),
			 -EINVAL);
	assert_refused(NULL, sizeof(args), -EINVAL);
}

static void error_migrate_EINVAL_size_below_ver0(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	assert_refused(&args, VER0 - 1, -EINVAL);
	assert_refused(&args, 8, -EINVAL);
	assert_refused(&args, 0, -EINVAL);
}

static void error_migrate_EINVAL_unaligned(void **state)
{
	struct virtflex_migrate_args args = { .start = 1 };

	(void)state;
	assert_refused(&args, sizeof(args), -EINVAL);
	args = (struct virtflex_migrate_args){ .end = 4095 };
	assert_refused(&args, sizeof(args), -EINVAL);
}

static void error_migrate_ENOSYS(void **state)
{
	struct virtflex_migrate_args args = { .start = 4096, .end = 4096 };
	unsigned int method = VIRTFLEX_METHOD_SYSCALL;
	int ret;

	(void)state;
	ret = virtflex_migrate(here, VIRTFLEX_PIDFD_SELF, &args, sizeof(args),
			       &method);
	/* test_migrate knows of a kernel that has it */
	assert_true(!ret || ret == -ENOSYS);
	assert_int_equal(method, VIRTFLEX_METHOD_SYSCALL);
}

static void error_migrate_ENOSYS_fallback(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	char path[256];

	(void)state;
	/* no nodes */
	snprintf(path, sizeof(path), "%s/sys/devices/system/node/has_memory",
		 root);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(run(&args), -ENOSYS);
	/* no move_pages(2) */
	root_write(root, "/sys/devices/system/node/has_memory", "0-3\n");
	m.denied = -ENOSYS;
	assert_int_equal(run(&args), -ENOSYS);
}

static void error_migrate_EOPNOTSUPP(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int nr_threads;

	(void)state;
	assert_int_equal(virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args), NULL), -EOPNOTSUPP);
	for (nr_threads = 0; nr_threads < 3; nr_threads++)
		assert_int_equal(virtflex_migrate_threads(vf,
							  VIRTFLEX_PIDFD_SELF,
							  &args, sizeof(args),
							  NULL, NULL, NULL,
							  nr_threads),
				 -EOPNOTSUPP);
}

static void error_migrate_EPERM_process(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	m.denied = -EPERM;
	assert_int_equal(run(&args), -EPERM);
}

static void error_migrate_EPERM_shared(void **state)
{
	struct virtflex_migrate_args args = { .flags = VIRTFLEX_MIGRATE_SHARED };

	(void)state;
	/* move_pages(2) is asked for all pages, and refuses that */
	m.denied_all = -EPERM;
	assert_int_equal(run(&args), -EPERM);
	args.flags = 0;
	assert_int_equal(run(&args), 0);
}

static void error_migrate_ESRCH_exited(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	/* a kernel thread */
	m.denied = -EINVAL;
	assert_int_equal(run(&args), -ESRCH);
	m.denied = 0;
	m.alive = -ESRCH;
	assert_int_equal(run(&args), -ESRCH);
	root_write(root, "/proc/thread-self/fdinfo/5", "Pid:\t-1\n");
	assert_int_equal(run_at(5, &args), -ESRCH);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(error_migrate_E2BIG_size_above_page),
		TEST(error_migrate_E2BIG_unknown_tail),
		TEST(error_migrate_EACCES_cpuset),
		TEST(error_migrate_EACCES_security_module),
		TEST(error_migrate_EAGAIN),
		TEST(error_migrate_EBADF_pidfd),
		TEST(error_migrate_EBADMSG),
		TEST(error_migrate_EFAULT_args),
		TEST(error_migrate_EFAULT_nodemask),
		TEST(error_migrate_EINVAL_flags),
		TEST(error_migrate_EINVAL_inverted),
		TEST(error_migrate_EINVAL_method),
		TEST(error_migrate_EINVAL_nodemask_empty),
		TEST(error_migrate_EINVAL_nodemask_no_memory),
		TEST(error_migrate_EINVAL_null),
		TEST(error_migrate_EINVAL_size_below_ver0),
		TEST(error_migrate_EINVAL_unaligned),
		TEST(error_migrate_ENOSYS),
		TEST(error_migrate_ENOSYS_fallback),
		TEST(error_migrate_EOPNOTSUPP),
		TEST(error_migrate_EPERM_process),
		TEST(error_migrate_EPERM_shared),
		TEST(error_migrate_ESRCH_exited),
	};
#undef TEST

	return cmocka_run_group_tests_name("refused", tests, NULL, NULL);
}
