// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A thread that moves pages, there as long as there are some to move. Apart from the
 * one that follows the topology: a slice is to take VIRTFLEX_BUDGET_NS, but where the
 * kernel has no virtflex_migrate(2), a call of move_pages(2) waits for all other CPUs
 * first, on a busy machine for a minute. The program's threads are not to wait for it.
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "library.h"
#include "omp.h"

#define NS_PER_S	1000000000
#define NS_PER_MS	1000000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
/* By lock */
static enum memory_work left;	/* that nobody has begun, or that was not done */
static bool has_news;	/* since it took its work, there was more, or it is to end */
static bool ends;
static bool at_work;
static bool has_mover;	/* a thread to be joined, which may have ended */
static pthread_t mover;

/* Changes only while there is no such thread. */
static struct library library;

bool mover_has_news(int timeout_ms)
{
	struct timespec until;
	bool news;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += timeout_ms * (long)NS_PER_MS;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	pthread_mutex_lock(&lock);
	while (!has_news && timeout_ms &&
	       pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC,
				      &until) != ETIMEDOUT)
		;
	news = has_news;
	pthread_mutex_unlock(&lock);
	return news;
}

static void add_work(enum memory_work work)
{
	if (work > left)
		left = work;
}

/* What is to be done now. With nothing to do, the thread is not at work any more. */
static enum memory_work next_work(enum memory_work undone)
{
	enum memory_work work = MEMORY_STAYS;

	pthread_mutex_lock(&lock);
	add_work(undone);
	has_news = false;
	if (!ends) {
		work = left;
		left = MEMORY_STAYS;
	}
	at_work = work != MEMORY_STAYS;
	pthread_mutex_unlock(&lock);
	return work;
}

static void *run(void *unused)
{
	enum memory_work work = MEMORY_STAYS;
	struct virtflex *vf;
	int ret;

	(void)unused;
	prctl(PR_SET_NAME, "virtflex");
	ret = library.open(&vf, NULL);
	if (ret)
		omp_say("no pages are moved: %s", strerror(-ret));
	while ((work = next_work(work)) != MEMORY_STAYS)
		work = ret ? MEMORY_STAYS :
			     memory_move(&library, vf, work, mover_has_news);
	if (!ret)
		library.close(vf);
	return NULL;
}

/* Hands over work. Returns whether a thread is there to take it, or there is none. */
static bool tell(enum memory_work work)
{
	struct cpus cpus;
	bool taken;

	pthread_mutex_lock(&lock);
	add_work(work);
	has_news = has_news || work != MEMORY_STAYS;
	ends = false;
	taken = at_work || left == MEMORY_STAYS;
	if (at_work) {
		/* they may be others than when it began */
		cpus_clear(&cpus);
		real_getaffinity(0, sizeof(cpus), &cpus);
		real_pthread_setaffinity(mover, sizeof(cpus), (cpu_set_t *)&cpus);
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&lock);
	return taken;
}

/* There is none at work, so only the caller can begin one. */
static bool begin(const struct library *lib)
{
	mover_wait();
	library = *lib;
	pthread_mutex_lock(&lock);
	has_mover = !real_start(run, NULL, OMP_STACK_BYTES, &mover);
	at_work = has_mover;
	pthread_mutex_unlock(&lock);
	return has_mover;
}

enum memory_work mover_take(const struct library *lib, enum memory_work work)
{
	if (tell(work) || begin(lib))
		return MEMORY_STAYS;
	/* nobody else is there to take it */
	work = left;
	left = MEMORY_STAYS;
	return work;
}

void mover_end(void)
{
	pthread_mutex_lock(&lock);
	ends = true;
	has_news = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

void mover_wait(void)
{
	pthread_t thread;
	bool joins;

	pthread_mutex_lock(&lock);
	joins = has_mover;
	thread = mover;
	has_mover = false;
	pthread_mutex_unlock(&lock);
	if (joins)
		pthread_join(thread, NULL);
}

void mover_forked(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	left = MEMORY_STAYS;
	at_work = false;
	has_mover = false;
}
