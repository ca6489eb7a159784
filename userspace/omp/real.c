// SPDX-License-Identifier: LGPL-2.1-or-later
/* Functions of libc that calls.c stands in front of. */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "omp.h"

static void *create_address, *bind_address;	/* atomic */

/*
 * Looked up at the first use: other libraries' constructors, which make and bind
 * threads, run before ours. Else by ours.
 */
static void *next(const char *name, void **address)
{
	void *p = __atomic_load_n(address, __ATOMIC_ACQUIRE);

	if (!p) {
		p = dlsym(RTLD_NEXT, name);
		__atomic_store_n(address, p, __ATOMIC_RELEASE);
	}
	return p;
}

int real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			void *(*fn)(void *), void *arg)
{
	int (*create)(pthread_t *thread, const pthread_attr_t *attr,
		      void *(*fn)(void *), void *arg) =
		next("pthread_create", &create_address);

	return create ? create(thread, attr, fn, arg) : EAGAIN;
}

int real_pthread_setaffinity(pthread_t thread, size_t size,
			     const cpu_set_t *set)
{
	int (*bind)(pthread_t thread, size_t size, const cpu_set_t *set) =
		next("pthread_setaffinity_np", &bind_address);

	return bind ? bind(thread, size, set) : ENOSYS;
}

/*
 * The rest of the time, dlsym(3) is not to wait for a library's constructor, which
 * may wait for the thread that asks, or for one that waits for its lock.
 */
static __attribute__((constructor)) void look_up(void)
{
	next("pthread_create", &create_address);
	next("pthread_setaffinity_np", &bind_address);
}

/* As libc does it, but that syscall(3) is ours, and errno the program's. */
static int affinity(long call, pid_t tid, size_t size, const void *set)
{
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(call), "D"((long)tid), "S"(size), "d"(set)
		     : "rcx", "r11", "memory");
	return (int)ret;
}

int real_setaffinity(pid_t tid, size_t size, const void *set)
{
	return affinity(SYS_sched_setaffinity, tid, size, set);
}

int real_getaffinity(pid_t tid, size_t size, void *set)
{
	return affinity(SYS_sched_getaffinity, tid, size, set);
}

int real_start(void *(*fn)(void *), void *arg, size_t stack_bytes,
	       pthread_t *thread)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t unused;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return err;
	if (!thread)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, stack_bytes);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = real_pthread_create(thread ? thread : &unused, &attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return err;
}
