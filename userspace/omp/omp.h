/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the OpenMP adaptor share. It is preloaded into programs: it
 * exports the functions of calls.c and virtflex_omp_cpus(), never prints but where
 * VIRTFLEX_VERBOSE says so, and never ends the program.
 *
 * Data flows one way:
 *
 *	calls.c		the runtime makes a thread, or binds one
 *	runtime.c	was that an OpenMP runtime, and which?
 *	threads.c	which threads there are, and what each was bound to
 *	limit.c		  no more can be made: ours give way
 *	follow.c	a thread of ours, asleep until there is a new topology
 *	placing.c	  each thread gets its CPUs in it
 *	places.c	    which those are
 *	waiting.c	    more threads than CPUs: nobody is to spin for long
 *	mover.c		  a thread of ours, there while pages are to be moved
 *	memory.c	    pages to where they belong, a slice at a time
 */
#ifndef OMP_H
#define OMP_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cpus.h"

#define OMP_EXPORT __attribute__((visibility("default")))

/* Threads of ours have little on their stacks. */
#define OMP_STACK_BYTES	(256UL << 10)

/* ---- options.c: what the environment says ---- */

/**
 * omp_enabled() - is there anything to do in this process?
 *
 * Not where VIRTFLEX is 0, and not where the kernel has no topology to follow. It
 * is decided once. From any thread, also before the constructors have run.
 *
 * Return: whether threads are to follow.
 */
bool omp_enabled(void);

/* omp_says() - is VIRTFLEX_VERBOSE set? */
bool omp_says(void);

/**
 * omp_say() - tell on standard error, where VIRTFLEX_VERBOSE is set
 * @fmt: as for printf(3), without the newline
 */
void omp_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- real.c: functions of libc that calls.c stands in front of ---- */

int real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			void *(*fn)(void *), void *arg);
int real_pthread_setaffinity(pthread_t thread, size_t size,
			     const cpu_set_t *set);

/**
 * real_setaffinity() - sched_setaffinity(2), without errno
 * @tid: thread; 0 for the caller
 * @size: bytes of @set
 * @set: CPUs; may be any address
 *
 * Return: 0 or a negative errno.
 */
int real_setaffinity(pid_t tid, size_t size, const void *set);

/**
 * real_getaffinity() - sched_getaffinity(2), as the kernel has it
 * @tid: thread; 0 for the caller
 * @size: bytes of @set
 * @set: where to store its CPUs; may be any address
 *
 * Return: how many bytes were stored, or a negative errno.
 */
int real_getaffinity(pid_t tid, size_t size, void *set);

/**
 * real_start() - start a thread of ours
 * @fn: what it does
 * @arg: for @fn
 * @stack_bytes: size of its stack
 * @thread: where to store it, for pthread_join(3); NULL: nobody waits for it
 *
 * All signals are blocked: the program's handlers run in its own threads.
 *
 * Return: 0 or an errno.
 */
int real_start(void *(*fn)(void *), void *arg, size_t stack_bytes,
	       pthread_t *thread);

/* ---- runtime.c: OpenMP runtimes ---- */

/**
 * typedef omp_parallel_fn - GOMP_parallel(), which gcc calls for a region
 *
 * LLVM's runtime has it as well, for programs that gcc built.
 */
typedef void (*omp_parallel_fn)(void (*fn)(void *data), void *data,
				unsigned int nr_threads, unsigned int flags);

/**
 * struct runtime - an OpenMP runtime in this process
 * @base: where it begins, by which runtimes are told apart
 * @parallel: its GOMP_parallel()
 * @set_dynamic: its omp_set_dynamic(); NULL if it has none
 * @get_num_threads: its omp_get_num_threads(); NULL if it has none
 * @name: path of its file; "" for the program itself
 */
struct runtime {
	const void *base;
	omp_parallel_fn parallel;
	void (*set_dynamic)(int dynamic);
	int (*get_num_threads)(void);
	const char *name;
};

/**
 * runtime_at() - the OpenMP runtime that has an address
 * @pc: address in its code
 * @runtime: where to store it; NULL if that is not wanted
 *
 * Takes no lock: a thread may ask that holds the dynamic loader's, or that a
 * holder of it waits for.
 *
 * Return: whether there is one.
 */
bool runtime_at(const void *pc, struct runtime *runtime);

/* ---- threads.c: threads of the program that runtimes use ---- */

