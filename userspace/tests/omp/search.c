// SPDX-License-Identifier: LGPL-2.1-or-later
/* A loop and a region that are cancelled once something is found. */
#include "program.h"

#define N	100000

int main(void)
{
	int what = 0, found, came, i;

	program_check(omp_get_cancellation(), "OMP_CANCELLATION is not set");
	program_begin();
	do {
		what = (what + 7919) % N;
		found = -1;
		came = 0;
#pragma omp parallel shared(found)
		{
#pragma omp for
			for (i = 0; i < N; i++) {
				if (i == what) {
#pragma omp atomic write
					found = i;
#pragma omp cancel for
				}
#pragma omp cancellation point for
			}
		}
		program_check(found == what, "search");
#pragma omp parallel shared(came)
		{
#pragma omp atomic
			came++;
#pragma omp cancel parallel
			program_check(0, "it was not cancelled");
		}
		program_check(came >= 1 && came <= omp_get_max_threads(),
			      "cancelled region");
	} while (program_goes_on());
	return program_done();
}
