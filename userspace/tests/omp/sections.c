// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sections, as a region of their own and in one. */
#include "program.h"

int main(void)
{
	int a, b, c;

	program_begin();
	do {
		a = 0;
		b = 0;
		c = 0;
#pragma omp parallel sections
		{
#pragma omp section
			a = 1;
#pragma omp section
			b = 2;
#pragma omp section
			c = 3;
		}
		program_check(a == 1 && b == 2 && c == 3, "sections");
#pragma omp parallel
		{
#pragma omp sections
			{
#pragma omp section
				a++;
#pragma omp section
				b++;
			}
#pragma omp single
			c = a + b;
		}
		program_check(c == 5, "sections in a region");
	} while (program_goes_on());
	return program_done();
}
