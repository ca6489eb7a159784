// SPDX-License-Identifier: GPL-2.0
/* A disk in memory to swap to. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/swap.h>
#include "../numa_util.h"
#include "../slow_disk.h"
#include "stress.h"

#define DEVICE		"/dev/virtflex-slow"

/* The first page of a swap area, as mkswap(8) writes it */
struct header {
	char boot[1024];
	uint32_t version;
	uint32_t last_page;
	uint32_t bad_pages;
	char rest[PAGE - 1024 - 3 * sizeof(uint32_t) - 10];
	char magic[10];
};

static_assert(sizeof(struct header) == PAGE);

static int disk = -1;
static bool swaps;

const char *swap_begin(unsigned int mib)
{
	struct header header = { .version = 1, .last_page = mib * (MIB / PAGE) - 1 };
	const char *why = slow_disk_new(mib * MIB, 0, &disk);

	if (why)
		return why;
	memcpy(header.magic, "SWAPSPACE2", sizeof(header.magic));
	if (pwrite(disk, &header, sizeof(header), 0) != sizeof(header) || fsync(disk))
		return strerror(errno);
	if (swapon(DEVICE, 0))
		return strerror(errno);
	swaps = true;
	return NULL;
}

void swap_end(void)
{
	if (swaps && swapoff(DEVICE))
		printf("# swapoff: %s\n", strerror(errno));
	if (disk >= 0)
		slow_disk_remove(disk);
}
