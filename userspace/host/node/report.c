// SPDX-License-Identifier: GPL-2.0-only
/* What is told of an interval: who has which node, what each guest wants, metrics. */
#include <stdlib.h>
#include <string.h>

#include "node.h"

/* What metrics tell, and what was said */
static struct json_object *seen_last;
static bool said_start;

/**
 * node_report_forget() - forget what was told
 */
void node_report_forget(void)
{
	json_object_put(seen_last);
	seen_last = NULL;
	said_start = false;
}

static struct json_object *number(double value)
{
	struct json_object *o = json_object_new_double(value);

	json_object_set_serializer(o, json_object_double_to_json_string, "%.3f",
				   NULL);
	return o;
}

static struct json_object *nodes_json(const struct placement *p)
{
	struct json_object *array = json_object_new_array(), *o;
	unsigned int i;
	int owner;

	for (i = 0; i < p->nr_nodes; i++) {
		owner = p->nodes[i].owner;
		o = json_object_new_object();
		json_object_object_add(o, "node", json_u64(i));
		json_object_object_add(o, "owner", owner < 0 ? NULL :
				       json_text(node_guest_at(owner)->seen.name));
		json_object_object_add(o, "several",
				       json_object_new_boolean(owner == SEVERAL));
		json_object_object_add(o, "rests",
				       json_object_new_boolean(!p->nodes[i].may_move));
		json_object_array_add(array, o);
	}
	return array;
}

static struct json_object *guest_json(const struct placement *p, unsigned int i)
{
	const struct node_guest *k = node_guest_at(i);
	const struct bidder *b = &p->bidders[i];
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "guest", json_text(k->seen.name));
	json_object_object_add(o, "home", b->home < 0 ? NULL : json_u64(b->home));
	json_object_object_add(o, "weight", number(b->weight));
	json_object_object_add(o, "may_change",
			       json_object_new_boolean(b->may_change));
	json_object_object_add(o, "cpus", number(k->cpus));
	json_object_object_add(o, "wants_cpus", k->nr_wants ?
			       number(k->want[PLACE_NOW][PLACE_CPU]) : NULL);
	json_object_object_add(o, "wants_gib", k->nr_wants ?
			       number(k->want[PLACE_NOW][PLACE_MEMORY]) : NULL);
	json_object_object_add(o, "lacks", k->nr_wants ?
			       number(placement_lack(p, i, PLACE_NOW)) : NULL);
	json_object_object_add(o, "shrink_s", number(b->shrink_s));
	json_object_object_add(o, "expand_s", number(b->expand_s));
	return o;
}

static struct json_object *seen_json(const struct placement *p)
{
	struct json_object *o = json_object_new_object();
	struct json_object *guests = json_object_new_array();
	unsigned int i;

	for (i = 0; i < node_guests.nr; i++)
		json_object_array_add(guests, guest_json(p, i));
	json_object_object_add(o, "nodes", nodes_json(p));
	json_object_object_add(o, "guests", guests);
	return o;
}

static void print_nodes(const struct placement *p)
{
	unsigned int i;
	int owner;

	printf("nodes:");
	for (i = 0; i < p->nr_nodes; i++) {
		owner = p->nodes[i].owner;
		printf(" %u:", i);
		print_clean(stdout, owner >= 0 ? node_guest_at(owner)->seen.name :
				    owner == SEVERAL ? "(several)" : "-");
	}
	putchar('\n');
}

static void print_guests(const struct placement *p)
{
	const struct node_guest *k;
	unsigned int i;

	for (i = 0; i < node_guests.nr; i++) {
		k = node_guest_at(i);
		printf("  ");
		print_clean(stdout, k->seen.name);
		if (k->nr_wants)
			printf(": wants %.2f CPUs, has %.0f, and %.2f GiB; lacks %.2f nodes%s\n",
			       k->want[PLACE_NOW][PLACE_CPU], k->cpus,
			       k->want[PLACE_NOW][PLACE_MEMORY],
			       placement_lack(p, i, PLACE_NOW),
			       p->bidders[i].may_change ? "" : "; stays as it is");
		else
			printf(": not known yet\n");
	}
}

/**
 * node_report() - tell what was seen in an interval
 * @d: program
 * @p: the same, as it is placed
 */
void node_report(const struct daemon *d, const struct placement *p)
{
	json_object_put(seen_last);
	seen_last = seen_json(p);
	if (d->settings->json)
		return;
	if (!said_start)
		printf("%s: %u guests with nodes, %u physical nodes\n",
		       d->settings->connect, node_guests.nr, p->nr_nodes);
	if (!said_start || d->settings->verbose)
		print_nodes(p);
	if (d->settings->verbose)
		print_guests(p);
	said_start = true;
}

/**
 * node_report_line() - tell the same as JSON, with what was decided since the last line
 * @d: program
 */
void node_report_line(const struct daemon *d)
{
	struct json_object *line = daemon_line(d);

	if (!line)
		return;
	json_object_object_foreach(seen_last, key, value)
		json_object_object_add(line, key, json_object_get(value));
	json_object_object_add(line, "decisions", decision_list());
}

static double get(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) ?
		       json_object_get_double(o) : 0;
}

static const char *get_text(struct json_object *in, const char *key)
{
	struct json_object *o;

	return json_object_object_get_ex(in, key, &o) && o ?
		       json_object_get_string(o) : NULL;
}

static void guests_metric(FILE *f, struct json_object *guests, const char *name,
			  const char *key, const char *help)
{
	struct json_object *o;
	unsigned int i;

	metric(f, name, "gauge", help);
	for (i = 0; i < json_object_array_length(guests); i++) {
		o = json_object_array_get_idx(guests, i);
		metric_value(f, name, "guest", get_text(o, "guest"), get(o, key));
	}
}

static void owners_metric(FILE *f, struct json_object *nodes)
{
	struct json_object *o;
	const char *owner;
	char node[16];
	unsigned int i;

	metric(f, "virtflexd_node_owned", "gauge", "Whether a guest has a physical node");
	for (i = 0; i < json_object_array_length(nodes); i++) {
		o = json_object_array_get_idx(nodes, i);
		owner = get_text(o, "owner");
		snprintf(node, sizeof(node), "%.0f", get(o, "node"));
		metric_value(f, "virtflexd_node_owned", "node", node, !!owner);
	}
}

/**
 * node_metrics() - write metrics of the last interval
 * @f: file
 */
void node_metrics(FILE *f)
{
	struct json_object *guests, *nodes;

	if (!seen_last || !json_object_object_get_ex(seen_last, "guests", &guests) ||
	    !json_object_object_get_ex(seen_last, "nodes", &nodes))
		return;
	owners_metric(f, nodes);
	guests_metric(f, guests, "virtflexd_guest_cpus", "cpus",
		      "CPUs that a guest has");
	guests_metric(f, guests, "virtflexd_guest_wanted_cpus", "wants_cpus",
		      "CPUs that a guest wants");
	guests_metric(f, guests, "virtflexd_guest_lacks_nodes", "lacks",
		      "What a guest lacks, in nodes, by its weight");
	metric(f, "virtflexd_node_moves", "gauge", "Nodes on their way to another guest");
	metric_value(f, "virtflexd_node_moves", NULL, NULL,
		     node_state.move.phase != MOVE_NONE);
}
