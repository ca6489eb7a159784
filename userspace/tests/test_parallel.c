// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Migrating by some threads. The system call is replaced by one that goes
 * through addresses and counts how often each was asked for.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_syscall.h"

#define MIB		1048576UL
#define NR_MIB		1024UL
#define MIB_PER_CALL	8UL
#define PAGES_PER_MIB	256UL

static struct virtflex *vf;
static uint64_t mem;			/* NR_MIB of addresses */
static void *mapped;			/* these, and what aligns them */
#define MAPPED	((NR_MIB + 2) * MIB)
static atomic_uint seen[NR_MIB];	/* calls that were about each */
static atomic_uint calls, created, joined, unblocked;
static atomic_ulong budget_ns;
static unsigned long fail_at;		/* MIB of an error; NR_MIB: none */
static unsigned int most_threads;	/* that can be started */
static bool small_stack_fails;
static bool wait_for_fork;		/* the call about the last of it does */
static sem_t forked;

static long fake_migrate(int pidfd, struct virtflex_migrate_args *args,
			 size_t size)
{
	uint64_t end = args->end ? args->end : mem + NR_MIB * MIB;
	unsigned long n, i;
	sigset_t blocked;

	assert_int_equal(pidfd, VIRTFLEX_PIDFD_SELF);
	assert_int_equal(size, sizeof(*args));
	assert_true(args->start >= mem && end <= mem + NR_MIB * MIB);
	calls++;
	budget_ns = args->budget_ns;
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (!sigismember(&blocked, SIGUSR1) || !sigismember(&blocked, SIGTERM))
		unblocked++;
	for (n = 0; n < MIB_PER_CALL; n++) {
		if (args->start + n * MIB >= end)
			break;
		i = (args->start - mem) / MIB + n;
		if (i == fail_at) {
			errno = ESRCH;
			return -1;
		}
		seen[i]++;
	}
	if (wait_for_fork && args->start + n * MIB == mem + NR_MIB * MIB)
		sem_wait(&forked);
	args->cursor = args->start + n * MIB;
	args->scanned = n * PAGES_PER_MIB;
	args->moved = n * 200;
	args->marked = n * (PAGES_PER_MIB - 200);
	return args->cursor < end;
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*fn)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*fn)(void *), void *data);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*fn)(void *), void *data)
{
	int err = EAGAIN;

	if (small_stack_fails && attr) {
		err = EINVAL;
	} else if (created < most_threads) {
		created++;
		err = __real_pthread_create(thread, attr, fn, data);
	}
	return err;
}

int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result)
{
	joined++;
	return __real_pthread_join(thread, result);
}

static int setup(void **state)
{
	(void)state;
	memset(seen, 0, sizeof(seen));
	calls = 0;
	created = 0;
	joined = 0;
	unblocked = 0;
	fail_at = NR_MIB;
	has_syscall = true;
	most_threads = UINT32_MAX;
	small_stack_fails = false;
	wait_for_fork = false;
	mapped = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapped == MAP_FAILED)
		return -1;
	/* parts end at multiples of 2 MiB */
	mem = ((uintptr_t)mapped + 2 * MIB - 1) & -(2 * MIB);
	return virtflex_open(&vf, NULL);
}

static int teardown(void **state)
{
	(void)state;
	virtflex_close(vf);
	munmap(mapped, MAPPED);
	return created == joined ? 0 : -1;
}

static int run(struct virtflex_migrate_args *args, unsigned int nr_threads,
	       virtflex_migrate_fn progress, void *data)
{
	args->start = mem;
	args->end = mem + NR_MIB * MIB;
	return virtflex_migrate_threads(vf, VIRTFLEX_PIDFD_SELF, args,
					sizeof(*args), NULL, progress, data,
					nr_threads);
}

static void assert_seen(unsigned long first, unsigned long last)
{
	unsigned long i;

	for (i = first; i < last; i++)
		assert_int_equal(seen[i], 1);
}

static void assert_whole(const struct virtflex_migrate_args *args)
{
	assert_seen(0, NR_MIB);
	assert_true(args->start == mem);
	assert_true(args->end == mem + NR_MIB * MIB);
	assert_true(args->cursor == args->end);
	assert_int_equal(args->scanned, NR_MIB * PAGES_PER_MIB);
	assert_int_equal(args->moved + args->marked, args->scanned);
}

static void all_of_it_once(void **state)
{
	static const unsigned int nr_threads[] = { 2, 3, 8 };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(nr_threads); i++) {
		struct virtflex_migrate_args args = { .scanned = 77 };

		memset(seen, 0, sizeof(seen));
		created = 0;
		joined = 0;
		assert_int_equal(run(&args, nr_threads[i], NULL, NULL), 0);
		assert_whole(&args);
		assert_int_equal(created, nr_threads[i]);
		assert_int_equal(joined, created);
	}
}

