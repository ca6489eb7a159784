// SPDX-License-Identifier: GPL-2.0-only
/* What vCPUs wanted between two looks at a host, and where they are. */
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

/**
 * usable_cpus() - physical CPUs that guests may have
 * @s: snapshot
 * @usable: out: those that are online, less what the command line says
 */
void usable_cpus(const struct snapshot *s, cpu_set_t *usable)
{
	unsigned int i;

	CPU_ZERO(usable);
	for (i = 0; i < s->nr_cpus; i++)
		if (s->cpus[i].online &&
		    (!settings.has_cpus || CPU_ISSET(i, &settings.cpus)) &&
		    !CPU_ISSET(i, &cpu_settings.reserved))
			CPU_SET(i, usable);
}

static unsigned int count_vcpus(const struct snapshot *s)
{
	unsigned int i, j, count = 0;

	for (i = 0; i < s->nr_guests; i++)
		for (j = 0; s->guests[i].running && j < s->guests[i].nr_vcpus; j++)
			count += s->guests[i].vcpus[j].online;
	return count;
}

/* What a vCPU wanted since it was seen before, if it was. */
static bool take_demand(const struct snapshot *before, const struct snapshot *now,
			struct reading *r, struct place *p,
			unsigned int *thousandths)
{
	const struct guest *g = snapshot_find(before, p->id, p->guest);
	const struct seen_vcpu *v = &now->guests[p->guest].vcpus[p->vcpu];
	uint64_t interval_ns;
	enum demand_kind kind;

	*thousandths = 0;
	if (!g || !g->running || p->vcpu >= g->nr_vcpus)
		return false;
	interval_ns = now->guests[p->guest].vcpus_ns - g->vcpus_ns;
	kind = demand(&g->vcpus[p->vcpu], v, interval_ns,
		      now->guests[p->guest].vcpus_unsure_ns + g->vcpus_unsure_ns,
		      thousandths);
	r->only_use |= kind == DEMAND_USE;
	r->knows_waits |= kind == DEMAND_KNOWN;
	if (kind == DEMAND_KNOWN)
		r->waited += (v->delay_ns - g->vcpus[p->vcpu].delay_ns) * WHOLE_CPU /
			     interval_ns;
	return kind != DEMAND_NONE;
}

/*
 * Where it is and may be. One that nobody may touch, or of which nothing is known, stays
 * where it is.
 */
static void take_place(const struct guest *g, const struct seen_vcpu *v,
		       const cpu_set_t *usable, struct place *p, struct load *load)
{
	bool leave = !p->known || !daemon_may_change(g) || refused(p->id, p->vcpu);

	if (CPU_COUNT(&v->affinity) == 1) {
		load->cpu = cpulist_first(&v->affinity);
		load->allowed = v->bound;
		if (leave)
			load->allowed = v->affinity;
	} else {
		load->cpu = FLOATS;
		load->allowed = v->affinity;
		p->may_pin = !leave && cpulist_within(&v->affinity, &v->bound);
	}
	CPU_AND(&load->allowed, &load->allowed, usable);
}

static void take_host_cpus(struct balance *b, const struct snapshot *s)
{
	unsigned int i;

	usable_cpus(s, &b->usable);
	for (i = 0; i < s->nr_cpus; i++) {
		b->node[i] = s->cpus[i].node;
		b->core[i] = s->cpus[i].core;
	}
}

static void take_loads(struct reading *r, const struct snapshot *before,
		       const struct snapshot *now)
{
	unsigned int i, j, count = 0;
	struct place *p;

	for (i = 0; i < now->nr_guests; i++) {
		const struct guest *g = &now->guests[i];

		for (j = 0; g->running && j < g->nr_vcpus; j++) {
			if (!g->vcpus[j].online)
				continue;
			p = &r->places[count];
			p->guest = i;
			p->vcpu = j;
			strcpy(p->id, g->id);
			p->known = take_demand(before, now, r, p,
					       &r->host->loads[count].demand);
			take_place(g, &g->vcpus[j], &r->host->usable, p,
				   &r->host->loads[count]);
			count++;
		}
	}
}

/**
 * reading_take() - read what vCPUs wanted between two looks
 * @before: the first
 * @now: the second
 *
 * Return: reading for reading_free(), or NULL if there is no memory.
 */
struct reading *reading_take(const struct snapshot *before,
			     const struct snapshot *now)
{
	unsigned int count = count_vcpus(now);
	struct reading *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->host = balance_new(now->nr_cpus, count);
	r->places = calloc(count + 1, sizeof(*r->places));
	if (!r->host || !r->places) {
		reading_free(r);
		return NULL;
	}
	take_host_cpus(r->host, now);
	take_loads(r, before, now);
	return r;
}

static const struct load *find_load(const struct reading *r,
				    const struct place *p, unsigned int hint)
{
	unsigned int i, n;

	/* most often it is where it was */
	for (i = 0; i < r->host->nr_loads; i++) {
		n = (hint + i) % r->host->nr_loads;
		if (r->places[n].vcpu == p->vcpu && r->places[n].known &&
		    !strcmp(r->places[n].id, p->id))
			return &r->host->loads[n];
	}
	return NULL;
}

/**
 * reading_with() - a host as it is now, with what vCPUs wanted before
 * @now: reading
 * @before: the one before it
 * @mean: whether what they want is the mean of both
 *
 * vCPUs of which nothing is known from before want what they do now.
 *
 * Return: host for balance_free(), or NULL if there is no memory.
 */
struct balance *reading_with(const struct reading *now,
			     const struct reading *before, bool mean)
{
	struct balance *b = balance_copy(now->host);
	const struct load *l;
	unsigned int i;

	for (i = 0; b && i < b->nr_loads; i++) {
		l = find_load(before, &now->places[i], i);
		if (l && mean)
			b->loads[i].demand = (b->loads[i].demand + l->demand) / 2;
		else if (l)
			b->loads[i].demand = l->demand;
	}
	return b;
}

/**
 * reading_unplaced() - a host with vCPUs that float to be pinned
 * @now: reading
 * @mean: the same host, with what vCPUs want
 *
 * Those that want next to nothing go on to float.
 *
 * Return: host for balance_free(), or NULL if there is no memory.
 */
struct balance *reading_unplaced(const struct reading *now,
				 const struct balance *mean)
{
	struct balance *b = balance_copy(mean);
	unsigned int i;

	for (i = 0; b && i < b->nr_loads; i++)
		if (now->places[i].may_pin && b->loads[i].demand >= BALANCED)
			b->loads[i].cpu = UNPLACED;
	return b;
}

/**
 * reading_free() - free a reading
 * @r: reading, or NULL
 */
void reading_free(struct reading *r)
{
	if (!r)
		return;
	balance_free(r->host);
	free(r->places);
	free(r);
}
