// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2), mappings without a policy of a process whose threads have
 * policies of their own. Where all have the same, it counts. Where they differ,
 * nobody knows whose the pages are: they leave inactive nodes, are marked on
 * active ones, and the policy of the thread that touches them next decides.
 * Pages on the node to which all threads are bound are in place.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "interleaved.h"
#include "numa_util.h"
#include "kselftest_harness.h"

#define BALANCING	"/proc/sys/kernel/numa_balancing"

/* A thread that does one thing after the other, as it is asked to */
struct worker {
	pthread_t thread;
	pid_t tid;
	sem_t go, done;
	long (*work)(void *arg);
	void *arg;
	long ret;
};

static void *worker_loop(void *arg)
{
	struct worker *worker = arg;

	worker->tid = syscall(SYS_gettid);
	sem_post(&worker->done);
	for (;;) {
		while (sem_wait(&worker->go))
			;
		if (!worker->work)
			return NULL;
		worker->ret = worker->work(worker->arg);
		sem_post(&worker->done);
	}
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem))
		;
}

/* It begins with the policy of the calling thread. */
static int worker_start(struct worker *worker)
{
	sem_init(&worker->go, 0, 0);
	sem_init(&worker->done, 0, 0);
	if (pthread_create(&worker->thread, NULL, worker_loop, worker))
		return -1;
	wait_for(&worker->done);
	return 0;
}

static long worker_do(struct worker *worker, long (*work)(void *arg), void *arg)
{
	worker->work = work;
	worker->arg = arg;
	sem_post(&worker->go);
	wait_for(&worker->done);
	return worker->ret;
}

/* Returns when the kernel has forgotten it, too. */
static void worker_stop(struct worker *worker)
{
	char path[64];

	worker->work = NULL;
	sem_post(&worker->go);
	pthread_join(worker->thread, NULL);
	snprintf(path, sizeof(path), "/proc/self/task/%d", worker->tid);
	while (!access(path, F_OK))
		sched_yield();
}

struct policy {
	int mode;
	uint64_t nodes;
};

static long take_policy(void *arg)
{
	struct policy *policy = arg;

	return set_policy(policy->mode, policy->nodes);
}

static long worker_policy(struct worker *worker, int mode, uint64_t nodes)
{
	struct policy policy = { mode, nodes };

	return worker_do(worker, take_policy, &policy);
}

/* Who calls virtflex_migrate(): which thread, or another process */
enum caller { MAIN, WORKER, OTHER };

struct request {
	char *mem;
	size_t len;
	uint64_t flags, active;
	struct virtflex_migrate_args sum;
};

static long request_here(void *arg)
{
	struct request *request = arg;

	return migrate(request->mem, request->len, request->flags,
		       request->active, &request->sum);
}

/* The memory is not the child's: it would count as shared. */
static long request_by_other(struct request *request)
{
	struct virtflex_nodemask mask = { .bits[0] = request->active };
	struct virtflex_migrate_args *args;
	int pidfd = pidfd_open_of(getpid());
	int status = -1;
	pid_t pid;

	args = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (args == MAP_FAILED || pidfd < 0 ||
	    madvise(request->mem, request->len, MADV_DONTFORK))
		return -errno;
	*args = (struct virtflex_migrate_args) {
		.flags = request->flags,
		.start = (uintptr_t)request->mem,
		.end = (uintptr_t)request->mem + request->len,
		.nodemask = (uintptr_t)&mask,
	};
	pid = fork();
	/* where the caller is bound to does not count */
	if (!pid && run_on_node(numa.node[3]))
		_exit(2);
	if (!pid)
		_exit(sys_virtflex_migrate(pidfd, args, sizeof(*args)) ? 1 : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	request->sum = *args;
	close(pidfd);
	munmap(args, PAGE);
	if (madvise(request->mem, request->len, MADV_DOFORK))
		return -errno;
	return status;
}

FIXTURE(threads)
{
	char *mem;
	size_t len, unit;
	struct worker worker;
};

FIXTURE_VARIANT(threads)
{
	enum caller caller;
	bool huge;
};

FIXTURE_VARIANT_ADD(threads, called_by_main) { .caller = MAIN };
FIXTURE_VARIANT_ADD(threads, called_by_worker) { .caller = WORKER };
FIXTURE_VARIANT_ADD(threads, called_by_other) { .caller = OTHER };
FIXTURE_VARIANT_ADD(threads, called_by_main_thp)
	{ .caller = MAIN, .huge = true };
FIXTURE_VARIANT_ADD(threads, called_by_other_thp)
	{ .caller = OTHER, .huge = true };

typedef FIXTURE_DATA(threads) threads_t;
typedef FIXTURE_VARIANT(threads) threads_variant_t;

#define NODE(place)	(1ULL << numa.node[place])

/* The pages, of no policy, are on node 1; main and worker have none, either. */
FIXTURE_SETUP(threads)
{
	const char *why = migrate_need(4);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	self->unit = variant->huge ? HUGE_PAGE : PAGE;
	self->len = variant->huge ? 4 * HUGE_PAGE : 64 * PAGE;
	self->mem = region_new(self->len, variant->huge);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_BIND, NODE(1)));
	fill(self->mem, self->len, 1);
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_DEFAULT, 0));
	if (variant->huge && smaps_kb(self->mem, self->len, "AnonHugePages") !=
	    (long)(self->len / KIB))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_EQ(0, settle(self->mem));
	ASSERT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	ASSERT_EQ(0, worker_start(&self->worker));
}

