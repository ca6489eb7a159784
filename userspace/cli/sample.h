/* SPDX-License-Identifier: GPL-2.0-only */
/* Nodes and processes as they are at a moment. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "cli.h"

/**
 * struct node_sample - a node
 * @id: its number
 * @cpus: its CPUs as a list; NULL if they are not known
 * @has_memory: whether the kernel says how much memory there is and is free
 * @total_kb: memory it has
 * @free_kb: of it, what is free
 * @in_kb: what came from the host since the module was loaded
 * @out_kb: what went to the host since then
 */
struct node_sample {
	unsigned int id;
	char *cpus;
	bool has_memory;
	uint64_t total_kb;
	uint64_t free_kb;
	uint64_t in_kb;
	uint64_t out_kb;
};

/**
 * struct process_sample - a process
 * @p: what is behind its number
 * @err: negative errno of what could not be read
 * @pages: its pages; NULL after an error
 * @threads: its threads; NULL after an error
 */
struct process_sample {
	struct process p;
	int err;
	struct virtflex_pages *pages;
	struct virtflex_threads *threads;
};

/**
 * struct sample - all of them
 * @time_ns: monotonic time
 * @topology: topology; NULL if there is none
 * @migrated: pages that this kernel moved since it runs, for whatever reason
 * @nodes: nodes that are online, or in the topology
 * @nr_nodes: length of @nodes
 * @processes: processes that are wanted
 * @nr_processes: length of @processes
 */
struct sample {
	uint64_t time_ns;
	struct virtflex_topology *topology;
	uint64_t migrated;
	struct node_sample *nodes;
	unsigned int nr_nodes;
	struct process_sample *processes;
	unsigned int nr_processes;
};

int sample_take(const struct context *ctx, const struct processes *wanted,
		struct sample *s);
unsigned int sample_nr_hidden(const struct sample *s);
void sample_free(struct sample *s);

#endif /* SAMPLE_H */
