// SPDX-License-Identifier: GPL-2.0-only
/* virtflex topology: the topology as it is now. */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "table.h"

/**
 * error_topology() - say why the topology cannot be read
 * @ctx: context
 * @err: negative errno of a reader
 */
void error_topology(const struct context *ctx, int err)
{
	const char *root = root_of(ctx);

	switch (err) {
	case -ENOENT:
		error("no %s/proc/virtflex/topology: %s", root, ctx->sysroot ?
		      "was the module loaded where this copy is from?" :
		      "is the module loaded? " LOAD_MODULE);
		break;
	case -ENODEV:
		error("the virtflex module was unloaded; to go on: %s",
		      LOAD_MODULE);
		break;
	case -EBADMSG:
		error("%s/proc/virtflex/topology is damaged: is the module of another version?",
		      root);
		break;
	case -EPROTONOSUPPORT:
		error("%s/proc/virtflex/topology is of a newer version: update virtflex",
		      root);
		break;
	case -EOPNOTSUPP:
		error("below --sysroot nothing changes: there is nothing to wait for");
		break;
	default:
		error("%s/proc/virtflex/topology: %s", root, strerror(-err));
	}
}

/**
 * node_state_color() - colour for the state of a node
 * @state: enum virtflex_node_state
 */
const char *node_state_color(unsigned int state)
{
	switch (state) {
	case VIRTFLEX_NODE_ACTIVE:
		return GREEN;
	case VIRTFLEX_NODE_INACTIVE:
		return DIM;
	default:
		return YELLOW;
	}
}

/**
 * struct row - a line of the table
 * @t: topology
 * @n: node of it
 * @largest: memory of the largest node, in KiB
 */
struct row {
	const struct virtflex_topology *t;
	const struct virtflex_node *n;
	uint64_t largest;
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

	v->type = VALUE_TEXT;
	v->text = virtflex_node_state_name(r->n->state);
	v->color = node_state_color(r->n->state);
}

/* A number that the host, or Xen, may not have said: -1 */
static void show_optional(int number, struct value *v)
{
	if (number < 0)
		return;
	v->type = VALUE_NUMBER;
	v->number = number;
}

static void get_pnode(const void *row, struct value *v)
{
	const struct row *r = row;

	show_optional(r->n->pnode, v);
}

static void get_vnode(const void *row, struct value *v)
{
	const struct row *r = row;

	show_optional(r->n->vnode, v);
}

static void get_cpus(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_LIST;
	v->numbers = r->n->cpus;
	v->count = r->n->nr_cpus;
}

static void get_current(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_SIZE;
	v->number = r->n->current_kb;
}

static void get_target(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_SIZE;
	v->number = r->n->target_kb;
}

static void get_capacity(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_SIZE;
	v->number = r->n->capacity_kb;
}

static void get_bar(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_BAR;
	v->number = r->n->current_kb;
	v->full = r->largest;
}

static void get_distances(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_ARRAY;
	v->numbers = r->n->distances;
	v->count = r->t->nr_nodes;
}

static const struct column columns[] = {
	{ "NODE", "id", "number of the node", COLUMN_RIGHT, get_id },
	{ "STATE", "state", "active, arriving, leaving or inactive", 0,
	  get_state },
	{ "PNODE", "pnode", "physical node behind it", COLUMN_RIGHT,
	  get_pnode },
	{ "CPUS", "cpus", "CPUs that are online", 0, get_cpus },
	{ "CURRENT", "current_kb", "memory it has", COLUMN_RIGHT,
	  get_current },
	{ "TARGET", "target_kb", "memory it is to have", COLUMN_RIGHT,
	  get_target },
	{ "CAPACITY", "capacity_kb", "most memory it can have", COLUMN_RIGHT,
	  get_capacity },
	{ "MEMORY", NULL, "memory it has, as a bar", COLUMN_PEOPLE, get_bar },
	{ "DISTANCES", "distances", "distance to each node, in their order", 0,
	  get_distances },
	{ "VNODE", "vnode", "number by which Xen knows it",
	  COLUMN_RIGHT | COLUMN_EXTRA, get_vnode },
	{ 0 },
};

/**
 * topology_json() - a topology as an object
 * @ctx: which columns of nodes were asked for
 * @t: topology
 */
struct json_object *topology_json(const struct context *ctx,
				  const struct virtflex_topology *t)
{
	struct json_object *root = json_object_new_object();
	struct json_object *nodes = json_object_new_array();
	struct row row = { .t = t };
	unsigned int i;

	json_object_object_add(root, "version", json_u64(t->version));
	json_object_object_add(root, "generation", json_u64(t->generation));
	json_object_object_add(root, "state",
			       json_text(virtflex_state_name(t->state)));
	json_object_object_add(root, "why", t->why ? json_text(t->why) : NULL);
	json_object_object_add(root, "nodes", nodes);
	for (i = 0; i < t->nr_nodes; i++) {
		row.n = t->nodes[i];
		json_object_array_add(nodes, row_json(ctx, columns, &row));
	}
	return root;
}

/**
 * print_state() - print generation and state of a topology, and a newline
 * @t: topology
 * @between: what stands between the two
 */
void print_state(const struct virtflex_topology *t, const char *between)
{
	printf("generation %s%llu%s%s%s", paint(BOLD),
	       (unsigned long long)t->generation, paint(PLAIN), between,
	       virtflex_state_name(t->state));
	if (t->why) {
		printf(": ");
		print_clean(stdout, t->why);
	}
	putchar('\n');
}

static int print_topology(const struct context *ctx,
			  const struct virtflex_topology *t)
{
	struct table *table = table_new(ctx, columns);
	struct row row = { .t = t };
	unsigned int i;

	for (i = 0; i < t->nr_nodes; i++) {
		if (t->nodes[i]->capacity_kb > row.largest)
			row.largest = t->nodes[i]->capacity_kb;
		if (t->nodes[i]->current_kb > row.largest)
			row.largest = t->nodes[i]->current_kb;
	}
	if (!ctx->raw && !ctx->columns) {
		print_state(t, ", ");
		putchar('\n');
	}
	for (i = 0; table && i < t->nr_nodes; i++) {
		row.n = t->nodes[i];
		table_add(table, &row);
	}
	return table_print(table, stdout);
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct virtflex_topology *t;
	int ret;

	(void)argc;
	(void)argv;
	ret = check_columns(ctx, "topology", columns);
	if (ret)
		return ret;
	ret = virtflex_topology_read(ctx->vf, &t);
	if (ret) {
		error_topology(ctx, ret);
		return EXIT_ERROR;
	}
	if (ctx->json)
		ret = print_json(topology_json(ctx, t), JSON_PAGE);
	else
		ret = print_topology(ctx, t);
	virtflex_topology_free(t);
	return ret;
}

static const struct option_desc options[] = {
	OPTION_OUTPUT,
	OPTION_NOHEADINGS,
	OPTION_RAW,
	OPTION_JSON("print JSON"),
	OPTION_SYSROOT(""),
	{ 0 },
};

const struct command cmd_topology = {
	.name = "topology",
	.synopsis = "",
	.summary = "Show the topology as it is now",
	.options = options,
	.columns = { columns },
	.run = run,
};
