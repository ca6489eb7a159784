/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A strict reader of /proc/virtflex/topology: it takes what docs/proc.md
 * describes for version 1 and nothing else, where a user's reader is lenient.
 */
#ifndef TOPOLOGY_FILE_H
#define TOPOLOGY_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include "numa_util.h"

#define TOPOLOGY_SIZE	16384

enum node_state { NODE_ACTIVE, NODE_ARRIVING, NODE_LEAVING, NODE_INACTIVE };

struct topology_node {
	int id;
	enum node_state state;
	/* -1: the host did not say */
	int pnode;
	char cpus[512];
	uint64_t current_kb, target_kb, capacity_kb;
	int distance[NODES];
	/* -1: there is no Xen */
	int vnode;
};

struct topology {
	uint64_t generation;
	/* enum virtflex_state */
	unsigned int state;
	char why[256];
	int nr;
	struct topology_node node[NODES];
};

/* Returns NULL, or what is wrong with the text (in static memory). */
const char *topology_parse(const char *text, struct topology *topo);
/* Read from an open file, step bytes a time; size of the text or -errno */
ssize_t topology_text(int fd, size_t step, char *text);
/* Open, read, parse; returns NULL or what is wrong. */
const char *topology_read(struct topology *topo);
/* Bring a CPU online, and wait until it is in what is published, for 10 s at most */
void topology_cpu_back(int cpu);
/* The active nodes, a bit each */
uint64_t topology_active(const struct topology *topo);

#endif
