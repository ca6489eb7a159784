// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How long threads spin at a barrier. LLVM's runtime and gcc's compare the
 * threads that they have, which they count all the time, with the CPUs that they
 * counted when the program began; only if there are more threads do they give way
 * early. For as long as CPUs are missing, a region of sleeping threads of our own
 * makes up the number. What that is worth, docs/openmp.md says.
 *
 * LLVM's runtime has one pool of idle threads for all regions. So threads that it
 * made for the program may sleep here, and those that it made to sleep may work for
 * the program: what a thread does tells, not what it was made for.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#include "omp.h"

/* More sleeping threads than that are not made. */
#define MAX_BALLAST	1024

/* Nor in more runtimes. */
#define MAX_RUNTIMES	16

/**
 * struct ballast - sleeping threads in a region of a runtime
 * @next: in the list
 * @runtime: the runtime
 * @nr_threads: how many it was asked for, with @leader
 * @leader: the thread that opened the region
 * @nr_asleep: atomic; threads that have come so far
 * @asleep: posted when all of them have
 * @end: posted for each of them
 * @ending: whether it was
 */
struct ballast {
	struct ballast *next;
	struct runtime runtime;
	unsigned int nr_threads;
	pthread_t leader;
	unsigned int nr_asleep;
	sem_t asleep;
	sem_t end;
	bool ending;
};

/* By threads_lock(); nothing changes once the process exits. */
static struct ballast *ballasts;
static bool exiting;
/* By threads_lock(); runtimes whose end is told beforehand. */
static const void *watched[MAX_RUNTIMES];
static bool ended;	/* for good */
/* Atomic; regions whose threads are not all there. */
static unsigned int nr_beginning;

/* Atomic; whether threads can be ended. */
static bool prepared;

void waiting_prepare(void)
{
	/*
	 * gcc's runtime ends the threads of a region that is not wanted any more by
	 * pthread_exit(3), for which glibc loads this when it is first called, and
	 * ends the program where it is missing, as in a small container.
	 */
	if (dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL))
		__atomic_store_n(&prepared, true, __ATOMIC_RELAXED);
	else
		omp_say("no threads will sleep: %s", dlerror());
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) && errno == EINTR)
		;
}

static void sleep_in_region(void *data)
{
	struct ballast *b = data;
	unsigned int team = b->nr_threads;
	char name[16];

	threads_sleep(name);
	if (b->runtime.get_num_threads)
		team = b->runtime.get_num_threads();
	if (__atomic_add_fetch(&b->nr_asleep, 1, __ATOMIC_ACQ_REL) == team) {
		__atomic_sub_fetch(&nr_beginning, 1, __ATOMIC_RELAXED);
		sem_post(&b->asleep);
	}
	wait_for(&b->end);
	threads_wake(name);
}

static void *open_region(void *data)
{
	struct ballast *b = data;

	threads_ours();
	/* else it has as many threads as the runtime thinks are good */
	if (b->runtime.set_dynamic)
		b->runtime.set_dynamic(0);
	b->runtime.parallel(sleep_in_region, b, b->nr_threads, 0);
	return NULL;
}

/*
 * Runtimes have destructors, after which none of our threads may be on its way
 * into a region or out of it. In a region they may sleep. Registered anew for each
 * runtime, since what was registered last comes first; and by a thread of the
 * program when it makes another, since by the time there is something to wait for the program
 * may be exiting, and destructors have run.
 */
static void at_exit(void)
{
	sigset_t blocked;
	struct ballast *b;

	threads_lock(&blocked);
	exiting = true;
	threads_unlock(&blocked);
	for (b = ballasts; b; b = b->next) {
		if (b->ending) {
			pthread_join(b->leader, NULL);
			b->ending = false;
		} else {
			wait_for(&b->asleep);
		}
		/* for the next time that this is called */
		sem_post(&b->asleep);
	}
}

static void *wait_here(void *data)
{
	wait_for(data);
	return NULL;
}

/*
 * Can so many threads be made, with the stacks that runtimes give them? One that
 * cannot make a region's threads ends the program.
 */
static bool can_make(unsigned int nr_threads)
{
	pthread_t *threads = calloc(nr_threads, sizeof(*threads));
	unsigned int nr = 0, i;
	sem_t all;

	if (!threads)
		return false;
	sem_init(&all, 0, 0);
	for (; nr < nr_threads; nr++)
		if (real_start(wait_here, &all, threads_stack(), &threads[nr]))
			break;
	for (i = 0; i < nr; i++)
		sem_post(&all);
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	sem_destroy(&all);
	free(threads);
	return nr == nr_threads;
}

