// SPDX-License-Identifier: LGPL-2.1-or-later
/* As STREAM has it: three arrays, and a loop that is shared evenly. */
#include "program.h"

#define N	100000

static double a[N], b[N], c[N];

int main(void)
{
	double factor = 1;
	int i, wrong;

	program_begin();
	do {
#pragma omp parallel for schedule(static)
		for (i = 0; i < N; i++) {
			b[i] = i;
			c[i] = 2.0 * i;
		}
#pragma omp parallel for schedule(static)
		for (i = 0; i < N; i++)
			a[i] = b[i] + factor * c[i];
		wrong = 0;
#pragma omp parallel for reduction(+:wrong)
		for (i = 0; i < N; i++)
			wrong += a[i] != i * (1 + 2 * factor);
		program_check(!wrong, "triad");
		factor++;
	} while (program_goes_on());
	return program_done();
}
