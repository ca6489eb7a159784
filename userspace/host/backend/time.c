// SPDX-License-Identifier: GPL-2.0-only
/* The clock of hosts that are real. */
#include <time.h>

#include "backend.h"
#include "shared.h"

#define SECOND	UINT64_C(1000000000)
/* A signal that arrives just before a sleep does not end it: none is longer. */
#define LONGEST_SLEEP	(SECOND / 2)

/**
 * clock_now() - the time, by a clock that only goes on
 *
 * Return: nanoseconds.
 */
uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/**
 * clock_wait() - wait, or less long if a signal arrives
 * @until_ns: time to wait for
 */
void clock_wait(uint64_t until_ns)
{
	struct timespec until;
	uint64_t next;

	for (next = clock_now(); next < until_ns && !interrupted();
	     next = clock_now()) {
		next = until_ns - next > LONGEST_SLEEP ? next + LONGEST_SLEEP :
							 until_ns;
		until.tv_sec = next / SECOND;
		until.tv_nsec = next % SECOND;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
}
