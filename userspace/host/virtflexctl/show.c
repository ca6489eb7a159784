// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl show: the nodes of a domain. */
#include <stdlib.h>

#include "ctl.h"
#include "exits.h"
#include "table.h"

/**
 * struct row - a line of the table
 * @d: domain
 * @i: node of it
 * @plugged: its vCPUs that can be used, ascending
 * @nr_plugged: how many
 * @running: those of them that are online
 * @nr_running: how many
 */
struct row {
	const struct domain *d;
	unsigned int i;
	unsigned int *plugged;
	unsigned int nr_plugged;
	unsigned int *running;
	unsigned int nr_running;
};

static const struct vnode *node_of(const struct row *r)
{
	return &r->d->vnodes[r->i];
}

static void get_node(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->i;
}

static void get_state(const void *row, struct value *v)
{
	const struct row *r = row;
	bool active = domain_active(r->d, r->i);

	v->type = VALUE_TEXT;
	v->text = active ? "active" : "inactive";
	v->color = active ? GREEN : DIM;
}

static void get_pnode(const void *row, struct value *v)
{
	const struct vnode *n = node_of(row);

	if (n->pnode == PNODE_UNKNOWN)
		return;
	v->type = VALUE_NUMBER;
	v->number = n->pnode;
}

static void get_vcpus(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_LIST;
	v->numbers = r->plugged;
	v->count = r->nr_plugged;
}

static void get_online(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_LIST;
	v->numbers = r->running;
	v->count = r->nr_running;
}

/* Those that run on another physical node than their memory is on. */
static void get_remote(const void *row, struct value *v)
{
	const struct row *r = row;
	const struct vcpu *vcpu;
	unsigned int i;

	v->type = VALUE_NUMBER;
	for (i = 0; i < r->nr_running; i++) {
		vcpu = &r->d->vcpus[r->running[i]];
		v->number += vcpu->pnode != PNODE_UNKNOWN &&
			     node_of(r)->pnode != PNODE_UNKNOWN &&
			     vcpu->pnode != node_of(r)->pnode;
	}
}

static void get_current(const void *row, struct value *v)
{
	const struct vnode *n = node_of(row);

	if (n->current_kb == KB_UNKNOWN)
		return;
	v->type = VALUE_SIZE;
	v->number = n->current_kb;
}

/* After a move; 0 also where the guest does not know. */
static void get_elsewhere(const void *row, struct value *v)
{
	const struct row *r = row;
	struct share share;

	v->type = VALUE_SIZE;
	if (answer_share(r->d->result, r->i, &share))
		v->number = share.all_kb - share.here_kb;
}

static void get_target(const void *row, struct value *v)
{
	const struct vnode *n = node_of(row);

	if (!n->described)
		return;
	v->type = VALUE_SIZE;
	v->number = n->target_kb;
}

static void get_capacity(const void *row, struct value *v)
{
	v->type = VALUE_SIZE;
	v->number = node_of(row)->capacity_kb;
}

static void get_bar(const void *row, struct value *v)
{
	const struct vnode *n = node_of(row);

	v->type = VALUE_BAR;
	v->number = n->current_kb == KB_UNKNOWN ? 0 : n->current_kb;
	v->full = n->capacity_kb;
}

static const struct column columns[] = {
	{ "NODE", "id", "number of the virtual node", COLUMN_RIGHT, get_node },
	{ "STATE", "state", "active or inactive, as the host wants it", 0,
	  get_state },
	{ "PNODE", "pnode", "physical node behind it", COLUMN_RIGHT,
	  get_pnode },
	{ "VCPUS", "vcpus", "its vCPUs", 0, get_vcpus },
	{ "ONLINE", "online", "those that are online, by Xen", 0, get_online },
	{ "REMOTE", "remote", "those that are on another physical node now",
	  COLUMN_RIGHT, get_remote },
	{ "CURRENT", "current_kb", "memory it has, by the guest", COLUMN_RIGHT,
	  get_current },
	{ "ELSEWHERE", "elsewhere_kb",
	  "of that, left elsewhere by a move",
	  COLUMN_RIGHT | COLUMN_EXTRA, get_elsewhere },
	{ "TARGET", "target_kb", "memory it is to have", COLUMN_RIGHT,
	  get_target },
	{ "CAPACITY", "capacity_kb", "memory it was built with", COLUMN_RIGHT,
	  get_capacity },
	{ "MEMORY", NULL, "share of its memory that it has", COLUMN_PEOPLE,
	  get_bar },
	{ 0 },
};

