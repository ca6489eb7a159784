// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is remembered of guests behind libvirt: what seldom changes, and takes a call for
 * each guest. Its definition is read when it is first seen, the bounds of its vCPUs then and
 * now and then.
 */
#include <stdlib.h>
#include <string.h>

#include "libvirt_host.h"

/* How old what was read of a guest's bounds may be, in nanoseconds */
#define BOUNDS_NS	(30 * UINT64_C(1000000000))

static void set_from_map(cpu_set_t *set, const unsigned char *map,
			 unsigned int nr_cpus)
{
	unsigned int i;

	CPU_ZERO(set);
	for (i = 0; i < nr_cpus; i++)
		if (VIR_CPU_USED(map, i))
			CPU_SET(i, set);
}

/*
 * Which physical CPUs vCPUs are pinned to, now or as it is kept; NULL if there is none.
 * What is kept may have fewer vCPUs: known is how many are told.
 */
static unsigned char *read_pins(struct libvirt_host *h, virDomainPtr domain,
				unsigned int nr_vcpus, unsigned int flags,
				unsigned int *known)
{
	int length = VIR_CPU_MAPLEN(h->nr_cpus), count = -1;
	unsigned char *maps = calloc(nr_vcpus + 1, length);

	if (maps)
		count = virDomainGetVcpuPinInfo(domain, nr_vcpus, maps, length,
						flags);
	*known = count > 0 ? count : 0;
	if (count >= 0)
		return maps;
	free(maps);
	return NULL;
}

/*
 * Where an administrator wants a vCPU: in the configuration that is kept; else where it was
 * when it was first seen, if that is more than one CPU: on a single one it is just placed.
 */
static void bound_vcpu(struct known *k, unsigned int vcpu, const cpu_set_t *kept,
		       const cpu_set_t *now, unsigned int nr_cpus)
{
	cpu_set_t *found = &k->found[vcpu];
	unsigned int i;

	if (!k->bounds_ns) {
		*found = *now;
		for (i = 0; CPU_COUNT(now) < 2 && i < nr_cpus; i++)
			CPU_SET(i, found);
	}
	if (kept && (unsigned int)CPU_COUNT(kept) < nr_cpus)
		k->bounds[vcpu] = *kept;
	else
		k->bounds[vcpu] = *found;
}

static void free_bounds(struct known *k)
{
	free(k->bounds);
	free(k->found);
}

/* A guest seldom has more vCPUs than before; then it is as if it were new. */
static bool room_for_bounds(struct known *k, unsigned int nr_vcpus)
{
	if (k->nr_vcpus >= nr_vcpus)
		return true;
	free_bounds(k);
	k->bounds = calloc(nr_vcpus, sizeof(*k->bounds));
	k->found = calloc(nr_vcpus, sizeof(*k->found));
	k->nr_vcpus = k->bounds && k->found ? nr_vcpus : 0;
	k->bounds_ns = 0;
	return k->nr_vcpus;
}

static bool read_bounds(struct libvirt_host *h, virDomainPtr domain, struct known *k,
			const struct guest *g)
{
	unsigned int i, nr_kept, length = VIR_CPU_MAPLEN(h->nr_cpus);
	unsigned char *maps;
	cpu_set_t kept;

	if (!room_for_bounds(k, g->nr_vcpus))
		return false;
	/* a guest that is not kept has none */
	maps = read_pins(h, domain, g->nr_vcpus, VIR_DOMAIN_AFFECT_CONFIG, &nr_kept);
	for (i = 0; i < g->nr_vcpus; i++) {
		if (i < nr_kept)
			set_from_map(&kept, VIR_GET_CPUMAP(maps, (int)length, (int)i),
				     h->nr_cpus);
		bound_vcpu(k, i, i < nr_kept ? &kept : NULL,
			   &g->vcpus[i].affinity, h->nr_cpus);
	}
	free(maps);
	k->bounds_ns = clock_now();
	return true;
}

/**
 * known_find() - what is remembered of a guest
 * @h: host
 * @id: UUID of the guest
 * @domain: its number
 * @hint: where it may be among those remembered
 *
 * Return: NULL if it was never seen.
 */
struct known *known_find(struct libvirt_host *h, const char *id, int domain,
			 unsigned int hint)
{
	unsigned int i;

	if (hint < h->nr_known && !strcmp(h->known[hint].id, id) &&
	    h->known[hint].domain == domain)
		return &h->known[hint];
	for (i = 0; i < h->nr_known; i++)
		if (!strcmp(h->known[i].id, id) && h->known[i].domain == domain)
			return &h->known[i];
	return NULL;
}

static void read_definition(virDomainPtr domain, struct known *k)
{
	char *xml = virDomainGetXMLDesc(domain, 0);

	if (xml)
		definition_read(&k->definition, xml);
	free(xml);
}

/**
 * known_add() - remember a guest that is seen for the first time
 * @h: host
 * @domain: the guest
 * @id: its UUID
 *
 * Return: NULL if there is no memory.
 */
struct known *known_add(struct libvirt_host *h, virDomainPtr domain, const char *id)
{
	struct known *all, *k;

	all = realloc(h->known, (h->nr_known + 1) * sizeof(*all));
	if (!all)
		return NULL;
	h->known = all;
	k = &all[h->nr_known++];
	*k = (struct known){ .domain = virDomainGetID(domain) };
	strcpy(k->id, id);
	read_definition(domain, k);
	return k;
}

/**
 * known_forget_unseen() - forget guests that were not there at the last look
 * @h: host
 */
void known_forget_unseen(struct libvirt_host *h)
{
	unsigned int i, kept = 0;

	for (i = 0; i < h->nr_known; i++) {
		if (!h->known[i].seen) {
			free_bounds(&h->known[i]);
			continue;
		}
		h->known[kept] = h->known[i];
		h->known[kept++].seen = false;
	}
	h->nr_known = kept;
}

/**
 * known_see_affinity() - see where a guest's vCPUs may run, and may be pinned to
 * @h: host
 * @domain: the guest
 * @k: what is remembered of it
 * @g: guest of a snapshot that is being made
 *
 * Return: false if it has gone.
 */
bool known_see_affinity(struct libvirt_host *h, virDomainPtr domain,
			struct known *k, struct guest *g)
{
	unsigned int i, nr_live, length = VIR_CPU_MAPLEN(h->nr_cpus);
	unsigned char *maps = read_pins(h, domain, g->nr_vcpus,
					VIR_DOMAIN_AFFECT_LIVE, &nr_live);

	if (!maps)
		return false;
	for (i = 0; i < nr_live; i++) {
		set_from_map(&g->vcpus[i].may_run,
			     VIR_GET_CPUMAP(maps, (int)length, (int)i),
			     h->nr_cpus);
		g->vcpus[i].affinity = g->vcpus[i].may_run;
	}
	free(maps);
	if ((!k->bounds_ns || k->nr_vcpus < g->nr_vcpus ||
	     clock_now() - k->bounds_ns > BOUNDS_NS) &&
	    !read_bounds(h, domain, k, g))
		return false;
	for (i = 0; i < g->nr_vcpus; i++)
		g->vcpus[i].bound = k->bounds[i];
	return true;
}

/**
 * known_free() - forget all guests
 * @h: host
 */
void known_free(struct libvirt_host *h)
{
	unsigned int i;

	for (i = 0; i < h->nr_known; i++)
		free_bounds(&h->known[i]);
	free(h->known);
}
