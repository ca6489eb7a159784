// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Limits of threads, of a user or of a cgroup: below one, threads of ours can be
 * those that the program lacks. A runtime that cannot make a thread ends the
 * program. So ours give way.
 */
#include <errno.h>
#include <unistd.h>

#include "omp.h"

/*
 * Threads that sleep may have to wait for a runtime that waits for the new one. Then
 * the one that follows goes as well.
 */
#define STEP_US		1000
#define MAX_STEPS	1000
#define SLEEPERS_STEPS	100

/* How often a process follows anew after that: at a limit it would go on for ever. */
#define MAX_GIVEN_UP	8

static unsigned int given_up;	/* atomic */

static bool give_up_following(void)
{
	pthread_t follower;

	if (!follow_end(&follower))
		return false;
	__atomic_add_fetch(&given_up, 1, __ATOMIC_RELAXED);
	/* it may wait for what the caller has, so nobody waits for it */
	pthread_detach(follower);
	omp_say("at a limit of threads: the topology is not followed");
	return true;
}

/*
 * A region of ours that has begun has to get its threads, for which there was room a
 * moment ago. But a runtime may need the caller for it. Only at a limit: elsewhere it
 * would hold up each thread that a program makes in that moment.
 */
static void let_begin(void)
{
	unsigned int steps;

	for (steps = 0; waiting_begins() && steps < SLEEPERS_STEPS; steps++)
		usleep(STEP_US);
}

int limit_create(pthread_t *thread, const pthread_attr_t *attr,
		 void *(*fn)(void *), void *arg)
{
	bool sleep, followed = false;
	unsigned int steps;
	int err;

	err = real_pthread_create(thread, attr, fn, arg);
	if (err == EAGAIN) {
		let_begin();
		err = real_pthread_create(thread, attr, fn, arg);
	}
	for (steps = 0; err == EAGAIN && steps < MAX_STEPS; steps++) {
		sleep = waiting_end(true);
		if (!sleep || steps >= SLEEPERS_STEPS)
			followed |= give_up_following();
		if (!sleep && !followed)
			break;
		usleep(STEP_US);
		err = real_pthread_create(thread, attr, fn, arg);
	}
	return err;
}

bool limit_lets_follow(void)
{
	return __atomic_load_n(&given_up, __ATOMIC_RELAXED) < MAX_GIVEN_UP;
}
