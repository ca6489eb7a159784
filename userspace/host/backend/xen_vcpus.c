// SPDX-License-Identifier: GPL-2.0-only
/* vCPUs of domains: how long they ran and waited, where they may run, and pinning them. */
#include <errno.h>
#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "xen_host.h"

/* How old what was read of a domain's configuration and nodes may be, in nanoseconds */
#define READ_NS	(30 * UINT64_C(1000000000))

static bool room_for_vcpus(struct known_domain *k, unsigned int count)
{
	struct known_vcpu *all;

	if (k->nr_vcpus >= count)
		return true;
	all = realloc(k->vcpus, count * sizeof(*all));
	if (!all)
		return false;
	memset(&all[k->nr_vcpus], 0, (count - k->nr_vcpus) * sizeof(*all));
	k->vcpus = all;
	k->nr_vcpus = count;
	return true;
}

/* A domain that is just being made has no configuration yet, and is asked again. */
static void read_config(struct xen_host *h, struct known_domain *k)
{
	libxl_domain_config config;
	int i;

	libxl_domain_config_init(&config);
	k->has_config = !libxl_retrieve_domain_configuration(h->host.ctx, k->domid,
							     &config, NULL);
	for (i = 0; k->has_config && i < config.b_info.num_vcpu_hard_affinity &&
	     i < (int)k->nr_vcpus; i++)
		xen_set(&k->vcpus[i].kept, &config.b_info.vcpu_hard_affinity[i]);
	libxl_domain_config_dispose(&config);
}

/* Which virtual nodes it has, and which physical nodes these are on, as that changes. */
static void read_nodes(struct xen_host *h, struct known_domain *k)
{
	struct domain *d;

	if (domain_read(&h->host, k->domid, &d))
		return;
	if (d)
		xen_find_pnodes(h, k, d);
	domain_free(k->built);
	k->built = d;
}

static void read_seldom(struct xen_host *h, struct known_domain *k)
{
	uint64_t now = clock_now();

	if (k->read_ns && now - k->read_ns < READ_NS)
		return;
	if (!k->has_config)
		read_config(h, k);
	read_nodes(h, k);
	k->read_ns = now;
}

/* The physical CPUs of the node that a vCPU's memory is on; none if it has no node. */
static void cpus_of_node(const struct known_domain *k, unsigned int vcpu,
			 const struct snapshot *s, cpu_set_t *cpus)
{
	unsigned int i, node;

	CPU_ZERO(cpus);
	if (!k->built || vcpu >= k->built->nr_vcpus)
		return;
	node = k->built->vcpus[vcpu].vnode;
	for (i = 0; i < s->nr_cpus; i++)
		if (s->cpus[i].node != NODE_UNKNOWN &&
		    s->cpus[i].node == k->built->vnodes[node].pnode)
			CPU_SET(i, cpus);
}

/*
 * Where Xen runs a vCPU. One that may run on several CPUs is run on those that it prefers, as far
 * as these have time for it.
 */
static void see_affinity(const libxl_vcpuinfo *info, const cpu_set_t *hard,
			 cpu_set_t *affinity)
{
	cpu_set_t soft;

	xen_set(&soft, &info->cpumap_soft);
	CPU_AND(affinity, hard, &soft);
	if (CPU_COUNT(affinity) < 2)
		*affinity = *hard;
}

/* CPUs of the pool that a domain is in; all where that is not known */
static void see_pool(struct xen_host *h, unsigned int cpupool, unsigned int nr_cpus,
		     cpu_set_t *pool)
{
	libxl_cpupoolinfo info;
	unsigned int i;

	CPU_ZERO(pool);
	libxl_cpupoolinfo_init(&info);
	if (!libxl_cpupool_info(h->host.ctx, &info, cpupool))
		xen_set(pool, &info.cpumap);
	libxl_cpupoolinfo_dispose(&info);
	for (i = 0; !CPU_COUNT(pool) && i < nr_cpus; i++)
		CPU_SET(i, pool);
}

