// SPDX-License-Identifier: LGPL-2.1-or-later
/* Arrays for each thread, as many as OpenMP says at the start there may be. */
#include <string.h>

#include "program.h"

#define N	100000
#define BINS	64

int main(void)
{
	int threads = omp_get_max_threads(), i, t, sum;
	int (*own)[BINS] = calloc(threads, sizeof(*own));

	program_begin();
	do {
		memset(own, 0, threads * sizeof(*own));
#pragma omp parallel
		{
			int *mine = own[omp_get_thread_num()];
			int n;

#pragma omp for schedule(runtime)
			for (n = 0; n < N; n++)
				mine[n % BINS]++;
		}
		for (i = 0; i < BINS; i++) {
			for (sum = 0, t = 0; t < threads; t++)
				sum += own[t][i];
			program_check(sum == N / BINS + (i < N % BINS),
				      "histogram");
		}
	} while (program_goes_on());
	free(own);
	return program_done();
}
