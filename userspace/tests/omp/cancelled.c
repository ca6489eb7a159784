// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that are to be cancelled bind another one, which is no cancellation point:
 * it has its CPUs when they have ended, and goes on binding itself.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "program.h"

static pid_t initial;
static cpu_set_t set;

static void *bind(void *data)
{
	pthread_cancel(pthread_self());
	sched_setaffinity(initial, sizeof(set), &set);
	*(int *)data = 1;
	pthread_testcancel();
	return data;
}

int main(void)
{
	pthread_t thread;
	void *result;
	int bound;

	initial = gettid();
	sched_getaffinity(0, sizeof(set), &set);
	program_begin();
	do {
		program_check(program_team() == 2, "region");
		bound = 0;
		if (pthread_create(&thread, NULL, bind, &bound))
			return 1;
		pthread_join(thread, &result);
		program_check(bound && result == PTHREAD_CANCELED,
			      "cancelled while it was bound");
		sched_setaffinity(0, sizeof(set), &set);
	} while (program_goes_on());
	return program_done();
}
