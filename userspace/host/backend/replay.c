// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that is described in a file, with guests whose loads are known, by a clock that
 * does not wait. It does what a real one would: vCPUs on one physical CPU share it, a
 * balloon moves at its own pace, and what a guest was ever given is taken from the host.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "replay.h"

#define SECOND		UINT64_C(1000000000)
/* How fast a balloon moves, in KiB a second */
#define BALLOON_RATE	(512 * 1024)
/* What a balloon leaves free in a guest that has nothing else to give */
#define BALLOON_LEAVES	(8 * 1024)

static struct replay *replay_of(struct backend *backend)
{
	return (struct replay *)backend;
}

static double value_at(const struct curve *c, double second)
{
	unsigned int i;
	double part;

	if (second <= c->second[0])
		return c->value[0];
	for (i = 1; i < c->count; i++) {
		if (second > c->second[i])
			continue;
		part = (second - c->second[i - 1]) /
		       (c->second[i] - c->second[i - 1]);
		return c->value[i - 1] + part * (c->value[i] - c->value[i - 1]);
	}
	return c->value[c->count - 1];
}

static bool is_there(const struct replay *r, const struct replayed_guest *g)
{
	return g->start <= r->now && r->now < g->end;
}

static double wanted(const struct replay *r, const struct replayed_guest *g,
		     const struct replayed_vcpu *v)
{
	double all;

	if (g->paused || !replay_online(g, v))
		return 0;
	if (!g->has_demand)
		return value_at(&v->load, r->now) / 100;
	all = value_at(&g->demand, r->now) / 100 / replay_nr_online(g);
	return all < 1 ? all : 1;
}

/* Where a vCPU runs: of the CPUs that it may run on, where most is left. */
static void place_vcpu(const struct replay *r, struct replayed_vcpu *v,
		       double wants, double *carried)
{
	unsigned int i, best = MAX_HOST_CPUS;

	for (i = 0; i < r->nr_cpus; i++)
		if (r->cpus[i].online && CPU_ISSET(i, &v->affinity) &&
		    (best == MAX_HOST_CPUS || carried[i] < carried[best]))
			best = i;
	v->cpu = best;
	if (best < MAX_HOST_CPUS)
		carried[best] += wants;
}

/* Calls a function for each vCPU that is there. */
static void each_vcpu(struct replay *r,
		      void (*call)(struct replay *r, struct replayed_guest *g,
				   struct replayed_vcpu *v, double *data),
		      double *data)
{
	unsigned int i, j;

	for (i = 0; i < r->nr_guests; i++)
		for (j = 0; is_there(r, &r->guests[i]) &&
		     j < r->guests[i].nr_vcpus; j++)
			call(r, &r->guests[i], &r->guests[i].vcpus[j], data);
}

static void place_pinned(struct replay *r, struct replayed_guest *g,
			 struct replayed_vcpu *v, double *carried)
{
	if (CPU_COUNT(&v->affinity) == 1)
		place_vcpu(r, v, wanted(r, g, v), carried);
}

static void place_others(struct replay *r, struct replayed_guest *g,
			 struct replayed_vcpu *v, double *carried)
{
	if (CPU_COUNT(&v->affinity) != 1)
		place_vcpu(r, v, wanted(r, g, v), carried);
}

/* What the vCPUs of a CPU get if none of them gets more than a limit */
static double sum_up_to(const struct replay *r, unsigned int cpu, double limit)
{
	const struct replayed_guest *g;
	unsigned int i, j;
	double sum = 0, wants;

	for (i = 0; i < r->nr_guests; i++) {
		g = &r->guests[i];
		for (j = 0; is_there(r, g) && j < g->nr_vcpus; j++) {
			wants = wanted(r, g, &g->vcpus[j]);
			if (g->vcpus[j].cpu == cpu)
				sum += wants < limit ? wants : limit;
		}
	}
	return sum;
}

/* The limit by which a CPU is shared fairly, and wholly */
static double fair_limit(const struct replay *r, unsigned int cpu,
			 double carried)
{
	double low = 0, high = 1, middle;
	unsigned int i;

	if (carried <= 1)
		return 1;
	for (i = 0; i < 30; i++) {
		middle = (low + high) / 2;
		if (sum_up_to(r, cpu, middle) > 1)
			high = middle;
		else
			low = middle;
	}
	return low;
}

/*
 * A vCPU that gets less than it wants is blocked for less: what it blocks for comes after
 * what it runs.
 */
static void run_vcpu(struct replay *r, struct replayed_guest *g,
		     struct replayed_vcpu *v, double *limits)
{
	double wants = wanted(r, g, v), gets, blocked;
	double seconds = limits[MAX_HOST_CPUS];

	if (wants <= 0)
		return;
	gets = v->cpu == MAX_HOST_CPUS ? 0 :
	       wants < limits[v->cpu] ? wants : limits[v->cpu];
	blocked = gets * (1 - wants) / wants;
	v->run += gets * seconds;
	v->delay += (1 - gets - blocked) * seconds;
}

