// SPDX-License-Identifier: GPL-2.0-only
/* The machine below libvirt's guests: its physical CPUs and its memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "libvirt_host.h"
#include "meminfo.h"

/* The value of an attribute of a tag, which libvirt writes in one way only. */
static bool take_attribute(const char *tag, const char *name, unsigned int *value)
{
	const char *end = strchr(tag, '>'), *at;
	char text[40];

	snprintf(text, sizeof(text), " %s='", name);
	at = strstr(tag, text);
	if (!at || !end || at > end)
		return false;
	*value = strtoul(at + strlen(text), NULL, 10);
	return true;
}

/* Hyperthreads of a core have a list of each other; the first of it names the core. */
static void place_cpu(struct libvirt_host *h, const char *tag, int node)
{
	unsigned int cpu, first;

	if (!take_attribute(tag, "id", &cpu) || cpu >= h->nr_cpus)
		return;
	h->cpus[cpu].node = node;
	if (take_attribute(tag, "siblings", &first))
		h->cpus[cpu].core = first;
}

/* <cell id='0'> ... <cpu id='0' socket_id='0' core_id='0' siblings='0-1'/> ... */
static void place_cpus(struct libvirt_host *h, const char *capabilities)
{
	const char *at = strstr(capabilities, "<topology>"), *end;
	unsigned int node = 0;

	end = at ? strstr(at, "</topology>") : NULL;
	while (end && (at = strchr(at + 1, '<')) && at < end) {
		if (!strncmp(at, "<cell ", 6))
			take_attribute(at, "id", &node);
		else if (!strncmp(at, "<cpu ", 5))
			place_cpu(h, at, node);
	}
}

/**
 * machine_read_cpus() - read how physical CPUs are on nodes and cores
 * @h: host, just connected to
 *
 * Return: false if libvirt does not say.
 */
bool machine_read_cpus(struct libvirt_host *h)
{
	int count = virNodeGetCPUMap(h->conn, NULL, NULL, 0);
	char *capabilities;
	unsigned int i;

	if (count <= 0)
		return false;
	h->nr_cpus = count < MAX_HOST_CPUS ? count : MAX_HOST_CPUS;
	h->cpus = calloc(h->nr_cpus, sizeof(*h->cpus));
	if (!h->cpus)
		return false;
	for (i = 0; i < h->nr_cpus; i++)
		h->cpus[i] = (struct host_cpu){ .node = 0, .core = i };
	capabilities = virConnectGetCapabilities(h->conn);
	if (capabilities)
		place_cpus(h, capabilities);
	free(capabilities);
	return true;
}

/**
 * machine_see_cpus() - see which physical CPUs are online: that changes while the host runs
 * @h: host
 * @s: snapshot that is being made
 *
 * Return: false if libvirt does not say.
 */
bool machine_see_cpus(struct libvirt_host *h, struct snapshot *s)
{
	unsigned char *map = NULL;
	unsigned int i, online;
	int count = virNodeGetCPUMap(h->conn, &map, &online, 0);

	if (count <= 0)
		return false;
	for (i = 0; i < s->nr_cpus; i++) {
		s->cpus[i] = h->cpus[i];
		s->cpus[i].online = (int)i < count && VIR_CPU_USED(map, i);
	}
	free(map);
	return true;
}

/*
 * Whether this is the host that the program runs on, and what its kernel takes for
 * available: that knows which part of the page cache can be dropped.
 */
static bool read_meminfo(const struct libvirt_host *h, struct snapshot *s)
{
	FILE *f = h->is_local ? fopen("/proc/meminfo", "re") : NULL;
	char text[8192];
	uint64_t total, available;
	size_t length;

	if (!f)
		return false;
	length = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[length] = 0;
	if (!meminfo_kb(text, "MemTotal", &total) || total != s->total_kb ||
	    !meminfo_kb(text, "MemAvailable", &available))
		return false;
	s->available_kb = available;
	return true;
}

/**
 * machine_see_memory() - see how much memory the host has, and has available
 * @h: host
 * @s: snapshot that is being made
 *
 * libvirt takes four fields and nothing else, and says them in KiB. What it says is cached
 * is files, and memory that programs share: that of guests may be.
 *
 * Return: false if libvirt does not say.
 */
bool machine_see_memory(struct libvirt_host *h, struct snapshot *s)
{
	virNodeMemoryStats fields[4];
	int count = 4, i;

	if (virNodeGetMemoryStats(h->conn, VIR_NODE_MEMORY_STATS_ALL_CELLS,
				  fields, &count, 0))
		return false;
	for (i = 0; i < count; i++) {
		if (!strcmp(fields[i].field, VIR_NODE_MEMORY_STATS_TOTAL))
			s->total_kb = fields[i].value;
		else
			s->available_kb += fields[i].value;
	}
	s->shared_is_free = !read_meminfo(h, s);
	return true;
}
