/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenMP programs that the adaptor is tried on. Each is run as
 *
 *	PROGRAM
 *
 * works in rounds of which it knows the result, checks each, and goes on until
 * SIGTERM. Then it prints "right"; when a result is wrong it says which, and returns
 * 1. None of them knows of virtflex.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t program_stopped;

static inline void program_stop(int signal)
{
	(void)signal;
	program_stopped = 1;
}

static inline void program_begin(void)
{
	signal(SIGTERM, program_stop);
}

static inline int program_goes_on(void)
{
	return !program_stopped;
}

static inline void program_check(int right, const char *what)
{
	if (right)
		return;
	printf("wrong: %s\n", what);
	exit(1);
}

/* How many threads a region has. */
static inline int program_team(void)
{
	int n = 0;

#pragma omp parallel reduction(+:n)
	n++;
	return n;
}

static inline int program_done(void)
{
	puts("right");
	return 0;
}

#endif /* PROGRAM_H */
