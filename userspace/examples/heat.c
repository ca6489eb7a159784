// SPDX-License-Identifier: GPL-2.0-only
/*
 * heat: an ordinary OpenMP program, with nothing of virtflex in it. Heat spreads along
 * a ring, step by step, in a parallel region each. The result is known by a formula,
 * and every cell is compared with it at the end.
 *
 * usage: heat [MiB [ms of rest between steps]]
 *
 * Ends with SIGTERM or SIGINT; the exit status is 1 if any cell is wrong.
 *
 * Below `virtflex run -- heat` its threads and memory follow the topology.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Share of the difference to a neighbour that spreads in a step; 0.5 at most. */
#define SPREAD		0.25

/* Cells of a wave of heat: the ring begins as waves, which only get flatter. */
#define WAVE		64

/* What rounding adds in some thousand steps is far below that. */
#define TOLERANCE	1e-9

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

static void rest(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000,
			       .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* How warm a cell is at the start */
static double warmth(long cell)
{
	return cos(2 * M_PI * (cell % WAVE) / WAVE);
}

/* Each thread touches first what it works on later. */
static void warm(double *now, double *next, long cells)
{
#pragma omp parallel for schedule(static)
	for (long i = 0; i < cells; i++) {
		now[i] = warmth(i);
		next[i] = 0;
	}
}

static void step(const double *now, double *next, long cells)
{
#pragma omp parallel for schedule(static)
	for (long i = 0; i < cells; i++) {
		double left = now[i ? i - 1 : cells - 1];
		double right = now[i < cells - 1 ? i + 1 : 0];

		next[i] = now[i] + SPREAD * (left - 2 * now[i] + right);
	}
}

/* A wave keeps its shape: each step multiplies it by a number that its length gives. */
static long wrong_cells(const double *now, long cells, long steps)
{
	const double height = pow(1 - 2 * SPREAD * (1 - warmth(1)), steps);
	long wrong = 0;

#pragma omp parallel for schedule(static) reduction(+:wrong)
	for (long i = 0; i < cells; i++)
		wrong += !(fabs(now[i] - height * warmth(i)) < TOLERANCE);
	return wrong;
}

/* argument N as a number from @least to 65536, or @otherwise if there is none */
static long number(char **argv, int argc, int n, long least, long otherwise)
{
	char *after;
	long value;

	if (n >= argc)
		return otherwise;
	value = strtol(argv[n], &after, 10);
	if (*after || after == argv[n] || value < least || value > 65536) {
		fprintf(stderr, "usage: %s [MiB [ms of rest between steps]]\n",
			argv[0]);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	const long mib = number(argv, argc, 1, 1, 64);
	const long rest_ms = number(argv, argc, 2, 0, 0);
	const long cells = (mib << 20) / (2 * sizeof(double));
	double *now = malloc(cells * sizeof(*now));
	double *next = malloc(cells * sizeof(*next));
	long steps, wrong;

	if (!now || !next) {
		fprintf(stderr, "%s: no memory for %ld MiB\n", argv[0], mib);
		return 1;
	}
	signal(SIGTERM, end);
	signal(SIGINT, end);
	warm(now, next, cells);
	printf("heat: %ld cells in %ld MiB\n", cells, mib);
	fflush(stdout);
	for (steps = 0; !ended; steps++) {
		double *last = now;

		step(now, next, cells);
		now = next;
		next = last;
		rest(rest_ms);
	}
	wrong = wrong_cells(now, cells, steps);
	printf("heat: %ld steps, %ld cells are wrong\n", steps, wrong);
	free(now);
	free(next);
	return wrong != 0;
}