static bool make_row(const struct domain *d, unsigned int i, struct row *r)
{
	unsigned int v;

	*r = (struct row){ .d = d, .i = i };
	r->plugged = calloc(d->nr_vcpus + 1, sizeof(*r->plugged));
	r->running = calloc(d->nr_vcpus + 1, sizeof(*r->running));
	if (!r->plugged || !r->running)
		return false;
	for (v = 0; v < d->nr_vcpus; v++) {
		if (d->vcpus[v].vnode != i)
			continue;
		if (d->vcpus[v].plugged)
			r->plugged[r->nr_plugged++] = v;
		if (d->vcpus[v].runs)
			r->running[r->nr_running++] = v;
	}
	return true;
}

static void free_row(struct row *r)
{
	free(r->plugged);
	free(r->running);
}

static struct json_object *or_null(const char *text)
{
	return text && *text ? json_text(text) : NULL;
}

static int show_json(const struct context *ctx, const struct domain *d)
{
	struct json_object *root = json_object_new_object();
	struct json_object *nodes = json_object_new_array();
	const char *color;
	unsigned int i;
	struct row r;

	json_object_object_add(root, "id", json_u64(d->id));
	json_object_object_add(root, "name", json_text(d->name));
	json_object_object_add(root, "state", json_text(domain_state(d, &color)));
	json_object_object_add(root, "status", or_null(d->status));
	json_object_object_add(root, "error", or_null(d->error));
	json_object_object_add(root, "result", or_null(d->result));
	json_object_object_add(root, "protocol", d->version ?
			       json_u64(d->version) : NULL);
	json_object_object_add(root, "last_request", or_null(d->by));
	json_object_object_add(root, "nodes", nodes);
	for (i = 0; i < d->nr_vnodes; i++) {
		if (make_row(d, i, &r))
			json_object_array_add(nodes, row_json(ctx, columns, &r));
		free_row(&r);
	}
	return print_json(root, JSON_PAGE);
}

static void print_line(const char *what, const char *text)
{
	if (!text || !*text)
		return;
	printf("%s: ", what);
	print_clean(stdout, text);
	putchar('\n');
}

/* Where memory is that a move has not brought to its physical node. */
static void print_shares(const struct domain *d)
{
	char here[24], all[24];
	struct share share;
	unsigned int i;

	for (i = 0; i < d->nr_vnodes; i++)
		if (answer_share(d->result, i, &share))
			printf("node %u: %s of %s are on physical node %u\n", i,
			       size_text(share.here_kb, here, sizeof(here)),
			       size_text(share.all_kb, all, sizeof(all)),
			       share.pnode);
}

static int show_table(const struct context *ctx, const struct domain *d)
{
	struct table *table = table_new(ctx, columns);
	const char *state, *color;
	unsigned int i;
	struct row r;

	if (!ctx->raw && !ctx->columns) {
		state = domain_state(d, &color);
		printf("domain %u, %s%s%s: %s%s%s\n", d->id, paint(BOLD), d->name,
		       paint(PLAIN), paint(color), state, paint(PLAIN));
		print_line("guest", d->status);
		print_line("error", d->error);
		print_shares(d);
		print_line("last request", d->by);
		putchar('\n');
		flush_output();
	}
	for (i = 0; table && i < d->nr_vnodes; i++) {
		if (make_row(d, i, &r))
			table_add(table, &r);
		free_row(&r);
	}
	return table_print(table, stdout);
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct domain *d = NULL;
	int ret;

	ret = check_columns(ctx, "show", columns);
	if (!ret)
		ret = target_domain(ctx, argc, argv, "show", &d);
	if (!ret)
		ret = domain_read_pnodes(ctx->host, d);
	if (!ret)
		ret = ctx->json ? show_json(ctx, d) : show_table(ctx, d);
	domain_free(d);
	return ret;
}

static const struct option_desc options[] = {
	OPTION_OUTPUT,
	OPTION_NOHEADINGS,
	OPTION_RAW,
	OPTION_JSON("print JSON"),
	{ 0 },
};

const struct command cmd_show = {
	.name = "show",
	.synopsis = "DOMAIN",
	.summary = "Show the nodes of a domain, and what its guest says",
	.options = options,
	.columns = { columns },
	.max_args = 1,
	.run = run,
};
