// SPDX-License-Identifier: GPL-2.0-only
/* Threads that all open regions of runtime.c, bind themselves, and end. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#define THREADS	3
#define ROUNDS	20

void GOMP_parallel(void (*fn)(void *data), void *data, unsigned int nr_threads,
		   unsigned int flags);

static void add(void *data)
{
	__atomic_add_fetch((int *)data, 1, __ATOMIC_RELAXED);
}

static void nest(void *data)
{
	GOMP_parallel(add, data, 2, 0);
}

static void *work(void *data)
{
	cpu_set_t set;
	int n = 0;

	GOMP_parallel(nest, &n, 3, 0);
	sched_getaffinity(0, sizeof(set), &set);
	sched_setaffinity(0, sizeof(set), &set);
	return n == 6 ? data : NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	int i, round, right = 1;
	void *done;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < THREADS; i++)
			if (pthread_create(&threads[i], NULL, work, ""))
				return 1;
		for (i = 0; i < THREADS; i++) {
			pthread_join(threads[i], &done);
			right &= !!done;
		}
	}
	puts(right ? "right" : "wrong");
	return !right;
}
