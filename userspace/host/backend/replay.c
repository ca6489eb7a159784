// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that is described in a file, with guests whose loads are known, by a clock that
 * does not wait. It does what a real one would: vCPUs on one physical CPU share it, a
 * balloon moves at its own pace, and what a guest was ever given is taken from the host.
 * docs/host.md has the format.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "cpulist.h"
#include "shared.h"

#define SECOND		UINT64_C(1000000000)
/* How fast a balloon moves, in KiB a second */
#define BALLOON_RATE	(512 * 1024)
/* What a balloon leaves free in a guest that has nothing else to give */
#define BALLOON_LEAVES	(8 * 1024)
#define MOST_KB		(UINT64_C(1) << 40)
#define MOST_SECONDS	1000000

/**
 * struct curve - something that changes with time, straight between its points
 * @count: how many points, one at least
 * @second: of each, ascending
 * @value: of each
 */
struct curve {
	unsigned int count;
	double *second;
	double *value;
};

/**
 * struct replayed_vcpu - a vCPU
 * @load: what it wants of a physical CPU, in percent
 * @affinity: where it may run
 * @bound: where it may be pinned to
 * @run: seconds that it has run
 * @delay: seconds that it has waited
 * @has_delay: whether that is told
 * @refuses: whether it cannot be pinned
 * @share: part of a physical CPU that it gets now
 * @cpu: where it runs now
 */
struct replayed_vcpu {
	struct curve load;
	cpu_set_t affinity;
	cpu_set_t bound;
	double run;
	double delay;
	bool has_delay;
	bool refuses;
	double share;
	unsigned int cpu;
};

/**
 * enum replayed_balloon - what is the matter with a balloon
 * @REPLAY_WORKS: nothing
 * @REPLAY_NONE: there is no device
 * @REPLAY_SILENT: there is no driver in the guest
 * @REPLAY_STUCK: it says how memory is, and does not move
 * @REPLAY_OLD: its driver does not say what is usable
 * @REPLAY_ABSURD: its driver says that there is more than it has
 */
enum replayed_balloon {
	REPLAY_WORKS,
	REPLAY_NONE,
	REPLAY_SILENT,
	REPLAY_STUCK,
	REPLAY_OLD,
	REPLAY_ABSURD,
};

/**
 * enum replayed_backing - what its memory is for the host
 * @BACKING_PRIVATE: its own
 * @BACKING_SHARED: shared, which the host takes for cache
 * @BACKING_FIXED: all there from the beginning, and never given back
 */
enum replayed_backing {
	BACKING_PRIVATE,
	BACKING_SHARED,
	BACKING_FIXED,
};

/**
 * struct replayed_guest - a guest
 * @name: name
 * @start: second at which it is there
 * @end: second at which it is not there any more
 * @paused: whether it is paused
 * @signal: whether a signal arrives when it is changed
 * @shares: its weight
 * @nr_vcpus: length of @vcpus
 * @vcpus: vCPUs
 * @balloon: what is the matter with it
 * @backing: what its memory is for the host
 * @maximum: KiB that it was built with
 * @actual: KiB that it has
 * @target: KiB that it was asked to have
 * @kernel: KiB that its kernel keeps for itself
 * @used: KiB that are in use besides
 * @touched: most KiB that it has used
 * @short_kb_seconds: what it lacked, KiB times seconds
 */
struct replayed_guest {
	char *name;
	double start, end;
	bool paused;
	bool signal;
	unsigned int shares;
	unsigned int nr_vcpus;
	struct replayed_vcpu *vcpus;
	enum replayed_balloon balloon;
	enum replayed_backing backing;
	double maximum, actual, target, kernel;
	struct curve used;
	double touched;
	double short_kb_seconds;
};

/**
 * struct replay - a described host
 * @backend: what others see of it
 * @now: second that it is there
 * @end: second at which it ends
 * @nr_cpus: how many physical CPUs
 * @cpus: physical CPUs
 * @memory: KiB of the host
 * @taken: of these, what is not for guests
 * @over_kb_seconds: what guests took that the host does not have, KiB times seconds
 * @nr_guests: how many
 * @guests: guests
 */
struct replay {
	struct backend backend;
	double now;
	double end;
	unsigned int nr_cpus;
	struct host_cpu *cpus;
	double memory;
	struct curve taken;
	double over_kb_seconds;
	unsigned int nr_guests;
	struct replayed_guest *guests;
};

