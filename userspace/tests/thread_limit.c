// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded: no more threads than THREAD_LIMIT says, as where a user or a cgroup has
 * a limit. Root has no limit of the first kind.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static int count_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	int nr = 0;

	while (tasks && (task = readdir(tasks)))
		nr += task->d_name[0] != '.';
	if (tasks)
		closedir(tasks);
	return nr;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*fn)(void *data), void *arg)
{
	int (*next)(pthread_t *thread, const pthread_attr_t *attr,
		    void *(*fn)(void *data), void *arg) =
		dlsym(RTLD_NEXT, "pthread_create");
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int err = EAGAIN;

	pthread_mutex_lock(&lock);
	if (count_threads() < atoi(getenv("THREAD_LIMIT")))
		err = next(thread, attr, fn, arg);
	pthread_mutex_unlock(&lock);
	return err;
}
