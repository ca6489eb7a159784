// SPDX-License-Identifier: GPL-2.0-only
/* The machine below Xen's guests: its physical CPUs, and its memory, of each node. */
#include <libxl_utils.h>
#include <stdlib.h>

#include "shared.h"
#include "xen_host.h"

/**
 * xen_set() - a set of physical CPUs, as libxenlight has it
 * @set: out
 * @map: that
 */
void xen_set(cpu_set_t *set, const libxl_bitmap *map)
{
	unsigned int i;

	CPU_ZERO(set);
	for (i = 0; i < MAX_HOST_CPUS && i < map->size * 8; i++)
		if (libxl_bitmap_test(map, i))
			CPU_SET(i, set);
}

/* Hyperthreads of a core are named by the first of them. */
static unsigned int core_of(const libxl_cputopology *cpus, unsigned int cpu)
{
	unsigned int i;

	if (cpus[cpu].core == LIBXL_CPUTOPOLOGY_INVALID_ENTRY)
		return cpu;
	for (i = 0; i < cpu; i++)
		if (cpus[i].core == cpus[cpu].core &&
		    cpus[i].socket == cpus[cpu].socket)
			return i;
	return cpu;
}

static void see_cpus(const libxl_cputopology *cpus, const cpu_set_t *online,
		     struct snapshot *s)
{
	unsigned int i;

	for (i = 0; i < s->nr_cpus; i++) {
		s->cpus[i].online = CPU_ISSET(i, online);
		s->cpus[i].core = core_of(cpus, i);
		if (cpus[i].node != LIBXL_CPUTOPOLOGY_INVALID_ENTRY)
			s->cpus[i].node = cpus[i].node;
	}
}

static bool see_nodes(struct xen_host *h, struct snapshot *s)
{
	unsigned int count, i;
	struct pnode *pnodes = host_pnodes(&h->host, &count);
	struct host_node *nodes = pnodes ? snapshot_set_nodes(s, count) : NULL;

	for (i = 0; nodes && i < count; i++)
		nodes[i] = (struct host_node){
			.total_kb = pnodes[i].size_kb, .free_kb = pnodes[i].free_kb,
		};
	free(pnodes);
	return nodes;
}

/* A CPU that is online is in a pool, and one that goes offline leaves it. */
static bool see_pools(struct xen_host *h, cpu_set_t *online)
{
	libxl_cpupoolinfo *pools;
	cpu_set_t cpus;
	int count, i;

	pools = libxl_list_cpupool(h->host.ctx, &count);
	if (!pools)
		return false;
	CPU_ZERO(online);
	for (i = 0; i < count; i++) {
		xen_set(&cpus, &pools[i].cpumap);
		CPU_OR(online, online, &cpus);
	}
	libxl_cpupoolinfo_list_free(pools, count);
	return true;
}

/* What Xen has promised to domains that are being made is not free. */
static bool see_memory(struct xen_host *h, struct snapshot *s)
{
	libxl_physinfo info;
	uint64_t free_pages;
	bool done;

	libxl_physinfo_init(&info);
	done = !libxl_get_physinfo(h->host.ctx, &info);
	free_pages = info.free_pages > info.outstanding_pages ?
			     info.free_pages - info.outstanding_pages : 0;
	s->total_kb = info.total_pages * PAGE_KB;
	s->available_kb = free_pages * PAGE_KB;
	libxl_physinfo_dispose(&info);
	return done;
}

/**
 * xen_see_machine() - see the machine
 * @h: host
 * @most_guests: how many guests there may be on it
 *
 * Return: snapshot with no guests yet; NULL if something cannot be read.
 */
struct snapshot *xen_see_machine(struct xen_host *h, unsigned int most_guests)
{
	libxl_cputopology *cpus;
	struct snapshot *s = NULL;
	cpu_set_t online;
	int count;

	if (!see_pools(h, &online))
		return NULL;
	cpus = libxl_get_cpu_topology(h->host.ctx, &count);
	if (!cpus)
		return NULL;
	if (count > 0)
		s = snapshot_new(count < MAX_HOST_CPUS ? count : MAX_HOST_CPUS,
				 most_guests);
	if (s)
		see_cpus(cpus, &online, s);
	libxl_cputopology_list_free(cpus, count);
	if (!s || (see_nodes(h, s) && see_memory(h, s)))
		return s;
	snapshot_free(s);
	return NULL;
}
