// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A program whose threads make child processes: each child may run where the
 * program was started.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

static int child(const cpu_set_t *set)
{
	cpu_set_t now;

	sched_getaffinity(0, sizeof(now), &now);
	return !CPU_EQUAL(&now, set);
}

int main(void)
{
	int status, wrong = 0;
	cpu_set_t set;
	pid_t pid;

	sched_getaffinity(0, sizeof(set), &set);
	program_begin();
	do {
#pragma omp parallel private(pid, status) reduction(+:wrong)
		{
			pid = fork();
			if (!pid)
				_exit(child(&set));
			waitpid(pid, &status, 0);
			wrong += pid < 0 || status;
		}
		program_check(!wrong, "a child has other CPUs");
	} while (program_goes_on());
	return program_done();
}
