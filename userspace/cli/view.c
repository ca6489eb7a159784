// SPDX-License-Identifier: GPL-2.0-only
/* What top shows: a table of nodes, and one of processes. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "view.h"

/**
 * struct row - a line of the table of nodes
 * @n: node
 * @before: the same one at the last update; NULL if there is none
 * @t: topology; NULL if there is none
 * @seconds: time since the last update
 */
struct row {
	const struct node_sample *n;
	const struct node_sample *before;
	const struct virtflex_topology *t;
	double seconds;
};

static void get_id(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->n->id;
}

static void get_state(const void *row, struct value *v)
{
	const struct row *r = row;
	const struct virtflex_node *node;

	node = r->t ? virtflex_topology_node(r->t, r->n->id) : NULL;
	if (!node)
		return;
	v->type = VALUE_TEXT;
	v->text = virtflex_node_state_name(node->state);
	v->color = node_state_color(node->state);
}

static void get_cpus(const void *row, struct value *v)
{
	const struct row *r = row;

	if (!r->n->cpus || !*r->n->cpus)
		return;
	v->type = VALUE_TEXT;
	v->text = r->n->cpus;
}

static void get_total(const void *row, struct value *v)
{
	const struct row *r = row;

	if (!r->n->has_memory)
		return;
	v->type = VALUE_SIZE;
	v->number = r->n->total_kb;
}

static void get_used(const void *row, struct value *v)
{
	const struct row *r = row;

	if (!r->n->has_memory)
		return;
	v->type = VALUE_SIZE;
	v->number = r->n->total_kb - r->n->free_kb;
}

static void get_bar(const void *row, struct value *v)
{
	const struct row *r = row;

	if (!r->n->has_memory)
		return;
	v->type = VALUE_BAR;
	v->number = r->n->total_kb - r->n->free_kb;
	v->full = r->n->total_kb;
}

/* Counters start over with the module. */
static void set_rate(const struct row *r, uint64_t now, uint64_t before,
		     struct value *v)
{
	if (!r->before || r->seconds <= 0 || now < before)
		return;
	v->type = VALUE_SIZE;
	v->number = (now - before) / r->seconds;
}

static void get_in(const void *row, struct value *v)
{
	const struct row *r = row;

	set_rate(r, r->n->in_kb, r->before ? r->before->in_kb : 0, v);
}

static void get_out(const void *row, struct value *v)
{
	const struct row *r = row;

	set_rate(r, r->n->out_kb, r->before ? r->before->out_kb : 0, v);
}

const struct column view_columns[] = {
	{ "NODE", "id", "number of the node", COLUMN_RIGHT, get_id },
	{ "STATE", "state", "active, arriving, leaving or inactive", 0,
	  get_state },
	{ "CPUS", "cpus", "CPUs that are online", 0, get_cpus },
	{ "TOTAL", "total_kb", "memory it has", COLUMN_RIGHT, get_total },
	{ "USED", "used_kb", "of it, what is not free", COLUMN_RIGHT,
	  get_used },
	{ "SHARE", NULL, "the same as a bar", COLUMN_PEOPLE, get_bar },
	{ "IN/S", "in_kb_s", "memory that comes from the host, in a second",
	  COLUMN_RIGHT, get_in },
	{ "OUT/S", "out_kb_s", "memory that goes to the host, in a second",
	  COLUMN_RIGHT, get_out },
	{ 0 },
};

/**
 * struct process_row - a line of the table of processes
 * @p: process
 * @node: the node that a column is about
 */
struct process_row {
	const struct process_sample *p;
	unsigned int node;
};

static void get_pid(const void *row, struct value *v)
{
	const struct process_row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->p->p.pid;
}

static void get_command(const void *row, struct value *v)
{
	const struct process_row *r = row;

	v->type = VALUE_TEXT;
	v->text = r->p->p.name;
}

static void get_node(const void *row, struct value *v)
{
	const struct process_row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->node;
}

static uint64_t threads_on(const struct process_row *r)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < r->p->threads->nr_threads; i++)
		sum += r->p->threads->threads[i]->node == (int)r->node;
	return sum;
}

static uint64_t pages_on(const struct process_row *r)
{
	return r->node < r->p->pages->nr_nodes ? r->p->pages->pages[r->node] :
						 0;
}

static void get_threads(const void *row, struct value *v)
{
	v->type = VALUE_NUMBER;
	v->number = threads_on(row);
}

static void get_pages(const void *row, struct value *v)
{
	v->type = VALUE_PAGES;
	v->number = pages_on(row);
}

static void get_share(const void *row, struct value *v)
{
	const struct process_row *r = row;

	v->type = VALUE_BAR;
	v->number = pages_on(r);
	v->full = r->p->pages->total_pages;
}

const struct column view_process_columns[] = {
	{ "PID", "pid", "process", COLUMN_RIGHT, get_pid },
	{ "COMMAND", "command", "its name", 0, get_command },
	{ "NODE", "node", "node with threads or pages of it", COLUMN_RIGHT,
	  get_node },
	{ "THREADS", "threads", "threads that run there, or did last",
	  COLUMN_RIGHT, get_threads },
	{ "MEMORY", "pages", "pages that are there", COLUMN_RIGHT, get_pages },
	{ "SHARE", NULL, "of all of its pages, as a bar", COLUMN_PEOPLE,
	  get_share },
	{ 0 },
};

