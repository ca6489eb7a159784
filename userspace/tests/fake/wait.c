// SPDX-License-Identifier: GPL-2.0-only
/*
 * Topologies: the one that is now, a file named by FAKE_TOPOLOGY, or "unloaded";
 * and those that come one after the other. FAKE_WAIT says what each call gives:
 * the file of a topology, "interrupted", "unloaded", or "timeout=MS", which is
 * for a call that would wait so long, and -1 for one without limit.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "virtflex.h"

int __real_virtflex_wait(struct virtflex *vf, uint64_t generation,
			 int timeout_ms, struct virtflex_topology **topology);
int __wrap_virtflex_wait(struct virtflex *vf, uint64_t generation,
			 int timeout_ms, struct virtflex_topology **topology);
int __real_virtflex_topology_read(struct virtflex *vf,
				  struct virtflex_topology **topology);
int __wrap_virtflex_topology_read(struct virtflex *vf,
				  struct virtflex_topology **topology);

static int read_topology(const char *path, struct virtflex_topology **topology)
{
	char text[8192];
	size_t len;
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return -errno;
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	return virtflex_topology_parse(text, len, topology);
}

int __wrap_virtflex_wait(struct virtflex *vf, uint64_t generation,
			 int timeout_ms, struct virtflex_topology **topology)
{
	static const char *next;
	char item[256];
	int len;

	if (!getenv("FAKE_WAIT"))
		return __real_virtflex_wait(vf, generation, timeout_ms,
					    topology);
	if (!next)
		next = getenv("FAKE_WAIT");
	if (sscanf(next, " %255s%n", item, &len) != 1)
		abort();
	next += len;
	if (!strcmp(item, "interrupted"))
		return -EINTR;
	if (!strcmp(item, "unloaded"))
		return -ENODEV;
	if (!strncmp(item, "timeout=", 8)) {
		if (atoi(item + 8) != timeout_ms)
			abort();
		return -ETIMEDOUT;
	}
	return read_topology(item, topology);
}

int __wrap_virtflex_topology_read(struct virtflex *vf,
				  struct virtflex_topology **topology)
{
	const char *path = getenv("FAKE_TOPOLOGY");

	if (!path)
		return __real_virtflex_topology_read(vf, topology);
	return strcmp(path, "unloaded") ? read_topology(path, topology) :
					  -ENODEV;
}
