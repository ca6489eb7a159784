// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "numa_util.h"
#include "slow_disk.h"

#define CONFIG		"/sys/kernel/config"
#define NAME		"virtflex-slow"
#define DISK		CONFIG "/nullb/" NAME
/* of a page in /proc/kpageflags */
#define WRITEBACK	8
#define PFN_MASK	((1ULL << 55) - 1)

static int set(const char *name, unsigned long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), DISK "/%s", name);
	snprintf(text, sizeof(text), "%lu", value);
	return write_file(path, text);
}

const char *slow_disk_new(size_t len, unsigned int ms, int *fd)
{
	if (access(CONFIG "/nullb", F_OK))
		mount("configfs", CONFIG, "configfs", 0, NULL);
	if (access(CONFIG "/nullb", F_OK))
		return "no null_blk with configfs";
	/* one that a test left that was killed */
	rmdir(DISK);
	/* irqmode 2: a timer ends each request */
	if (mkdir(DISK, 0700) || set("memory_backed", 1) ||
	    set("size", len / MIB + 1) || set("blocksize", PAGE) ||
	    set("irqmode", 2) || set("completion_nsec", ms * 1000000UL) ||
	    set("hw_queue_depth", 1024) || set("power", 1))
		return "null_blk is not to be set up";
	*fd = open("/dev/" NAME, O_RDWR | O_CLOEXEC);
	return *fd < 0 ? "no device node of null_blk" : NULL;
}

void slow_disk_remove(int fd)
{
	if (fd >= 0)
		close(fd);
	set("power", 0);
	rmdir(DISK);
}

int slow_disk_write(int fd, size_t len, unsigned int seed)
{
	char *data = malloc(len);
	size_t at;
	ssize_t got = PAGE;

	if (!data)
		return -ENOMEM;
	fill(data, len, seed);
	/* whole blocks, which need not be read for it */
	for (at = 0; at < len && got == PAGE; at += PAGE)
		got = pwrite(fd, data + at, PAGE, at);
	free(data);
	if (got != PAGE ||
	    sync_file_range(fd, 0, len, SYNC_FILE_RANGE_WRITE))
		return -errno;
	return 0;
}

long under_writeback(const void *start, size_t len)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uintptr_t first = (uintptr_t)start / PAGE;
	uint64_t entry, flags;
	long count = 0;
	size_t i;

	for (i = 0; i < len / PAGE; i++) {
		if (pread(pagemap, &entry, sizeof(entry),
			  (first + i) * sizeof(entry)) != sizeof(entry) ||
		    pread(kpageflags, &flags, sizeof(flags),
			  (entry & PFN_MASK) * sizeof(flags)) != sizeof(flags)) {
			count = -1;
			break;
		}
		count += flags >> WRITEBACK & 1;
	}
	close(pagemap);
	close(kpageflags);
	return count;
}
