// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was seen of a host, as lines of JSON, and the same seen again. Changes have no effect on
 * what was recorded: it shows what would have been decided.
 */
#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "cpulist.h"
#include "shared.h"

#define MOST_GUESTS	100000
#define MOST_VCPUS	10000
#define MOST_NODES	1024

static struct json_object *cpus_json(const struct snapshot *s)
{
	struct json_object *array = json_object_new_array(), *o;
	unsigned int i;

	for (i = 0; i < s->nr_cpus; i++) {
		o = json_object_new_object();
		json_object_object_add(o, "online",
				       json_object_new_boolean(s->cpus[i].online));
		json_object_object_add(o, "node",
				       json_object_new_int(s->cpus[i].node));
		json_object_object_add(o, "core", json_u64(s->cpus[i].core));
		json_object_array_add(array, o);
	}
	return array;
}

static void add_set(struct json_object *o, const char *key, const cpu_set_t *set)
{
	char *text = cpulist_text(set);

	if (text && CPU_COUNT(set))
		json_object_object_add(o, key, json_object_new_string(text));
	free(text);
}

static struct json_object *vcpus_json(const struct guest *g)
{
	struct json_object *array = json_object_new_array(), *o;
	const struct seen_vcpu *v;
	unsigned int i;

	for (i = 0; i < g->nr_vcpus; i++) {
		v = &g->vcpus[i];
		o = json_object_new_object();
		json_object_object_add(o, "online",
				       json_object_new_boolean(v->online));
		if (g->nr_nodes)
			json_object_object_add(o, "node", json_u64(v->node));
		json_object_object_add(o, "run_ns", json_u64(v->run_ns));
		if (v->has_delay)
			json_object_object_add(o, "delay_ns",
					       json_u64(v->delay_ns));
		add_set(o, "affinity", &v->affinity);
		if (!CPU_EQUAL(&v->may_run, &v->affinity))
			add_set(o, "may_run", &v->may_run);
		add_set(o, "bound", &v->bound);
		json_object_array_add(array, o);
	}
	return array;
}

static struct json_object *memory_json(const struct guest_memory *m)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "balloon",
			       json_object_new_boolean(m->has_balloon));
	json_object_object_add(o, "autodeflate",
			       json_object_new_boolean(m->autodeflate));
	json_object_object_add(o, "fixed", json_object_new_boolean(m->fixed));
	json_object_object_add(o, "shared", json_object_new_boolean(m->shared));
	json_object_object_add(o, "maximum_kb", json_u64(m->maximum_kb));
	json_object_object_add(o, "actual_kb", json_u64(m->actual_kb));
	json_object_object_add(o, "rss_kb", json_u64(m->rss_kb));
	if (m->knows_end) {
		json_object_object_add(o, "changing",
				       json_object_new_boolean(m->changing));
		json_object_object_add(o, "refused",
				       json_object_new_boolean(m->refused));
	}
	if (m->advice)
		json_object_object_add(o, "advice", json_text(m->advice));
	if (!m->has_stats)
		return o;
	json_object_object_add(o, "available_kb", json_u64(m->available_kb));
	if (m->has_usable)
		json_object_object_add(o, "usable_kb", json_u64(m->usable_kb));
	json_object_object_add(o, "stats_at", json_u64(m->stats_at));
	return o;
}

static struct json_object *nodes_json(const struct guest *g)
{
	struct json_object *array = json_object_new_array(), *o;
	const struct guest_node *n;
	unsigned int i;

	for (i = 0; i < g->nr_nodes; i++) {
		n = &g->nodes[i];
		o = json_object_new_object();
		json_object_object_add(o, "pnode", json_object_new_int(n->pnode));
		json_object_object_add(o, "capacity_kb", json_u64(n->capacity_kb));
		json_object_object_add(o, "target_kb", json_u64(n->target_kb));
		json_object_object_add(o, "current_kb", json_u64(n->current_kb));
		if (n->has_report) {
			json_object_object_add(o, "used_kb", json_u64(n->used_kb));
			json_object_object_add(o, "free_kb", json_u64(n->free_kb));
		}
		json_object_array_add(array, o);
	}
	return array;
}

static void add_nodes(struct json_object *o, const struct guest *g)
{
	if (!g->nr_nodes)
		return;
	json_object_object_add(o, "nodes", nodes_json(g));
	json_object_object_add(o, "change", json_u64(g->change));
	json_object_object_add(o, "change_end", json_u64(g->change_end));
	if (g->said)
		json_object_object_add(o, "said", json_text(g->said));
}

