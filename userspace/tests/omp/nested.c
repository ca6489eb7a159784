// SPDX-License-Identifier: LGPL-2.1-or-later
/* Regions in regions, of sizes that the program names. */
#include <unistd.h>

#include "program.h"

int main(void)
{
	int inner, outer, sizes;

	omp_set_max_active_levels(2);
	program_begin();
	do {
		inner = 0;
		outer = 0;
		sizes = 0;
#pragma omp parallel num_threads(2) reduction(+:inner, outer, sizes)
		{
			outer++;
#pragma omp parallel num_threads(2) reduction(+:inner, sizes)
			{
				inner++;
				if (!omp_get_thread_num())
					sizes += omp_get_num_threads();
			}
		}
		program_check(outer >= 1 && outer <= 2 && inner == sizes,
			      "nested");
		/* threads made all the time keep the kernel from moving pages */
		usleep(1000);
	} while (program_goes_on());
	return program_done();
}
