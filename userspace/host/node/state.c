// SPDX-License-Identifier: GPL-2.0-only
/*
 * What outlives the program: what changes cost, what guests used, which node is on its way,
 * and the last decisions. What is read is bounded, and a file that makes no sense is left out and
 * said.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node.h"

#define SECOND		1e9
#define VERSION		1
#define MOST_BYTES	(4 * 1024 * 1024)
#define MOST_LESSONS	1000
/* Seconds, CPUs, or 10 TiB in KiB; what is more is not believed. */
#define MOST_NUMBER	1e10

/**
 * lesson_of() - what was learned of a guest
 * @name: its name
 * @ns: time
 *
 * Where there are too many, what was of use longest ago is forgotten.
 *
 * Return: lesson, until the next call; NULL if there is no memory.
 */
struct lesson *lesson_of(const char *name, uint64_t ns)
{
	struct lesson *all = node_state.lessons, *oldest = NULL;
	unsigned int i;

	for (i = 0; i < node_state.nr_lessons; i++) {
		if (!strcmp(all[i].name, name)) {
			all[i].used_ns = ns;
			return &all[i];
		}
		if (!oldest || all[i].used_ns < oldest->used_ns)
			oldest = &all[i];
	}
	if (node_state.nr_lessons >= MOST_LESSONS) {
		free(oldest->name);
		*oldest = all[--node_state.nr_lessons];
	}
	all = realloc(all, (node_state.nr_lessons + 1) * sizeof(*all));
	if (!all)
		return NULL;
	node_state.lessons = all;
	all += node_state.nr_lessons;
	*all = (struct lesson){ .name = strdup(name), .used_ns = ns };
	if (!all->name)
		return NULL;
	node_state.nr_lessons++;
	return all;
}

/**
 * state_forget() - forget all of it
 */
void state_forget(void)
{
	unsigned int i;

	for (i = 0; i < node_state.nr_lessons; i++)
		free(node_state.lessons[i].name);
	free(node_state.lessons);
	free(node_state.move.from);
	free(node_state.move.to);
	json_object_put(node_state.decisions);
	memset(&node_state, 0, sizeof(node_state));
}

/* ---- written: times as seconds from or until now, as clocks begin anew */

static void add_number(struct json_object *o, const char *key, double value)
{
	struct json_object *number = json_object_new_double(value);

	json_object_set_serializer(number, json_object_double_to_json_string,
				   "%.3f", NULL);
	json_object_object_add(o, key, number);
}

static struct json_object *lessons_json(uint64_t ns)
{
	struct json_object *all = json_object_new_array(), *o;
	const struct lesson *l;
	unsigned int i;