FIXTURE_TEARDOWN(threads)
{
}

static long request(threads_t *self, const threads_variant_t *variant,
		    uint64_t flags, uint64_t active,
		    struct virtflex_migrate_args *sum)
{
	struct request request = {
		.mem = self->mem, .len = self->len,
		.flags = flags, .active = active,
	};
	long ret;

	switch (variant->caller) {
	case WORKER:
		ret = worker_do(&self->worker, request_here, &request);
		break;
	case OTHER:
		ret = request_by_other(&request);
		break;
	default:
		ret = request_here(&request);
		break;
	}
	*sum = request.sum;
	return ret;
}

/* All pages are counted so, which is a field of the report. */
#define EXPECT_ALL(sum, count) do { \
	EXPECT_TRUE(adds_up(&(sum))); \
	EXPECT_EQ(self->len / PAGE, (sum).scanned); \
	EXPECT_EQ(self->len / PAGE, (sum).count) \
		print_counts(&(sum)); \
	EXPECT_TRUE(filled(self->mem, self->len, 1)); \
} while (0)

/* What filled() does is a touch, too: where pages are is looked at before. */
#define EXPECT_ON(node) \
	EXPECT_TRUE(all_on(self->mem, self->len, node))

TEST_F(threads, pages_that_one_of_them_wants_there_stay)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, set_policy(MPOL_BIND, NODE(0)));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_BIND, NODE(1)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[1]);
	EXPECT_ALL(sum, in_place);
}

TEST_F(threads, pages_that_none_wants_there_stay_until_touched)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, set_policy(MPOL_BIND, NODE(0)));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_PREFERRED, NODE(2)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY |
			     VIRTFLEX_MIGRATE_EVACUATE, numa_mask(), &sum));
	EXPECT_ON(numa.node[1]);
	EXPECT_ALL(sum, in_place);
	ASSERT_EQ(0, request(self, variant, 0, numa_mask(), &sum));
	EXPECT_ON(numa.node[1]);
	/* by main, whose policy says node 0 */
	EXPECT_ALL(sum, marked);
	EXPECT_ON(numa.node[0]);
}

TEST_F(threads, a_policy_and_none_differ)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_BIND, NODE(2)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[1]);
	EXPECT_ALL(sum, in_place);
}

TEST_F(threads, none_and_a_policy_differ)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, set_policy(MPOL_BIND, NODE(2)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[1]);
	EXPECT_ALL(sum, in_place);
}

TEST_F(threads, the_same_nodes_in_another_mode_differ)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, set_policy(MPOL_BIND, NODE(0) | NODE(2)));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_INTERLEAVE,
				   NODE(0) | NODE(2)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[1]);
	EXPECT_ALL(sum, in_place);
}

TEST_F(threads, inactive_nodes_are_left)
{
	uint64_t active = NODE(2) | NODE(3);
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, set_policy(MPOL_BIND, NODE(0)));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_BIND, NODE(1)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_EVACUATE, active,
			     &sum));
	EXPECT_TRUE(all_on_mask(self->mem, self->len, active));
	EXPECT_ALL(sum, moved);
}

TEST_F(threads, inactive_nodes_are_left_by_default)
{
	uint64_t active = NODE(2) | NODE(3);
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, set_policy(MPOL_BIND, NODE(3)));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_BIND, NODE(1)));
	ASSERT_EQ(0, request(self, variant, 0, active, &sum));
	EXPECT_TRUE(all_on_mask(self->mem, self->len, active));
	EXPECT_ALL(sum, moved);
}

