// SPDX-License-Identifier: GPL-2.0
/*
 * Fixed work: conjugate gradients, with five regions to a step.
 *
 *	omp_gradient SIZE STEPS [PROGRESS]
 *
 * says "ready", waits for a line, and prints how many microseconds a step took, of time
 * and of CPUs, of those that were done within LIMIT_S. With PROGRESS, a file, it has no
 * limit: there is the moment at which each step was done, in ms, and at the end how many
 * pages of what each thread works on are on the node that it runs on.
 */
#include <math.h>
#include <omp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "omp_bench.h"

/* A solution is there after that many. */
#define STEPS_TO_SOLVE	50

#define PAGE	4096UL

static double *x, *r, *p, *q;
static long size;
static FILE *progress;

static double *array(void)
{
	double *a = aligned_alloc(PAGE, size * sizeof(*a));
	long i;

	check(!!a, "no memory");
	/* as regions do it below: each thread has its part on its node */
#pragma omp parallel for schedule(static)
	for (i = 0; i < size; i++)
		a[i] = 0;
	return a;
}

static double product(const double *u, const double *v)
{
	double sum = 0;
	long i;

#pragma omp parallel for schedule(static) reduction(+:sum)
	for (i = 0; i < size; i++)
		sum += u[i] * v[i];
	return sum;
}

/* v = A u: a diagonal of 4, and -1 beside it */
static void multiply(const double *u, double *v)
{
	long i;

#pragma omp parallel for schedule(static)
	for (i = 0; i < size; i++)
		v[i] = 4 * u[i] - (i ? u[i - 1] : 0) -
		       (i < size - 1 ? u[i + 1] : 0);
}

/* x += p * step, r -= q * step; returns the square of r */
static double advance(double step)
{
	double sum = 0;
	long i;

#pragma omp parallel for schedule(static) reduction(+:sum)
	for (i = 0; i < size; i++) {
		x[i] += p[i] * step;
		r[i] -= q[i] * step;
		sum += r[i] * r[i];
	}
	return sum;
}

/* p = r + p * factor */
static void turn(double factor)
{
	long i;

#pragma omp parallel for schedule(static)
	for (i = 0; i < size; i++)
		p[i] = r[i] + p[i] * factor;
}

/* The solution is to be all ones. */
static double begin(void)
{
	long i;

#pragma omp parallel for schedule(static)
	for (i = 0; i < size; i++) {
		x[i] = 0;
		r[i] = 4 - (i > 0) - (i < size - 1);
		p[i] = r[i];
	}
	return product(r, r);
}

static double step(double square)
{
	double next;

	multiply(p, q);
	next = advance(square / product(p, q));
	turn(next / square);
	return next;
}

/* Returns the steps done. */
static long run(long steps)
{
	uint64_t end = now_ns() + LIMIT_S * 1000000000ULL;
	double square = 0;
	long i;

	for (i = 0; i < steps && (progress || now_ns() < end); i++) {
		if (i % STEPS_TO_SOLVE == 0)
			square = begin();
		square = step(square);
		if (progress)
			fprintf(progress, "step %ld %llu\n", i + 1,
				(unsigned long long)now_ns() / 1000000);
		if (i % STEPS_TO_SOLVE == STEPS_TO_SOLVE - 1)
			check(fabs(x[0] - 1) < 1e-8 && square < 1e-12 * size,
			      "gradient");
	}
	return i;
}

/* Pages of a part of an array that are on a node; all of them are in *nr. */
static long count_pages(const double *a, long first, long end, int node,
			long *nr)
{
	char *at = (char *)((uintptr_t)(a + first) & ~(PAGE - 1));
	long local = 0;
	void *page;
	int where;

	for (; at < (char *)(a + end); at += PAGE) {
		page = at;
		if (syscall(SYS_move_pages, 0, 1, &page, NULL, &where, 0) ||
		    where < 0)
			continue;
		(*nr)++;
		local += where == node;
	}
	return local;
}

static void print_local(void)
{
	double *arrays[] = { x, r, p, q };
	long local = 0, nr = 0;

#pragma omp parallel reduction(+:local, nr)
	{
		long me = omp_get_thread_num(), team = omp_get_num_threads();
		unsigned int node = 0;
		int i;

		getcpu(NULL, &node);
		for (i = 0; i < 4; i++)
			local += count_pages(arrays[i], size * me / team,
					     size * (me + 1) / team, node, &nr);
	}
	fprintf(progress, "local %ld %ld\n", local, nr);
}

int main(int argc, char **argv)
{
	size = argc > 1 ? atol(argv[1]) : 2000;
	x = array();
	r = array();
	p = array();
	q = array();
	run(5);
	if (argc > 3) {
		progress = fopen(argv[3], "w");
		check(!!progress, "no file");
	}
	time_steps(run, argc > 2 ? atol(argv[2]) : 100);
	if (progress) {
		print_local();
		fclose(progress);
	}
	return 0;
}