static void none_unless_asked_for(void **state)
{
	unsigned int nr_threads;

	(void)state;
	for (nr_threads = 0; nr_threads < 2; nr_threads++) {
		struct virtflex_migrate_args args = { 0 };

		memset(seen, 0, sizeof(seen));
		assert_int_equal(run(&args, nr_threads, NULL, NULL), 0);
		assert_whole(&args);
	}
	assert_int_equal(created, 0);
}

/* No more than there are parts. */
static void little_to_do(void **state)
{
	struct virtflex_migrate_args args = {
		.start = mem, .end = mem + 32 * MIB,
	};

	(void)state;
	assert_int_equal(virtflex_migrate_threads(vf, VIRTFLEX_PIDFD_SELF,
						  &args, sizeof(args), NULL,
						  NULL, NULL, 200), 0);
	assert_in_range(created, 1, 2);
	assert_seen(0, 32);
	assert_true(args.cursor == args.end);
}

static void budget_of_a_call(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int nr_threads;

	(void)state;
	for (nr_threads = 1; nr_threads < 3; nr_threads++) {
		assert_int_equal(run(&args, nr_threads, NULL, NULL), 0);
		assert_int_equal(budget_ns, 20000000);
		assert_int_equal(args.budget_ns, 0);
		args.budget_ns = 5;
		assert_int_equal(run(&args, nr_threads, NULL, NULL), 0);
		assert_int_equal(budget_ns, 5);
		args.budget_ns = 0;
		args.budget_pages = 7;
		assert_int_equal(run(&args, nr_threads, NULL, NULL), 0);
		assert_int_equal(budget_ns, 0);
		args.budget_pages = 0;
	}
}

static void signals_are_the_programs(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	sigset_t before, after;

	(void)state;
	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(run(&args, 4, NULL, NULL), 0);
	assert_int_equal(unblocked, 0);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_true(sigismember(&after, SIGUSR2));
	assert_false(sigismember(&after, SIGUSR1));
	sigemptyset(&after);
	pthread_sigmask(SIG_SETMASK, &after, NULL);
}

struct progress {
	pthread_t caller;
	unsigned int times;
	unsigned int stop_at;
	uint64_t scanned;
};

static int tell(const struct virtflex_migrate_args *args, void *data)
{
	struct progress *p = data;

	assert_true(pthread_equal(p->caller, pthread_self()));
	assert_true(args->scanned > p->scanned);
	assert_true(args->cursor >= mem && args->cursor <= args->end);
	p->scanned = args->scanned;
	return ++p->times == p->stop_at;
}

static void progress_by_the_caller(void **state)
{
	struct progress p = { .caller = pthread_self() };
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	assert_int_equal(run(&args, 4, tell, &p), 0);
	assert_whole(&args);
	assert_in_range(p.times, 1, calls);
	/* the last call is told of, too, however soon the threads end after it */
	assert_int_equal(p.scanned, args.scanned);
	for (i = 0; i < 50; i++) {
		args = (struct virtflex_migrate_args){ .start = mem };
		args.end = mem + 16 * MIB;
		p.scanned = 0;
		assert_int_equal(virtflex_migrate_threads(vf,
							  VIRTFLEX_PIDFD_SELF,
							  &args, sizeof(args),
							  NULL, tell, &p, 2),
				 0);
		assert_int_equal(p.scanned, 16 * PAGES_PER_MIB);
	}
}

/* What is before the cursor is done; what is behind it may be. */
static void assert_cursor(const struct virtflex_migrate_args *args)
{
	unsigned long i, nr = 0;

	assert_true(args->cursor < args->end);
	assert_seen(0, (args->cursor - mem) / MIB);
	for (i = 0; i < NR_MIB; i++) {
		assert_in_range(seen[i], 0, 1);
		nr += seen[i];
	}
	assert_true(args->scanned <= nr * PAGES_PER_MIB);
}

static void error_migrate_ECANCELED(void **state)
{
	struct progress p = { .caller = pthread_self(), .stop_at = 2 };
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	assert_int_equal(run(&args, 1, tell, &p), -ECANCELED);
	assert_int_equal(p.times, 2);
	assert_int_equal(calls, 2);
	assert_cursor(&args);
	/* the threads may be done before it is told of them for the first time */
	memset(seen, 0, sizeof(seen));
	memset(&p.times, 0, sizeof(p) - offsetof(struct progress, times));
	p.stop_at = 1;
	assert_int_equal(run(&args, 4, tell, &p), -ECANCELED);
	assert_int_equal(p.times, 1);
	if (args.cursor < args.end)
		assert_cursor(&args);
}

