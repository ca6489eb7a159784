/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A disk in memory that takes its time (null_blk), so that pages are under
 * writeback for as long as a test wants them to be.
 */
#ifndef SLOW_DISK_H
#define SLOW_DISK_H

#include <stddef.h>

/*
 * Make the disk: each request takes so long. Sets *fd to it; returns NULL, or why
 * there is none.
 */
const char *slow_disk_new(size_t len, unsigned int ms, int *fd);
/* Waits until its requests are done. */
void slow_disk_remove(int fd);
/*
 * Fill pages of the disk from this CPU's node, if they are not there yet, as fill()
 * does, and begin to write them back; nothing waits for that.
 */
int slow_disk_write(int fd, size_t len, unsigned int seed);
/* How many pages of a range are under writeback, or -1 */
long under_writeback(const void *start, size_t len);

#endif
