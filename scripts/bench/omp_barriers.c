// SPDX-License-Identifier: GPL-2.0
/*
 * Fixed work in one region with many barriers.
 *
 *	omp_barriers STEPS
 *
 * says "ready", waits for a line, and prints how many microseconds a step took, of time
 * and of CPUs, of those that were done within LIMIT_S.
 */
#include <omp.h>

#include "omp_bench.h"

#define TURNS	2000

static __attribute__((noinline)) void work(void)
{
	int i;

	for (i = 0; i < TURNS; i++)
		__asm__ volatile("" ::: "memory");
}

/* Each thread has the same share, whatever the team. Returns the steps done. */
static long run(long steps)
{
	uint64_t end = now_ns() + LIMIT_S * 1000000000ULL;
	long done = 0, sum = 0;

#pragma omp parallel
	while (done < steps) {
		work();
#pragma omp atomic
		sum++;
#pragma omp barrier
#pragma omp single
		{
			check(sum == omp_get_num_threads(), "barriers");
			sum = 0;
			done++;
			if (now_ns() > end)
				steps = done;
		}
	}
	return done;
}

int main(int argc, char **argv)
{
	run(10);
	time_steps(run, argc > 1 ? atol(argv[1]) : 1000);
	return 0;
}
