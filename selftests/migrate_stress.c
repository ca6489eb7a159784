// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2) beside everything that programs and the kernel do to memory, for
 * as long as one likes:
 *
 *	migrate_stress [SECONDS [SEED]]		(600, the time)
 *
 * Processes own memory of known content, which they map, protect, drop, free, swap,
 * lock, bind, pin, fork, and end with; others migrate it; active nodes, CPUs and free
 * memory change, and allocations fail where the kernel can make them. No byte may
 * change, no call may say what does not add up, and the kernel's counters have to be
 * what they were. What the kernel itself complains of is in its log.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "numa_util.h"
#include "publish.h"
#include "kselftest.h"
#include "stress/stress.h"

#define SWAP_MIB	256
#define POOL_PAGES	8	/* of hugetlb, on each node at first */
#define END_S		180	/* for all to end */
#define TOLD_S		30	/* between two lines about how it goes */

struct shared *shared;

static uint64_t random_state;

void random_seed(unsigned int seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
}

unsigned int random_below(unsigned int limit)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (random_state >> 33) % limit;
}

uint64_t random_nodes(void)
{
	uint64_t nodes = 0;
	int i;

	for (i = 0; i < numa.nr; i++)
		if (random_below(2))
			nodes |= 1ULL << numa.node[i];
	return nodes ? nodes : 1ULL << numa.node[random_below(numa.nr)];
}

void count_up(unsigned long long *counter, uint64_t by)
{
	__atomic_add_fetch(counter, by, __ATOMIC_RELAXED);
}

bool ended(void)
{
	return __atomic_load_n(&shared->end, __ATOMIC_RELAXED);
}

static void end(void)
{
	__atomic_store_n(&shared->end, true, __ATOMIC_RELAXED);
}

static unsigned int seed, nr_started;
static pid_t movers[MOVERS], weather;

/* A child has random numbers of its own, and ends with its parent. */
static bool begin_child(pid_t pid)
{
	nr_started++;
	if (pid)
		return false;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	random_seed(seed + nr_started);
	return true;
}

static pid_t start(int (*run)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (begin_child(pid))
		_exit(run());
	return pid;
}

static void start_owner(int number)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (begin_child(pid))
		_exit(owner_run(number));
	shared->owner[number].pid = pid > 0 ? pid : 0;
}

/* How a process ended is wrong, but for one that was killed here. */
static bool ended_right(pid_t pid, int status, pid_t killed)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (pid == killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	printf("# %d ended with status %#x\n", (int)pid, status);
	return false;
}

static int owner_of(pid_t pid)
{
	int i;

	for (i = 0; i < OWNERS; i++)
		if (shared->owner[i].pid == pid)
			return i;
	return -1;
}

static void tell_progress(uint64_t left_ms)
{
	printf("# %d s left: %llu calls, %llu pages moved, %llu marked, %llu operations\n",
	       (int)(left_ms / 1000), shared->count.calls, shared->count.moved,
	       shared->count.marked, shared->count.operations);
	fflush(stdout);
}

/* Owners end and begin, some of them by SIGKILL. Returns whether all went well. */
static bool run_for(uint64_t ms)
{
	uint64_t until = now_ms() + ms, told = now_ms();
	pid_t killed = 0, pid;
	bool right = true;
	int status, i;

	while (right && now_ms() < until) {
		usleep(50 * 1000);
		while (right && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
			i = owner_of(pid);
			right = ended_right(pid, status, killed);
			if (i < 0)
				right = false;
			else
				start_owner(i);
			if (pid == killed)
				killed = 0;
		}
		if (!killed && !random_below(60)) {
			killed = shared->owner[random_below(OWNERS)].pid;
			if (killed)
				kill(killed, SIGKILL);
			count_up(&shared->count.killed, 1);
		}
		if (now_ms() - told > TOLD_S * 1000) {
			told += TOLD_S * 1000;
			tell_progress(until - told);
		}
	}
	/* of one that was killed just now, too */
	if (killed) {
		waitpid(killed, &status, 0);
		shared->owner[owner_of(killed)].pid = 0;
	}
	return right;
}

static bool wait_for_all(void)
{
	uint64_t until = now_ms() + END_S * 1000;
	bool right = true;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) >= 0 && now_ms() < until) {
		if (pid > 0)
			right &= ended_right(pid, status, 0);
		else
			usleep(10 * 1000);
	}
	if (pid < 0)
		return right;
	printf("# processes do not end\n");
	kill(0, SIGKILL);
	return false;
}

/* Nothing is found where nothing is tried. */
static bool all_was_tried(void)
{
	printf("# %llu calls, %llu failed\n", shared->count.calls, shared->count.failed);
	printf("# pages: %llu moved, %llu marked, %llu busy, %llu without room\n",
	       shared->count.moved, shared->count.marked, shared->count.busy,
	       shared->count.nomem);
	printf("# %llu operations, %llu forks, %llu killed, %llu pages to swap\n",
	       shared->count.operations, shared->count.forks, shared->count.killed,
	       shared->count.swapped);
	printf("# %llu changes of nodes, allocations %s fail\n", shared->count.changes,
	       shared->faults ? "made to" : "not made to");
	return shared->count.moved && shared->count.marked && shared->count.operations &&
	       shared->count.forks && shared->count.changes;
}

static void begin(unsigned int seconds)
{
	const char *why = migrate_need(2);
	int i;

	if (!why)
		why = publish_need();
	if (why)
		ksft_exit_skip("%s\n", why);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		ksft_exit_fail_msg("mmap: %s\n", strerror(errno));
	ksft_print_msg("%u s, seed %u\n", seconds, seed);
	faults_prepare();
	counters_before();
	why = swap_begin(SWAP_MIB);
	if (why)
		ksft_print_msg("no swap: %s\n", why);
	for (i = 0; i < numa.nr; i++)
		hugetlb_reserve(numa.node[i], POOL_PAGES);
}

int main(int argc, char **argv)
{
	unsigned int seconds = argc > 1 ? atoi(argv[1]) : 600;
	bool right;
	int i;

	/* what a child of an owner becomes */
	if (argc > 1 && !strcmp(argv[1], "--nothing"))
		return 0;
	seed = argc > 2 ? atoi(argv[2]) : time(NULL);
	random_seed(seed);
	ksft_print_header();
	begin(seconds);
	ksft_set_plan(4);
	for (i = 0; i < OWNERS; i++)
		start_owner(i);
	for (i = 0; i < MOVERS; i++)
		movers[i] = start(mover_run);
	weather = start(weather_run);
	right = run_for(seconds * 1000UL);
	end();
	right &= wait_for_all();
	ksft_test_result(right, "contents_and_reports\n");
	ksft_test_result(all_was_tried(), "all_was_tried\n");
	publish_restore();
	swap_end();
	for (i = 0; i < numa.nr; i++)
		hugetlb_reserve(numa.node[i], 0);
	ksft_test_result(counters_agree(), "counters_agree\n");
	ksft_test_result(nothing_leaked(), "nothing_leaked\n");
	ksft_finished();
}
