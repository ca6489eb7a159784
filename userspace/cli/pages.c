// SPDX-License-Identifier: GPL-2.0-only
/* virtflex pages: where the pages of processes are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mappings.h"
#include "cli.h"
#include "table.h"

static bool want_mappings;
static const char *user;

/**
 * struct row - a line of the table: a node of a process
 * @p: process
 * @node: node of the topology; NULL if it is not known
 * @id: its number
 * @pages: pages on it
 * @largest: pages on the node that has most
 */
struct row {
	const struct process *p;
	const struct virtflex_node *node;
	unsigned int id;
	uint64_t pages;
	uint64_t largest;
};

static void get_pid(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->p->pid;
}

static void get_name(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_TEXT;
	v->text = r->p->name;
}

static void get_id(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->id;
}

static void get_state(const void *row, struct value *v)
{
	const struct row *r = row;

	if (!r->node)
		return;
	v->type = VALUE_TEXT;
	v->text = virtflex_node_state_name(r->node->state);
	v->color = node_state_color(r->node->state);
}

static void get_pages(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->pages;
}

static void get_size(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_SIZE;
	v->number = r->pages * PAGE_KB;
}

static void get_bar(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_BAR;
	v->number = r->pages;
	v->full = r->largest;
	v->color = r->node ? node_state_color(r->node->state) : NULL;
}

static const struct column columns[] = {
	{ "PID", "pid", "process; unless asked for, only with --raw",
	  COLUMN_RIGHT | COLUMN_RAW | COLUMN_ABOVE, get_pid },
	{ "COMMAND", "command", "its name", COLUMN_EXTRA | COLUMN_ABOVE,
	  get_name },
	{ "NODE", "id", "number of the node", COLUMN_RIGHT, get_id },
	{ "STATE", "state", "active, arriving, leaving or inactive", 0,
	  get_state },
	{ "PAGES", "pages", "pages of 4 KiB on it", COLUMN_RIGHT, get_pages },
	{ "SIZE", NULL, "the same as a size", COLUMN_RIGHT, get_size },
	{ "SHARE", NULL, "the same as a bar", COLUMN_PEOPLE, get_bar },
	{ 0 },
};

/**
 * struct output - what is printed of all processes
 * @ctx: context
 * @t: topology, NULL if there is none
 * @table: one of all processes, for programs; NULL if each has its own
 * @count: processes printed so far
 */
struct output {
	struct context *ctx;
	struct virtflex_topology *t;
	struct table *table;
	unsigned int count;
};

/* A line for each node of the topology, and for each that has pages. */
static bool next_row(const struct output *out, const struct virtflex_pages *p,
		     struct row *row, unsigned int *from)
{
	unsigned int id;

	for (id = *from; id < VIRTFLEX_MAX_NODES; id++) {
		row->id = id;
		row->pages = id < p->nr_nodes ? p->pages[id] : 0;
		row->node = out->t ? virtflex_topology_node(out->t, id) : NULL;
		*from = id + 1;
		if (row->node || row->pages)
			return true;
	}
	return false;
}

static struct json_object *pages_json(const struct output *out,
				      const struct process *process,
				      const struct virtflex_pages *p)
{
	struct json_object *root = json_object_new_object();
	struct json_object *nodes = json_object_new_array();
	struct row row = { .p = process };
	unsigned int from = 0;

	json_object_object_add(root, "pid", json_u64(process->pid));
	json_object_object_add(root, "command", json_text(process->name));
	json_object_object_add(root, "page_kb", json_u64(PAGE_KB));
	json_object_object_add(root, "total_pages", json_u64(p->total_pages));
	json_object_object_add(root, "thp_pages", json_u64(p->thp_pages));
	json_object_object_add(root, "hugetlb_pages",
			       json_u64(p->hugetlb_pages));
	json_object_object_add(root, "nodes", nodes);
	while (next_row(out, p, &row, &from))
		json_object_array_add(nodes,
				      row_json(out->ctx, columns, &row));
	return root;
}

static void add_rows(const struct output *out, struct table *table,
		     const struct process *process,
		     const struct virtflex_pages *p)
{
	struct row row = { .p = process };
	unsigned int id, from = 0;

	for (id = 0; id < p->nr_nodes; id++)
		if (p->pages[id] > row.largest)
			row.largest = p->pages[id];
	while (next_row(out, p, &row, &from))
		table_add(table, &row);
}

