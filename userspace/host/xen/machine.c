// SPDX-License-Identifier: GPL-2.0-only
/* The physical nodes of Xen's host, for a new domain. */
#include <errno.h>
#include <libxl_utils.h>
#include <string.h>

#include "shared.h"
#include "xen.h"

static bool known(uint64_t value)
{
	return value != LIBXL_NUMAINFO_INVALID_ENTRY;
}

static void take_node(struct machine *m, unsigned int node,
		      const libxl_numainfo *info)
{
	int i;

	if (!known(info->size))
		return;
	m->pnodes[node].size_kb = info->size >> 10;
	m->pnodes[node].free_kb = info->free >> 10;
	for (i = 0; i < info->num_dists && i < (int)m->nr_pnodes; i++)
		if (known(info->dists[i]))
			m->distances[node * m->nr_pnodes + i] = info->dists[i];
}

/**
 * host_machine() - read the physical nodes
 * @host: host
 *
 * CPUs are not read: Xen lets a domain's vCPUs prefer those of their nodes by itself.
 *
 * Return: machine, for machine_free(), or NULL: why is said.
 */
struct machine *host_machine(struct host *host)
{
	libxl_numainfo *info;
	struct machine *m;
	int nr, i;

	info = libxl_get_numainfo(host->ctx, &nr);
	if (!info) {
		host_error(host, "physical nodes cannot be read; try xl info -n");
		return NULL;
	}
	m = machine_new(nr);
	for (i = 0; m && i < nr; i++)
		take_node(m, i, &info[i]);
	libxl_numainfo_list_free(info, nr);
	if (!m)
		host_error(host, "%s", strerror(ENOMEM));
	return m;
}

/**
 * host_overhead_kb() - memory that Xen takes for a domain besides the domain's own
 * @memory_kb: memory of the domain
 * @nr_vcpus: vCPUs of it
 *
 * Return: an amount as xl has it: tables of the domain's memory, and what each domain needs.
 */
uint64_t host_overhead_kb(uint64_t memory_kb, unsigned int nr_vcpus)
{
	/* what libxl adds to each domain for Xen */
	return libxl_get_required_shadow_memory(memory_kb, nr_vcpus) + 2048;
}
