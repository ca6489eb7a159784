// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tasks that make tasks. */
#include "program.h"

static int fibonacci(int n)
{
	int a, b;

	if (n < 2)
		return n;
#pragma omp task shared(a) if (n > 8)
	a = fibonacci(n - 1);
#pragma omp task shared(b) if (n > 8)
	b = fibonacci(n - 2);
#pragma omp taskwait
	return a + b;
}

int main(void)
{
	int result;

	program_begin();
	do {
		result = 0;
#pragma omp parallel
#pragma omp single
		result = fibonacci(16);
		program_check(result == 987, "tasks");
	} while (program_goes_on());
	return program_done();
}
