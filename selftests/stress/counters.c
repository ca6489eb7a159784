// SPDX-License-Identifier: GPL-2.0
/* The kernel's own counters of memory: what was there before is there again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../numa_util.h"
#include "stress.h"

#define KMEMLEAK	"/sys/kernel/debug/kmemleak"
#define TRIES		30	/* seconds for what the kernel still has to do */

/** struct counter - one of /proc/vmstat, and by how many it may differ */
static struct counter {
	const char *name;
	long slack;
	long before;
} counters[] = {
	{ "nr_isolated_anon", 0 },
	{ "nr_isolated_file", 0 },
	{ "nr_mlock", 0 },
	{ "nr_writeback", 0 },
	{ "nr_anon_transparent_hugepages", 0 },
	{ "nr_shmem_hugepages", 0 },
	{ "nr_unevictable", 0 },
	{ "nr_shmem", 16 },
	{ "nr_page_table_pages", 512 },
	/* of programs that ran meanwhile, such as the shell */
	{ "nr_anon_pages", 512 },
};

#define NR_COUNTERS	(sizeof(counters) / sizeof(*counters))
#define UNACCOUNTED_KB	(8 * 1024L)

static long unaccounted_kb;

static long meminfo_kb(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? atol(at + strlen(name)) : 0;
}

/* Free pages that each CPU has at hand, by /proc/zoneinfo */
static long at_hand_kb(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	char line[256];
	long count, pages = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %ld", &count) == 1)
			pages += count;
	if (file)
		fclose(file);
	return pages * (PAGE / KIB);
}

/* Memory that is neither free nor counted as anything: what is lost is there. */
static long read_unaccounted(void)
{
	static const char *const kinds[] = {
		"MemFree:", "Buffers:", "\nCached:", "SwapCached:", "AnonPages:", "\nSlab:",
		"KernelStack:", "\nPageTables:", "Percpu:", "VmallocUsed:", "Hugetlb:",
	};
	char text[8192];
	ssize_t len = read_file("/proc/meminfo", text, sizeof(text) - 1);
	long left;
	size_t i;

	if (len < 0)
		return 0;
	text[len] = '\0';
	left = meminfo_kb(text, "MemTotal:") - at_hand_kb();
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		left -= meminfo_kb(text, kinds[i]);
	return left;
}

static void settle_counters(void)
{
	write_file("/proc/sys/vm/drop_caches", "3");
	/* has all CPUs let go of pages that are on their way to the LRU's lists */
	write_file("/proc/sys/vm/compact_memory", "1");
	write_file("/proc/sys/vm/stat_refresh", "1");
}

void counters_before(void)
{
	size_t i;

	settle_counters();
	for (i = 0; i < NR_COUNTERS; i++)
		counters[i].before = vm_counter(counters[i].name);
	unaccounted_kb = read_unaccounted();
}

/* Prints what differs, if @says. */
static bool agree(bool says)
{
	long now, lost = read_unaccounted() - unaccounted_kb;
	bool same = true;
	size_t i;

	for (i = 0; i < NR_COUNTERS; i++) {
		now = vm_counter(counters[i].name);
		if (labs(now - counters[i].before) <= counters[i].slack)
			continue;
		same = false;
		if (says)
			printf("# %s: %ld before, %ld after\n", counters[i].name,
			       counters[i].before, now);
	}
	if (lost > UNACCOUNTED_KB)
		same = false;
	if (says)
		printf("# memory that is not accounted for: %ld KiB more than before\n", lost);
	return same;
}

bool counters_agree(void)
{
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		settle_counters();
		if (agree(false))
			break;
		sleep(1);
	}
	return agree(true);
}

bool nothing_leaked(void)
{
	char text[4096];
	ssize_t len;

	/* what was found before, or is on its way, does not count: two looks */
	if (write_file(KMEMLEAK, "scan"))
		return true;
	sleep(6);
	write_file(KMEMLEAK, "scan");
	len = read_file(KMEMLEAK, text, sizeof(text) - 1);
	if (len <= 0)
		return true;
	text[len] = '\0';
	printf("# %s\n", text);
	return false;
}
