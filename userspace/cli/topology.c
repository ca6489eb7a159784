// SPDX-License-Identifier: GPL-2.0-only
/* virtflex topology: the topology as it is now. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define BAR_WIDTH 20

/**
 * state_text() - word of the grammar for a state
 * @state: enum virtflex_state
 */
const char *state_text(unsigned int state)
{
	static const char *const words[] = {
		[VIRTFLEX_STABLE] = "stable",
		[VIRTFLEX_EXPANDING] = "expanding",
		[VIRTFLEX_SHRINKING] = "shrinking",
		[VIRTFLEX_FAILED] = "failed",
	};

	return state < sizeof(words) / sizeof(*words) ? words[state] : "?";
}

/**
 * node_state_text() - word of the grammar for the state of a node
 * @state: enum virtflex_node_state
 */
const char *node_state_text(unsigned int state)
{
	static const char *const words[] = {
		[VIRTFLEX_NODE_ACTIVE] = "active",
		[VIRTFLEX_NODE_ARRIVING] = "arriving",
		[VIRTFLEX_NODE_LEAVING] = "leaving",
		[VIRTFLEX_NODE_INACTIVE] = "inactive",
	};

	return state < sizeof(words) / sizeof(*words) ? words[state] : "?";
}

/**
 * node_state_color() - colour for the state of a node
 * @state: enum virtflex_node_state
 */
const char *node_state_color(unsigned int state)
{
	switch (state) {
	case VIRTFLEX_NODE_ACTIVE:
		return paint(GREEN);
	case VIRTFLEX_NODE_INACTIVE:
		return paint(DIM);
	default:
		return paint(YELLOW);
	}
}

/**
 * find_node() - node of a topology
 * @t: topology; may be NULL
 * @id: its number
 *
 * Return: the node, or NULL if there is none.
 */
const struct virtflex_node *find_node(const struct virtflex_topology *t,
				      unsigned int id)
{
	unsigned int i;

	for (i = 0; t && i < t->nr_nodes; i++)
		if (t->nodes[i]->id == id)
			return t->nodes[i];
	return NULL;
}

/**
 * list_text() - ascending numbers as a list such as "0-1,4"
 * @numbers: numbers
 * @count: how many; "-" if there is none
 *
 * Return: text to be freed, or NULL.
 */
char *list_text(const unsigned int *numbers, unsigned int count)
{
	unsigned int i, last;
	char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	if (!count)
		fputc('-', f);
	for (i = 0; i < count; i = last + 1) {
		for (last = i; last + 1 < count &&
		     numbers[last + 1] == numbers[last] + 1; last++)
			;
		fprintf(f, "%s%u", i ? "," : "", numbers[i]);
		if (last > i)
			fprintf(f, "-%u", numbers[last]);
	}
	return fclose(f) ? NULL : text;
}

static struct json_object *numbers_json(const unsigned int *numbers,
					unsigned int count)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < count; i++)
		json_object_array_add(array, json_u64(numbers[i]));
	return array;
}

/**
 * topology_json() - a topology with the names of its grammar
 * @t: topology
 */
struct json_object *topology_json(const struct virtflex_topology *t)
{
	struct json_object *root = json_object_new_object();
	struct json_object *nodes = json_object_new_array();
	unsigned int i;

	json_object_object_add(root, "version", json_u64(t->version));
	json_object_object_add(root, "generation", json_u64(t->generation));
	json_object_object_add(root, "state",
			       json_object_new_string(state_text(t->state)));
	json_object_object_add(root, "why", t->why ?
			       json_object_new_string(t->why) : NULL);
	json_object_object_add(root, "nodes", nodes);
	for (i = 0; i < t->nr_nodes; i++) {
		const struct virtflex_node *n = t->nodes[i];
		struct json_object *o = json_object_new_object(), *state;

		json_object_array_add(nodes, o);
		json_object_object_add(o, "id", json_u64(n->id));
		state = json_object_new_string(node_state_text(n->state));
		json_object_object_add(o, "state", state);
		json_object_object_add(o, "pnode", n->pnode < 0 ? NULL :
				       json_u64(n->pnode));
		json_object_object_add(o, "cpus",
				       numbers_json(n->cpus, n->nr_cpus));
		json_object_object_add(o, "current_kb",
				       json_u64(n->current_kb));
		json_object_object_add(o, "target_kb", json_u64(n->target_kb));
		json_object_object_add(o, "capacity_kb",
				       json_u64(n->capacity_kb));
		json_object_object_add(o, "distances",
				       numbers_json(n->distances, t->nr_nodes));
	}
	return root;
}

static void print_topology(const struct virtflex_topology *t)
{
	unsigned int cpu_width = 4, len, i, k;
	char sizes[3][24], pnode[12], *cpus;
	uint64_t largest = 0;

	printf("generation %s%llu%s, %s", paint(BOLD),
	       (unsigned long long)t->generation, paint(PLAIN),
	       state_text(t->state));
	if (t->why) {
		printf(": ");
		print_clean(stdout, t->why);
	}
	puts("\n");
	for (i = 0; i < t->nr_nodes; i++) {
		cpus = list_text(t->nodes[i]->cpus, t->nodes[i]->nr_cpus);
		len = cpus ? strlen(cpus) : 0;
		free(cpus);
		if (len > cpu_width)
			cpu_width = len;
		if (t->nodes[i]->capacity_kb > largest)
			largest = t->nodes[i]->capacity_kb;
		if (t->nodes[i]->current_kb > largest)
			largest = t->nodes[i]->current_kb;
	}
	printf("node state    pnode %-*s %10s %10s %10s  %-*s distances\n",
	       (int)cpu_width, "cpus", "current", "target", "capacity",
	       BAR_WIDTH, "");
	for (i = 0; i < t->nr_nodes; i++) {
		const struct virtflex_node *n = t->nodes[i];

		snprintf(pnode, sizeof(pnode), n->pnode < 0 ? "-" : "%d",
			 n->pnode);
		cpus = list_text(n->cpus, n->nr_cpus);
		printf("%4u %s%-8s%s %5s %-*s %10s %10s %10s  ", n->id,
		       node_state_color(n->state), node_state_text(n->state),
		       paint(PLAIN), pnode, (int)cpu_width, cpus ? cpus : "?",
		       size_text(n->current_kb, sizes[0], sizeof(sizes[0])),
		       size_text(n->target_kb, sizes[1], sizeof(sizes[1])),
		       size_text(n->capacity_kb, sizes[2], sizeof(sizes[2])));
		free(cpus);
		print_bar(n->current_kb, largest, BAR_WIDTH, true);
		for (k = 0; k < t->nr_nodes; k++)
			printf("%s%u", k ? "," : " ", n->distances[k]);
		putchar('\n');
	}
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct virtflex_topology *t;
	int ret;

	(void)argc;
	(void)argv;
	ret = virtflex_topology_read(ctx->vf, &t);
	if (ret) {
		error_topology(ret);
		return EXIT_ERROR;
	}
	ret = EXIT_DONE;
	if (ctx->json)
		ret = print_json(topology_json(t), JSON_C_TO_STRING_PRETTY |
				 JSON_C_TO_STRING_SPACED);
	else
		print_topology(t);
	virtflex_topology_free(t);
	return ret;
}

static const struct option_desc options[] = {
	{ "json", NULL, "print JSON" },
	{ "sysroot", "DIR", "read /proc and /sys below DIR" },
	{ 0 },
};

const struct command cmd_topology = {
	.name = "topology",
	.synopsis = "",
	.summary = "Show the topology as it is now",
	.options = options,
	.run = run,
};
