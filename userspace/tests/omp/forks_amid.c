// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread forks while others begin their first regions, in which runtimes make
 * threads by a lock that they also take for a fork.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS	4
#define ROUNDS	100
#define FORKS	200

static void *region(void *data)
{
	int n = 0;

#pragma omp parallel reduction(+:n)
	n++;
	return n ? data : NULL;
}

static void *fork_often(void *data)
{
	int i, status;
	pid_t child;

	for (i = 0; i < FORKS; i++) {
		child = fork();
		if (!child)
			_exit(0);
		if (child < 0 || waitpid(child, &status, 0) != child || status)
			return NULL;
	}
	return data;
}

int main(void)
{
	pthread_t forks, threads[THREADS];
	void *done;
	int i, j;

	region(NULL);
	if (pthread_create(&forks, NULL, fork_often, ""))
		return 1;
	for (i = 0; i < ROUNDS; i++) {
		for (j = 0; j < THREADS; j++)
			if (pthread_create(&threads[j], NULL, region, NULL))
				return 1;
		for (j = 0; j < THREADS; j++)
			pthread_join(threads[j], NULL);
	}
	pthread_join(forks, &done);
	puts(done ? "right" : "wrong");
	return 0;
}