static struct replay *replay_of(struct backend *backend)
{
	return (struct replay *)backend;
}

/* ---- reading the file */

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

static bool is_number(struct json_object *o, double least, double most,
		      double *value)
{
	if (!json_object_is_type(o, json_type_int) &&
	    !json_object_is_type(o, json_type_double))
		return false;
	*value = json_object_get_double(o);
	return *value >= least && *value <= most;
}

/* A number that may be missing */
static bool take(struct json_object *in, const char *key, double least,
		 double most, double *value, struct why *why)
{
	struct json_object *o;

	if (!json_object_object_get_ex(in, key, &o) ||
	    is_number(o, least, most, value))
		return true;
	why_say(why, "\"%s\" is a number from %.0f to %.0f, not %s", key, least,
		most, json_object_to_json_string(o));
	return false;
}

static bool make_curve(struct curve *c, unsigned int count)
{
	c->second = calloc(count, sizeof(*c->second));
	c->value = calloc(count, sizeof(*c->value));
	c->count = count;
	return c->second && c->value;
}

static bool take_points(struct json_object *o, double most, struct curve *c)
{
	unsigned int i, count = json_object_array_length(o);
	struct json_object *point;

	if (!count || !make_curve(c, count))
		return false;
	for (i = 0; i < count; i++) {
		point = json_object_array_get_idx(o, i);
		if (!json_object_is_type(point, json_type_array) ||
		    json_object_array_length(point) != 2 ||
		    !is_number(json_object_array_get_idx(point, 0), 0,
			       MOST_SECONDS, &c->second[i]) ||
		    !is_number(json_object_array_get_idx(point, 1), 0, most,
			       &c->value[i]) ||
		    (i && c->second[i] <= c->second[i - 1]))
			return false;
	}
	return true;
}

/* A number, or points [SECOND, NUMBER] */
static bool take_curve(struct json_object *in, const char *key, double most,
		       struct curve *c, struct why *why)
{
	struct json_object *o;
	double value = 0;

	if (!json_object_object_get_ex(in, key, &o) ||
	    is_number(o, 0, most, &value)) {
		if (!make_curve(c, 1))
			return false;
		c->value[0] = value;
		return true;
	}
	if (json_object_is_type(o, json_type_array) && take_points(o, most, c))
		return true;
	why_say(why, "\"%s\" is a number from 0 to %.0f, or a list of [SECOND, NUMBER], not %s",
		key, most, json_object_to_json_string(o));
	return false;
}

static void all_cpus(const struct replay *r, cpu_set_t *set)
{
	unsigned int i;

	CPU_ZERO(set);
	for (i = 0; i < r->nr_cpus; i++)
		CPU_SET(i, set);
}

/* A list such as "0-3"; all CPUs if it is missing */
static bool take_set(const struct replay *r, struct json_object *in,
		     const char *key, cpu_set_t *set, struct why *why)
{
	struct json_object *o;
	cpu_set_t all;

	all_cpus(r, &all);
	*set = all;
	if (!json_object_object_get_ex(in, key, &o))
		return true;
	if (json_object_is_type(o, json_type_string) &&
	    cpulist_parse(json_object_get_string(o), set) &&
	    cpulist_within(set, &all))
		return true;
	why_say(why, "\"%s\" is a list of physical CPUs such as \"0-3\", not %s",
		key, json_object_to_json_string(o));
	return false;
}

static bool get_bool(struct json_object *in, const char *key, bool otherwise)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) ?
	       json_object_get_boolean(o) : otherwise;
}

static struct json_object *get_array(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) &&
	       json_object_is_type(o, json_type_array) ? o : NULL;
}

static bool take_vcpu(struct replay *r, struct json_object *in,
		      struct replayed_vcpu *v, struct why *why)
{
	v->has_delay = get_bool(in, "delay", true);
	v->refuses = get_bool(in, "refuses", false);
	return take_curve(in, "load", 100, &v->load, why) &&
	       take_set(r, in, "cpus", &v->affinity, why) &&
	       take_set(r, in, "bound", &v->bound, why);
}

