// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel does by itself to the memory of a program that tests where its
 * pages are, and not while it does: linked to such a program, this makes it rest
 * until the program ends.
 *
 * khugepaged waits for the lock of a 2 MiB page of a file, and holds a reference
 * while it does: a page that is being migrated just then stays, as busy. NUMA
 * balancing moves pages of the default policy to where they were touched. Both are
 * as they should be, and not what is to be counted.
 */
#include <stdio.h>
#include <unistd.h>
#include <sys/types.h>
#include "numa_util.h"

#define KHUGEPAGED	"/sys/kernel/mm/transparent_hugepage/khugepaged/"
#define NOT_TODAY	(24 * 3600 * 1000L)

static struct {
	const char *path;
	long quiet, found;
} settings[] = {
	/* the sleep ends early when a first process has huge pages: a page at most */
	{ KHUGEPAGED "pages_to_scan", 1 },
	{ KHUGEPAGED "scan_sleep_millisecs", NOT_TODAY },
	{ "/proc/sys/kernel/numa_balancing", 0 },
	{ }
};

/* Its children end, too, and are not the ones to restore anything. */
static pid_t owner;

static void set(size_t which, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	write_file(settings[which].path, text);
}

__attribute__((constructor)) static void rest(void)
{
	size_t i;

	owner = getpid();
	for (i = 0; settings[i].path; i++) {
		settings[i].found = read_long(settings[i].path, -1);
		if (settings[i].found >= 0)
			set(i, settings[i].quiet);
	}
}

__attribute__((destructor)) static void go_on(void)
{
	size_t i;

	for (i = 0; settings[i].path && owner == getpid(); i++)
		if (settings[i].found >= 0)
			set(i, settings[i].found);
}
