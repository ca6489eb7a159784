// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Threads of the program that OpenMP runtimes use: those that a runtime made,
 * those that it bound, and those that had it make threads.
 *
 * A record is its thread's: made by it, and freed when it exits, by the
 * destructor of a key. Others reach it through the list, under the lock.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "omp.h"

/* How long a thread that ends waits for those that sleep, and how often it looks. */
#define END_STEP_US	1000
#define END_TRIES	1000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct omp_thread *first;	/* by lock */
/* How often this thread has it, and whether it could be cancelled before. */
static __thread unsigned int depth
	__attribute__((tls_model("initial-exec")));
static __thread int cancel_state
	__attribute__((tls_model("initial-exec")));

static __thread struct omp_thread *self
	__attribute__((tls_model("initial-exec")));
static __thread bool ours __attribute__((tls_model("initial-exec")));

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;

/* Only the initial thread has a value of this. */
static pthread_key_t initial_key;
static bool has_initial_key;
/* By lock; whether it has ended, by pthread_exit(3), and the process goes on. */
static bool initial_ended;

/* The calling thread gets all that it may have. Returns what real_setaffinity() does. */
static int lift(void)
{
	struct cpus allowed;

	allowed_cpus(&allowed);
	return real_setaffinity(0, sizeof(allowed), self->bound ? &self->wanted :
								 &allowed);
}

/*
 * For a thread with CPUs that were given to it, or to its parent before it was known,
 * which the others may have lost since, or got back.
 */
static void place_anew(void)
{
	sigset_t blocked;
	int ret;

	threads_lock(&blocked);
	ret = lift();
	self->placed = false;
	self->asleep = false;
	threads_unlock(&blocked);
	placing_thread(ret != 0);
}

/* ---- fork: the child has the calling thread, and a list of one ---- */

/*
 * 0 in a child that has not begun anew. The kernel clears its page there, but not in
 * one that shares memory with its parent, as after vfork(2).
 */
static volatile char *begun;	/* NULL: no thread was ever noted */

/*
 * Nothing is locked for a fork: a runtime whose lock another thread holds, which
 * waits for ours, takes that lock for the fork as well. So ours may be held by
 * nobody here, and whatever other threads have is left as it is.
 */
static void begin_anew(void)
{
	*begun = 1;
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	first = self;
	follow_forked();
	placing_forked();
	waiting_forked();
	initial_ended = false;
	if (has_initial_key)
		pthread_setspecific(initial_key, &initial_key);
	if (!self)
		return;
	self->next = NULL;
	self->tid = gettid();
	/* a child that is no OpenMP program is to run where it would have run */
	if (self->touched && !self->own)
		lift();
	self->touched = false;
	self->placed = false;
}

static void after_fork_in_child(void)
{
	sigset_t blocked;

	threads_lock(&blocked);
	threads_unlock(&blocked);
}

static bool watch_forks(void)
{
	long size = sysconf(_SC_PAGESIZE);
	char *page;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return false;
	if (madvise(page, size, MADV_WIPEONFORK) ||
	    pthread_atfork(NULL, NULL, after_fork_in_child)) {
		munmap(page, size);
		return false;
	}
	*page = 1;
	begun = page;
	return true;
}

struct omp_thread *threads_lock(sigset_t *blocked)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, blocked);
	/* the runtime's handler comes before ours, and binds the thread */
	if (begun && !*begun)
		begin_anew();
	if (depth++)
		return first;
	/* nor is the thread to end with it */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	pthread_mutex_lock(&lock);
	return first;
}

void threads_unlock(const sigset_t *blocked)
{
	if (!--depth) {
		pthread_mutex_unlock(&lock);
		pthread_setcancelstate(cancel_state, NULL);
	}
	pthread_sigmask(SIG_SETMASK, blocked, NULL);
}

/*
 * A process ends with its last thread, in which exit handlers run. So threads of ours
 * are gone before that: they would be left, or have no descriptors to write to.
 */