static void run_vcpus(struct replay *r, double seconds)
{
	double carried[MAX_HOST_CPUS + 1] = { 0 }, limits[MAX_HOST_CPUS + 1];
	unsigned int i;

	each_vcpu(r, place_pinned, carried);
	each_vcpu(r, place_others, carried);
	for (i = 0; i < r->nr_cpus; i++)
		limits[i] = fair_limit(r, i, carried[i]);
	limits[MAX_HOST_CPUS] = seconds;
	each_vcpu(r, run_vcpu, limits);
}

static void move_balloon(struct replay *r, struct replayed_guest *g,
			 double seconds)
{
	double used = value_at(&g->used, r->now) + g->kernel;
	double by = BALLOON_RATE * seconds, to;

	replay_change_nodes(r, g);
	if (g->target > replay_capacity(g))
		g->target = replay_capacity(g);
	to = g->target;

	if (g->balloon != REPLAY_STUCK && g->balloon != REPLAY_NONE &&
	    g->balloon != REPLAY_SILENT && !g->paused) {
		/* what is in use cannot be given */
		if (to < g->actual && to < used + BALLOON_LEAVES)
			to = used + BALLOON_LEAVES < g->actual ?
			     used + BALLOON_LEAVES : g->actual;
		if (to > g->actual + by)
			to = g->actual + by;
		else if (to < g->actual - by)
			to = g->actual - by;
		g->actual = to;
	}
	if (used > g->actual) {
		g->short_kb_seconds += (used - g->actual) * seconds;
		used = g->actual;
	}
	if (used > g->touched)
		g->touched = used;
	if (g->touched > g->actual && g->backing != BACKING_FIXED)
		g->touched = g->actual;
}

/* What is left of the host's memory; less than 0 if guests took more. */
static double left_over(const struct replay *r)
{
	double left = r->memory - value_at(&r->taken, r->now);
	unsigned int i;

	for (i = 0; i < r->nr_guests; i++)
		if (is_there(r, &r->guests[i]))
			left -= r->guests[i].touched;
	return left;
}

static void advance(struct replay *r, double to)
{
	double step, left;
	unsigned int i;

	while (r->now < to) {
		step = to - r->now < 1 ? to - r->now : 1;
		run_vcpus(r, step);
		for (i = 0; i < r->nr_guests; i++)
			if (is_there(r, &r->guests[i]))
				move_balloon(r, &r->guests[i], step);
		left = left_over(r);
		if (left < 0)
			r->over_kb_seconds -= left * step;
		r->now += step;
	}
}

/* ---- what is seen of it */

static bool show_vcpus(const struct replayed_guest *from, struct guest *g, uint64_t ns)
{
	unsigned int i;

	if (!guest_set_vcpus(g, from->nr_vcpus, ns))
		return false;
	for (i = 0; i < from->nr_vcpus; i++)
		g->vcpus[i] = (struct seen_vcpu){
			.online = true,
			.has_delay = from->vcpus[i].has_delay,
			.run_ns = from->vcpus[i].run * SECOND,
			.delay_ns = from->vcpus[i].delay * SECOND,
			.may_run = from->vcpus[i].affinity,
			.affinity = from->vcpus[i].affinity,
			.bound = from->vcpus[i].bound,
		};
	return true;
}

static void show_memory(const struct replay *r, const struct replayed_guest *from,
			struct guest_memory *m)
{
	double used = value_at(&from->used, r->now);

	m->has_balloon = from->balloon != REPLAY_NONE;
	m->fixed = from->backing == BACKING_FIXED;
	m->shared = from->backing == BACKING_SHARED;
	m->maximum_kb = replay_capacity(from);
	m->actual_kb = from->actual;
	m->rss_kb = from->touched;
	if (from->balloon == REPLAY_NONE || from->balloon == REPLAY_SILENT)
		return;
	m->has_stats = true;
	m->stats_at = r->now + 1;
	m->available_kb = from->actual > from->kernel ?
			  from->actual - from->kernel : 1;
	if (from->balloon == REPLAY_ABSURD)
		m->available_kb = from->actual + from->kernel;
	if (from->balloon == REPLAY_OLD)
		return;
	m->has_usable = true;
	m->usable_kb = m->available_kb > used ? m->available_kb - used : 0;
}

static bool show_guest(const struct replay *r, unsigned int index,
		       struct snapshot *s)
{
	const struct replayed_guest *from = &r->guests[index];
	struct guest *g = &s->guests[s->nr_guests];

	if (!is_there(r, from))
		return true;
	snprintf(g->id, sizeof(g->id), "00000000-0000-0000-0000-%012u", index);
	g->name = strdup(from->name);
	g->running = !from->paused;
	g->shares = from->shares;
	s->nr_guests++;
	show_memory(r, from, &g->memory);
	return g->name && show_vcpus(from, g, s->ns) &&
	       replay_show_nodes(r, from, g);
}

