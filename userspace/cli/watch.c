// SPDX-License-Identifier: GPL-2.0-only
/* virtflex watch: each new topology, asleep in between. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

static uint64_t count;
static uint64_t timeout_s;
static bool has_count, has_timeout;

static bool node_differs(const struct virtflex_node *a,
			 const struct virtflex_node *b)
{
	return a->id != b->id || a->state != b->state ||
	       a->nr_cpus != b->nr_cpus ||
	       memcmp(a->cpus, b->cpus, a->nr_cpus * sizeof(*a->cpus)) ||
	       a->current_kb != b->current_kb || a->target_kb != b->target_kb ||
	       a->capacity_kb != b->capacity_kb;
}

/* The whole topology the first time, then what is new. */
static void print_change(const struct virtflex_topology *old,
			 const struct virtflex_topology *t)
{
	char clock[16], current[24], target[24], *cpus;
	const struct virtflex_node *n, *before;
	time_t now = time(NULL);
	unsigned int i;
	struct tm tm;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	printf("%s ", clock);
	print_state(t, " ");
	for (i = 0; i < t->nr_nodes; i++) {
		n = t->nodes[i];
		before = old ? virtflex_topology_node(old, n->id) : NULL;
		if (before && !node_differs(before, n))
			continue;
		cpus = list_text(n->cpus, n->nr_cpus, true);
		printf("  node %u %s%-8s%s %s, target %s, cpus %s\n", n->id,
		       paint(node_state_color(n->state)),
		       virtflex_node_state_name(n->state),
		       paint(PLAIN),
		       size_text(n->current_kb, current, sizeof(current)),
		       size_text(n->target_kb, target, sizeof(target)),
		       cpus ? cpus : "?");
		free(cpus);
	}
	for (i = 0; old && i < old->nr_nodes; i++)
		if (!virtflex_topology_node(t, old->nodes[i]->id))
			printf("  node %u gone\n", old->nodes[i]->id);
	flush_output();
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct virtflex_topology *old = NULL, *t;
	int ret, timeout_ms = -1;
	uint64_t seen = 0;

	(void)argc;
	(void)argv;
	if (has_timeout)
		timeout_ms = timeout_s * 1000;
	for (;;) {
		ret = virtflex_wait(ctx->vf, old ? old->generation : 0,
				    timeout_ms, &t);
		if (ret == -EINTR)
			continue;
		if (ret)
			break;
		if (ctx->json)
			ret = print_json(topology_json(ctx, t),
					 JSON_C_TO_STRING_PLAIN);
		else
			print_change(old, t);
		seen += !!old;
		virtflex_topology_free(old);
		old = t;
		if (ret || ferror(stdout) || (has_count && seen >= count))
			break;
	}
	virtflex_topology_free(old);
	if (ret == -ETIMEDOUT)
		return EXIT_TIMEOUT;
	if (ret < 0) {
		error_topology(ctx, ret);
		return EXIT_ERROR;
	}
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	if (!strcmp(name, "count")) {
		has_count = true;
		return take_number(name, arg, "", 0, UINT64_MAX, &count);
	}
	has_timeout = true;
	return take_number(name, arg, " of seconds", 0, INT_MAX / 1000,
			   &timeout_s);
}

static const struct option_desc options[] = {
	{ "count", 'c', "N", "end after N new topologies" },
	{ "timeout", 't', "S", "end when nothing new came for S seconds" },
	OPTION_JSON("print JSON, a line for each topology"),
	OPTION_SYSROOT(", and end"),
	{ 0 },
};

const struct command cmd_watch = {
	.name = "watch",
	.synopsis = "",
	.summary = "Show the topology, and each new one when it comes",
	.options = options,
	.option = option,
	.run = run,
};
