// SPDX-License-Identifier: GPL-2.0-only
/* CPUs of the host, and which of them vCPUs run on. */
#include <errno.h>
#include <libxl_utils.h>
#include <stdlib.h>

#include "shared.h"
#include "xen.h"

/**
 * cpus_nodes() - physical node of each CPU
 * @host: host
 * @count: how many CPUs
 *
 * Return: nodes to be freed, PNODE_UNKNOWN for CPUs that are not there; NULL if they
 * cannot be read.
 */
int *cpus_nodes(struct host *host, unsigned int *count)
{
	libxl_cputopology *topology;
	int nr, i, *nodes;

	topology = libxl_get_cpu_topology(host->ctx, &nr);
	if (!topology)
		return NULL;
	nodes = calloc(nr + 1, sizeof(*nodes));
	for (i = 0; nodes && i < nr; i++)
		nodes[i] = topology[i].node == LIBXL_CPUTOPOLOGY_INVALID_ENTRY ?
				   PNODE_UNKNOWN : (int)topology[i].node;
	libxl_cputopology_list_free(topology, nr);
	*count = nr;
	return nodes;
}

/* CPUs that dom0 is pinned to, by CPU; NULL if it may run on any of them. */
static bool *cpus_of_dom0(struct host *host, unsigned int count)
{
	bool *pinned = calloc(count + 1, sizeof(*pinned));
	unsigned int i, nr_pinned = 0;
	libxl_vcpuinfo *info;
	int nr, nr_cpus, v;

	info = libxl_list_vcpu(host->ctx, 0, &nr, &nr_cpus);
	for (v = 0; info && pinned && v < nr; v++)
		for (i = 0; i < count; i++)
			pinned[i] |= libxl_bitmap_test(&info[v].cpumap, i);
	for (i = 0; pinned && i < count; i++)
		nr_pinned += pinned[i];
	if (info)
		libxl_vcpuinfo_list_free(info, nr);
	if (nr_pinned && nr_pinned < count)
		return pinned;
	free(pinned);
	return NULL;
}

/**
 * cpus_read() - the CPUs of the host, and which of them are dom0's
 * @host: host
 * @cpus: out, for cpus_free()
 *
 * Return: whether they could be read; what is wrong is said.
 */
bool cpus_read(struct host *host, struct cpus *cpus)
{
	cpus->node_of = cpus_nodes(host, &cpus->count);
	if (!cpus->node_of) {
		host_error(host, "the CPUs of this host cannot be read");
		return false;
	}
	cpus->reserved = cpus_of_dom0(host, cpus->count);
	return true;
}

/**
 * cpus_free() - free what cpus_read() has allocated
 * @cpus: CPUs
 */
void cpus_free(struct cpus *cpus)
{
	free(cpus->node_of);
	free(cpus->reserved);
}

static int set_affinity(struct host *host, unsigned int domid, unsigned int vcpu,
			const libxl_bitmap *hard, const libxl_bitmap *soft)
{
	if (!libxl_set_vcpuaffinity(host->ctx, domid, vcpu, hard, soft))
		return 0;
	errno = EINVAL;
	return -1;
}

/**
 * cpus_pin() - say where a vCPU is to run
 * @host: host
 * @domid: domain
 * @vcpu: vCPU of it
 * @chosen: by CPU; NULL for any of them
 * @count: how many CPUs there are
 * @hard: only there; else there by preference, as far as hard affinity lets it, which
 *	stays
 *
 * Return: 0, or -1 with errno.
 */
int cpus_pin(struct host *host, unsigned int domid, unsigned int vcpu,
	     const bool *chosen, unsigned int count, bool hard)
{
	libxl_bitmap some;
	unsigned int i;
	int ret;

	libxl_bitmap_init(&some);
	ret = libxl_cpu_bitmap_alloc(host->ctx, &some, count) ? -1 : 0;
	if (!ret) {
		for (i = 0; i < count; i++)
			if (!chosen || chosen[i])
				libxl_bitmap_set(&some, i);
		ret = set_affinity(host, domid, vcpu, hard ? &some : NULL,
				   &some);
	} else {
		errno = ENOMEM;
	}
	libxl_bitmap_dispose(&some);
	return ret;
}

/* Whether all CPUs of a set are of a physical node. */
static bool only_of(const libxl_bitmap *set, const struct cpus *cpus, int pnode)
{
	unsigned int i;

	for (i = 0; i < cpus->count; i++)
		if (libxl_bitmap_test(set, i) && cpus->node_of[i] != pnode)
			return false;
	return true;
}

/**
 * cpus_prefers() - does a vCPU prefer the CPUs of a physical node?
 * @host: host
 * @domid: domain
 * @vcpu: vCPU of it
 * @cpus: CPUs of the host
 * @pnode: physical node
 * @hard: out: it runs nowhere else
 *
 * Return: whether it does, by soft or hard affinity.
 */
bool cpus_prefers(struct host *host, unsigned int domid, unsigned int vcpu,
		  const struct cpus *cpus, int pnode, bool *hard)
{
	libxl_vcpuinfo *info;
	bool prefers = false;
	int nr, nr_cpus;

	*hard = false;
	info = libxl_list_vcpu(host->ctx, domid, &nr, &nr_cpus);
	if (info && (int)vcpu < nr) {
		*hard = only_of(&info[vcpu].cpumap, cpus, pnode);
		prefers = *hard || only_of(&info[vcpu].cpumap_soft, cpus, pnode);
	}
	if (info)
		libxl_vcpuinfo_list_free(info, nr);
	return prefers;
}