/* By threads_lock(). The place of a runtime in watched, or where it could be, or NULL. */
static const void **watched_at(const struct runtime *runtime)
{
	unsigned int i;

	for (i = 0; i < MAX_RUNTIMES; i++)
		if (!watched[i] || watched[i] == runtime->base)
			return &watched[i];
	return NULL;
}

void waiting_watch_exit(const struct runtime *runtime)
{
	const void **at;
	sigset_t blocked;
	bool known;

	threads_lock(&blocked);
	at = watched_at(runtime);
	known = !at || *at;
	threads_unlock(&blocked);
	/* without the lock: who exits has one of libc's, and is to get ours */
	if (known || atexit(at_exit))
		return;
	threads_lock(&blocked);
	at = watched_at(runtime);
	if (at)
		*at = runtime->base;
	threads_unlock(&blocked);
}

static bool is_watched(const struct runtime *runtime)
{
	const void **at = watched_at(runtime);

	return at && *at;
}

static void begin(const struct runtime *runtime, unsigned int nr_threads)
{
	struct ballast *b;

	/* and as many as the CPUs are left to the program, for its next region */
	if (nr_threads > MAX_BALLAST || !can_make(2 * nr_threads)) {
		omp_say("%u threads to sleep are too many", nr_threads);
		return;
	}
	b = calloc(1, sizeof(*b));
	if (!b)
		return;
	b->runtime = *runtime;
	b->nr_threads = nr_threads;
	sem_init(&b->asleep, 0, 0);
	sem_init(&b->end, 0, 0);
	__atomic_add_fetch(&nr_beginning, 1, __ATOMIC_RELAXED);
	if (!is_watched(runtime) ||
	    real_start(open_region, b, OMP_STACK_BYTES, &b->leader)) {
		__atomic_sub_fetch(&nr_beginning, 1, __ATOMIC_RELAXED);
		free(b);
		return;
	}
	b->next = ballasts;
	ballasts = b;
	omp_say("threads share CPUs: %s is told by %u sleeping threads",
		*runtime->name ? runtime->name : "the runtime", b->nr_threads);
}

static void end(struct ballast *b)
{
	unsigned int i;

	b->ending = true;
	for (i = 0; i < b->nr_threads; i++)
		sem_post(&b->end);
}

/* Those that have ended are gone for good. */
static void clean_up(void)
{
	struct ballast **at = &ballasts, *b;

	while ((b = *at)) {
		if (b->ending && !pthread_tryjoin_np(b->leader, NULL)) {
			*at = b->next;
			free(b);
		} else {
			at = &b->next;
		}
	}
}

void waiting_adjust(const struct runtime *runtime, unsigned int threads,
		    unsigned int cpus)
{
	struct cpus allowed;
	/* what the runtime counted; with more threads than that it gives way */
	unsigned int counted = allowed_cpus(&allowed);
	bool due = threads > cpus && cpus < counted;
	struct ballast *b;

	/* threads that sleep would be counted against these limits of LLVM's */
	if (exiting || ended || !__atomic_load_n(&prepared, __ATOMIC_RELAXED) ||
	    getenv("KMP_DEVICE_THREAD_LIMIT") || getenv("KMP_ALL_THREADS"))
		return;
	clean_up();
	for (b = ballasts; b; b = b->next)
		if (b->runtime.base == runtime->base && !b->ending)
			break;
	if (due && !b)
		begin(runtime, counted + 1);
	if (due || !b)
		return;
	omp_say("threads have a CPU each");
	end(b);
}

bool waiting_begins(void)
{
	return __atomic_load_n(&nr_beginning, __ATOMIC_RELAXED);
}

bool waiting_end(bool for_good)
{
	sigset_t blocked;
	struct ballast *b;
	bool left;

	threads_lock(&blocked);
	ended |= for_good;
	if (!exiting) {
		for (b = ballasts; b; b = b->next)
			if (!b->ending)
				end(b);
		clean_up();
	}
	left = ballasts && !exiting;
	threads_unlock(&blocked);
	return left;
}

void waiting_forked(void)
{
	ballasts = NULL;
	ended = false;
	nr_beginning = 0;
}
