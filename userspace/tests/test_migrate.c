// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Migrating through the system call, which is replaced; and by the fallback on
 * the machine this runs on.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake_syscall.h"

/* The system call: each answer is 100 pages and 1 MiB further. */
static int answers;		/* answers before the end */
static int answer_error;	/* after these, this errno */
static unsigned int calls;
static uint64_t first_start, last_start;

static long fake_migrate(int pidfd, struct virtflex_migrate_args *args,
			 size_t size)
{
	assert_int_equal(pidfd, VIRTFLEX_PIDFD_SELF);
	assert_true(size >= sizeof(*args));
	if (!calls++)
		first_start = args->start;
	last_start = args->start;
	if (!answers && answer_error) {
		errno = answer_error;
		return -1;
	}
	args->cursor = args->start + (1 << 20);
	args->scanned = 100;
	args->in_place = 10;
	args->moved = 90 - 6;
	args->marked = 1;
	args->busy = 1;
	args->pinned = 1;
	args->nomem = 1;
	args->shared = 1;
	args->unmovable = 1;
	return answers-- > 0;
}

static struct virtflex *vf;

static int setup(void **state)
{
	(void)state;
	answers = 0;
	answer_error = 0;
	calls = 0;
	has_syscall = true;
	return virtflex_open(&vf, NULL);
}

static int teardown(void **state)
{
	(void)state;
	virtflex_close(vf);
	return 0;
}

static void one_call(void **state)
{
	struct virtflex_migrate_args args = { .budget_pages = 100 };
	unsigned int method = VIRTFLEX_METHOD_ANY;

	(void)state;
	answers = 1;
	assert_int_equal(virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args), &method), 1);
	assert_int_equal(method, VIRTFLEX_METHOD_SYSCALL);
	assert_int_equal(calls, 1);
	assert_int_equal(args.scanned, 100);
	assert_int_equal(args.cursor, 1 << 20);
	args.start = args.cursor;
	assert_int_equal(virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args), NULL), 0);
	assert_int_equal(args.cursor, 2 << 20);
}

static int count_progress(const struct virtflex_migrate_args *args, void *data)
{
	unsigned int *count = data;

	(*count)++;
	assert_int_equal(args->scanned, 100 * *count);
	return *count == 100;
}

static void to_the_end(void **state)
{
	struct virtflex_migrate_args args = {
		.start = 1 << 20, .budget_ns = 1, .scanned = 77,
	};
	unsigned int method = VIRTFLEX_METHOD_ANY, progress = 0;

	(void)state;
	answers = 9;
	assert_int_equal(virtflex_migrate_all(vf, VIRTFLEX_PIDFD_SELF, &args,
					      sizeof(args), &method,
					      count_progress, &progress), 0);
	assert_int_equal(calls, 10);
	assert_int_equal(progress, 10);
	assert_int_equal(first_start, 1 << 20);
	assert_int_equal(last_start, 10 << 20);
	assert_int_equal(args.start, 1 << 20);
	assert_int_equal(args.cursor, 11 << 20);
	assert_int_equal(args.scanned, 1000);
	assert_int_equal(args.in_place, 100);
	assert_int_equal(args.moved, 840);
	assert_int_equal(args.marked + args.busy + args.pinned + args.nomem +
			 args.shared + args.unmovable, 60);
}

static void stopped(void **state)
{
	struct virtflex_migrate_args args = { .budget_ns = 1 };
	unsigned int progress = 0;

	(void)state;
	answers = 1000;
	assert_int_equal(virtflex_migrate_all(vf, VIRTFLEX_PIDFD_SELF, &args,
					      sizeof(args), NULL,
					      count_progress, &progress),
			 -ECANCELED);
	assert_int_equal(args.scanned, 10000);
	assert_int_equal(args.cursor, 100 << 20);
}

/* What was done before an error is told. */
static void error_on_the_way(void **state)
{
	struct virtflex_migrate_args args = { .budget_ns = 1 };

	(void)state;
	answers = 3;
	answer_error = ESRCH;
	assert_int_equal(virtflex_migrate_all(vf, VIRTFLEX_PIDFD_SELF, &args,
					      sizeof(args), NULL, NULL, NULL),
			 -ESRCH);
	assert_int_equal(args.scanned, 300);
	assert_int_equal(args.cursor, 3 << 20);
}

static void no_system_call(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int method = VIRTFLEX_METHOD_SYSCALL;

	(void)state;
	has_syscall = false;
	assert_int_equal(virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args), &method), -ENOSYS);
	method = 3;
	assert_int_equal(virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args), &method), -EINVAL);
}