TEST_F(threads, one_policy_of_all_counts)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, set_policy(MPOL_BIND, NODE(2)));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_BIND, NODE(2)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[2]);
	EXPECT_ALL(sum, moved);
}

TEST_F(threads, an_inherited_policy_counts)
{
	struct virtflex_migrate_args sum;
	struct worker younger;

	ASSERT_EQ(0, set_policy(MPOL_PREFERRED, NODE(3)));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_PREFERRED, NODE(3)));
	ASSERT_EQ(0, worker_start(&younger));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[3]);
	EXPECT_ALL(sum, moved);
}

TEST_F(threads, one_of_many_makes_the_difference)
{
	struct virtflex_migrate_args sum;
	struct worker younger[8];
	size_t i;

	ASSERT_EQ(0, set_policy(MPOL_BIND, NODE(2)));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_BIND, NODE(2)));
	for (i = 0; i < ARRAY_SIZE(younger); i++)
		ASSERT_EQ(0, worker_start(&younger[i]));
	ASSERT_EQ(0, worker_policy(&younger[5], MPOL_BIND, NODE(1)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[1]);
	EXPECT_ALL(sum, in_place);

	/* and no more when it is gone */
	worker_stop(&younger[5]);
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[2]);
	EXPECT_ALL(sum, moved);
}

TEST_F(threads, the_policy_of_a_mapping_counts)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, set_policy(MPOL_BIND, NODE(0)));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_BIND, NODE(1)));
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_PREFERRED, NODE(2)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_POLICY,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[2]);
	EXPECT_ALL(sum, moved);
}

/* A thread of its own policy, on a CPU of its own node, that reads all pages */
struct toucher {
	struct policy policy;
	int node;
	char *mem;
	size_t len, unit;
};

static long touch_all(void *arg)
{
	struct toucher *toucher = arg;
	size_t at;

	if (set_policy(toucher->policy.mode, toucher->policy.nodes) ||
	    run_on_node(toucher->node))
		return -errno;
	for (at = 0; at < toucher->len; at += toucher->unit)
		(void)*(volatile char *)(toucher->mem + at);
	return 0;
}

static long mark_and_touch(threads_t *self, const threads_variant_t *variant,
			   uint64_t active, int mode, uint64_t nodes, int node)
{
	struct toucher toucher = {
		.policy = { mode, nodes }, .node = node,
		.mem = self->mem, .len = self->len, .unit = self->unit,
	};
	struct virtflex_migrate_args sum;
	struct worker worker;
	long ret;

	if (set_policy(MPOL_BIND, NODE(0)) ||
	    worker_policy(&self->worker, MPOL_BIND, NODE(1)) ||
	    worker_start(&worker))
		return -errno;
	ret = request(self, variant, VIRTFLEX_MIGRATE_NEXT_TOUCH, active, &sum);
	if (ret)
		return ret;
	if (sum.marked != self->len / PAGE) {
		print_counts(&sum);
		return -ENODATA;
	}
	ret = worker_do(&worker, touch_all, &toucher);
	worker_stop(&worker);
	return ret;
}

