// SPDX-License-Identifier: LGPL-2.1-or-later
/* A migration by some threads at once, each of them on a part of its own. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "migration.h"

/* What a worker calls is not deep, and a caller may have locked all memory. */
#define STACK_BYTES	(256 << 10)

/**
 * struct job - what the workers share
 * @migration: how to make a call; each worker has a copy
 * @input: arguments; each call has a copy
 * @lock: guards all that follows
 * @changed: a call has ended, or a worker
 * @ranges: parts of the range, ascending, and how far each is
 * @nr_ranges: length of @ranges
 * @next: the first part that nobody has begun
 * @sum: report of all calls that have ended
 * @calls: their number
 * @method: how they were made
 * @error: what the first call that failed returned
 * @stop: no more calls are to be made
 * @running: workers that have not ended
 */
struct job {
	struct vf_migration migration;
	union vf_call input;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct vf_range *ranges;
	size_t nr_ranges;
	size_t next;
	union vf_call sum;
	unsigned long calls;
	unsigned int method;
	int error;
	bool stop;
	unsigned int running;
};

/* One call, and what it says. Return: 1: the part is not done. */
static int make_call(struct job *job, struct vf_migration *m,
		     struct vf_range *range, union vf_call *call)
{
	int ret = vf_migrate_step(m, call);

	pthread_mutex_lock(&job->lock);
	job->method = m->method;
	if (ret < 0) {
		if (!job->error)
			job->error = ret;
		job->stop = true;
	} else {
		vf_report_add(&job->sum, call);
		range->cursor = call->args.cursor;
		job->calls++;
	}
	if (job->stop)
		ret = 0;
	pthread_cond_signal(&job->changed);
	pthread_mutex_unlock(&job->lock);
	return ret;
}

static struct vf_range *take_range(struct job *job)
{
	struct vf_range *range = NULL;

	pthread_mutex_lock(&job->lock);
	if (!job->stop && job->next < job->nr_ranges)
		range = &job->ranges[job->next++];
	pthread_mutex_unlock(&job->lock);
	return range;
}

static void *work(void *data)
{
	struct job *job = data;
	struct vf_migration m = job->migration;
	struct vf_range *range;
	union vf_call call;

	while ((range = take_range(job))) {
		call = job->input;
		call.args.start = range->start;
		call.args.end = range->end;
		while (make_call(job, &m, range, &call) > 0)
			call.args.start = call.args.cursor;
	}
	vf_walk_close(m.walk);
	pthread_mutex_lock(&job->lock);
	job->running--;
	pthread_cond_signal(&job->changed);
	pthread_mutex_unlock(&job->lock);
	return NULL;
}

/* Signals are for the program's own threads. Return: how many were started. */
static unsigned int start(struct job *job, pthread_t *threads,
			  unsigned int nr_threads)
{
	pthread_attr_t attr;
	sigset_t all, before;
	unsigned int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* none ends before it knows how many there are */
	pthread_mutex_lock(&job->lock);
	for (i = 0; i < nr_threads; i++)
		/* a program's thread-local data may need more than this stack */
		if (pthread_create(&threads[i], &attr, work, job) &&
		    pthread_create(&threads[i], NULL, work, job))
			break;
	job->running = i;
	pthread_mutex_unlock(&job->lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return i;
}

/* The first address that is not done, or the end. */
static uint64_t cursor_of(const struct job *job)
{
	size_t i;

	for (i = 0; i + 1 < job->nr_ranges; i++)
		if (job->ranges[i].cursor < job->ranges[i].end)
			break;
	return job->ranges[i].cursor;
}

/* 0 once all have ended; -ECANCELED in a child that @progress has forked. */
static int follow(struct job *job,
		  int (*progress)(const union vf_call *sum, void *data),
		  void *data)
{
	pid_t self = getpid();
	unsigned long calls = 0;
	union vf_call sum;
	int ret;

	pthread_mutex_lock(&job->lock);
	while (job->running || job->calls != calls) {
		if (job->calls == calls) {
			pthread_cond_wait(&job->changed, &job->lock);
			continue;
		}
		calls = job->calls;
		if (job->stop)
			continue;
		sum = job->sum;
		sum.args.cursor = cursor_of(job);
		pthread_mutex_unlock(&job->lock);
		ret = progress(&sum, data);
		/* nobody else is here, nor is the lock anybody's */
		if (getpid() != self)
			return -ECANCELED;
		pthread_mutex_lock(&job->lock);
		if (ret) {
			if (!job->error)
				job->error = ret;
			job->stop = true;
		}
	}
	pthread_mutex_unlock(&job->lock);
	return 0;
}

/**
 * vf_workers_run() - work on all parts of a range
 * @m: how to make a call; its method is set
 * @sum: arguments; the report is added to
 * @ranges: parts of the range; how far they are is stored there
 * @nr_ranges: their number
 * @nr_threads: how many threads to start
 * @progress: called with the sum, which it must not keep; an error ends the work
 * @data: for @progress
 *
 * Return: 0, a negative errno, or 1 if no thread could be started, and nothing
 * was done.
 */
int vf_workers_run(struct vf_migration *m, union vf_call *sum,
		   struct vf_range *ranges, size_t nr_ranges,
		   unsigned int nr_threads,
		   int (*progress)(const union vf_call *sum, void *data),
		   void *data)
{
	unsigned int started, i;
	pthread_t *threads;
	struct job *job;
	int ret;

	if (nr_threads > nr_ranges)
		nr_threads = nr_ranges;
	threads = calloc(nr_threads, sizeof(*threads));
	job = calloc(1, sizeof(*job));
	if (!threads || !job) {
		ret = -ENOMEM;
		goto out;
	}
	job->migration = *m;
	job->input = *sum;
	job->sum = *sum;
	job->ranges = ranges;
	job->nr_ranges = nr_ranges;
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->changed, NULL);

	started = start(job, threads, nr_threads);
	ret = started ? follow(job, progress, data) : 1;
	if (ret)
		goto out;
	for (i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	ret = job->error;
	m->method = job->method;
	*sum = job->sum;
	sum->args.cursor = cursor_of(job);
	pthread_cond_destroy(&job->changed);
	pthread_mutex_destroy(&job->lock);
out:
	free(job);
	free(threads);
	return ret;
}