/**
 * struct omp_thread - a thread that takes part in regions
 * @next: in the list
 * @tid: its number
 * @id: as pthreads know it
 * @runtime: its runtime
 * @bound: whether the runtime has it bound to @wanted now
 * @own: whether the program binds it by itself; it is left alone then
 * @extra: whether it was made for a region of waiting.c. Runtimes lend threads
 *	from one region to another: it may work for the program later
 * @asleep: whether it is in such a region now
 * @touched: whether its CPUs may have been changed since it was bound last
 * @placed: whether it has CPUs that it was given, in @has
 * @wanted: CPUs that the runtime bound it to last
 * @has: CPUs that it was given last
 */
struct omp_thread {
	struct omp_thread *next;
	pid_t tid;
	pthread_t id;
	struct runtime runtime;
	bool bound;
	bool own;
	bool extra;
	bool asleep;
	bool touched;
	bool placed;
	struct cpus wanted;
	struct cpus has;
};

/**
 * threads_create() - make a thread for a runtime
 * @runtime: the runtime
 * @thread: as for pthread_create(3)
 * @attr: as for pthread_create(3)
 * @fn: as for pthread_create(3)
 * @arg: as for pthread_create(3)
 *
 * It is made without the CPUs in @attr, to which it is bound when it runs:
 * pthread_create(3) fails if they are gone.
 *
 * Return: as pthread_create(3).
 */
int threads_create(const struct runtime *runtime, pthread_t *thread,
		   const pthread_attr_t *attr, void *(*fn)(void *), void *arg);

/**
 * threads_bind() - the runtime binds the calling thread
 * @runtime: the runtime
 * @size: bytes of @set
 * @set: CPUs; may be any address
 *
 * Return: 0, also if none of these CPUs is there any more: others are found. A
 * negative errno otherwise.
 */
int threads_bind(const struct runtime *runtime, size_t size, const void *set);

/**
 * threads_asked() - the runtime asks which CPUs the calling thread has
 * @size: bytes of @set
 * @set: CPUs that it has; what the runtime has it bound to takes their place
 */
void threads_asked(size_t size, void *set);

/* threads_known() - does the calling thread take part in regions already? */
bool threads_known(void);

/**
 * threads_disown() - the program has bound a thread by itself
 * @tid: the thread; 0 if @id tells
 * @id: the thread, if @tid is 0
 *
 * By threads_lock(), under which it was bound.
 */
void threads_disown(pid_t tid, pthread_t id);

/**
 * threads_lock() - nobody else looks at or changes threads until threads_unlock()
 * @blocked: where to store the signals that were blocked before
 *
 * A handler may bind its thread, so signals are blocked meanwhile.
 *
 * Return: the first thread.
 */
struct omp_thread *threads_lock(sigset_t *blocked);
void threads_unlock(const sigset_t *blocked);

/* threads_stack() - stack that runtimes have asked for, for their threads, in bytes */
size_t threads_stack(void);

/*
 * threads_ours() - the calling thread is no thread of the program
 *
 * What a runtime makes for it is.
 */
void threads_ours(void);

/**
 * threads_sleep() - the calling thread goes to sleep in a region of waiting.c
 * @name: where to store its name, 16 bytes
 */
void threads_sleep(char *name);

/**
 * threads_wake() - it may work for the program from now on
 * @name: as threads_sleep() has stored it
 */
void threads_wake(const char *name);

/* ---- limit.c ---- */

/**
 * limit_create() - make a thread for the program
 * @thread: as for pthread_create(3)
 * @attr: as for pthread_create(3)
 * @fn: as for pthread_create(3)
 * @arg: as for pthread_create(3)
 *
 * Where there is a limit, threads of ours end for it.
 *
 * Return: as pthread_create(3).
 */
int limit_create(pthread_t *thread, const pthread_attr_t *attr,
		 void *(*fn)(void *), void *arg);

/* limit_lets_follow() - has the thread that follows not been in the way too often? */
bool limit_lets_follow(void);

/* ---- allowed.c ---- */

/**
 * allowed_cpus() - CPUs that the process was started on
 * @cpus: where to store them; all there can be if the kernel does not tell
 *
 * CPUs that are offline are among them. The first call has to come before
 * anything of this process is bound.
 *
 * Return: how many of them were online then.
 */
unsigned int allowed_cpus(struct cpus *cpus);

/* allowed_all() - are all CPUs among these that the process could use then? */
bool allowed_all(const struct cpus *cpus);

/* ---- follow.c ---- */

/**
 * follow_start() - follow the topology from now on
 *
 * Starts the thread that does so, unless it runs.
 */
void follow_start(void);

