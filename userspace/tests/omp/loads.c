// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library's constructor, for which the dynamic loader holds its lock, begins a
 * region while another thread is about to bind a thread for the first time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_t initial;

static void *bind(void *data)
{
	cpu_set_t set;

	sched_getaffinity(0, sizeof(set), &set);
	/* by now the constructor runs, which takes twice as long */
	usleep(200000);
	pthread_setaffinity_np(initial, sizeof(set), &set);
	return data;
}

int main(void)
{
	pthread_t binds;
	void *library;
	int n = 0;

	initial = pthread_self();
	if (pthread_create(&binds, NULL, bind, NULL))
		return 1;
	library = dlopen(getenv("LIBRARY"), RTLD_NOW);
	pthread_join(binds, NULL);
#pragma omp parallel reduction(+:n)
	n++;
	puts(library && n ? "right" : "wrong");
	return 0;
}
