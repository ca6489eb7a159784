// SPDX-License-Identifier: GPL-2.0-only
/* The policy file: what an administrator says of nodes and guests. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "node.h"

/* A file that is longer is not one that somebody has written. */
#define MOST_BYTES	(1024 * 1024)
#define MOST_RULES	10000

#define SEE	"; see virtflexd(8), POLICY"

static const struct node_rules standard = {
	.margin = 1.5,
	.cooldown_s = 120,
	.longest_s = 600,
	.shrink_s = 30,
	.expand_s = 5,
};

struct node_rules node_rules = {
	.margin = 1.5,
	.cooldown_s = 120,
	.longest_s = 600,
	.shrink_s = 30,
	.expand_s = 5,
};

/**
 * struct key - a number of the policy file
 * @name: what people write
 * @least: least value
 * @most: most value
 * @whole: whether it has no fraction
 */
struct key {
	const char *name;
	double least;
	double most;
	bool whole;
};

static const struct key margin_key = { "margin", 1, 1000, false };
static const struct key cooldown_key = { "cooldown_s", 0, 86400, false };
static const struct key longest_key = { "longest_s", 1, 604800, false };
static const struct key shrink_key = { "shrink_s", 0.1, 86400, false };
static const struct key expand_key = { "expand_s", 0.1, 86400, false };
static const struct key weight_key = { "weight", 0.001, 1000, false };
static const struct key home_key = { "home", 0, MOST_HOST_NODES - 1, true };
static const struct key most_key = { "most", 1, MOST_HOST_NODES, true };

/* Where in the file something is, for messages: of which guests, or all */
static const char *of(const char *glob, char *buf, size_t size)
{
	if (!glob)
		return "";
	snprintf(buf, size, "\"guests\", \"%.100s\": ", glob);
	return buf;
}

static bool take(struct json_object *in, const char *glob, const struct key *key,
		 double *value, struct why *why)
{
	struct json_object *o;
	char where[128];
	bool is_number;

	if (!json_object_object_get_ex(in, key->name, &o))
		return true;
	is_number = json_object_is_type(o, json_type_int) ||
		    (!key->whole && json_object_is_type(o, json_type_double));
	if (is_number && json_object_get_double(o) >= key->least &&
	    json_object_get_double(o) <= key->most) {
		*value = json_object_get_double(o);
		return true;
	}
	why_say(why, "%s\"%s\" is a %s from %.6g to %.6g, not %.60s" SEE,
		of(glob, where, sizeof(where)), key->name,
		key->whole ? "whole number" : "number", key->least, key->most,
		json_object_to_json_string(o));
	return false;
}

/* What is not known may be mistyped. */
static bool knows(struct json_object *in, const char *glob, const char *const *names,
		  const char *all, struct why *why)
{
	char where[128];
	unsigned int i;

	json_object_object_foreach(in, key, value) {
		(void)value;
		for (i = 0; names[i] && strcmp(names[i], key); i++)
			;
		if (names[i])
			continue;
		why_say(why, "%s\"%.60s\" is not known here: there are %s" SEE,
			of(glob, where, sizeof(where)), key, all);
		return false;
	}
	return true;
}

static bool take_nodes(struct json_object *in, struct node_rule *rule,
		       struct why *why)
{
	struct json_object *o;
	char where[128];

	if (!json_object_object_get_ex(in, "nodes", &o))
		return true;
	rule->has_nodes = json_object_is_type(o, json_type_string) &&
			  cpulist_parse(json_object_get_string(o), &rule->nodes);
	if (rule->has_nodes)
		return true;
	why_say(why, "%s\"nodes\" are physical nodes such as \"0-2,5\", not %.60s" SEE,
		of(rule->glob, where, sizeof(where)), json_object_to_json_string(o));
	return false;
}

static bool take_fixed(struct json_object *in, struct node_rule *rule,
		       struct why *why)
{
	struct json_object *o;
	char where[128];

	if (!json_object_object_get_ex(in, "fixed", &o))
		return true;
	rule->fixed = json_object_get_boolean(o);
	if (json_object_is_type(o, json_type_boolean))
		return true;
	why_say(why, "%s\"fixed\" is true or false, not %.60s" SEE,
		of(rule->glob, where, sizeof(where)), json_object_to_json_string(o));
	return false;
}

static bool take_rule(const char *glob, struct json_object *in,
		      struct node_rule *rule, struct why *why)
{
	static const char *const names[] = {
		"weight", "home", "most", "nodes", "fixed", NULL,
	};
	double home = -1, most = MOST_HOST_NODES;

	*rule = (struct node_rule){ .glob = strdup(glob), .weight = 1 };
	if (!rule->glob)
		return false;
	if (!json_object_is_type(in, json_type_object)) {
		why_say(why, "\"guests\", \"%.100s\": it has keys in braces, "
			"such as { \"weight\": 2 }, not %.60s" SEE, glob,
			json_object_to_json_string(in));
		return false;
	}
	if (!knows(in, glob, names, "weight, home, most, nodes and fixed", why) ||
	    !take(in, glob, &weight_key, &rule->weight, why) ||
	    !take(in, glob, &home_key, &home, why) ||
	    !take(in, glob, &most_key, &most, why) ||
	    !take_nodes(in, rule, why) || !take_fixed(in, rule, why))
		return false;
	rule->home = home;
	rule->most = most;
	return true;
}