/**
 * follow_end() - nothing is to be followed any more
 * @thread: where to store the thread that did so, for pthread_join(3)
 *
 * follow_start() can begin anew.
 *
 * Return: whether there was one; it ends soon.
 */
bool follow_end(pthread_t *thread);

/* follow_forked() - the child of a fork has no such thread; it has only one */
void follow_forked(void);

/* ---- placing.c ---- */

struct places;

/**
 * placing_take() - there is a new topology
 * @now: places in it, from malloc(3)
 *
 * By the thread that follows, which gets the CPUs that any may use.
 */
void placing_take(struct places *now);

/**
 * placing_thread() - a thread came, or was bound
 * @lost: whether the CPUs that it was to have are gone
 */
void placing_thread(bool lost);

/**
 * virtflex_omp_cpus() - CPUs that threads may use in the topology there is
 *
 * For libvirtflex-omp-team.so.
 *
 * Return: how many; 0: not known.
 */
OMP_EXPORT int virtflex_omp_cpus(void);

/* placing_forked() - a child begins without a topology; it has one thread */
void placing_forked(void);

/* ---- memory.c ---- */

struct library;
struct virtflex;

/** enum memory_work - what is to be done about pages; more includes less */
enum memory_work {
	MEMORY_STAYS,	/* nothing */
	MEMORY_LEAVES,	/* they leave nodes that are not active */
	MEMORY_FOLLOWS,	/* the others follow the threads that touch them */
};

/**
 * typedef memory_news_fn - is there something to stop moving pages for?
 * @timeout_ms: longest time to wait for that
 *
 * Return: whether there is.
 */
typedef bool (*memory_news_fn)(int timeout_ms);

/**
 * memory_move() - move pages of this process
 * @lib: libvirtflex
 * @vf: handle
 * @work: what is to be done
 * @has_news: asked between calls of VIRTFLEX_BUDGET_NS
 *
 * Return: what is left to do, as there were news before it was done.
 */
enum memory_work memory_move(const struct library *lib, struct virtflex *vf,
			     enum memory_work work, memory_news_fn has_news);

/* ---- mover.c ---- */

/**
 * mover_take() - hand over work, or see to what was left of earlier work
 * @lib: libvirtflex
 * @work: what is to be done, with the topology there is now
 *
 * By the thread that follows; the one that moves pages, which it starts if there is
 * none, gets the same CPUs. Does not wait for pages.
 *
 * Return: what the caller has to do, as there can be no such thread; else MEMORY_STAYS.
 */
enum memory_work mover_take(const struct library *lib, enum memory_work work);

/**
 * mover_has_news() - is there more to do, or is it to end?
 * @timeout_ms: longest time to wait for that
 *
 * By the thread that moves pages.
 *
 * Return: whether there is.
 */
bool mover_has_news(int timeout_ms);

/* mover_end() - have the thread end after the call that it is in; the work is kept */
void mover_end(void);

/* mover_wait() - wait until a thread that is not at work, or is to end, has ended */
void mover_wait(void);

/* mover_forked() - the child of a fork has no such thread; it has only one */
void mover_forked(void);

/* ---- waiting.c ---- */

/**
 * waiting_prepare() - load what has to be there before threads can sleep
 *
 * Without threads_lock(), since libraries are loaded: a constructor of the program's
 * that has a region may wait for that.
 */
void waiting_prepare(void);

/**
 * waiting_watch_exit() - have the process wait for threads of a runtime when it exits
 * @runtime: one that is about to make a thread for the program
 *
 * By a thread of the program, without threads_lock(). Once for each runtime counts. Where
 * it was not called, waiting_adjust() does nothing.
 */
void waiting_watch_exit(const struct runtime *runtime);

/**
 * waiting_adjust() - let a runtime know whether its threads have to share CPUs
 * @runtime: the runtime
 * @threads: threads that it has made for the program, or works with
 * @cpus: CPUs that they may use
 *
 * By threads_lock().
 */
void waiting_adjust(const struct runtime *runtime, unsigned int threads,
		    unsigned int cpus);

/* waiting_begins() - are threads of waiting_adjust() about to be made? */
bool waiting_begins(void);

/**
 * waiting_end() - end what waiting_adjust() has begun, for all runtimes
 * @for_good: whether nothing of that kind is to begin any more
 *
 * Return: whether some are left that have been told to end.
 */
bool waiting_end(bool for_good);

/* waiting_forked() - the child of a fork has no such region; it has one thread */
void waiting_forked(void);

#endif /* OMP_H */