static struct json_object *guests_json(const struct snapshot *s)
{
	struct json_object *array = json_object_new_array(), *o;
	const struct guest *g;
	unsigned int i;

	for (i = 0; i < s->nr_guests; i++) {
		g = &s->guests[i];
		o = json_object_new_object();
		json_object_object_add(o, "id", json_object_new_string(g->id));
		json_object_object_add(o, "name", json_text(g->name));
		json_object_object_add(o, "running",
				       json_object_new_boolean(g->running));
		json_object_object_add(o, "untouched",
				       json_object_new_boolean(g->untouched));
		json_object_object_add(o, "shares", json_u64(g->shares));
		json_object_object_add(o, "vcpus", vcpus_json(g));
		if (g->vcpus_ns != s->ns)
			json_object_object_add(o, "vcpus_ns", json_u64(g->vcpus_ns));
		if (g->vcpus_unsure_ns)
			json_object_object_add(o, "vcpus_unsure_ns",
					       json_u64(g->vcpus_unsure_ns));
		json_object_object_add(o, "memory", memory_json(&g->memory));
		add_nodes(o, g);
		json_object_array_add(array, o);
	}
	return array;
}

static struct json_object *host_nodes_json(const struct snapshot *s)
{
	struct json_object *array = json_object_new_array(), *o;
	unsigned int i;

	for (i = 0; i < s->nr_nodes; i++) {
		o = json_object_new_object();
		json_object_object_add(o, "total_kb", json_u64(s->nodes[i].total_kb));
		json_object_object_add(o, "free_kb", json_u64(s->nodes[i].free_kb));
		json_object_array_add(array, o);
	}
	return array;
}

/* Half of a line would be no line of a record: what is written later follows on whole ones. */
static void drop_half(FILE *f, off_t whole)
{
	int why = errno;

	__fpurge(f);
	if (whole >= 0 && !ftruncate(fileno(f), whole))
		fseeko(f, whole, SEEK_SET);
	clearerr(f);
	errno = why;
}

/**
 * record_look() - record what was seen
 * @f: file
 * @s: snapshot
 * @decided: what was decided by it; NULL if that is not to be in the record
 *
 * Return: false if it could not be written, for which errno says why; then nothing of it is.
 */
bool record_look(FILE *f, const struct snapshot *s,
		 struct json_object *decided)
{
	struct json_object *o = json_object_new_object();
	off_t before = ftello(f);
	bool done;

	json_object_object_add(o, "ns", json_u64(s->ns));
	json_object_object_add(o, "total_kb", json_u64(s->total_kb));
	json_object_object_add(o, "available_kb", json_u64(s->available_kb));
	json_object_object_add(o, "shared_is_free",
			       json_object_new_boolean(s->shared_is_free));
	json_object_object_add(o, "cpus", cpus_json(s));
	if (s->nr_nodes)
		json_object_object_add(o, "nodes", host_nodes_json(s));
	json_object_object_add(o, "guests", guests_json(s));
	if (decided)
		json_object_object_add(o, "decided", json_object_get(decided));
	done = fprintf(f, "%s\n",
		       json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN)) > 0 &&
	       !fflush(f);
	if (!done)
		drop_half(f, before);
	json_object_put(o);
	return done;
}

/* ---- the same seen again */

/**
 * struct record - a recorded host
 * @backend: what others see of it
 * @f: file
 * @line: number of the line read last
 */
struct record {
	struct backend backend;
	FILE *f;
	unsigned int line;
};

static uint64_t get_u64(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) ? json_object_get_uint64(o) : 0;
}

static bool get_bool(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) && json_object_get_boolean(o);
}

/* A copy; NULL if it is not there */
static char *get_text(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) && o ?
	       strdup(json_object_get_string(o)) : NULL;
}

static bool has(struct json_object *in, const char *key)
{
	return json_object_object_get_ex(in, key, NULL);
}

/* How long an array is; one that is missing, or is none, has nothing in it. */
static unsigned int get_array(struct json_object *in, const char *key,
			      struct json_object **array)
{
	if (!json_object_object_get_ex(in, key, array) ||
	    !json_object_is_type(*array, json_type_array))
		return 0;
	return json_object_array_length(*array);
}

static bool take_set(struct json_object *in, const char *key, cpu_set_t *set)
{
	struct json_object *o;

	CPU_ZERO(set);
	if (!json_object_object_get_ex(in, key, &o))
		return true;
	return json_object_is_type(o, json_type_string) &&
	       cpulist_parse(json_object_get_string(o), set);
}