static void end_with_program(void)
{
	struct omp_thread *t;
	pthread_t follower;
	unsigned int tries;
	sigset_t blocked;
	bool ends, joins;

	t = threads_lock(&blocked);
	while (t && (t->extra || t->asleep))
		t = t->next;
	ends = initial_ended && !t;
	/* whoever has a record later starts anew */
	joins = ends && follow_end(&follower);
	threads_unlock(&blocked);
	if (!ends)
		return;
	if (joins)
		pthread_join(follower, NULL);
	mover_end();
	mover_wait();
	for (tries = END_TRIES; waiting_end(false) && tries; tries--)
		usleep(END_STEP_US);
}

static void thread_ended(void *data)
{
	struct omp_thread *t = data, **at;
	sigset_t blocked;
	bool last;

	threads_lock(&blocked);
	for (at = &first; *at; at = &(*at)->next)
		if (*at == t) {
			*at = t->next;
			break;
		}
	self = NULL;
	last = initial_ended && !t->extra;
	threads_unlock(&blocked);
	free(t);
	if (last)
		end_with_program();
}

static void initial_thread_ended(void *data)
{
	sigset_t blocked;

	(void)data;
	threads_lock(&blocked);
	initial_ended = true;
	threads_unlock(&blocked);
	end_with_program();
}

/*
 * Whoever preloads us has the initial thread run this. It also comes before chroot(2):
 * who cannot follow from there is to say so, and not to find that there is nothing.
 */
static __attribute__((constructor)) void note_initial_thread(void)
{
	has_initial_key = omp_enabled() &&
			  !pthread_key_create(&initial_key, initial_thread_ended);
	if (has_initial_key)
		pthread_setspecific(initial_key, &initial_key);
}

static void set_up(void)
{
	struct cpus allowed;

	allowed_cpus(&allowed);
	has_key = !pthread_key_create(&key, thread_ended) &&
		  watch_forks();
}

/* The record of the calling thread; NULL if there is no memory. */
static struct omp_thread *note_self(const struct runtime *runtime, bool extra)
{
	struct omp_thread *t = self, **at;
	sigset_t blocked;

	if (t)
		return t;
	pthread_once(&once, set_up);
	if (!has_key)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	if (pthread_setspecific(key, t)) {
		free(t);
		return NULL;
	}
	t->tid = gettid();
	t->id = pthread_self();
	t->runtime = *runtime;
	t->extra = extra;
	threads_lock(&blocked);
	/* last: what others have been given stays as it is */
	for (at = &first; *at; at = &(*at)->next)
		;
	*at = t;
	self = t;
	threads_unlock(&blocked);
	return t;
}

bool threads_known(void)
{
	return self;
}

static void note_wanted(struct omp_thread *t, const struct cpus *wanted)
{
	t->bound = !allowed_all(wanted);
	t->own = false;
	t->touched = false;
	t->placed = false;
	if (t->bound)
		t->wanted = *wanted;
}

int threads_bind(const struct runtime *runtime, size_t size, const void *set)
{
	struct omp_thread *t = ours ? NULL : note_self(runtime, false);
	struct cpus wanted;
	sigset_t blocked;
	bool lost = false;
	int ret;

	/* nobody is to place it between the one and the other */
	threads_lock(&blocked);
	ret = real_setaffinity(0, size, set);
	if (t && (!ret || ret == -EINVAL)) {
		/* the kernel has read it, so it can be read */
		cpus_copy(&wanted, set, size);
		if (!ret || !cpus_empty(&wanted)) {
			note_wanted(t, &wanted);
			lost = ret;
			ret = 0;
		}
	}
	threads_unlock(&blocked);
	if (t && !ret)
		placing_thread(lost);
	/* of a thread of ours it does not matter where it sleeps */
	return ret == -EINVAL && ours ? 0 : ret;
}

void threads_asked(size_t size, void *set)
{
	struct cpus cpus;
	sigset_t blocked;
	bool known;

	threads_lock(&blocked);
	known = self && !self->own && (self->bound || self->placed);
	if (known && self->bound)
		cpus = self->wanted;
	else
		allowed_cpus(&cpus);
	threads_unlock(&blocked);
	if (known)
		memcpy(set, &cpus, size < sizeof(cpus) ? size : sizeof(cpus));
}