TEST_F(threads, marked_pages_go_by_the_touchers_policy)
{
	ASSERT_EQ(0, mark_and_touch(self, variant, numa_mask(), MPOL_BIND,
				    NODE(2), numa.node[3]));
	EXPECT_ON(numa.node[2]);
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

TEST_F(threads, marked_pages_go_where_the_toucher_prefers)
{
	ASSERT_EQ(0, mark_and_touch(self, variant, numa_mask(), MPOL_PREFERRED,
				    NODE(2), numa.node[3]));
	EXPECT_ON(numa.node[2]);
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

TEST_F(threads, marked_pages_stay_where_the_toucher_wants_them)
{
	ASSERT_EQ(0, mark_and_touch(self, variant, numa_mask(), MPOL_BIND,
				    NODE(1), numa.node[3]));
	EXPECT_ON(numa.node[1]);
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

TEST_F(threads, marked_pages_come_to_a_toucher_without_policy)
{
	ASSERT_EQ(0, mark_and_touch(self, variant, numa_mask(), MPOL_DEFAULT,
				    0, numa.node[3]));
	EXPECT_ON(numa.node[3]);
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

TEST_F(threads, marked_pages_are_interleaved_by_the_toucher)
{
	uint64_t nodes = NODE(0) | NODE(2) | NODE(3);
	size_t at;

	ASSERT_EQ(0, mark_and_touch(self, variant, numa_mask(),
				    MPOL_INTERLEAVE, nodes, numa.node[3]));
	for (at = 0; at < self->len; at += self->unit)
		EXPECT_EQ(interleave_target(MPOL_INTERLEAVE, nodes, numa_mask(),
					    (uintptr_t)(self->mem + at) /
					    self->unit),
			  node_of(self->mem + at));
	EXPECT_TRUE(filled(self->mem, self->len, 1));
}

static long take_node(void *arg)
{
	return run_on_node(*(int *)arg) ? -errno : 0;
}

static long take_any_node(void *arg)
{
	return run_on_all() ? -errno : 0;
}

/* Have main run on the node of the pages, and the worker on some. */
static int bind_threads(threads_t *self, int node)
{
	return run_on_node(numa.node[1]) ||
	       worker_do(&self->worker, take_node, &node);
}

static long write_all(void *arg)
{
	threads_t *self = arg;

	return faults_of_writes(self->mem, self->len, self->unit);
}

TEST_F(threads, pages_where_all_threads_are_bound_are_in_place)
{
	struct virtflex_migrate_args sum;

	write_file(BALANCING, "0");
	ASSERT_EQ(0, bind_threads(self, numa.node[1]));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	EXPECT_EQ(0, write_all(self));
	EXPECT_EQ(0, worker_do(&self->worker, write_all, self));
	write_file(BALANCING, "1");
	EXPECT_ON(numa.node[1]);
	EXPECT_ALL(sum, in_place);
}

TEST_F(threads, a_local_policy_is_as_none_where_all_are_bound)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, bind_threads(self, numa.node[1]));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_LOCAL, 0));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	EXPECT_ON(numa.node[1]);
	EXPECT_ALL(sum, in_place);
}

TEST_F(threads, pages_follow_a_thread_that_is_bound_elsewhere)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, bind_threads(self, numa.node[2]));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	ASSERT_LE(0, worker_do(&self->worker, write_all, self));
	EXPECT_ON(numa.node[2]);
	EXPECT_ALL(sum, marked);
}

TEST_F(threads, pages_follow_a_thread_that_is_not_bound)
{
	struct virtflex_migrate_args sum;
	int node = numa.node[2];

	ASSERT_EQ(0, bind_threads(self, numa.node[1]));
	ASSERT_EQ(0, worker_do(&self->worker, take_any_node, NULL));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	ASSERT_EQ(0, worker_do(&self->worker, take_node, &node));
	ASSERT_LE(0, worker_do(&self->worker, write_all, self));
	EXPECT_ON(numa.node[2]);
	EXPECT_ALL(sum, marked);
}

TEST_F(threads, pages_go_by_the_policy_of_a_bound_thread)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, bind_threads(self, numa.node[1]));
	ASSERT_EQ(0, worker_policy(&self->worker, MPOL_BIND, NODE(2)));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	ASSERT_LE(0, worker_do(&self->worker, write_all, self));
	EXPECT_ON(numa.node[2]);
	EXPECT_ALL(sum, marked);
}

/* A process that is none of its threads, and has the same memory */
struct sharer {
	threads_t *threads;
	int cpu, bound[2], go[2];
};

static int share_memory(void *arg)
{
	struct sharer *sharer = arg;
	char byte = 0;

	if (run_on_cpu(sharer->cpu) || write(sharer->bound[1], &byte, 1) != 1 ||
	    read(sharer->go[0], &byte, 1) != 1)
		_exit(1);
	write_all(sharer->threads);
	_exit(0);
}

TEST_F(threads, pages_follow_a_process_with_the_same_memory)
{
	struct sharer sharer = { .threads = self, .cpu = numa.cpu[2] };
	struct virtflex_migrate_args sum;
	static char stack[64 * KIB] __attribute__((aligned(16)));
	char byte;
	int status;
	pid_t pid;

	ASSERT_EQ(0, bind_threads(self, numa.node[1]));
	ASSERT_EQ(0, pipe(sharer.bound));
	ASSERT_EQ(0, pipe(sharer.go));
	pid = clone(share_memory, stack + sizeof(stack), CLONE_VM | SIGCHLD, &sharer);
	ASSERT_LT(0, pid);
	ASSERT_EQ(1, read(sharer.bound[0], &byte, 1));
	ASSERT_EQ(0, request(self, variant, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	ASSERT_EQ(1, write(sharer.go[1], &byte, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_ON(numa.node[2]);
	EXPECT_ALL(sum, marked);
}

TEST_HARNESS_MAIN