/* Where it is not said when they were seen, they were so with the rest. */
static bool take_vcpus(struct json_object *in, struct guest *g, uint64_t ns)
{
	struct json_object *array, *o;
	unsigned int i, count = get_array(in, "vcpus", &array);

	if (has(in, "vcpus_ns"))
		ns = get_u64(in, "vcpus_ns");
	if (count > MOST_VCPUS || !guest_set_vcpus(g, count, ns))
		return false;
	g->vcpus_unsure_ns = get_u64(in, "vcpus_unsure_ns");
	for (i = 0; i < count; i++) {
		o = json_object_array_get_idx(array, i);
		g->vcpus[i].online = get_bool(o, "online");
		g->vcpus[i].node = get_u64(o, "node");
		g->vcpus[i].run_ns = get_u64(o, "run_ns");
		g->vcpus[i].has_delay = has(o, "delay_ns");
		g->vcpus[i].delay_ns = get_u64(o, "delay_ns");
		if (!take_set(o, "affinity", &g->vcpus[i].affinity) ||
		    !take_set(o, has(o, "may_run") ? "may_run" : "affinity",
			      &g->vcpus[i].may_run) ||
		    !take_set(o, "bound", &g->vcpus[i].bound))
			return false;
	}
	return true;
}

static void take_memory(struct json_object *in, struct guest_memory *m)
{
	m->advice = get_text(in, "advice");
	m->knows_end = has(in, "changing");
	m->changing = get_bool(in, "changing");
	m->refused = get_bool(in, "refused");
	m->has_balloon = get_bool(in, "balloon");
	m->autodeflate = get_bool(in, "autodeflate");
	m->fixed = get_bool(in, "fixed");
	m->shared = get_bool(in, "shared");
	m->maximum_kb = get_u64(in, "maximum_kb");
	m->actual_kb = get_u64(in, "actual_kb");
	m->rss_kb = get_u64(in, "rss_kb");
	m->has_stats = has(in, "stats_at");
	m->available_kb = get_u64(in, "available_kb");
	m->has_usable = has(in, "usable_kb");
	m->usable_kb = get_u64(in, "usable_kb");
	m->stats_at = get_u64(in, "stats_at");
}

static int get_node(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) ? json_object_get_int(o) :
							NODE_UNKNOWN;
}

/* A number of an enum, up to the last one; what is none is the first. */
static unsigned int get_enum(struct json_object *in, const char *key,
			     unsigned int last)
{
	uint64_t value = get_u64(in, key);

	return value <= last ? value : 0;
}

static bool take_nodes(struct json_object *in, struct guest *g)
{
	struct json_object *array, *o;
	unsigned int i, count = get_array(in, "nodes", &array);
	struct guest_node *n;

	if (!count)
		return true;
	if (count > MOST_NODES || !guest_set_nodes(g, count))
		return false;
	for (i = 0; i < count; i++) {
		o = json_object_array_get_idx(array, i);
		n = &g->nodes[i];
		n->pnode = get_node(o, "pnode");
		n->capacity_kb = get_u64(o, "capacity_kb");
		n->target_kb = get_u64(o, "target_kb");
		n->current_kb = get_u64(o, "current_kb");
		n->has_report = has(o, "used_kb") && has(o, "free_kb");
		n->used_kb = get_u64(o, "used_kb");
		n->free_kb = get_u64(o, "free_kb");
	}
	g->change = get_enum(in, "change", CHANGE_OTHERS);
	g->change_end = get_enum(in, "change_end", END_REPLACED);
	g->said = get_text(in, "said");
	return true;
}

static bool take_guest(struct json_object *in, struct guest *g, uint64_t ns)
{
	struct json_object *id, *name, *memory;

	if (!json_object_object_get_ex(in, "id", &id) ||
	    !json_object_object_get_ex(in, "name", &name) ||
	    !json_object_is_type(id, json_type_string) ||
	    !json_object_is_type(name, json_type_string) ||
	    json_object_get_string_len(id) >= GUEST_ID)
		return false;
	strcpy(g->id, json_object_get_string(id));
	g->name = strdup(json_object_get_string(name));
	g->running = get_bool(in, "running");
	g->untouched = get_bool(in, "untouched");
	g->shares = get_u64(in, "shares");
	if (json_object_object_get_ex(in, "memory", &memory))
		take_memory(memory, &g->memory);
	return g->name && take_vcpus(in, g, ns) && take_nodes(in, g);
}

static bool take_host_nodes(struct json_object *in, struct snapshot *s)
{
	struct json_object *array, *o;
	unsigned int i, count = get_array(in, "nodes", &array);

	if (!count)
		return true;
	if (count > MOST_NODES || !snapshot_set_nodes(s, count))
		return false;
	for (i = 0; i < count; i++) {
		o = json_object_array_get_idx(array, i);
		s->nodes[i].total_kb = get_u64(o, "total_kb");
		s->nodes[i].free_kb = get_u64(o, "free_kb");
	}
	return true;
}