/* One of some words, which may be missing */
static bool take_word(struct json_object *in, const char *key,
		      const char *const *words, const char *all,
		      unsigned int *index, struct why *why)
{
	struct json_object *o;
	unsigned int i;

	*index = 0;
	if (!json_object_object_get_ex(in, key, &o))
		return true;
	for (i = 0; words[i]; i++)
		if (!strcmp(json_object_get_string(o), words[i])) {
			*index = i;
			return true;
		}
	why_say(why, "\"%s\" is %s, not %s", key, all, json_object_to_json_string(o));
	return false;
}

static bool take_balloon(struct json_object *in, struct replayed_guest *g,
			 struct why *why)
{
	static const char *const balloons[] = {
		"works", "none", "silent", "stuck", "old", "absurd", NULL,
	};
	static const char *const backings[] = {
		"private", "shared", "fixed", NULL,
	};
	unsigned int balloon, backing;

	if (!take_word(in, "balloon", balloons,
		       "works, none, silent, stuck, old or absurd", &balloon, why) ||
	    !take_word(in, "backing", backings, "private, shared or fixed",
		       &backing, why))
		return false;
	g->balloon = balloon;
	g->backing = backing;
	g->touched = backing == BACKING_FIXED ? g->actual : 0;
	return true;
}

static bool take_guest_memory(struct json_object *in, struct replayed_guest *g,
			      struct why *why)
{
	g->maximum = 1024 * 1024;
	g->kernel = 40 * 1024;
	if (!take(in, "maximum_kb", 1, MOST_KB, &g->maximum, why))
		return false;
	g->actual = g->maximum;
	if (!take(in, "actual_kb", 1, g->maximum, &g->actual, why) ||
	    !take(in, "kernel_kb", 0, MOST_KB, &g->kernel, why) ||
	    !take_balloon(in, g, why))
		return false;
	g->target = g->actual;
	return take_curve(in, "used_kb", MOST_KB, &g->used, why);
}

static bool take_guest(struct replay *r, struct json_object *in,
		       struct replayed_guest *g, struct why *why)
{
	struct json_object *o, *vcpus = get_array(in, "vcpus");
	double shares = 1;
	unsigned int i;

	g->end = MOST_SECONDS;
	if (!json_object_object_get_ex(in, "name", &o) ||
	    !json_object_is_type(o, json_type_string)) {
		why_say(why, "a guest has no \"name\"");
		return false;
	}
	g->name = strdup(json_object_get_string(o));
	g->paused = get_bool(in, "paused", false);
	g->signal = get_bool(in, "signal", false);
	g->nr_vcpus = vcpus ? json_object_array_length(vcpus) : 0;
	g->vcpus = calloc(g->nr_vcpus + 1, sizeof(*g->vcpus));
	if (!g->name || !g->vcpus ||
	    !take(in, "start", 0, MOST_SECONDS, &g->start, why) ||
	    !take(in, "end", 0, MOST_SECONDS, &g->end, why) ||
	    !take(in, "shares", 1, 1000000, &shares, why))
		return false;
	g->shares = shares;
	for (i = 0; i < g->nr_vcpus; i++)
		if (!take_vcpu(r, json_object_array_get_idx(vcpus, i),
			       &g->vcpus[i], why))
			return false;
	return take_guest_memory(in, g, why);
}

static bool take_cpu(struct json_object *in, struct host_cpu *cpu,
		     struct why *why)
{
	double node = cpu->node, core = cpu->core;

	if (!take(in, "node", 0, 1023, &node, why) ||
	    !take(in, "core", 0, MAX_HOST_CPUS, &core, why))
		return false;
	cpu->node = node;
	cpu->core = core;
	cpu->online = get_bool(in, "online", true);
	return true;
}

/* A number of physical CPUs, or a list of them */
static bool take_cpus(struct replay *r, struct json_object *in, struct why *why)
{
	struct json_object *list = get_array(in, "cpus");
	double count = 1;
	unsigned int i;

	if (list)
		count = json_object_array_length(list);
	else if (!take(in, "cpus", 1, MAX_HOST_CPUS, &count, why))
		return false;
	if (count < 1 || count > MAX_HOST_CPUS) {
		why_say(why, "a host has 1 to %d physical CPUs", MAX_HOST_CPUS);
		return false;
	}
	r->nr_cpus = count;
	r->cpus = calloc(r->nr_cpus, sizeof(*r->cpus));
	for (i = 0; r->cpus && i < r->nr_cpus; i++) {
		r->cpus[i] = (struct host_cpu){ .online = true, .core = i };
		if (list && !take_cpu(json_object_array_get_idx(list, i),
				      &r->cpus[i], why))
			return false;
	}
	return r->cpus;
}

