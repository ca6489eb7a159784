// SPDX-License-Identifier: GPL-2.0-only
/* The mappings of a process: which has pages on which nodes. */
#include <stdlib.h>
#include <string.h>

#include "mappings.h"

/**
 * struct row - a line of the table
 * @p: process
 * @m: mapping of it
 * @range: its addresses
 * @nodes: nodes with pages, and how many
 */
struct row {
	const struct process *p;
	const struct virtflex_mapping *m;
	char range[40];
	char *nodes;
};

static void get_pid(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->p->pid;
}

static void get_command(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_TEXT;
	v->text = r->p->name;
}

static void get_range(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_TEXT;
	v->text = r->range;
}

static void get_policy(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_TEXT;
	v->text = r->m->policy;
}

static void get_pages(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->m->total_pages;
}

static void get_size(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_SIZE;
	v->number = r->m->total_pages * PAGE_KB;
}

static void get_page_kb(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->m->page_kb;
}

static void get_nodes(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = r->nodes ? VALUE_TEXT : VALUE_NONE;
	v->text = r->nodes;
}

static void get_name(const void *row, struct value *v)
{
	const struct row *r = row;

	if (!*r->m->name)
		return;
	v->type = VALUE_TEXT;
	v->text = r->m->name;
}

const struct column mapping_columns[] = {
	{ "PID", "pid", "process; unless asked for, only with --raw",
	  COLUMN_RIGHT | COLUMN_RAW | COLUMN_ABOVE, get_pid },
	{ "COMMAND", "command", "its name", COLUMN_EXTRA | COLUMN_ABOVE,
	  get_command },
	{ "RANGE", "range", "addresses, as --range of migrate has them",
	  COLUMN_RIGHT, get_range },
	{ "POLICY", "policy", "memory policy, as in numa_maps", 0,
	  get_policy },
	{ "PAGES", "pages", "pages of 4 KiB", COLUMN_RIGHT | COLUMN_EXTRA,
	  get_pages },
	{ "SIZE", NULL, "the same as a size", COLUMN_RIGHT, get_size },
	{ "PAGE_KB", "page_kb", "KiB of each of its pages, 4 for THP",
	  COLUMN_RIGHT | COLUMN_EXTRA, get_page_kb },
	{ "NODES", "nodes", "pages on each node that has any", 0, get_nodes },
	{ "NAME", "name", "file, or what else it is", 0, get_name },
	{ 0 },
};

/* As numa_maps writes it: "0=12,2=3". */
static char *nodes_text(const struct virtflex_mapping *m)
{
	const char *comma = "";
	char *text = NULL;
	unsigned int id;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	for (id = 0; id < m->nr_nodes; id++) {
		if (!m->pages[id])
			continue;
		fprintf(f, "%s%u=%llu", comma, id,
			(unsigned long long)m->pages[id]);
		comma = ",";
	}
	return fclose(f) ? NULL : text;
}

static struct json_object *nodes_json(const struct virtflex_mapping *m)
{
	struct json_object *nodes = json_object_new_array(), *o;
	unsigned int id;

	for (id = 0; id < m->nr_nodes; id++) {
		if (!m->pages[id])
			continue;
		o = json_object_new_object();
		json_object_object_add(o, "id", json_u64(id));
		json_object_object_add(o, "pages", json_u64(m->pages[id]));
		json_object_array_add(nodes, o);
	}
	return nodes;
}

static void set_row(struct row *row, const struct virtflex_mapping *m)
{
	row->m = m;
	snprintf(row->range, sizeof(row->range), "%llx-%llx",
		 (unsigned long long)m->start, (unsigned long long)m->end);
}

/**
 * mappings_json() - mappings of a process as an object
 * @ctx: which columns were asked for
 * @process: process
 * @mappings: its mappings; those without pages are left out
 */
struct json_object *mappings_json(const struct context *ctx,
				  const struct process *process,
				  const struct virtflex_mappings *mappings)
{
	struct json_object *root = json_object_new_object(), *o;
	struct json_object *list = json_object_new_array();
	struct row row = { .p = process };
	size_t i;

	json_object_object_add(root, "pid", json_u64(process->pid));
	json_object_object_add(root, "command", json_text(process->name));
	json_object_object_add(root, "mappings", list);
	for (i = 0; i < mappings->nr_mappings; i++) {
		set_row(&row, mappings->mappings[i]);
		if (!row.m->total_pages)
			continue;
		o = row_json(ctx, mapping_columns, &row);
		/* as an array in place of the column's text, if it is wanted */
		if (json_object_object_get_ex(o, "nodes", NULL))
			json_object_object_add(o, "nodes", nodes_json(row.m));
		json_object_array_add(list, o);
	}
	return root;
}

/**
 * print_mappings() - print the mappings of a process
 * @ctx: context
 * @table: table to add them to; NULL for one of their own
 * @process: process
 * @mappings: its mappings; those without pages are left out
 *
 * Return: enum exit_code.
 */
int print_mappings(const struct context *ctx, struct table *table,
		   const struct process *process,
		   const struct virtflex_mappings *mappings)
{
	struct table *own = table ? NULL : table_new(ctx, mapping_columns);
	struct row row = { .p = process };
	uint64_t pages = 0;
	char size[24];
	size_t i;

	for (i = 0; (own || table) && i < mappings->nr_mappings; i++) {
		set_row(&row, mappings->mappings[i]);
		pages += row.m->total_pages;
		if (!row.m->total_pages)
			continue;
		row.nodes = nodes_text(row.m);
		table_add(own ? own : table, &row);
		free(row.nodes);
	}
	if (table)
		return EXIT_DONE;
	print_process(process);
	printf(": %s\n\n", size_text(pages * PAGE_KB, size, sizeof(size)));
	return table_print(own, stdout);
}
