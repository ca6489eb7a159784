// SPDX-License-Identifier: GPL-2.0-only
/* Reading what was recorded, for a picture: numbers and what they are of, nothing else. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "shared.h"

#define GIB_KB	(1024.0 * 1024)
/* More of one kind are not to be told apart in a picture, nor in a log of this program. */
#define MOST_SERIES	4096

static struct json_object *get(struct json_object *in, const char *key)
{
	struct json_object *o = NULL;

	if (json_object_is_type(in, json_type_object))
		json_object_object_get_ex(in, key, &o);
	return o;
}

static double number(struct json_object *in, const char *key)
{
	double value = json_object_get_double(get(in, key));

	return isfinite(value) ? value : 0;
}

static const char *text(struct json_object *in, const char *key)
{
	struct json_object *o = get(in, key);

	return json_object_is_type(o, json_type_string) ?
		       json_object_get_string(o) : NULL;
}

static size_t length(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ?
		       json_object_array_length(array) : 0;
}

/* By its name, which is made if there is none; NULL if there is no memory. */
static struct series *find(struct series_list *list, const char *name)
{
	struct series *all;
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (!strcmp(list->all[i].name, name))
			return &list->all[i];
	if (list->count == MOST_SERIES)
		return NULL;
	all = realloc(list->all, (list->count + 1) * sizeof(*all));
	if (!all)
		return NULL;
	list->all = all;
	all[list->count] = (struct series){ .name = strdup(name) };
	return all[list->count].name ? &all[list->count++] : NULL;
}

static bool add(struct series *s, double second, double value)
{
	double *seconds, *values;

	if (!s)
		return false;
	/* room grows by doubling */
	if (!(s->count & (s->count - 1))) {
		size_t room = s->count ? 2 * s->count : 1;

		seconds = realloc(s->second, room * sizeof(*seconds));
		if (seconds)
			s->second = seconds;
		values = realloc(s->value, room * sizeof(*values));
		if (values)
			s->value = values;
		if (!seconds || !values)
			return false;
	}
	s->second[s->count] = second;
	s->value[s->count++] = value;
	return true;
}

static bool add_number(struct series_list *list, double name, double second,
		       double value)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.0f", name);
	return add(find(list, digits), second, value);
}

/* What one policy has told: of a program of several, or of one that has but this one */
static struct json_object *told(struct json_object *line, const char *policy)
{
	struct json_object *decided = get(line, "decided"), *own = get(decided, policy);

	return own ? own : decided;
}

static double load_of(struct json_object *cpus, double cpu)
{
	size_t i;

	for (i = 0; i < length(cpus); i++)
		if (number(json_object_array_get_idx(cpus, i), "cpu") == cpu)
			return number(json_object_array_get_idx(cpus, i), "load");
	return 0;
}

static bool take_cpus(struct log *log, struct json_object *line, double second)
{
	struct json_object *own = told(line, "cpu"), *o;
	struct json_object *cpus = get(own, "cpus"), *changes = get(own, "changes");
	size_t i;

	for (i = 0; i < length(cpus); i++) {
		o = json_object_array_get_idx(cpus, i);
		if (!add_number(&log->loads, number(o, "cpu"), second,
				number(o, "load")))
			return false;
	}
	for (i = 0; i < length(changes); i++) {
		o = json_object_array_get_idx(changes, i);
		if (!add_number(&log->pins, number(o, "to"), second,
				load_of(cpus, number(o, "to"))))
			return false;
	}
	return true;
}

/* Of memory, what was seen is in the line itself. */
static bool take_guest_memory(struct log *log, struct json_object *guest,
			      double second)
{
	struct json_object *memory = get(guest, "memory");
	const char *name = text(guest, "name");
	double actual, usable;

	if (!name || !memory)
		return true;
	/* who looks at CPUs alone records no size */
	actual = number(memory, "actual_kb");
	if (actual <= 0)
		return true;
	usable = number(memory, "usable_kb");
	if (!add(find(&log->sizes, name), second, actual / GIB_KB))
		return false;
	return !get(memory, "usable_kb") || usable > actual ||
	       add(find(&log->needs, name), second, (actual - usable) / GIB_KB);
}

