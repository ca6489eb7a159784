// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A thread that follows the topology, asleep until there is a new one: it has the
 * program's threads placed, and then pages moved, by another thread.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "library.h"
#include "omp.h"
#include "places.h"

/*
 * Tells the thread to end. It has no descriptor in common with others, and this
 * signal blocked: so it is told by the one, and takes note by another. Nothing else
 * has a use for this signal; who sends it to the process all the same does not mean
 * the thread, which looks every second then.
 */
#define END_SIGNAL	SIGSTKFLT
#define NOT_MEANT_MS	1000

enum { NONE, STARTING, RUNNING, ENDING };
static int state;	/* atomic */
/* Of the latest thread; by who has STARTING or ENDING. */
static pthread_t follower;
static unsigned long nr_started;
static unsigned long nr_ended;	/* atomic; up to this one they were told to end */

/* A thread that was told to end may still be at work when the next begins. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* By one_at_a_time, and so known to the next. */
static struct virtflex_nodemask active;
static bool has_active;
static int end_fd;	/* has END_SIGNAL */
static int topology_fd;	/* of the watch */
static unsigned long number;

/** enum news - what the thread that follows is to take note of */
enum news {
	NEWS_NONE,
	NEWS_TOPOLOGY,
	NEWS_END,
};

/* Waits for news, at most so long; -1: no limit. */
static enum news wait_for_news(int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = end_fd, .events = POLLIN },
		{ .fd = topology_fd, .events = POLLIN },
	};

	if (poll(fds, 2, timeout_ms) <= 0)
		return NEWS_NONE;
	if (__atomic_load_n(&nr_ended, __ATOMIC_ACQUIRE) >= number)
		return NEWS_END;
	if (!fds[1].revents && timeout_ms)
		poll(&fds[1], 1, NOT_MEANT_MS);
	return fds[1].revents ? NEWS_TOPOLOGY : NEWS_NONE;
}

static bool has_news(int timeout_ms)
{
	return wait_for_news(timeout_ms) != NEWS_NONE;
}

/*
 * What a topology asks for. Nodes that are not active have been left by pages once,
 * when they ceased to be, but got new ones from threads that ran there until their
 * CPUs went; and when the first topology is read, no page has left them yet.
 */
static enum memory_work work_of(const struct library *lib,
				const struct virtflex_topology *t)
{
	struct virtflex_nodemask before = active;
	bool had = has_active;
	unsigned int i;

	lib->topology_active(t, &active);
	has_active = true;
	if (had && memcmp(&active, &before, sizeof(active)))
		return MEMORY_FOLLOWS;
	for (i = 0; i < t->nr_nodes; i++)
		if (t->nodes[i]->state != VIRTFLEX_NODE_ACTIVE)
			return MEMORY_LEAVES;
	return MEMORY_STAYS;
}

/* Has threads placed. Returns a negative errno, or the work that there is to do. */
static int take_topology(const struct library *lib, struct virtflex_watch *watch)
{
	struct virtflex_topology *t;
	enum memory_work work;
	struct places *now;
	int ret;

	ret = lib->watch_read(watch, &t);
	if (ret <= 0)
		return ret < 0 ? ret : MEMORY_STAYS;
	now = places_of(t);
	work = work_of(lib, t);
	lib->topology_free(t);
	if (now)
		placing_take(now);
	return work;
}

static void follow(const struct library *lib, struct virtflex *vf,
		   struct virtflex_watch *watch)
{
	enum memory_work undone = MEMORY_STAYS;
	enum news news;
	int work;

	for (;;) {
		do {
			news = wait_for_news(-1);
		} while (news == NEWS_NONE);
		if (news == NEWS_END)
			return;
		work = take_topology(lib, watch);
		if (work < 0)
			break;
		if (undone > (enum memory_work)work)
			work = undone;
		undone = mover_take(lib, work);
		/* where there can be no thread for it, this one does it */
		undone = memory_move(lib, vf, undone, has_news);
	}
	omp_say("no more topologies: %s", strerror(-work));
}

/*
 * Descriptors of its own: the program's numbers stay as they were, what it closes
 * is closed, and what it closes unseen is not ours.
 */
static bool own_descriptors(void)
{
	if (!omp_says())
		return !close_range(0, ~0U, CLOSE_RANGE_UNSHARE);
	return !close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_UNSHARE) &&
	       !close_range(STDIN_FILENO, STDERR_FILENO - 1, 0);
}

/* What it leaves open is closed as it ends. */
static bool open_end(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, END_SIGNAL);
	end_fd = signalfd(-1, &set, SFD_CLOEXEC);
	return end_fd >= 0;
}

static void follow_all(void)
{
	struct virtflex_watch *watch;
	struct library lib;
	struct virtflex *vf;
	int ret;

	if (!own_descriptors() || !open_end() || !library_load(&lib))
		return;
	waiting_prepare();
	ret = lib.open(&vf, NULL);
	if (ret)
		return;
	ret = lib.watch_open(vf, &watch);
	if (ret) {
		omp_say("no topology to follow: %s", strerror(-ret));
	} else {
		topology_fd = lib.watch_fd(watch);
		follow(&lib, vf, watch);
		mover_end();
		lib.watch_close(watch);
	}
	lib.close(vf);
}

static void *run(void *data)
{
	prctl(PR_SET_NAME, "virtflex");
	pthread_mutex_lock(&one_at_a_time);
	number = (unsigned long)data;
	follow_all();
	pthread_mutex_unlock(&one_at_a_time);
	return NULL;
}

void follow_start(void)
{
	int now = NONE;

	if (__atomic_load_n(&state, __ATOMIC_RELAXED) != NONE ||
	    !__atomic_compare_exchange_n(&state, &now, STARTING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	now = RUNNING;
	nr_started++;
	if (real_start(run, (void *)nr_started, OMP_STACK_BYTES, &follower)) {
		omp_say("no thread to follow the topology with");
		now = NONE;
	}
	__atomic_store_n(&state, now, __ATOMIC_RELEASE);
}

bool follow_end(pthread_t *thread)
{
	int now = RUNNING;

	if (!__atomic_compare_exchange_n(&state, &now, ENDING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	*thread = follower;
	__atomic_store_n(&nr_ended, nr_started, __ATOMIC_RELEASE);
	pthread_kill(follower, END_SIGNAL);
	__atomic_store_n(&state, NONE, __ATOMIC_RELEASE);
	return true;
}

void follow_forked(void)
{
	state = NONE;
	has_active = false;
	mover_forked();
	one_at_a_time = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}
