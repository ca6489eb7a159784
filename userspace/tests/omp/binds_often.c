// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Threads that come all the time, bind themselves, and look whether they stay so.
 * With gcc's runtime, those of an inner region are new ones.
 */
#define _GNU_SOURCE
#include <sched.h>

#include "program.h"

int main(void)
{
	cpu_set_t set, now;
	int cpu, i, wrong;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = CPU_SETSIZE - 1; !CPU_ISSET(cpu, &set); cpu--)
		;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	omp_set_max_active_levels(2);
	program_begin();
	do {
		wrong = 0;
#pragma omp parallel num_threads(2) reduction(+:wrong)
#pragma omp parallel num_threads(4) private(now, i) reduction(+:wrong)
		{
			sched_setaffinity(0, sizeof(set), &set);
			for (i = 0; i < 20; i++) {
				sched_getaffinity(0, sizeof(now), &now);
				wrong += !CPU_EQUAL(&now, &set);
			}
		}
		program_check(!wrong, "bound to other CPUs");
	} while (program_goes_on());
	return program_done();
}
