// SPDX-License-Identifier: LGPL-2.1-or-later
/* Threads of the program's own, each of which has regions, all at the same time. */
#include <pthread.h>

#include "program.h"

#define INITIAL	3

static void *work(void *data)
{
	int sum, team;

	do {
		sum = 0;
		team = 0;
#pragma omp parallel num_threads(2) reduction(+:sum, team)
		{
			sum++;
			if (!omp_get_thread_num())
				team = omp_get_num_threads();
		}
		program_check(sum == 2 && team == 2, "region of one of several");
	} while (program_goes_on());
	return data;
}

int main(void)
{
	pthread_t threads[INITIAL];
	int i;

	program_begin();
	for (i = 0; i < INITIAL; i++)
		program_check(!pthread_create(&threads[i], NULL, work, NULL),
			      "no thread");
	work(NULL);
	for (i = 0; i < INITIAL; i++)
		pthread_join(threads[i], NULL);
	return program_done();
}
