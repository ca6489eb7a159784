// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA balancing brings memory to the threads that use it, and not to a node that
 * is not active: there it would have to leave again.
 */
#include <stdio.h>
#include <unistd.h>
#include "numa_util.h"
#include "publish.h"
#include "kselftest_harness.h"

#define SYSCTL		"/proc/sys/kernel/numa_balancing"
#define PAGES		256
#define LEN		(PAGES * PAGE)

/* Hinting faults of all processes; this one has most of them. */
static long hinting_faults(void)
{
	return vm_counter("numa_hint_faults");
}

FIXTURE(balancing)
{
	char *mem;
	long mode;
};

FIXTURE_SETUP(balancing)
{
	const char *why = migrate_need(2);

	if (!why)
		why = publish_need();
	if (why)
		SKIP(return, "%s", why);
	self->mode = read_long(SYSCTL, -1);
	if (self->mode < 0 || write_file(SYSCTL, "1"))
		SKIP(return, "no NUMA balancing here");
	ASSERT_EQ(0, run_on_node(numa.node[1]));
	self->mem = region_new(LEN, false);
	ASSERT_NE(NULL, self->mem);
	fill(self->mem, LEN, 1);
	ASSERT_EQ(0, place(self->mem, LEN, numa.node[0]));
}

FIXTURE_TEARDOWN(balancing)
{
	char mode[16];

	publish_restore();
	snprintf(mode, sizeof(mode), "%ld", self->mode);
	write_file(SYSCTL, mode);
}

static void touch(const char *mem)
{
	size_t at;

	for (at = 0; at < LEN; at += PAGE)
		(void)*(const volatile char *)(mem + at);
}

/* Without this, the other test shows nothing. */
TEST_F_TIMEOUT(balancing, brings_memory_to_an_active_node, 120)
{
	ASSERT_EQ(0, publish(0));
	while (node_of(self->mem) != numa.node[1])
		touch(self->mem);
	EXPECT_TRUE(filled(self->mem, LEN, 1));
}

TEST_F_TIMEOUT(balancing, brings_none_to_an_inactive_node, 120)
{
	long begin;

	ASSERT_EQ(0, publish(numa_mask() & ~(1ULL << numa.node[1])));
	begin = hinting_faults();
	ASSERT_LE(0, begin);
	while (hinting_faults() < begin + 2 * PAGES)
		touch(self->mem);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[0]));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
}

TEST_HARNESS_MAIN