void threads_disown(pid_t tid, pthread_t id)
{
	struct omp_thread *t;

	for (t = first; t; t = t->next)
		if (tid ? t->tid == tid : pthread_equal(t->id, id))
			break;
	if (!t)
		return;
	t->own = true;
	omp_say("thread %d is bound by the program, and left alone",
		(int)t->tid);
}

typedef void *(*thread_fn)(void *data);

/** struct birth - what a new thread is told */
struct birth {
	struct runtime runtime;
	thread_fn fn;
	void *arg;
	bool extra;
	bool bound;
	bool inherits;	/* CPUs that we may have given its parent */
	struct cpus wanted;
};

static void *begin(void *data)
{
	struct birth *birth = data;
	thread_fn fn = birth->fn;
	void *arg = birth->arg;
	struct omp_thread *t = note_self(&birth->runtime, birth->extra);

	if (birth->extra)
		prctl(PR_SET_NAME, program_invocation_short_name);
	if (birth->bound)
		threads_bind(&birth->runtime, sizeof(birth->wanted),
			     &birth->wanted);
	else if (t && birth->inherits)
		place_anew();
	else if (t)
		placing_thread(false);
	free(birth);
	return fn(arg);
}

static size_t stack_bytes = OMP_STACK_BYTES;	/* atomic; the largest so far */

size_t threads_stack(void)
{
	return __atomic_load_n(&stack_bytes, __ATOMIC_RELAXED);
}

static void note_stack(const pthread_attr_t *attr)
{
	size_t bytes;

	if (attr && !pthread_attr_getstacksize(attr, &bytes) &&
	    bytes > threads_stack())
		__atomic_store_n(&stack_bytes, bytes, __ATOMIC_RELAXED);
}

/* The CPUs in the attributes; without any they are all that there can be. */
static bool take_wanted(const pthread_attr_t *attr, struct cpus *wanted)
{
	struct cpus all;

	memset(&all, 0xff, sizeof(all));
	return attr &&
	       !pthread_attr_getaffinity_np(attr, sizeof(*wanted), wanted->set) &&
	       !cpus_equal(wanted, &all);
}

int threads_create(const struct runtime *runtime, pthread_t *thread,
		   const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	struct birth *birth = malloc(sizeof(*birth));
	/* the runtime's own, of which only the CPUs change, and only meanwhile */
	pthread_attr_t *own = (pthread_attr_t *)attr;
	struct cpus wanted;
	bool bound;
	int err;

	if (!birth)
		return limit_create(thread, attr, fn, arg);
	birth->runtime = *runtime;
	birth->fn = fn;
	birth->arg = arg;
	birth->extra = ours;
	note_stack(attr);
	bound = take_wanted(attr, &wanted);
	birth->bound = bound;
	birth->wanted = wanted;
	/* before the thread is there, which can end the process at once */
	if (!ours) {
		note_self(runtime, false);
		waiting_watch_exit(runtime);
	}
	birth->inherits = self && __atomic_load_n(&self->touched, __ATOMIC_SEQ_CST);
	if (bound)
		pthread_attr_setaffinity_np(own, 0, wanted.set);
	err = ours ? real_pthread_create(thread, attr, begin, birth) :
		     limit_create(thread, attr, begin, birth);
	if (bound)
		pthread_attr_setaffinity_np(own, sizeof(wanted), wanted.set);
	if (err) {
		free(birth);
		return err;
	}
	if (limit_lets_follow() && !ours)
		follow_start();
	return 0;
}

/* ---- regions of waiting.c ---- */

void threads_ours(void)
{
	ours = true;
}

void threads_sleep(char *name)
{
	sigset_t blocked;

	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "virtflex");
	threads_lock(&blocked);
	if (self)
		self->asleep = true;
	threads_unlock(&blocked);
}

void threads_wake(const char *name)
{
	prctl(PR_SET_NAME, name);
	if (self)
		place_anew();
}