static struct snapshot *take_snapshot(struct json_object *in)
{
	struct json_object *cpus, *guests, *o;
	unsigned int nr_cpus = get_array(in, "cpus", &cpus);
	unsigned int nr_guests = get_array(in, "guests", &guests), i;
	struct snapshot *s;

	if (!nr_cpus || nr_cpus > MAX_HOST_CPUS || nr_guests > MOST_GUESTS)
		return NULL;
	s = snapshot_new(nr_cpus, nr_guests);
	if (!s)
		return NULL;
	s->ns = get_u64(in, "ns");
	s->total_kb = get_u64(in, "total_kb");
	s->available_kb = get_u64(in, "available_kb");
	s->shared_is_free = get_bool(in, "shared_is_free");
	for (i = 0; i < nr_cpus; i++) {
		o = json_object_array_get_idx(cpus, i);
		s->cpus[i].online = get_bool(o, "online");
		s->cpus[i].core = get_u64(o, "core");
		s->cpus[i].node = get_node(o, "node");
	}
	if (!take_host_nodes(in, s)) {
		snapshot_free(s);
		return NULL;
	}
	for (i = 0; i < nr_guests; i++) {
		s->nr_guests++;
		if (take_guest(json_object_array_get_idx(guests, i),
			       &s->guests[i], s->ns))
			continue;
		snapshot_free(s);
		return NULL;
	}
	return s;
}

static enum backend_status look(struct backend *backend, unsigned int what,
				struct snapshot **snapshot, struct why *why)
{
	struct record *r = (struct record *)backend;
	struct json_object *in;
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	(void)what;
	length = getline(&line, &size, r->f);
	/* who records may have been killed as it wrote, or is just writing */
	if (length > 0 && line[length - 1] != '\n')
		error("the last line of what was recorded is cut off, and left out");
	if (length <= 0 || line[length - 1] != '\n') {
		free(line);
		return BACKEND_OVER;
	}
	r->line++;
	in = json_tokener_parse(line);
	*snapshot = in ? take_snapshot(in) : NULL;
	json_object_put(in);
	free(line);
	if (*snapshot)
		return BACKEND_OK;
	why_say(why, "line %u of what was recorded is not what was seen of a host",
		r->line);
	return BACKEND_FAILED;
}

static enum backend_status pin(struct backend *backend,
			       const struct guest *guest, unsigned int vcpu,
			       const cpu_set_t *cpus, struct why *why)
{
	(void)backend;
	(void)guest;
	(void)vcpu;
	(void)cpus;
	(void)why;
	return BACKEND_OK;
}

static enum backend_status resize(struct backend *backend,
				  const struct guest *guest, uint64_t kb,
				  struct why *why)
{
	(void)backend;
	(void)guest;
	(void)kb;
	(void)why;
	return BACKEND_OK;
}

static enum backend_status set_nodes(struct backend *backend,
				     const struct guest *guest,
				     const uint64_t *kb, struct why *why)
{
	(void)backend;
	(void)guest;
	(void)kb;
	(void)why;
	return BACKEND_OK;
}

static enum backend_status withdraw(struct backend *backend,
				    const struct guest *guest, struct why *why)
{
	(void)backend;
	(void)guest;
	(void)why;
	return BACKEND_OK;
}

static void wait_not(struct backend *backend, uint64_t until_ns)
{
	(void)backend;
	(void)until_ns;
}

static void close_record(struct backend *backend)
{
	struct record *r = (struct record *)backend;

	fclose(r->f);
	free(r);
}

static const struct backend_ops ops = {
	.look = look,
	.pin = pin,
	.resize = resize,
	.set_nodes = set_nodes,
	.withdraw = withdraw,
	.wait = wait_not,
	.close = close_record,
};

/**
 * record_open() - see a host again that was recorded
 * @path: file
 * @backend: out: the host
 * @why: out: why not
 *
 * Return: BACKEND_OK or BACKEND_FAILED.
 */
enum backend_status record_open(const char *path, struct backend **backend,
				struct why *why)
{
	struct record *r = calloc(1, sizeof(*r));

	if (r)
		r->f = fopen(path, "re");
	if (!r || !r->f) {
		why_say(why, "cannot read a record from %s: %s", path,
			strerror(errno));
		free(r);
		return BACKEND_FAILED;
	}
	r->backend.ops = &ops;
	*backend = &r->backend;
	return BACKEND_OK;
}
