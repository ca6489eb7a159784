/* SPDX-License-Identifier: GPL-2.0 */
/* What the OpenMP programs of the benchmarks share. */
#ifndef OMP_BENCH_H
#define OMP_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Short work that takes longer ends then, and what was done of it counts. */
#define LIMIT_S	5

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static inline uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* The runtime has its threads; go on when told so by a line on standard input. */
static inline void ready(void)
{
	int c;

	puts("ready");
	fflush(stdout);
	do {
		c = getchar();
	} while (c != '\n' && c != EOF);
}

static inline void check(int right, const char *what)
{
	if (right)
		return;
	printf("wrong: %s\n", what);
	exit(1);
}

/* Runs steps, and prints what one took, in us: of time, and of CPUs. */
static inline void time_steps(long (*run)(long steps), long steps)
{
	uint64_t start, cpu;

	ready();
	start = now_ns();
	cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	steps = run(steps);
	cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%.3f %.3f\n", (now_ns() - start) / 1e3 / steps,
	       cpu / 1e3 / steps);
}

#endif /* OMP_BENCH_H */