static void see_vcpu(struct known_domain *k, unsigned int vcpu,
		     const libxl_vcpuinfo *info, const struct snapshot *s,
		     const cpu_set_t *pool, struct guest *g)
{
	struct seen_vcpu *v = &g->vcpus[vcpu];
	struct known_vcpu *known = &k->vcpus[vcpu];
	struct bound bound = { .nr_cpus = s->nr_cpus };

	known->online = info->online;
	v->online = info->online;
	v->run_ns = info->vcpu_time;
	v->has_delay = waiting_read(&known->waiting, g->vcpus_ns, info->vcpu_time);
	v->delay_ns = known->waiting.delay_ns;
	if (k->built && vcpu < k->built->nr_vcpus)
		v->node = k->built->vcpus[vcpu].vnode;
	xen_set(&bound.now, &info->cpumap);
	CPU_AND(&bound.now, &bound.now, pool);
	v->may_run = bound.now;
	see_affinity(info, &v->may_run, &v->affinity);
	bound_found(&known->found, &known->pinned, &bound.now);
	snapshot_online(s, &bound.online);
	bound.kept = known->kept;
	bound.found = known->found;
	cpus_of_node(k, vcpu, s, &bound.node);
	bound_cpus(&bound, &v->bound);
	CPU_AND(&v->bound, &v->bound, pool);
}

/**
 * xen_see_vcpus() - see a guest's vCPUs
 * @h: host
 * @k: what is remembered of the guest
 * @g: guest of a snapshot that is being made
 * @s: that
 * @cpupool: pool of physical CPUs that the guest is in
 *
 * What is seen of the guests before it may have taken long: it has a time of its own.
 *
 * Return: false if it has gone, or there is no memory.
 */
bool xen_see_vcpus(struct xen_host *h, struct known_domain *k, struct guest *g,
		   const struct snapshot *s, unsigned int cpupool)
{
	uint64_t ns = clock_now();
	libxl_vcpuinfo *info;
	cpu_set_t pool;
	int count, nr_cpus, i;
	bool done;

	info = libxl_list_vcpu(h->host.ctx, k->domid, &count, &nr_cpus);
	if (!info)
		return false;
	done = room_for_vcpus(k, count) && guest_set_vcpus(g, count, ns);
	if (done && !g->untouched)
		read_seldom(h, k);
	see_pool(h, cpupool, s->nr_cpus, &pool);
	for (i = 0; done && i < count; i++)
		see_vcpu(k, i, &info[i], s, &pool, g);
	libxl_vcpuinfo_list_free(info, count);
	return done;
}

/**
 * xen_pin() - have a vCPU run on these physical CPUs only
 * @backend: host
 * @guest: guest
 * @vcpu: vCPU of it
 * @cpus: physical CPUs
 * @why: out: why not
 *
 * What it prefers stays as it is.
 *
 * Return: how it went.
 */
enum backend_status xen_pin(struct backend *backend, const struct guest *guest,
			    unsigned int vcpu, const cpu_set_t *cpus, struct why *why)
{
	struct xen_host *h = (struct xen_host *)backend;
	struct known_domain *k = xen_known_guest(h, guest);
	libxl_bitmap map;
	unsigned int i;
	bool done;

	if (!k)
		return xen_failed(h, NULL, guest->name, why);
	libxl_bitmap_init(&map);
	done = !libxl_cpu_bitmap_alloc(h->host.ctx, &map, 0);
	for (i = 0; done && i < map.size * 8 && i < MAX_HOST_CPUS; i++)
		if (CPU_ISSET(i, cpus))
			libxl_bitmap_set(&map, i);
	done = done && !libxl_set_vcpuaffinity(h->host.ctx, k->domid, vcpu, &map, NULL);
	libxl_bitmap_dispose(&map);
	if (done && vcpu < k->nr_vcpus)
		k->vcpus[vcpu].pinned = *cpus;
	if (done)
		return BACKEND_OK;
	host_error(&h->host, "vCPU %u cannot be pinned there; see xl vcpu-list", vcpu);
	return xen_failed(h, k, guest->name, why);
}
