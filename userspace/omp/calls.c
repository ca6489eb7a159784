// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Functions of libc that OpenMP runtimes make and bind threads by. The adaptor
 * stands in front of them; what anybody else calls goes on to libc as it is.
 *
 * No entry of a runtime is touched: a region costs what it did, and it does not
 * matter which of the many entries a compiler chose.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "omp.h"

OMP_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			      void *(*fn)(void *), void *arg)
{
	struct runtime runtime;

	if (!omp_enabled())
		return real_pthread_create(thread, attr, fn, arg);
	if (!runtime_at(__builtin_return_address(0), &runtime))
		return limit_create(thread, attr, fn, arg);
	return threads_create(&runtime, thread, attr, fn, arg);
}

/*
 * Binding, by anybody: a negative errno, or 0.
 *
 * Each runtime binds by one function only, which is said where @runtime is not
 * NULL. The address that a call returns to would not tell: what a region calls
 * last it calls by a jump, and then it is the runtime that it returns to.
 */
static int set_affinity(const struct runtime *runtime, pid_t tid, size_t size,
			const void *set)
{
	sigset_t blocked;
	int ret;

	if (!omp_enabled())
		return real_setaffinity(tid, size, set);
	if (runtime)
		return threads_bind(runtime, size, set);
	/* nobody is to place it between the one and the other */
	threads_lock(&blocked);
	ret = real_setaffinity(tid, size, set);
	if (!ret)
		threads_disown(tid ? tid : gettid(), 0);
	threads_unlock(&blocked);
	return ret;
}

static int with_errno(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

OMP_EXPORT int sched_setaffinity(pid_t tid, size_t size, const cpu_set_t *set)
{
	return with_errno(set_affinity(NULL, tid, size, set));
}

/* gcc's runtime binds the initial thread, before its first region. */
OMP_EXPORT int pthread_setaffinity_np(pthread_t thread, size_t size,
				      const cpu_set_t *set)
{
	struct runtime runtime;
	sigset_t blocked;
	int err;

	if (pthread_equal(thread, pthread_self()))
		return -set_affinity(omp_enabled() && !threads_known() &&
				     runtime_at(__builtin_return_address(0),
						&runtime) ? &runtime : NULL,
				     0, size, set);
	if (!omp_enabled())
		return real_pthread_setaffinity(thread, size, set);
	threads_lock(&blocked);
	err = real_pthread_setaffinity(thread, size, set);
	if (!err)
		threads_disown(0, thread);
	threads_unlock(&blocked);
	return err;
}

/* What syscall.S hands on. */
long omp_syscall_setaffinity(const void *caller, long tid, size_t size,
			     const void *set)
	__attribute__((visibility("hidden")));
long omp_syscall_getaffinity(const void *caller, long tid, size_t size,
			     void *set)
	__attribute__((visibility("hidden")));
long omp_syscall_failed(long ret) __attribute__((visibility("hidden")));

long omp_syscall_setaffinity(const void *caller, long tid, size_t size,
			     const void *set)
{
	struct runtime runtime;
	bool by_runtime = omp_enabled() && (!tid || tid == gettid()) &&
			  runtime_at(caller, &runtime);

	return with_errno(set_affinity(by_runtime ? &runtime : NULL, tid, size,
				       set));
}

/*
 * LLVM's runtime also lifts a binding for a while: it asks which CPUs the thread
 * has, binds it to all, and then to what it was told. That is not to be what we
 * gave.
 */
long omp_syscall_getaffinity(const void *caller, long tid, size_t size,
			     void *set)
{
	int ret = real_getaffinity(tid, size, set);

	if (ret > 0 && omp_enabled() && (!tid || tid == gettid()) &&
	    runtime_at(caller, NULL))
		threads_asked(ret, set);
	return with_errno(ret);
}

long omp_syscall_failed(long ret)
{
	return with_errno(ret);
}
