// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parts of a loop that run in its order, and parts that one thread runs at once. */
#include "program.h"

#define N	1000

int main(void)
{
	int at, sum, i, wrong;

	program_begin();
	do {
		at = 0;
		sum = 0;
		wrong = 0;
#pragma omp parallel for ordered schedule(dynamic) shared(at, sum, wrong)
		for (i = 0; i < N; i++) {
#pragma omp ordered
			wrong += at++ != i;
#pragma omp critical
			sum += i;
		}
		program_check(!wrong && sum == N * (N - 1) / 2, "ordered");
	} while (program_goes_on());
	return program_done();
}
