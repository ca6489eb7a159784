// SPDX-License-Identifier: LGPL-2.1-or-later
/* A program that binds its own threads, and looks whether they stay there. */
#define _GNU_SOURCE
#include <sched.h>

#include "program.h"

int main(void)
{
	cpu_set_t set, now;
	int cpu, wrong = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = CPU_SETSIZE - 1; !CPU_ISSET(cpu, &set); cpu--)
		;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	program_begin();
#pragma omp parallel
	sched_setaffinity(0, sizeof(set), &set);
	do {
#pragma omp parallel private(now) reduction(+:wrong)
		{
			sched_getaffinity(0, sizeof(now), &now);
			wrong += !CPU_EQUAL(&now, &set);
		}
		program_check(!wrong, "bound to other CPUs");
	} while (program_goes_on());
	return program_done();
}
