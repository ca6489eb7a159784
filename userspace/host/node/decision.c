// SPDX-License-Identifier: GPL-2.0-only
/* What was decided, with the numbers that led to it: kept, and put in words. */
#include <string.h>
#include <time.h>

#include "node.h"

/**
 * decision() - begin a decision
 * @what: move, dry-run, wait, never, done, refused, slow, off, no-room,
 *	gone or busy
 * @node: physical node
 * @from: name of who has it; "" for nobody
 * @to: name of who is to get it
 *
 * Return: object, to which numbers are added.
 */
struct json_object *decision(const char *what, unsigned int node, const char *from,
			     const char *to)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "what", json_object_new_string(what));
	json_object_object_add(o, "node", json_u64(node));
	json_object_object_add(o, "from", *from ? json_text(from) : NULL);
	json_object_object_add(o, "to", json_text(to));
	return o;
}

static const char *get_text(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) && o ?
		       json_object_get_string(o) : NULL;
}

static double get(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) ?
		       json_object_get_double(o) : 0;
}

static void print_numbers(FILE *f, struct json_object *o)
{
	fprintf(f, ", which brings %.2f nodes and takes %.2f; as has been so for %.0f s, "
		"as long again is %.1f node-seconds, and the change costs %.1f, times %.3g",
		get(o, "bid"), get(o, "ask"), get(o, "expected_s"),
		get(o, "gain") * get(o, "expected_s"), get(o, "cost"),
		get(o, "margin"));
}

/* How it ended, or why it is not done */
static const char *const ends[][2] = {
	{ "move", "" },
	{ "dry-run", " (not changed: --dry-run)" },
	{ "wait", ": not yet" },
	{ "never", ": not worth it" },
	{ "done", ": done" },
	{ "refused", ": refused" },
	{ "slow", ": given up, as the guest does not answer; it was asked to undo that" },
	{ "off", ": given up, as a rule or somebody else is against it now" },
	{ "no-room", ": given up, as less than half of its memory is free" },
	{ "gone", ": given up, as the guest that was to get it is gone" },
	{ "busy", ": given up, as somebody else changes a guest" },
};

/**
 * decision_print() - print a decision as a line
 * @f: file
 * @o: decision
 */
void decision_print(FILE *f, struct json_object *o)
{
	const char *what = get_text(o, "what"), *from = get_text(o, "from");
	const char *to = get_text(o, "to"), *said = get_text(o, "said");
	const char *why = get_text(o, "why");
	unsigned int i;

	fprintf(f, "node %.0f: ", get(o, "node"));
	print_clean(f, from ? from : "nobody");
	fputs(" -> ", f);
	print_clean(f, to ? to : "?");
	if (json_object_object_get_ex(o, "gain", NULL))
		print_numbers(f, o);
	for (i = 0; what && i < sizeof(ends) / sizeof(*ends); i++)
		if (!strcmp(what, ends[i][0]))
			fputs(ends[i][1], f);
	if (json_object_object_get_ex(o, "seconds", NULL))
		fprintf(f, " in %.1f s", get(o, "seconds"));
	if (said) {
		fputs("; the guest says: ", f);
		print_clean(f, said);
	}
	if (why) {
		fputs("; ", f);
		print_clean(f, why);
	}
	if (get_text(o, "then_to")) {
		fprintf(f, "; then node %.0f is to go to ", get(o, "then_node"));
		print_clean(f, get_text(o, "then_to"));
	}
	fputc('\n', f);
}

/* Of two alike, one after the other, the later one is kept: its numbers are newer. */
static bool alike(struct json_object *a, struct json_object *b)
{
	static const char *const keys[] = { "what", "node", "from", "to" };
	struct json_object *in_a, *in_b;
	unsigned int i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		json_object_object_get_ex(a, keys[i], &in_a);
		json_object_object_get_ex(b, keys[i], &in_b);
		if (!json_object_equal(in_a, in_b))
			return false;
	}
	return true;
}

static void keep(struct json_object *o)
{
	struct json_object *all = node_state.decisions;
	size_t count;

	if (!all)
		all = json_object_new_array();
	node_state.decisions = all;
	count = json_object_array_length(all);
	if (count && alike(json_object_array_get_idx(all, count - 1), o))
		json_object_array_del_idx(all, --count, 1);
	if (count >= MOST_DECISIONS)
		json_object_array_del_idx(all, 0, count - MOST_DECISIONS + 1);
	json_object_array_add(all, json_object_get(o));
}

/* Those of which nothing comes are told once, or each time if that is wanted. */
static bool is_news(const struct daemon *d, struct json_object *o)
{
	size_t count = node_state.decisions ?
			       json_object_array_length(node_state.decisions) : 0;

	return d->settings->verbose || !count ||
	       !alike(json_object_array_get_idx(node_state.decisions, count - 1), o);
}

/* Those since the last line of JSON */
static struct json_object *untold;

/**
 * decision_list() - decisions that were not told yet as JSON
 *
 * Return: array, which is the caller's.
 */
struct json_object *decision_list(void)
{
	struct json_object *list = untold;

	untold = NULL;
	return list ? list : json_object_new_array();
}

/**
 * decision_add() - keep a decision, and tell it
 * @d: program
 * @ns: when, by the clock of the backend
 * @o: decision, which is put
 */
void decision_add(const struct daemon *d, uint64_t ns, struct json_object *o)
{
	json_object_object_add(o, "time", json_object_new_int64(time(NULL)));
	json_object_object_add(o, "ns", json_u64(ns));
	if (!d->settings->json && is_news(d, o))
		decision_print(stdout, o);
	keep(o);
	if (!untold)
		untold = json_object_new_array();
	if (d->settings->json || d->record)
		json_object_array_add(untold, json_object_get(o));
	json_object_put(o);
}
