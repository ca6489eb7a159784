// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A program that asks for the size of a team before each region, has an array for
 * each thread, and says each size it is told.
 */
#include "program.h"

int main(void)
{
	int threads, last = 0, sum, i;
	int *own;

	setvbuf(stdout, NULL, _IOLBF, 0);
	program_begin();
	do {
		threads = omp_get_max_threads();
		if (threads != last)
			printf("%d threads\n", threads);
		last = threads;
		own = calloc(threads, sizeof(*own));
#pragma omp parallel
		{
			program_check(omp_get_num_threads() <= threads,
				      "a larger team than it was told");
			own[omp_get_thread_num()]++;
		}
		for (sum = 0, i = 0; i < threads; i++)
			sum += own[i];
		program_check(sum == threads, "another team than it was told");
		free(own);
	} while (program_goes_on());
	return program_done();
}
