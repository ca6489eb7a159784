// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded: threads are there, and begin only once there is a file THREADS_BEGIN, as
 * on a machine that has much else to do.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct work {
	void *(*fn)(void *data);
	void *arg;
};

static void *begin(void *data)
{
	struct work work = *(struct work *)data;

	free(data);
	while (access(getenv("THREADS_BEGIN"), F_OK))
		usleep(1000);
	return work.fn(work.arg);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*fn)(void *data), void *arg)
{
	int (*next)(pthread_t *thread, const pthread_attr_t *attr,
		    void *(*fn)(void *data), void *arg) =
		dlsym(RTLD_NEXT, "pthread_create");
	struct work *work = malloc(sizeof(*work));

	*work = (struct work){ .fn = fn, .arg = arg };
	return next(thread, attr, begin, work);
}