static bool take_guests(struct json_object *in, struct node_rules *rules,
			struct why *why)
{
	struct json_object *guests;

	if (!json_object_object_get_ex(in, "guests", &guests))
		return true;
	if (!json_object_is_type(guests, json_type_object) ||
	    json_object_object_length(guests) > MOST_RULES) {
		why_say(why, "\"guests\" has patterns of names in braces, "
			"such as { \"web*\": { \"weight\": 2 } }, not %.60s" SEE,
			json_object_to_json_string(guests));
		return false;
	}
	rules->rules = calloc(json_object_object_length(guests) + 1,
			      sizeof(*rules->rules));
	if (!rules->rules)
		return false;
	json_object_object_foreach(guests, glob, value)
		if (!take_rule(glob, value, &rules->rules[rules->nr_rules++], why))
			return false;
	return true;
}

static bool take_all(struct json_object *in, struct node_rules *rules,
		     struct why *why)
{
	static const char *const names[] = {
		"margin", "cooldown_s", "longest_s", "shrink_s", "expand_s",
		"guests", NULL,
	};

	if (!json_object_is_type(in, json_type_object)) {
		why_say(why, "it has keys in braces, such as { \"margin\": 2 }" SEE);
		return false;
	}
	return knows(in, NULL, names,
		     "margin, cooldown_s, longest_s, shrink_s, expand_s and guests", why) &&
	       take(in, NULL, &margin_key, &rules->margin, why) &&
	       take(in, NULL, &cooldown_key, &rules->cooldown_s, why) &&
	       take(in, NULL, &longest_key, &rules->longest_s, why) &&
	       take(in, NULL, &shrink_key, &rules->shrink_s, why) &&
	       take(in, NULL, &expand_key, &rules->expand_s, why) &&
	       take_guests(in, rules, why);
}

/* Which line of a text an offset is in, from 1 */
static unsigned int line_of(const char *text, size_t offset)
{
	unsigned int line = 1;
	size_t i;

	for (i = 0; i < offset && text[i]; i++)
		line += text[i] == '\n';
	return line;
}

static struct json_object *parse(const char *text, size_t length, struct why *why)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *o;
	const char *what;
	size_t end;

	if (!tokener)
		return NULL;
	o = json_tokener_parse_ex(tokener, text, length);
	end = json_tokener_get_parse_end(tokener);
	what = json_tokener_error_desc(json_tokener_get_error(tokener));
	if (!o && json_tokener_get_error(tokener) == json_tokener_success)
		why_say(why, "null says nothing: it has keys in braces, such as "
			"{ \"margin\": 2 }" SEE);
	else if (!o)
		why_say(why, "line %u: %s: it is to be JSON" SEE,
			line_of(text, end), json_tokener_get_error(tokener) ==
			json_tokener_continue ? "it ends too early" : what);
	else if (end < length && text[end + strspn(text + end, " \t\r\n")])
		why_say(why, "line %u: there is something after the last brace" SEE,
			line_of(text, end + strspn(text + end, " \t\r\n")));
	if (*why->text) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tokener);
	return o;
}

static char *read_file(const char *path, size_t *length, struct why *why)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(MOST_BYTES + 1) : NULL;

	*length = text ? fread(text, 1, MOST_BYTES + 1, f) : 0;
	if (!text || ferror(f))
		why_say(why, "%s", strerror(errno));
	else if (*length > MOST_BYTES)
		why_say(why, "it is longer than %d bytes", MOST_BYTES);
	if (f)
		fclose(f);
	if (!*why->text) {
		text[*length] = 0;
		return text;
	}
	free(text);
	return NULL;
}

/**
 * rules_read() - read a policy file
 * @path: file
 * @rules: out, for rules_free(); left as it is if the file is wrong
 * @why: out: what is wrong with it, with its name
 *
 * Return: whether it is good.
 */
bool rules_read(const char *path, struct node_rules *rules, struct why *why)
{
	struct node_rules read = standard;
	struct why what = { "" };
	size_t length;
	char *text = read_file(path, &length, &what);
	struct json_object *in = text ? parse(text, length, &what) : NULL;
	bool good = in && take_all(in, &read, &what);

	json_object_put(in);
	free(text);
	if (good) {
		*rules = read;
		return true;
	}
	rules_free(&read);
	why_say(why, "%s: %s", path, *what.text ? what.text : strerror(ENOMEM));
	return false;
}

/**
 * rules_free() - free what rules_read() has allocated
 * @rules: rules, without any of guests then
 */
void rules_free(struct node_rules *rules)
{
	unsigned int i;

	for (i = 0; i < rules->nr_rules; i++)
		free(rules->rules[i].glob);
	free(rules->rules);
	rules->rules = NULL;
	rules->nr_rules = 0;
}

/**
 * rules_find() - what is said of a guest
 * @rules: rules
 * @name: its name
 *
 * Return: the first rule whose pattern fits, or NULL.
 */
const struct node_rule *rules_find(const struct node_rules *rules, const char *name)
{
	unsigned int i;

	for (i = 0; i < rules->nr_rules; i++)
		if (!fnmatch(rules->rules[i].glob, name, 0))
			return &rules->rules[i];
	return NULL;
}