static void print_title(const struct output *out, const struct process *process,
			const struct virtflex_pages *p)
{
	char size[24];

	if (out->count)
		putchar('\n');
	print_process(process);
	printf(": %s", size_text(p->total_pages * PAGE_KB, size, sizeof(size)));
	if (p->thp_pages)
		printf(", %s of it in transparent 2 MiB pages",
		       size_text(p->thp_pages * PAGE_KB, size, sizeof(size)));
	if (p->hugetlb_pages)
		printf(", %s in hugetlb pages",
		       size_text(p->hugetlb_pages * PAGE_KB, size,
				 sizeof(size)));
	puts("\n");
}

static int print_pages(struct output *out, const struct process *process,
		       const struct virtflex_pages *p)
{
	struct table *table;

	if (out->ctx->json)
		return print_json(pages_json(out, process, p), JSON_LINE);
	if (out->table) {
		add_rows(out, out->table, process, p);
		return EXIT_DONE;
	}
	print_title(out, process, p);
	table = table_new(out->ctx, columns);
	if (table)
		add_rows(out, table, process, p);
	return table_print(table, stdout);
}

static int show_pages(struct output *out, const struct process *process)
{
	struct virtflex_pages *p;
	int ret;

	ret = virtflex_pages_read(out->ctx->vf, process->pid, &p);
	if (ret)
		return ret;
	ret = print_pages(out, process, p);
	virtflex_pages_free(p);
	return ret;
}

static int show_mappings(struct output *out, const struct process *process)
{
	struct virtflex_mappings *m;
	int ret;

	ret = virtflex_mappings_read(out->ctx->vf, process->pid, &m);
	if (ret)
		return ret;
	if (out->ctx->json) {
		ret = print_json(mappings_json(out->ctx, process, m),
				 JSON_LINE);
	} else {
		if (!out->table && out->count)
			putchar('\n');
		ret = print_mappings(out->ctx, out->table, process, m);
	}
	virtflex_mappings_free(m);
	return ret;
}

/* Returns an enum exit_code. */
static int show(struct output *out, const struct processes *all,
		unsigned int pid)
{
	struct process process;
	int ret;

	process_read(out->ctx, pid, &process);
	ret = -ESRCH;
	if (process.kind == PROCESS_ALIVE)
		ret = want_mappings ? show_mappings(out, &process) :
				      show_pages(out, &process);
	if (ret == -ESRCH && all->searched)
		return EXIT_DONE;
	if (ret < 0)
		return process_error(out->ctx, pid, ret);
	out->count++;
	return ret;
}

static int show_all(struct context *ctx, const struct processes *all)
{
	const struct column *of = want_mappings ? mapping_columns : columns;
	struct output out = { .ctx = ctx };
	int ret, status = EXIT_DONE;
	unsigned int i;

	/* without the module, states are not known, and that is all */
	ret = virtflex_topology_read(ctx->vf, &out.t);
	if (ret) {
		out.t = NULL;
		if (ret != -ENOENT)
			error_topology(ctx, ret);
	}
	if (!ctx->json && (ctx->raw || ctx->columns || ctx->noheadings)) {
		out.table = table_new(ctx, of);
		if (!out.table)
			status = table_print(NULL, stdout);
	}
	for (i = 0; i < all->count && !ferror(stdout); i++)
		if (show(&out, all, all->list[i]))
			status = EXIT_ERROR;
	if (out.table && table_print(out.table, stdout))
		status = EXIT_ERROR;
	virtflex_topology_free(out.t);
	return status;
}

static int run(struct context *ctx, int argc, char **argv)
{
	const struct column *of = want_mappings ? mapping_columns : columns;
	struct processes all = { 0 };
	int ret;

	ret = check_columns(ctx, want_mappings ? "pages --mappings" : "pages", of);
	if (ret)
		return ret;
	if (!argc && !user)
		return usage_error("pages needs a PID or --all-of");
	ret = processes_wanted("pages", ctx, argc, argv, user, &all);
	if (!ret)
		ret = show_all(ctx, &all);
	free(all.list);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	if (!strcmp(name, "mappings"))
		want_mappings = true;
	else
		user = arg;
	return EXIT_DONE;
}

static const struct option_desc options[] = {
	{ "mappings", 'm', NULL, "a line for each mapping with pages" },
	{ "all-of", 'a', "USER", "all processes of a user" },
	OPTION_OUTPUT,
	OPTION_NOHEADINGS,
	OPTION_RAW,
	OPTION_JSON("print JSON, a line for each process"),
	OPTION_SYSROOT(""),
	{ 0 },
};

const struct command cmd_pages = {
	.name = "pages",
	.synopsis = "PID...|--all-of USER",
	.summary = "Show on which nodes the pages of processes are",
	.options = options,
	.columns = { columns, mapping_columns },
	.others = "mappings",
	.max_args = MANY_ARGS,
	.option = option,
	.run = run,
};
