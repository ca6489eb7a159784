// SPDX-License-Identifier: GPL-2.0
/*
 * A process that changes what there is to decide by: which nodes are active, which
 * CPUs are online, where there is free memory, whether allocations of movers succeed.
 */
#include <stdio.h>
#include <unistd.h>
#include <sys/mount.h>
#include "../numa_util.h"
#include "../publish.h"
#include "stress.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define LEAVE_KB	(16 * 1024L)	/* of a node that is full */

static const char *const faulty[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

static void set_fault(const char *which, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", which, file);
	write_file(path, text);
}

static void faults_set(const char *probability)
{
	size_t i;

	for (i = 0; i < sizeof(faulty) / sizeof(*faulty); i++)
		set_fault(faulty[i], "probability", probability);
}

void faults_prepare(void)
{
	size_t i;

	mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	if (access("/proc/self/make-it-fail", W_OK) ||
	    access(DEBUGFS "fail_page_alloc", F_OK))
		return;
	for (i = 0; i < sizeof(faulty) / sizeof(*faulty); i++) {
		set_fault(faulty[i], "task-filter", "Y");
		set_fault(faulty[i], "times", "-1");
		set_fault(faulty[i], "verbose", "0");
		set_fault(faulty[i], "probability", "0");
	}
	set_fault("failslab", "ignore-gfp-wait", "N");
	set_fault("fail_page_alloc", "ignore-gfp-wait", "N");
	set_fault("fail_page_alloc", "ignore-gfp-highmem", "N");
	set_fault("fail_page_alloc", "min-order", "0");
	shared->faults = true;
}

void faults_take(void)
{
	if (shared->faults)
		write_file("/proc/self/make-it-fail", "1");
}

static void change_nodes(void)
{
	publish_bend(random_nodes(), random_below(2));
	count_up(&shared->count.changes, 1);
}

static void change_cpu(void)
{
	static int away = -1;

	if (away < 0) {
		away = spare_cpu();
		if (away >= 0)
			cpu_online(away, false);
	} else {
		cpu_online(away, true);
		away = -1;
	}
}

/* A node has no room for a while, and then pages of hugetlb. */
static void change_memory(void)
{
	int node = numa.node[random_below(numa.nr)];

	if (!random_below(4)) {
		node_fill_pool(node, LEAVE_KB);
		usleep(100 * 1000);
	}
	hugetlb_reserve(node, random_below(8));
}

static void change_kernel(void)
{
	switch (random_below(5)) {
	case 0:
		write_file("/proc/sys/vm/compact_memory", "1");
		break;
	case 1:
		write_file("/proc/sys/vm/drop_caches", "1");
		break;
	case 2:
		write_file("/proc/sys/kernel/numa_balancing", random_below(2) ? "1" : "0");
		break;
	case 3:
		write_file("/sys/kernel/mm/ksm/run", random_below(2) ? "1" : "2");
		break;
	case 4:
		faults_set(random_below(2) ? "2" : "0");
		break;
	}
}

int weather_run(void)
{
	int i;

	while (!ended()) {
		change_nodes();
		if (!random_below(4))
			change_memory();
		if (!random_below(4))
			change_kernel();
		if (!random_below(32))
			change_cpu();
		usleep(10 * 1000 + random_below(90 * 1000));
	}
	faults_set("0");
	for (i = 0; i < numa.nr; i++)
		hugetlb_reserve(numa.node[i], 0);
	write_file("/sys/kernel/mm/ksm/run", "2");
	return 0;
}
