// SPDX-License-Identifier: LGPL-2.1-or-later
/* One region from beginning to end, with barriers. */
#include "program.h"

int main(void)
{
	int sum = 0, go_on = 1;
	long rounds = 0;

	program_begin();
#pragma omp parallel shared(sum, go_on, rounds)
	while (go_on) {
#pragma omp atomic
		sum++;
#pragma omp barrier
#pragma omp single
		{
			program_check(sum == omp_get_num_threads(),
				      "long region");
			sum = 0;
			rounds++;
			go_on = program_goes_on();
		}
	}
	program_check(rounds > 0, "no rounds");
	return program_done();
}
