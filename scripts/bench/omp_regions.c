// SPDX-License-Identifier: GPL-2.0
/*
 * What a parallel region costs, as EPCC's PARALLEL has it: the time of a region in
 * which each thread works for a moment, less what one thread needs for that work
 * alone. And that of a region in which there is nothing to do.
 *
 *	omp_regions		prints how many turns of a loop take a microsecond
 *	omp_regions TURNS	prints "EMPTY WORK ALONE", in ns each, and of how many
 *				samples the fewest of them are
 *	omp_regions empty N	has N empty regions, for those who count instructions
 *
 * Samples are short, and those count in which no thread gave its CPU to another:
 * who shares the machine is in the rest. Of those that count, a tenth took less
 * than what is printed. With more threads than CPUs all count.
 */
#include <omp.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "omp_bench.h"

#define SAMPLE_NS	100000
#define MEASURE_NS	250000000ULL
#define PATIENCE_NS	2000000000ULL
#define MOST_SAMPLES	20000
#define ENOUGH_SAMPLES	200

static unsigned long turns;
static unsigned int fewest = MOST_SAMPLES;

/* noinline: else what is measured depends on what stands around it */
static __attribute__((noinline)) void work(unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		__asm__ volatile("" ::: "memory");
}

static void empty_region(void)
{
#pragma omp parallel
	__asm__ volatile("" ::: "memory");
}

static void work_region(void)
{
#pragma omp parallel
	work(turns);
}

static void work_alone(void)
{
	work(turns);
}

static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static double time_of(void (*fn)(void), unsigned long n)
{
	uint64_t begin = now_ns();
	unsigned long i;

	for (i = 0; i < n; i++)
		fn();
	return (double)(now_ns() - begin) / n;
}

static double fastest_of(void (*fn)(void), unsigned long n, unsigned int tries)
{
	double took, best = time_of(fn, n);

	while (tries-- > 1) {
		took = time_of(fn, n);
		if (took < best)
			best = took;
	}
	return best;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Is there a CPU for each thread? */
static int alone(void)
{
	cpu_set_t set;

	sched_getaffinity(0, sizeof(set), &set);
	return omp_get_max_threads() <= CPU_COUNT(&set);
}

static double measure(void (*fn)(void))
{
	static double took[MOST_SAMPLES];
	double one = fastest_of(fn, 20, 20);
	unsigned long n = one < SAMPLE_NS ? SAMPLE_NS / one : 1;
	uint64_t start = now_ns(), end = start + MEASURE_NS;
	unsigned int samples = 0;
	long before;

	while (samples < MOST_SAMPLES &&
	       (now_ns() < end || (samples < ENOUGH_SAMPLES &&
				   now_ns() < start + PATIENCE_NS))) {
		before = switches();
		took[samples] = time_of(fn, n);
		samples += !alone() || switches() == before;
	}
	if (samples < fewest)
		fewest = samples;
	if (!samples)
		return one;
	qsort(took, samples, sizeof(*took), compare);
	return took[samples / 10];
}

static void print_turns(void)
{
	turns = 100000;
	printf("%.0f\n", turns * 1000 / fastest_of(work_alone, 10, 50));
}

int main(int argc, char **argv)
{
	long n;

	if (argc < 2) {
		print_turns();
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "empty")) {
		for (n = atol(argv[2]); n > 0; n--)
			empty_region();
		return 0;
	}
	turns = atol(argv[1]);
	empty_region();
	printf("%.2f ", measure(empty_region));
	printf("%.2f ", measure(work_region));
	printf("%.2f ", measure(work_alone));
	printf("%u\n", fewest);
	return 0;
}