	for (i = 0; i < node_state.nr_lessons; i++) {
		l = &node_state.lessons[i];
		o = json_object_new_object();
		json_object_object_add(o, "guest", json_text(l->name));
		add_number(o, "shrink_s", l->shrink_s);
		add_number(o, "expand_s", l->expand_s);
		add_number(o, "rest_s", l->rest_s);
		if (l->rests_until_ns > ns)
			add_number(o, "rests_s", (l->rests_until_ns - ns) / SECOND);
		add_number(o, "used_s_ago", (ns - l->used_ns) / SECOND);
		if (l->appetite.has)
			add_number(o, "cpus", l->appetite.cpus);
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *rests_json(uint64_t ns)
{
	struct json_object *all = json_object_new_array(), *o;
	unsigned int i;

	for (i = 0; i < MOST_HOST_NODES; i++) {
		if (node_state.rests_until_ns[i] <= ns)
			continue;
		o = json_object_new_object();
		json_object_object_add(o, "node", json_u64(i));
		add_number(o, "s", (node_state.rests_until_ns[i] - ns) / SECOND);
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *move_json(uint64_t ns)
{
	const struct node_move *m = &node_state.move;
	struct json_object *o;

	if (m->phase == MOVE_NONE)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "phase",
			       json_text(m->phase == MOVE_LEAVE ? "leave" : "come"));
	json_object_object_add(o, "node", json_u64(m->node));
	json_object_object_add(o, "from", json_text(m->from));
	json_object_object_add(o, "to", json_text(m->to));
	json_object_object_add(o, "asked", json_object_new_boolean(m->asked));
	json_object_object_add(o, "gave_kb", json_u64(m->gave_kb));
	add_number(o, "phase_s_ago", (ns - m->phase_ns) / SECOND);
	add_number(o, "began_s_ago", (ns - m->began_ns) / SECOND);
	return o;
}

static struct json_object *state_json(uint64_t ns)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "version", json_u64(VERSION));
	json_object_object_add(o, "time", json_object_new_int64(time(NULL)));
	json_object_object_add(o, "learned", lessons_json(ns));
	json_object_object_add(o, "rests", rests_json(ns));
	json_object_object_add(o, "move", move_json(ns));
	json_object_object_add(o, "decisions",
			       node_state.decisions ?
				       json_object_get(node_state.decisions) :
				       json_object_new_array());
	return o;
}

/**
 * state_save() - write it down, if there is a file for it
 * @ns: time
 *
 * What goes wrong is said once, until it can be written again.
 */
void state_save(uint64_t ns)
{
	static bool said;
	struct json_object *o;
	struct beside b;
	bool done;

	if (!node_settings.state || settings.dry_run)
		return;
	o = state_json(ns);
	done = beside_begin(&b, node_settings.state);
	if (done) {
		fputs(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY), b.f);
		/* it is to be there also if the machine goes down */
		done = beside_end(&b, !fflush(b.f) && !fsync(fileno(b.f)));
	}
	if (!done && !said)
		error("cannot write %s: %s; what was learned is lost at the end",
		      node_settings.state, b.why);
	said = !done;
	json_object_put(o);
}

/* ---- read again */

/* A number of seconds, or of CPUs, within bounds; 0 if it is none */
static double get_number(struct json_object *in, const char *key)
{
	struct json_object *o;
	double value = 0;

	if (json_object_object_get_ex(in, key, &o))
		value = json_object_get_double(o);
	return isfinite(value) && value >= 0 && value <= MOST_NUMBER ? value : 0;
}

static const char *get_text(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) &&
	       json_object_is_type(o, json_type_string) ?
		       json_object_get_string(o) : NULL;
}

static bool get_node(struct json_object *in, unsigned int *node)
{
	struct json_object *o;
	int64_t value;

	if (!json_object_object_get_ex(in, "node", &o) ||
	    !json_object_is_type(o, json_type_int))
		return false;
	value = json_object_get_int64(o);
	*node = value;
	return value >= 0 && value < MOST_HOST_NODES;
}

static struct json_object *get_array(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) &&
	       json_object_is_type(o, json_type_array) ? o : NULL;
}

