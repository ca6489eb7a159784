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
static enum memory_work left;
static bool has_news;	/* work came, or the end, since it began its own */
static bool ends;
static bool at_work;
static struct cpus cpus;	/* that the follower has */

/* Of the thread that follows. There is a thread to be joined; it may have ended. */
static bool has_mover;
static pthread_t mover;

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

/* What is to be done now. With nothing to do, the thread is not at work any more. */
static enum memory_work next_work(enum memory_work undone, struct cpus *now)
{
	enum memory_work work;

	pthread_mutex_lock(&lock);
	work = undone > left ? undone : left;
	if (ends)
		work = MEMORY_STAYS;
	left = MEMORY_STAYS;
	has_news = false;
	at_work = work != MEMORY_STAYS;
	*now = cpus;
	pthread_mutex_unlock(&lock);
	return work;
}

static void *run(void *data)
{
	const struct library *lib = data;
	enum memory_work work = MEMORY_STAYS;
	struct virtflex *vf;
	struct cpus now;
	int ret;

	prctl(PR_SET_NAME, "virtflex");
	ret = lib->open(&vf, NULL);
	if (ret)
		omp_say("no pages are moved: %s", strerror(-ret));
	while ((work = next_work(work, &now)) != MEMORY_STAYS) {
		/* whoever began it may have had others */
		real_setaffinity(0, sizeof(now), &now);
		work = ret ? MEMORY_STAYS : memory_move(lib, vf, work);
	}
	if (!ret)
		lib->close(vf);
	return NULL;
}

/* Returns whether one is at work, which takes note of it. */
static bool tell(enum memory_work work)
{
	bool runs;

	pthread_mutex_lock(&lock);
	if (work > left)
		left = work;
	has_news = true;
	runs = at_work;
	cpus_clear(&cpus);
	real_getaffinity(0, sizeof(cpus), &cpus);
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	return runs;
}

bool mover_take(const struct library *lib, enum memory_work work)
{
	if (tell(work))
		return true;
	if (has_mover)
		pthread_join(mover, NULL);
	/* nobody else is there */
	ends = false;
	at_work = true;
	has_mover = !real_start(run, (void *)lib, OMP_STACK_BYTES, &mover);
	if (!has_mover) {
		at_work = false;
		omp_say("no thread to move pages with");
	}
	return has_mover;
}

void mover_end(void)
{
	pthread_mutex_lock(&lock);
	ends = true;
	has_news = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	if (has_mover)
		pthread_join(mover, NULL);
	has_mover = false;
	left = MEMORY_STAYS;
}

void mover_forked(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	left = MEMORY_STAYS;
	at_work = false;
	has_mover = false;
}
