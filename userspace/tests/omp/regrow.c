// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Teams that grow and shrink, all close together and few of them spread:
 * runtimes make threads for them, and bind threads again, all the time.
 */
#include <unistd.h>

#include "program.h"

int main(void)
{
	int most = omp_get_max_threads(), few = most > 2 ? 2 : 1;
	int sum, expected;

	program_begin();
	do {
		sum = 0;
		expected = 0;
#pragma omp parallel num_threads(most) proc_bind(close) reduction(+:sum, expected)
		{
			sum++;
			if (!omp_get_thread_num()) {
				expected = omp_get_num_threads();
				/* others have to see all of them at once */
				usleep(50000);
			}
		}
		program_check(sum == expected, "regrow, all threads");
		sum = 0;
		expected = 0;
#pragma omp parallel num_threads(few) proc_bind(spread) reduction(+:sum, expected)
		{
			sum++;
			if (!omp_get_thread_num())
				expected = omp_get_num_threads();
		}
		program_check(sum == expected, "regrow, few threads");
	} while (program_goes_on());
	return program_done();
}