static size_t length_of(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

/* A time so many seconds ago; the clock may not be that old */
static uint64_t ago(uint64_t ns, double seconds)
{
	return seconds * SECOND < ns ? ns - (uint64_t)(seconds * SECOND) : 0;
}

static bool take_lessons(struct json_object *all, uint64_t ns, double passed_s)
{
	struct json_object *o;
	struct lesson *l;
	unsigned int i;
	double rests;

	for (i = 0; i < length_of(all) && i < MOST_LESSONS; i++) {
		o = json_object_array_get_idx(all, i);
		if (!get_text(o, "guest"))
			return false;
		l = lesson_of(get_text(o, "guest"), ns);
		if (!l)
			return false;
		l->shrink_s = get_number(o, "shrink_s");
		l->expand_s = get_number(o, "expand_s");
		l->rest_s = get_number(o, "rest_s");
		rests = get_number(o, "rests_s") - passed_s;
		if (rests > 0 && rests <= l->rest_s)
			l->rests_until_ns = ns + rests * SECOND;
		l->used_ns = ago(ns, get_number(o, "used_s_ago"));
		l->appetite.has = json_object_object_get_ex(o, "cpus", NULL);
		l->appetite.cpus = get_number(o, "cpus");
	}
	return true;
}

/* No node rests longer than it would if it had come now. */
static bool take_rests(struct json_object *all, uint64_t ns, double passed_s)
{
	struct json_object *o;
	unsigned int i, node;
	double seconds;

	for (i = 0; i < length_of(all); i++) {
		o = json_object_array_get_idx(all, i);
		if (!get_node(o, &node))
			return false;
		seconds = get_number(o, "s") - passed_s;
		if (seconds > node_rules.cooldown_s)
			seconds = node_rules.cooldown_s;
		if (seconds > 0)
			node_state.rests_until_ns[node] = ns + seconds * SECOND;
	}
	return true;
}

static bool take_move(struct json_object *in, uint64_t ns)
{
	struct node_move *m = &node_state.move;
	const char *phase = in ? get_text(in, "phase") : NULL;
	struct json_object *asked;

	if (!in)
		return true;
	if (!phase || !get_node(in, &m->node) || !get_text(in, "from") ||
	    !get_text(in, "to") ||
	    (strcmp(phase, "leave") && strcmp(phase, "come")))
		return false;
	m->from = strdup(get_text(in, "from"));
	m->to = strdup(get_text(in, "to"));
	if (!m->from || !m->to)
		return false;
	m->asked = json_object_object_get_ex(in, "asked", &asked) &&
		   json_object_get_boolean(asked);
	m->gave_kb = get_number(in, "gave_kb");
	m->phase_ns = ago(ns, get_number(in, "phase_s_ago"));
	m->began_ns = ago(ns, get_number(in, "began_s_ago"));
	m->phase = strcmp(phase, "leave") ? MOVE_COME : MOVE_LEAVE;
	return true;
}

static void take_decisions(struct json_object *all)
{
	size_t count = length_of(all), i;
	struct json_object *o;

	node_state.decisions = json_object_new_array();
	for (i = count > MOST_DECISIONS ? count - MOST_DECISIONS : 0; i < count; i++) {
		o = json_object_array_get_idx(all, i);
		if (json_object_is_type(o, json_type_object))
			json_object_array_add(node_state.decisions,
					      json_object_get(o));
	}
}

static bool take_state(struct json_object *in, uint64_t ns)
{
	struct json_object *o, *move;
	double passed_s;

	if (!json_object_object_get_ex(in, "time", &o))
		return false;
	passed_s = difftime(time(NULL), json_object_get_int64(o));
	if (passed_s < 0)
		passed_s = 0;
	if (!json_object_object_get_ex(in, "version", &o) ||
	    json_object_get_int64(o) != VERSION)
		return false;
	json_object_object_get_ex(in, "move", &move);
	take_decisions(get_array(in, "decisions"));
	return take_lessons(get_array(in, "learned"), ns, passed_s) &&
	       take_rests(get_array(in, "rests"), ns, passed_s) &&
	       take_move(move, ns);
}

static struct json_object *read_json(const char *path)
{
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > MOST_BYTES)
		return NULL;
	return json_object_from_file(path);
}

/**
 * state_read() - read what was written down
 * @path: file; one that is not there is nothing
 * @ns: time
 * @why: out: what is wrong with it
 *
 * Return: false if it makes no sense; nothing is known then.
 */
bool state_read(const char *path, uint64_t ns, struct why *why)
{
	struct json_object *in;
	bool good;

	if (access(path, F_OK) && errno == ENOENT)
		return true;
	in = read_json(path);
	good = in && json_object_is_type(in, json_type_object) && take_state(in, ns);
	json_object_put(in);
	if (good)
		return true;
	state_forget();
	why_say(why, "%s is not what virtflexd writes, or cannot be read", path);
	return false;
}