static void error_on_the_way(void **state)
{
	static const unsigned long at[] = { 0, 700, NR_MIB - 1 };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		struct virtflex_migrate_args args = { 0 };

		memset(seen, 0, sizeof(seen));
		fail_at = at[i];
		assert_int_equal(run(&args, 3, NULL, NULL), -ESRCH);
		assert_true(args.cursor <= mem + at[i] * MIB);
		/* of the call that failed, nothing is told */
		assert_seen(0, (args.cursor - mem) / MIB);
	}
}

/* Nobody begins another part. */
static void error_ends_it(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	most_threads = 1;
	fail_at = 8;
	assert_int_equal(run(&args, 3, NULL, NULL), -ESRCH);
	assert_int_equal(created, 1);
	assert_int_equal(calls, 2);
	assert_true(args.cursor == mem + 8 * MIB);
	assert_int_equal(args.scanned, 8 * PAGES_PER_MIB);
}

/* Fewer than asked for; or none, and the caller does it. */
static void no_more_threads(void **state)
{
	(void)state;
	for (most_threads = 0; most_threads < 3; most_threads++) {
		struct virtflex_migrate_args args = { 0 };

		memset(seen, 0, sizeof(seen));
		created = 0;
		joined = 0;
		unblocked = 0;
		assert_int_equal(run(&args, 4, NULL, NULL), 0);
		assert_whole(&args);
		assert_int_equal(created, most_threads);
		assert_int_equal(joined, most_threads);
		assert_int_equal(!unblocked, most_threads > 0);
	}
}

/* glibc takes what is local to a thread from its stack. */
static void stack_too_small(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	small_stack_fails = true;
	assert_int_equal(run(&args, 3, NULL, NULL), 0);
	assert_whole(&args);
	assert_int_equal(created, 3);
}

static pid_t child;

static int fork_once(const struct virtflex_migrate_args *args, void *data)
{
	(void)args;
	(void)data;
	if (!child) {
		child = fork();
		if (child)
			sem_post(&forked);
	}
	return 0;
}

/*
 * A thread is at work then: that is the case to test, and ThreadSanitizer takes
 * a child for one that can go on with threads if all of its parent have ended.
 */
static void forked_meanwhile(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	pid_t self = getpid();
	int ret, status;

	(void)state;
	child = 0;
	sem_init(&forked, 0, 0);
	wait_for_fork = true;
	ret = run(&args, 4, fork_once, NULL);
	if (getpid() != self)
		_exit(ret == -ECANCELED ? 42 : 1);
	wait_for_fork = false;
	sem_destroy(&forked);
	assert_int_equal(ret, 0);
	assert_whole(&args);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

/* On whatever machine this is: nothing is to move, and each page is counted. */
static void by_move_pages(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int method;
	int ret;

	(void)state;
	has_syscall = false;
	method = VIRTFLEX_METHOD_MOVE_PAGES;
	args.start = mem;
	args.end = mem;
	ret = virtflex_migrate(vf, VIRTFLEX_PIDFD_SELF, &args, sizeof(args),
			       &method);
	if (ret == -ENOSYS)
		skip_because("no move_pages(2) here");
	method = VIRTFLEX_METHOD_ANY;
	args.start = mem;
	args.end = mem + 100 * MIB;
	madvise((void *)(uintptr_t)mem, 100 * MIB, MADV_NOHUGEPAGE);
	memset((void *)(uintptr_t)mem, 1, 40 * MIB);
	memset((void *)(uintptr_t)(mem + 80 * MIB), 1, 10 * MIB);
	ret = virtflex_migrate_threads(vf, VIRTFLEX_PIDFD_SELF, &args,
				       sizeof(args), &method, NULL, NULL, 2);
	assert_int_equal(ret, 0);
	assert_int_equal(created, 2);
	assert_int_equal(method, VIRTFLEX_METHOD_MOVE_PAGES);
	assert_int_equal(args.scanned, 50 * PAGES_PER_MIB);
	assert_int_equal(args.in_place, args.scanned);
	assert_true(args.cursor == args.end);
}

static void error_migrate_EINVAL_threads(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	assert_int_equal(run(&args, VIRTFLEX_MAX_THREADS + 1, NULL, NULL),
			 -EINVAL);
	assert_int_equal(calls, 0);
	assert_int_equal(run(&args, VIRTFLEX_MAX_THREADS, NULL, NULL), 0);
	assert_whole(&args);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_of_it_once),
		TEST(none_unless_asked_for),
		TEST(little_to_do),
		TEST(budget_of_a_call),
		TEST(signals_are_the_programs),
		TEST(progress_by_the_caller),
		TEST(error_on_the_way),
		TEST(error_ends_it),
		TEST(no_more_threads),
		TEST(stack_too_small),
		TEST(forked_meanwhile),
		TEST(by_move_pages),
		TEST(error_migrate_ECANCELED),
		TEST(error_migrate_EINVAL_threads),
	};
#undef TEST

	return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
