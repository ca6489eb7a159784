// SPDX-License-Identifier: LGPL-2.1-or-later
/* Conjugate gradient: many short regions with sums, hard on who waits badly. */
#include <math.h>

#include "program.h"

#define N	2000

static double x[N], r[N], p[N], q[N];

static double product(const double *u, const double *v)
{
	double sum = 0;
	int i;

#pragma omp parallel for reduction(+:sum)
	for (i = 0; i < N; i++)
		sum += u[i] * v[i];
	return sum;
}

/* A diagonal of 4, and -1 beside it. */
static void multiply(const double *u, double *v)
{
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++)
		v[i] = 4 * u[i] - (i ? u[i - 1] : 0) -
		       (i < N - 1 ? u[i + 1] : 0);
}

/* v = u * factor + w */
static void add(double *v, const double *u, double factor, const double *w)
{
	int i;

#pragma omp parallel for
	for (i = 0; i < N; i++)
		v[i] = u[i] * factor + w[i];
}

static void solve(void)
{
	double square, before;
	int i, step;

	for (i = 0; i < N; i++) {
		x[i] = 0;
		/* what all ones give */
		r[i] = 4 - (i > 0) - (i < N - 1);
		p[i] = r[i];
	}
	square = product(r, r);
	for (step = 0; step < 100 && square > 1e-20; step++) {
		multiply(p, q);
		before = square / product(p, q);
		add(x, p, before, x);
		add(r, q, -before, r);
		before = square;
		square = product(r, r);
		add(p, p, square / before, r);
	}
}

int main(void)
{
	int i;

	program_begin();
	do {
		solve();
		for (i = 0; i < N; i++)
			program_check(fabs(x[i] - 1) < 1e-8, "gradient");
	} while (program_goes_on());
	return program_done();
}
