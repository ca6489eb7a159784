// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is remembered of guests behind libvirt: what seldom changes, and takes a call for
 * each guest. Its definition is read when it is first seen, its kept configuration then and now
 * and then.
 */
#include <stdlib.h>
#include <string.h>

#include "libvirt_host.h"

/* How old what was read of a guest's kept configuration may be, in nanoseconds */
#define KEPT_NS	(30 * UINT64_C(1000000000))

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

static void free_vcpus(struct known *k)
{
	free(k->kept);
	free(k->found);
	free(k->pinned);
}

/* A guest seldom has more vCPUs than before; then it is as if it were new. */
static bool room_for_vcpus(struct known *k, unsigned int nr_vcpus)
{
	if (k->nr_vcpus >= nr_vcpus)
		return true;
	free_vcpus(k);
	k->kept = calloc(nr_vcpus, sizeof(*k->kept));
	k->found = calloc(nr_vcpus, sizeof(*k->found));
	k->pinned = calloc(nr_vcpus, sizeof(*k->pinned));
	k->nr_vcpus = k->kept && k->found && k->pinned ? nr_vcpus : 0;
	k->kept_ns = 0;
	return k->nr_vcpus;
}

/* Where the configuration that is kept has vCPUs: a guest that is not kept has none. */
static void read_kept(struct libvirt_host *h, virDomainPtr domain, struct known *k)
{
	unsigned int i, nr_kept, length = VIR_CPU_MAPLEN(h->nr_cpus);
	unsigned char *maps;

	if (k->kept_ns && clock_now() - k->kept_ns < KEPT_NS)
		return;
	maps = read_pins(h, domain, k->nr_vcpus, VIR_DOMAIN_AFFECT_CONFIG, &nr_kept);
	for (i = 0; i < k->nr_vcpus; i++) {
		CPU_ZERO(&k->kept[i]);
		if (i < nr_kept)
			set_from_map(&k->kept[i],
				     VIR_GET_CPUMAP(maps, (int)length, (int)i),
				     h->nr_cpus);
	}
	free(maps);
	k->kept_ns = clock_now();
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
	return k;
}

/**
 * known_define() - read a guest's definition, once for each connection
 * @k: what is remembered of the guest
 * @domain: it
 */
void known_define(struct known *k, virDomainPtr domain)
{
	char *xml = k->defined ? NULL : virDomainGetXMLDesc(domain, 0);

	if (xml)
		definition_read(&k->definition, xml);
	free(xml);
	k->defined = true;
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
			free_vcpus(&h->known[i]);
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
 * @online: physical CPUs that are online
 * @g: guest of a snapshot that is being made
 *
 * Return: false if it has gone.
 */
bool known_see_affinity(struct libvirt_host *h, virDomainPtr domain, struct known *k,
			const cpu_set_t *online, struct guest *g)
{
	unsigned int i, nr_live, length = VIR_CPU_MAPLEN(h->nr_cpus);
	unsigned char *maps = read_pins(h, domain, g->nr_vcpus,
					VIR_DOMAIN_AFFECT_LIVE, &nr_live);
	struct bound bound = { .nr_cpus = h->nr_cpus, .online = *online };
	struct seen_vcpu *v;

	if (!maps || !room_for_vcpus(k, g->nr_vcpus)) {
		free(maps);
		return false;
	}
	read_kept(h, domain, k);
	for (i = 0; i < g->nr_vcpus; i++) {
		v = &g->vcpus[i];
		if (i < nr_live)
			set_from_map(&v->may_run,
				     VIR_GET_CPUMAP(maps, (int)length, (int)i),
				     h->nr_cpus);
		v->affinity = v->may_run;
		bound_found(&k->found[i], &k->pinned[i], &v->may_run);
		bound.kept = k->kept[i];
		bound.found = k->found[i];
		bound.now = v->may_run;
		bound_cpus(&bound, &v->bound);
	}
	free(maps);
	return true;
}

/**
 * known_pinned() - remember where this program has pinned a vCPU to
 * @h: host
 * @id: UUID of the guest
 * @vcpu: vCPU of it
 * @cpus: physical CPUs
 */
void known_pinned(struct libvirt_host *h, const char *id, unsigned int vcpu,
		  const cpu_set_t *cpus)
{
	unsigned int i;

	for (i = 0; i < h->nr_known; i++)
		if (!strcmp(h->known[i].id, id) && vcpu < h->known[i].nr_vcpus)
			h->known[i].pinned[vcpu] = *cpus;
}

/*
 * What is remembered while there is no connection. A libvirtd that is started anew knows its guests
 * by the same numbers, and nobody is to forget for it where vCPUs are wanted.
 */
static struct known *remembered;
static unsigned int nr_remembered;

/**
 * known_keep() - remember guests until the host is connected to again
 * @h: host, which has none then
 *
 * Whether they report is to be seen anew, and what their definition and their configuration say is
 * read again: one that was started anew meanwhile may have the number that it had.
 */
void known_keep(struct libvirt_host *h)
{
	unsigned int i;

	for (i = 0; i < h->nr_known; i++) {
		h->known[i].defined = false;
		h->known[i].kept_ns = 0;
		h->known[i].reporting = (struct reporting){ .agreed = false };
	}
	remembered = h->known;
	nr_remembered = h->nr_known;
	h->known = NULL;
	h->nr_known = 0;
}

/**
 * known_recall() - what known_keep() has remembered
 * @h: host that is connected to
 */
void known_recall(struct libvirt_host *h)
{
	h->known = remembered;
	h->nr_known = nr_remembered;
	remembered = NULL;
	nr_remembered = 0;
}