static bool take_memory(struct log *log, struct json_object *line, double second)
{
	struct json_object *guests = get(line, "guests"), *o;
	struct json_object *asked = get(told(line, "memory"), "guests");
	size_t i;

	if (number(line, "total_kb") > 0 &&
	    !add(find(&log->available, "host"), second,
		 number(line, "available_kb") / GIB_KB))
		return false;
	for (i = 0; i < length(guests); i++)
		if (!take_guest_memory(log, json_object_array_get_idx(guests, i),
				       second))
			return false;
	for (i = 0; i < length(asked); i++) {
		o = json_object_array_get_idx(asked, i);
		if (!json_object_get_boolean(get(o, "change")) || !text(o, "guest"))
			continue;
		if (!add(find(&log->resizes, text(o, "guest")), second,
			 number(o, "target_kb") / GIB_KB))
			return false;
	}
	return true;
}

static double owner_of(struct log *log, struct json_object *node)
{
	const char *name = text(node, "owner");
	struct series *s;

	if (!name)
		return json_object_get_boolean(get(node, "several")) ? -2 : -1;
	s = find(&log->guests, name);
	return s ? s - log->guests.all : -1;
}

static bool take_nodes(struct log *log, struct json_object *line, double second)
{
	struct json_object *own = get(get(line, "decided"), "nodes"), *o;
	struct json_object *nodes = get(own, "nodes");
	struct json_object *decisions = get(own, "decisions");
	double at;
	size_t i;

	for (i = 0; i < length(nodes); i++) {
		o = json_object_array_get_idx(nodes, i);
		if (!add_number(&log->owners, number(o, "node"), second,
				owner_of(log, o)))
			return false;
	}
	for (i = 0; i < length(decisions); i++) {
		o = json_object_array_get_idx(decisions, i);
		at = (number(o, "ns") - log->first_ns) / 1e9;
		if (text(o, "what") && !add(find(&log->moves, text(o, "what")),
					    at, number(o, "node")))
			return false;
	}
	return true;
}

static bool take_line(struct log *log, struct json_object *line)
{
	double second;

	if (!get(line, "ns") || !get(line, "guests")) {
		errno = EINVAL;
		return false;
	}
	if (!log->first_ns)
		log->first_ns = number(line, "ns");
	second = (number(line, "ns") - log->first_ns) / 1e9;
	log->end = second;
	errno = ENOMEM;
	return take_cpus(log, line, second) && take_memory(log, line, second) &&
	       take_nodes(log, line, second);
}

static bool take_lines(struct log *log, FILE *f, const char *path)
{
	struct json_object *line;
	unsigned int count = 0;
	char *buf = NULL;
	size_t size = 0;
	bool good = true;
	ssize_t length;

	while (good && (length = getline(&buf, &size, f)) > 0) {
		/* who records may have been killed as it wrote, or is just writing */
		if (buf[length - 1] != '\n') {
			error("%s: its last line is cut off, and left out", path);
			break;
		}
		count++;
		line = json_tokener_parse(buf);
		errno = EINVAL;
		good = line && take_line(log, line);
		if (!good && errno == EINVAL)
			error("%s: line %u is not what --record writes", path, count);
		else if (!good)
			error("%s: %s", path, strerror(errno));
		json_object_put(line);
	}
	free(buf);
	if (good && !count) {
		error("%s: it is empty: --record writes what can be drawn", path);
		good = false;
	}
	return good;
}

/**
 * log_read() - read what was recorded
 * @path: file
 *
 * Return: log for log_free(); NULL if that cannot be done, which is said.
 */
struct log *log_read(const char *path)
{
	struct log *log = calloc(1, sizeof(*log));
	FILE *f = log ? fopen(path, "re") : NULL;

	if (!f) {
		error("cannot read %s: %s", path, strerror(errno));
		free(log);
		return NULL;
	}
	if (!take_lines(log, f, path)) {
		log_free(log);
		log = NULL;
	}
	fclose(f);
	return log;
}

static void free_list(struct series_list *list)
{
	unsigned int i;

	for (i = 0; i < list->count; i++) {
		free(list->all[i].name);
		free(list->all[i].second);
		free(list->all[i].value);
	}
	free(list->all);
}

/**
 * log_free() - free a log
 * @log: log
 */
void log_free(struct log *log)
{
	free_list(&log->loads);
	free_list(&log->sizes);
	free_list(&log->needs);
	free_list(&log->available);
	free_list(&log->owners);
	free_list(&log->guests);
	free_list(&log->pins);
	free_list(&log->resizes);
	free_list(&log->moves);
	free(log);
}
