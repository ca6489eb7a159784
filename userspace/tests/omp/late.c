// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory long before the first region, which is at SIGUSR1; and more of it all the
 * time, by a thread that is none of OpenMP's.
 */
#include <pthread.h>
#include <unistd.h>

#include "program.h"

#define PAGE	4096
#define FIRST	512
#define MOST	32768

static char pages[MOST * PAGE];
static volatile sig_atomic_t begun;

static void begin(int signal)
{
	(void)signal;
	begun = 1;
}

static void *touch(void *data)
{
	size_t i;

	for (i = FIRST; i < MOST; i++) {
		pages[i * PAGE] = 1;
		usleep(20000);
	}
	return data;
}

int main(void)
{
	int i, sum, expected;
	pthread_t thread;

	signal(SIGUSR1, begin);
	program_begin();
	for (i = 0; i < FIRST; i++)
		pages[i * PAGE] = 1;
	pthread_create(&thread, NULL, touch, NULL);
	while (!begun && program_goes_on())
		usleep(10000);
	do {
		sum = 0;
		expected = 0;
#pragma omp parallel reduction(+:sum, expected)
		{
			sum++;
			if (!omp_get_thread_num())
				expected = omp_get_num_threads();
			usleep(1000);
		}
		program_check(sum == expected, "late");
	} while (program_goes_on());
	for (i = 0; i < FIRST; i++)
		program_check(pages[i * PAGE] == 1, "late, memory");
	return program_done();
}
