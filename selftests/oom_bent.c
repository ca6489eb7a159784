// SPDX-License-Identifier: GPL-2.0
/*
 * A bind policy bent while its nodes were not active, and the memory stayed where
 * it was allocated when they came back. When that node is full, the OOM killer has
 * to find the process that holds it, although its policy does not name the node.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "numa_util.h"
#include "publish.h"
#include "kselftest_harness.h"

/* much more than any other process has */
#define HELD		(128 * MIB)
#define SCORE		"/proc/self/oom_score_adj"

/* Holds memory of @node under a policy for @bound, until it is killed. */
static void holder(int bound, int ready)
{
	char *mem = region_new(HELD, false);

	if (!mem || set_policy(MPOL_BIND, 1ULL << bound))
		_exit(1);
	fill(mem, HELD, 1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/*
 * Takes memory of @node until someone was killed for it. Not until that one is
 * gone: what it had may be taken before, and the next would be killed.
 */
static void taker(int node)
{
	long room = node_zones_kb(node, "present") / (HUGE_PAGE / KIB);
	long kills = vm_counter("oom_kill");
	char *mem;

	if (kills < 0 || set_policy(MPOL_BIND, 1ULL << node))
		_exit(1);
	while (room-- && vm_counter("oom_kill") == kills) {
		mem = region_new(HUGE_PAGE, false);
		if (!mem)
			_exit(1);
		fill(mem, HUGE_PAGE, 2);
	}
	_exit(vm_counter("oom_kill") == kills);
}

FIXTURE(bent)
{
};

FIXTURE_SETUP(bent)
{
	const char *why = migrate_need(2);

	if (!why)
		why = publish_need();
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(bent)
{
	publish_restore();
}

TEST_F_TIMEOUT(bent, the_holder_is_found, 180)
{
	int ready[2], status, node, bound;
	pid_t held, taking;
	char byte;

	node = numa.node[0];
	bound = numa.node[1];
	/* Those who watch are not to be killed for it; nor is who takes. */
	ASSERT_EQ(0, write_file(SCORE, "-1000"));
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, publish(1ULL << node));
	held = fork();
	ASSERT_LE(0, held);
	if (!held) {
		close(ready[0]);
		write_file(SCORE, "0");
		holder(bound, ready[1]);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, publish_restore());

	taking = fork();
	ASSERT_LE(0, taking);
	if (!taking)
		taker(node);
	ASSERT_EQ(taking, waitpid(taking, &status, 0));
	EXPECT_EQ(0, status);
	kill(held, SIGTERM);
	ASSERT_EQ(held, waitpid(held, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

TEST_HARNESS_MAIN
