// SPDX-License-Identifier: LGPL-2.1-or-later
/* An array for each thread, that the first region sizes by its team. */
#include "program.h"

#define N	10000

static long *own;
static int size;

int main(void)
{
	long sum;
	int i;

	program_begin();
	do {
		if (!own) {
#pragma omp parallel
#pragma omp single
			size = omp_get_num_threads();
			own = calloc(size, sizeof(*own));
		}
#pragma omp parallel
		{
			int t = omp_get_thread_num();

			program_check(t < size, "a larger team");
			own[t] = 0;
#pragma omp for
			for (i = 0; i < N; i++)
				own[t] += i;
		}
		for (sum = 0, i = 0; i < size; i++)
			sum += own[i];
		program_check(sum == (long)N * (N - 1) / 2, "lazy");
	} while (program_goes_on());
	return program_done();
}
