// SPDX-License-Identifier: GPL-2.0-only
/* Reading the description of a host; docs/host.md has the format. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpulist.h"
#include "replay.h"
#include "shared.h"

#define MOST_KB		(UINT64_C(1) << 40)
#define MOST_SECONDS	1000000

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
		      const struct replayed_guest *g, struct replayed_vcpu *v,
		      struct why *why)
{
	double node = 0;

	if (!take(in, "node", 0, g->nr_nodes ? g->nr_nodes - 1 : 0, &node, why))
		return false;
	v->node = node;
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
	for (i = 0; json_object_is_type(o, json_type_string) && words[i]; i++)
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
	g->kernel = 40 * 1024;
	if (!take(in, "actual_kb", 1, g->maximum, &g->actual, why) ||
	    !take(in, "kernel_kb", 0, MOST_KB, &g->kernel, why) ||
	    !take_balloon(in, g, why))
		return false;
	g->target = g->actual;
	return take_curve(in, "used_kb", MOST_KB, &g->used, why);
}

/* A node of a guest, which has the physical node of the same number unless it says so */
static bool take_node(struct replay *r, struct json_object *in, unsigned int index,
		      struct replayed_guest *g, struct why *why)
{
	struct replayed_node *n = &g->nodes[index];
	double pnode = index;

	n->capacity = g->maximum / g->nr_nodes;
	if (!r->nr_nodes) {
		why_say(why, "guests with \"nodes\" are on a host with \"nodes\"");
		return false;
	}
	if (!take(in, "pnode", 0, r->nr_nodes - 1, &pnode, why) ||
	    !take(in, "capacity_kb", 1, MOST_KB, &n->capacity, why))
		return false;
	n->pnode = pnode;
	n->has = get_bool(in, "has", true);
	return true;
}

static bool take_others(struct json_object *in, double *others, struct why *why)
{
	struct json_object *o;

	if (!json_object_object_get_ex(in, "others", &o))
		return true;
	if (json_object_is_type(o, json_type_array) &&
	    json_object_array_length(o) == 2 &&
	    is_number(json_object_array_get_idx(o, 0), 0, MOST_SECONDS, &others[0]) &&
	    is_number(json_object_array_get_idx(o, 1), 0, MOST_SECONDS, &others[1]))
		return true;
	why_say(why, "\"others\" is [SECOND, SECOND], not %s",
		json_object_to_json_string(o));
	return false;
}

static bool take_nodes(struct replay *r, struct json_object *in,
		       struct replayed_guest *g, struct why *why)
{
	struct json_object *nodes = get_array(in, "nodes");
	double maximum = 0;
	unsigned int i;

	g->shrink = 10;
	g->expand = 2;
	g->keeps = get_bool(in, "keeps", false);
	g->has_demand = json_object_object_get_ex(in, "demand", NULL);
	if (!take(in, "shrink_s", 0, MOST_SECONDS, &g->shrink, why) ||
	    !take(in, "expand_s", 0, MOST_SECONDS, &g->expand, why) ||
	    !take_others(in, g->others, why) ||
	    !take_curve(in, "demand", MOST_SECONDS, &g->demand, why))
		return false;
	g->nr_nodes = nodes ? json_object_array_length(nodes) : 0;
	if (!g->nr_nodes)
		return true;
	g->nodes = calloc(g->nr_nodes, sizeof(*g->nodes));
	g->change.has = calloc(g->nr_nodes, sizeof(*g->change.has));
	for (i = 0; g->nodes && g->change.has && i < g->nr_nodes; i++) {
		if (!take_node(r, json_object_array_get_idx(nodes, i), i, g, why))
			return false;
		maximum += g->nodes[i].capacity;
	}
	g->maximum = maximum;
	g->actual = replay_capacity(g);
	return g->nodes && g->change.has;
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
	g->maximum = 1024 * 1024;
	if (!take(in, "maximum_kb", 1, MOST_KB, &g->maximum, why))
		return false;
	g->actual = g->maximum;
	if (!take_nodes(r, in, g, why))
		return false;
	for (i = 0; i < g->nr_vcpus; i++)
		if (!take_vcpu(r, json_object_array_get_idx(vcpus, i), g,
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

/* Memory of each physical node */
static bool take_host_nodes(struct replay *r, struct json_object *in,
			    struct why *why)
{
	struct json_object *list = get_array(in, "nodes");
	unsigned int i;

	r->nr_nodes = list ? json_object_array_length(list) : 0;
	if (!r->nr_nodes)
		return true;
	r->node_kb = calloc(r->nr_nodes, sizeof(*r->node_kb));
	for (i = 0; r->node_kb && i < r->nr_nodes; i++) {
		r->node_kb[i] = r->memory / r->nr_nodes;
		if (!take(json_object_array_get_idx(list, i), "memory_kb", 1,
			  MOST_KB, &r->node_kb[i], why))
			return false;
	}
	return r->node_kb;
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
	    !take_curve(in, "taken_kb", MOST_KB, &r->taken, why) ||
	    !take_host_nodes(r, in, why))
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

static void free_curve(struct curve *c)
{
	free(c->second);
	free(c->value);
}

/**
 * description_free() - free a described host
 * @r: host, as far as it was read
 */
void description_free(struct replay *r)
{
	unsigned int i, j;

	for (i = 0; i < r->nr_guests; i++) {
		free(r->guests[i].name);
		for (j = 0; r->guests[i].vcpus && j < r->guests[i].nr_vcpus; j++)
			free_curve(&r->guests[i].vcpus[j].load);
		free(r->guests[i].vcpus);
		free_curve(&r->guests[i].used);
		free_curve(&r->guests[i].demand);
		free(r->guests[i].nodes);
		free(r->guests[i].change.has);
	}
	free(r->guests);
	free_curve(&r->taken);
	free(r->node_kb);
	free(r->cpus);
	free(r);
}

/**
 * description_read() - read a described host
 * @path: file
 * @why: out: what is wrong with it
 *
 * Return: host for description_free(), without its operations; NULL if it is none.
 */
struct replay *description_read(const char *path, struct why *why)
{
	struct json_object *in = json_object_from_file(path);
	struct replay *r = calloc(1, sizeof(*r));
	struct why what = { "" };

	if (!in) {
		why_say(why, "cannot read a host from %s: %s", path,
			access(path, R_OK) ? strerror(errno) :
					     "it is not JSON; docs/host.md has the format");
		free(r);
		return NULL;
	}
	if (r && take_host(r, in, &what)) {
		json_object_put(in);
		return r;
	}
	why_say(why, "%s: %s", path,
		*what.text ? what.text : strerror(ENOMEM));
	json_object_put(in);
	if (r)
		description_free(r);
	return NULL;
}
