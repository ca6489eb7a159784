// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sweeps over a grid, guided and dynamic loops, against a serial run. The dynamic one is
 * monotonic: LLVM's runtime has a fault in those that are not (docs/openmp.md).
 */
#include <string.h>

#include "program.h"

#define N	128
#define SWEEPS	20

static double grid[2][N][N], expected[N][N];

static void begin(void)
{
	int i;

	memset(grid, 0, sizeof(grid));
	for (i = 0; i < N; i++) {
		grid[0][0][i] = i;
		grid[1][0][i] = i;
	}
}

static double next(double from[N][N], int i, int j)
{
	return (from[i - 1][j] + from[i + 1][j] + from[i][j - 1] +
		from[i][j + 1]) / 4;
}

static void serial(void)
{
	int s, i, j;

	begin();
	for (s = 0; s < SWEEPS; s++)
		for (i = 1; i < N - 1; i++)
			for (j = 1; j < N - 1; j++)
				grid[!(s & 1)][i][j] = next(grid[s & 1], i, j);
	memcpy(expected, grid[SWEEPS & 1], sizeof(expected));
}

static void parallel(void)
{
	int s, i, j;

	begin();
	for (s = 0; s < SWEEPS; s += 2) {
#pragma omp parallel for private(j) schedule(monotonic : dynamic, 4)
		for (i = 1; i < N - 1; i++)
			for (j = 1; j < N - 1; j++)
				grid[1][i][j] = next(grid[0], i, j);
#pragma omp parallel for private(j) schedule(guided)
		for (i = 1; i < N - 1; i++)
			for (j = 1; j < N - 1; j++)
				grid[0][i][j] = next(grid[1], i, j);
	}
}

int main(void)
{
	program_begin();
	serial();
	do {
		parallel();
		program_check(!memcmp(expected, grid[SWEEPS & 1],
				      sizeof(expected)), "jacobi");
	} while (program_goes_on());
	return program_done();
}