static const struct node_sample *find_sample(const struct sample *s,
					     unsigned int id)
{
	unsigned int i;

	for (i = 0; i < s->nr_nodes; i++)
		if (s->nodes[i].id == id)
			return &s->nodes[i];
	return NULL;
}

static double seconds(const struct view *v)
{
	if (!v->before.time_ns)
		return 0;
	return (v->now.time_ns - v->before.time_ns) / 1e9;
}

/* Pages that the kernel moved in a second; whether that is known. */
static bool migrated_rate(const struct view *v, uint64_t *rate)
{
	if (seconds(v) <= 0 || v->now.migrated < v->before.migrated)
		return false;
	*rate = (v->now.migrated - v->before.migrated) / seconds(v);
	return true;
}

static struct row node_row(const struct view *v, unsigned int i)
{
	struct row row = {
		.n = &v->now.nodes[i],
		.before = find_sample(&v->before, v->now.nodes[i].id),
		.t = v->now.topology,
		.seconds = seconds(v),
	};

	return row;
}

static bool next_process_row(const struct view *v, struct process_row *row,
			     unsigned int *i)
{
	for (; *i < v->now.nr_processes; (*i)++, row->node = 0) {
		row->p = &v->now.processes[*i];
		if (row->p->err)
			continue;
		for (; row->node < VIRTFLEX_MAX_NODES; row->node++)
			if (pages_on(row) || threads_on(row))
				return true;
	}
	return false;
}

static void print_head(const struct view *v)
{
	const struct virtflex_topology *t = v->now.topology;
	time_t now = time(NULL);
	char clock[16], size[24];
	uint64_t rate;
	struct tm tm;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	fprintf(v->f, "%s ", clock);
	if (t) {
		fprintf(v->f, "generation %llu %s",
			(unsigned long long)t->generation,
			virtflex_state_name(t->state));
		if (t->why) {
			fputs(": ", v->f);
			print_clean(v->f, t->why);
		}
	} else {
		fputs(v->ctx->sysroot ? "no topology" :
		      "no topology: the module is not loaded", v->f);
	}
	if (migrated_rate(v, &rate))
		fprintf(v->f, ", %s/s moved between nodes",
			size_text(rate * PAGE_KB, size, sizeof(size)));
	fputs("\n\n", v->f);
}

static int print_nodes(const struct view *v)
{
	struct table *table = table_new(v->ctx, view_columns);
	unsigned int i;

	for (i = 0; table && i < v->now.nr_nodes; i++) {
		struct row row = node_row(v, i);

		table_add(table, &row);
	}
	return table_print(table, v->f);
}

static int print_processes(const struct view *v)
{
	struct process_row row = { 0 };
	unsigned int i = 0, lines = 0;
	struct table *table;

	table = table_new(v->ctx, view_process_columns);
	for (; table && next_process_row(v, &row, &i); row.node++, lines++)
		table_add(table, &row);
	if (table && !lines) {
		table_free(table);
		return EXIT_DONE;
	}
	fputc('\n', v->f);
	return table_print(table, v->f);
}

/* A node of a process is a column and a line at once: without its process. */
static struct json_object *processes_json(const struct view *v)
{
	struct json_object *list = json_object_new_array();
	struct process_row row = { 0 };
	unsigned int i = 0;

	for (; next_process_row(v, &row, &i); row.node++)
		json_object_array_add(list,
				      row_json(v->ctx, view_process_columns, &row));
	return list;
}

/**
 * view_print_json() - print all of it for programs
 * @v: view
 *
 * Return: enum exit_code.
 */
int view_print_json(const struct view *v)
{
	const struct virtflex_topology *t = v->now.topology;
	struct json_object *root = json_object_new_object();
	struct json_object *nodes = json_object_new_array();
	uint64_t rate;
	unsigned int i;

	json_object_object_add(root, "generation",
			       t ? json_u64(t->generation) : NULL);
	json_object_object_add(root, "state", t ?
			       json_text(virtflex_state_name(t->state)) : NULL);
	json_object_object_add(root, "moved_pages_s", migrated_rate(v, &rate) ?
			       json_u64(rate) : NULL);
	for (i = 0; i < v->now.nr_nodes; i++) {
		struct row row = node_row(v, i);

		json_object_array_add(nodes, row_json(v->ctx, view_columns, &row));
	}
	json_object_object_add(root, "nodes", nodes);
	json_object_object_add(root, "processes", processes_json(v));
	json_object_object_add(root, "hidden_processes",
			       json_u64(sample_nr_hidden(&v->now)));
	return print_json(root, JSON_LINE);
}

/**
 * view_print() - print all of it for people
 * @v: view
 * @f: where to print it
 *
 * Return: enum exit_code.
 */
int view_print(struct view *v, FILE *f)
{
	unsigned int hidden = sample_nr_hidden(&v->now);
	int ret;

	v->f = f;
	print_head(v);
	ret = print_nodes(v);
	if (!ret)
		ret = print_processes(v);
	if (hidden)
		fprintf(f, "\n%u of %u processes cannot be looked at\n", hidden,
			v->now.nr_processes);
	return ret;
}