/* On whatever machine this is: nothing is to move, each page is counted. */
static void own_pages(void **state)
{
	size_t len = 64 * VF_PAGE_BYTES;
	struct virtflex_migrate_args args = { 0 };
	unsigned int method = VIRTFLEX_METHOD_MOVE_PAGES;
	char *mem;
	int ret;

	(void)state;
	has_syscall = false;
	ret = virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, &args, sizeof(args),
			       &method);
	if (ret == -ENOSYS)
		skip_because("no move_pages(2) here");
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(mem != MAP_FAILED);
	memset(mem, 1, len / 2);
	/* read only: the zero page */
	assert_int_equal(*(volatile char *)(mem + len - 1), 0);
	args.start = (uintptr_t)mem;
	args.end = args.start + len;
	/* whatever a call before has left in the report */
	memset(&args.scanned, 0x5a,
	       sizeof(args) - offsetof(struct virtflex_migrate_args, scanned));
	method = VIRTFLEX_METHOD_ANY;
	ret = virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, &args, sizeof(args),
			       &method);
	munmap(mem, len);
	assert_int_equal(ret, 0);
	assert_int_equal(method, VIRTFLEX_METHOD_MOVE_PAGES);
	assert_int_equal(args.scanned, 33);
	assert_int_equal(args.in_place, 32);
	assert_int_equal(args.unmovable, 1);
	assert_true(args.cursor == args.end);
}

static void own_pages_by_pidfd(void **state)
{
	struct virtflex_migrate_args args = { .budget_pages = 64 };
	unsigned int method = VIRTFLEX_METHOD_MOVE_PAGES;
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0), ret;

	(void)state;
	if (pidfd < 0)
		skip_because("no pidfd_open(2) here");
	ret = virtflex_migrate_all(vf, pidfd, &args, sizeof(args), &method,
				   NULL, NULL);
	close(pidfd);
	if (ret == -ENOSYS || ret == -EPERM)
		skip_because("no move_pages(2) here");
	assert_int_equal(ret, 0);
	assert_true(args.scanned > 64);
	assert_int_equal(calls, 0);
}

static void sizes(void **state)
{
	struct {
		struct virtflex_migrate_args args;
		uint64_t later;
	} longer = { 0 };
	struct virtflex_migrate_args *args = &longer.args;
	unsigned int method = VIRTFLEX_METHOD_MOVE_PAGES;

	(void)state;
	args->start = 4096;
	args->end = 4096;
	assert_int_equal(virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, args,
					  sizeof(*args) - 8, &method), -EINVAL);
	assert_int_equal(virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, args, 8192,
					  &method), -E2BIG);
	assert_int_equal(virtflex_migrate_all(vf, VIRTFLEX_PIDFD_SELF, args, 8,
					      &method, NULL, NULL), -EINVAL);
	assert_int_equal(virtflex_migrate_all(vf, VIRTFLEX_PIDFD_SELF, args,
					      8192, &method, NULL, NULL),
			 -E2BIG);
	longer.later = 1;
	assert_int_equal(virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, args,
					  sizeof(longer), &method), -E2BIG);
	assert_int_equal(virtflex_migrate(vf, 9999, args, sizeof(*args),
					  &method), -EBADF);
	assert_int_equal(virtflex_migrate(vf, 0, args, sizeof(*args), &method),
			 -EBADF);
	assert_int_equal(virtflex_migrate(NULL, 0, args, sizeof(*args), NULL),
			 -EINVAL);
}

/* The structure is the caller's: what is not written is as it was. */
static void report_of_an_error(void **state)
{
	unsigned int method = VIRTFLEX_METHOD_MOVE_PAGES;
	struct virtflex_migrate_args args, before;
	static const size_t sizes[] = { 8, sizeof(args) };
	size_t i;

	(void)state;
	memset(&before, 0x5a, sizeof(before));
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		args = before;
		assert_int_equal(virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF,
						  &args, sizes[i], &method),
				 -EINVAL);
		assert_memory_equal(&args, &before, sizeof(args));
	}
}

static void not_below_a_sysroot(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	struct virtflex *below;

	(void)state;
	assert_int_equal(virtflex_open(&below, "/tmp"), 0);
	assert_int_equal(virtflex_migrate(below, VIRTFLEX_PIDFD_SELF, &args,
					  sizeof(args), NULL), -EOPNOTSUPP);
	virtflex_close(below);
	assert_int_equal(calls, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_call),
		TEST(to_the_end),
		TEST(stopped),
		TEST(error_on_the_way),
		TEST(no_system_call),
		TEST(own_pages),
		TEST(own_pages_by_pidfd),
		TEST(sizes),
		TEST(report_of_an_error),
		TEST(not_below_a_sysroot),
	};
#undef TEST

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