static bool take_host(struct replay *r, struct json_object *in, struct why *why)
{
	struct json_object *guests = get_array(in, "guests");
	unsigned int i, count = guests ? json_object_array_length(guests) : 0;

	r->end = 60;
	r->memory = 8 << 20;
	if (!take_cpus(r, in, why) ||
	    !take(in, "seconds", 1, MOST_SECONDS, &r->end, why) ||
	    !take(in, "memory_kb", 1, MOST_KB, &r->memory, why) ||
	    !take_curve(in, "taken_kb", MOST_KB, &r->taken, why))
		return false;
	r->guests = calloc(count + 1, sizeof(*r->guests));
	for (i = 0; r->guests && i < count; i++) {
		r->nr_guests++;
		if (!take_guest(r, json_object_array_get_idx(guests, i),
				&r->guests[i], why))
			return false;
	}
	return r->guests;
}

/* ---- what happens */

static bool is_there(const struct replay *r, const struct replayed_guest *g)
{
	return g->start <= r->now && r->now < g->end;
}

static double wanted(const struct replay *r, const struct replayed_guest *g,
		     const struct replayed_vcpu *v)
{
	return g->paused ? 0 : value_at(&v->load, r->now) / 100;
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
	double by = BALLOON_RATE * seconds, to = g->target;

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

static bool show_vcpus(const struct replayed_guest *from, struct guest *g)
{
	unsigned int i;

	if (!guest_set_vcpus(g, from->nr_vcpus))
		return false;
	for (i = 0; i < from->nr_vcpus; i++)
		g->vcpus[i] = (struct seen_vcpu){
			.online = true,
			.has_delay = from->vcpus[i].has_delay,
			.run_ns = from->vcpus[i].run * SECOND,
			.delay_ns = from->vcpus[i].delay * SECOND,
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
	m->maximum_kb = from->maximum;
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
	return g->name && show_vcpus(from, g);
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
	for (i = 0; s && i < r->nr_guests; i++)
		if (!show_guest(r, i, s)) {
			snapshot_free(s);
			s = NULL;
		}
	if (!s) {
		why_say(why, "%s", strerror(ENOMEM));
		return BACKEND_FAILED;
	}
	memcpy(s->cpus, r->cpus, r->nr_cpus * sizeof(*r->cpus));
	s->ns = (r->now + 1) * SECOND;
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

static void wait_on(struct backend *backend, uint64_t until_ns)
{
	advance(replay_of(backend), (double)until_ns / SECOND - 1);
}

static void free_curve(struct curve *c)
{
	free(c->second);
	free(c->value);
}

static void close_replay(struct backend *backend)
{
	struct replay *r = replay_of(backend);
	unsigned int i, j;

	for (i = 0; i < r->nr_guests; i++) {
		free(r->guests[i].name);
		for (j = 0; r->guests[i].vcpus && j < r->guests[i].nr_vcpus; j++)
			free_curve(&r->guests[i].vcpus[j].load);
		free(r->guests[i].vcpus);
		free_curve(&r->guests[i].used);
	}
	free(r->guests);
	free_curve(&r->taken);
	free(r->cpus);
	free(r);
}

static const struct backend_ops ops = {
	.look = look,
	.pin = pin,
	.resize = resize,
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
 * replay_open() - read a description of a host
 * @backend: out: the host
 * @why: out: what is wrong with it
 *
 * Return: BACKEND_OK or BACKEND_FAILED.
 */
enum backend_status replay_open(const char *path, struct backend **backend,
				struct why *why)
{
	struct json_object *in = json_object_from_file(path);
	struct replay *r = calloc(1, sizeof(*r));
	struct why what = { "" };

	if (!in) {
		why_say(why, "cannot read a host from %s: %s", path,
			access(path, R_OK) ? strerror(errno) :
					     "it is not JSON; docs/host.md has the format");
		free(r);
		return BACKEND_FAILED;
	}
	if (r && take_host(r, in, &what)) {
		json_object_put(in);
		r->backend.ops = &ops;
		*backend = &r->backend;
		return BACKEND_OK;
	}
	why_say(why, "%s: %s", path,
		*what.text ? what.text : strerror(ENOMEM));
	json_object_put(in);
	if (r)
		close_replay(&r->backend);
	return BACKEND_FAILED;
}