/* What a host takes for available: memory that is shared looks like cache. */
static double available(const struct replay *r)
{
	double left = left_over(r);
	unsigned int i;

	for (i = 0; i < r->nr_guests; i++)
		if (is_there(r, &r->guests[i]) &&
		    r->guests[i].backing == BACKING_SHARED)
			left += r->guests[i].touched;
	return left > 0 ? left : 0;
}

static enum backend_status look(struct backend *backend, unsigned int what,
				struct snapshot **snapshot, struct why *why)
{
	struct replay *r = replay_of(backend);
	struct snapshot *s;
	unsigned int i;

	(void)what;
	if (r->now >= r->end)
		return BACKEND_OVER;
	s = snapshot_new(r->nr_cpus, r->nr_guests);
	if (s)
		s->ns = (r->now + 1) * SECOND;
	for (i = 0; s && i < r->nr_guests; i++)
		if (!show_guest(r, i, s)) {
			snapshot_free(s);
			s = NULL;
		}
	if (s && !replay_show_host_nodes(r, s)) {
		snapshot_free(s);
		s = NULL;
	}
	if (!s) {
		why_say(why, "%s", strerror(ENOMEM));
		return BACKEND_FAILED;
	}
	memcpy(s->cpus, r->cpus, r->nr_cpus * sizeof(*r->cpus));
	s->total_kb = r->memory;
	s->available_kb = available(r);
	s->shared_is_free = true;
	*snapshot = s;
	return BACKEND_OK;
}

/* A guest by its number, or NULL if it has gone */
static struct replayed_guest *find_guest(struct replay *r,
					 const struct guest *guest,
					 struct why *why)
{
	unsigned long index = strtoul(guest->id + GUEST_ID - 13, NULL, 10);

	if (index < r->nr_guests && is_there(r, &r->guests[index]))
		return &r->guests[index];
	why_say(why, "%s: it is not there any more", guest->name);
	return NULL;
}

static enum backend_status pin(struct backend *backend,
			       const struct guest *guest, unsigned int vcpu,
			       const cpu_set_t *cpus, struct why *why)
{
	struct replayed_guest *g = find_guest(replay_of(backend), guest, why);

	if (!g || vcpu >= g->nr_vcpus)
		return BACKEND_GONE;
	if (g->vcpus[vcpu].refuses) {
		why_say(why, "%s: it cannot be pinned", guest->name);
		return BACKEND_FAILED;
	}
	g->vcpus[vcpu].affinity = *cpus;
	if (g->signal)
		raise(SIGTERM);
	return BACKEND_OK;
}

static enum backend_status resize(struct backend *backend,
				  const struct guest *guest, uint64_t kb,
				  struct why *why)
{
	struct replayed_guest *g = find_guest(replay_of(backend), guest, why);

	if (!g)
		return BACKEND_GONE;
	g->target = kb < g->maximum ? kb : g->maximum;
	if (g->signal)
		raise(SIGTERM);
	return BACKEND_OK;
}

static enum backend_status set_nodes(struct backend *backend,
				     const struct guest *guest,
				     const uint64_t *kb, struct why *why)
{
	struct replayed_guest *g = find_guest(replay_of(backend), guest, why);
	enum backend_status status;

	if (!g)
		return BACKEND_GONE;
	status = replay_set_nodes(replay_of(backend), g, kb, why);
	if (g->signal)
		raise(SIGTERM);
	return status;
}

static enum backend_status withdraw(struct backend *backend,
				    const struct guest *guest, struct why *why)
{
	struct replayed_guest *g = find_guest(replay_of(backend), guest, why);

	if (!g)
		return BACKEND_GONE;
	replay_withdraw(g);
	return BACKEND_OK;
}

static void wait_on(struct backend *backend, uint64_t until_ns)
{
	advance(replay_of(backend), (double)until_ns / SECOND - 1);
}

static void close_replay(struct backend *backend)
{
	description_free(replay_of(backend));
}

static const struct backend_ops ops = {
	.look = look,
	.pin = pin,
	.resize = resize,
	.set_nodes = set_nodes,
	.withdraw = withdraw,
	.wait = wait_on,
	.close = close_replay,
};

/**
 * replay_shortage() - what guests have lacked until now
 * @backend: host that is described
 * @over: out: what they took that the host does not have, in the same unit
 *
 * Return: KiB times seconds.
 */
double replay_shortage(struct backend *backend, double *over)
{
	const struct replay *r = replay_of(backend);
	double sum = 0;
	unsigned int i;

	for (i = 0; i < r->nr_guests; i++)
		sum += r->guests[i].short_kb_seconds;
	*over = r->over_kb_seconds;
	return sum;
}

/**
 * replay_open() - a host that is described in a file
 * @path: file
 * @backend: out: the host
 * @why: out: what is wrong with it
 *
 * Return: BACKEND_OK or BACKEND_FAILED.
 */
enum backend_status replay_open(const char *path, struct backend **backend,
				struct why *why)
{
	struct replay *r = description_read(path, why);

	if (!r)
		return BACKEND_FAILED;
	r->backend.ops = &ops;
	*backend = &r->backend;
	return BACKEND_OK;
}
