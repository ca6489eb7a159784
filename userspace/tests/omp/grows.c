// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions of two threads, until a signal says that they have as many as GROWS has.
 */
#include "program.h"

static volatile sig_atomic_t grown;

static void grow(int signal)
{
	(void)signal;
	grown = 1;
}

int main(void)
{
	int size, n;

	omp_set_dynamic(0);
	signal(SIGUSR1, grow);
	program_begin();
	do {
		size = grown ? atoi(getenv("GROWS")) : 2;
		n = 0;
#pragma omp parallel num_threads(size) reduction(+:n)
		n++;
		program_check(n == size, "size");
	} while (program_goes_on());
	return program_done();
}
