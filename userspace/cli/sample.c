// SPDX-License-Identifier: GPL-2.0-only
/* Nodes and processes as they are at a moment: what top shows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sample.h"

#define NODES		"/sys/devices/system/node"
#define EXTENT_KB	2048

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

static void read_memory(const struct context *ctx, struct node_sample *n)
{
	char *text = read_text(ctx, NODES "/node%u/meminfo", n->id);

	n->has_memory = find_number(text, "MemTotal:", &n->total_kb) &&
			find_number(text, "MemFree:", &n->free_kb) &&
			n->free_kb <= n->total_kb;
	free(text);
}

/* What the module counts is not of the moment that memory is. */
static void read_traffic(const struct virtflex_counters *counters,
			 struct node_sample *n)
{
	const struct virtflex_node_counters *c;

	c = counters ? virtflex_counters_node(counters, n->id) : NULL;
	if (!c)
		return;
	n->in_kb = c->plug_extents * EXTENT_KB + c->plug_pages * PAGE_KB;
	n->out_kb = (c->unplug_free + c->unplug_evacuated) * EXTENT_KB +
		    c->unplug_pages * PAGE_KB;
}

static void read_nodes(const struct context *ctx,
		       const struct virtflex_topology *t,
		       struct virtflex_nodemask *nodes)
{
	char *list = read_text(ctx, NODES "/online");
	unsigned int i;

	if (!list || virtflex_nodemask_parse(list, nodes))
		virtflex_nodemask_clear(nodes);
	free(list);
	for (i = 0; t && i < t->nr_nodes; i++)
		virtflex_node_set(nodes, t->nodes[i]->id);
}

static int take_nodes(const struct context *ctx, struct sample *s)
{
	struct virtflex_counters *counters;
	struct virtflex_nodemask nodes;
	struct node_sample *n;
	unsigned int id;

	read_nodes(ctx, s->topology, &nodes);
	s->nodes = calloc(virtflex_nodemask_count(&nodes) + 1,
			  sizeof(*s->nodes));
	if (!s->nodes)
		return -ENOMEM;
	if (virtflex_counters_read(ctx->vf, &counters))
		counters = NULL;
	virtflex_for_each_node(id, &nodes) {
		n = &s->nodes[s->nr_nodes++];
		n->id = id;
		n->cpus = read_text(ctx, NODES "/node%u/cpulist", id);
		read_memory(ctx, n);
		read_traffic(counters, n);
	}
	virtflex_counters_free(counters);
	return 0;
}

static void take_process(const struct context *ctx, unsigned int pid,
			 struct process_sample *p)
{
	process_read(ctx, pid, &p->p);
	p->err = -ESRCH;
	if (p->p.kind != PROCESS_ALIVE)
		return;
	p->err = virtflex_pages_read(ctx->vf, pid, &p->pages);
	if (p->err) {
		p->pages = NULL;
		return;
	}
	p->err = virtflex_threads_read(ctx->vf, pid, &p->threads);
	if (p->err)
		p->threads = NULL;
}

/**
 * sample_take() - look at nodes and processes
 * @ctx: context
 * @wanted: processes
 * @s: where to store it, for sample_free() in any case
 *
 * Return: 0 or -ENOMEM.
 */
int sample_take(const struct context *ctx, const struct processes *wanted,
		struct sample *s)
{
	unsigned int i;
	char *text;

	memset(s, 0, sizeof(*s));
	s->time_ns = now_ns();
	if (virtflex_topology_read(ctx->vf, &s->topology))
		s->topology = NULL;
	s->processes = calloc(wanted->count + 1, sizeof(*s->processes));
	if (!s->processes || take_nodes(ctx, s))
		return -ENOMEM;
	text = read_text(ctx, "/proc/vmstat");
	if (!find_number(text, "pgmigrate_success", &s->migrated))
		s->migrated = 0;
	free(text);
	for (i = 0; i < wanted->count; i++)
		take_process(ctx, wanted->list[i],
			     &s->processes[s->nr_processes++]);
	return 0;
}

/**
 * sample_nr_hidden() - how many processes are there and cannot be looked at?
 * @s: sample
 *
 * Return: their number, without those that have ended.
 */
unsigned int sample_nr_hidden(const struct sample *s)
{
	unsigned int i, count = 0;

	for (i = 0; i < s->nr_processes; i++)
		count += s->processes[i].err && s->processes[i].err != -ESRCH;
	return count;
}

/**
 * sample_free() - free what a sample has
 * @s: sample, which is empty afterwards
 */
void sample_free(struct sample *s)
{
	unsigned int i;

	for (i = 0; i < s->nr_processes; i++) {
		virtflex_pages_free(s->processes[i].pages);
		virtflex_threads_free(s->processes[i].threads);
	}
	for (i = 0; i < s->nr_nodes; i++)
		free(s->nodes[i].cpus);
	free(s->processes);
	free(s->nodes);
	virtflex_topology_free(s->topology);
	memset(s, 0, sizeof(*s));
}
