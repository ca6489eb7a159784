/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hot memory: a thread writes to it all the time, and to each page in turn, so that
 * a page is written in whatever moment it moves. No lock keeps the two apart.
 */
#ifndef STRESS_HOT_H
#define STRESS_HOT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct hot - memory that a thread writes all the time
 * @start: where it begins; NULL: there is none
 * @len: its length in bytes
 * @thread: the one that writes
 * @stop: it is to end
 * @lost: a page did not have what the thread wrote to it last
 */
struct hot {
	char *start;
	size_t len;
	pthread_t thread;
	bool stop, lost;
};

/* Begins to write, to huge pages if asked for. Returns 0, or a negative errno. */
int hot_begin(struct hot *hot, bool huge);
/* Ends that. Returns false if something that was written was lost. */
bool hot_end(struct hot *hot);

#endif
