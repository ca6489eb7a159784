// SPDX-License-Identifier: GPL-2.0-only
/* Guests with nodes, and what they want. */
#include <string.h>

#include "demand.h"
#include "node.h"

#define GIB_KB		(1024.0 * 1024)
/* What a guest wants beside what is in use: a fifth of that, as memory_coordinator has it */
#define HEADROOM	1.2

struct seen_guests node_guests = { .size = sizeof(struct node_guest) };

/**
 * node_guest_at() - what is remembered of a guest with nodes
 * @i: number, as that of a bidder
 *
 * Return: guest; until node_guests_see() or node_guests_forget().
 */
struct node_guest *node_guest_at(unsigned int i)
{
	return seen_at(&node_guests, i);
}

/**
 * node_guest_find() - find a guest with nodes
 * @name: its name
 *
 * Return: guest, or NULL.
 */
struct node_guest *node_guest_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < node_guests.nr; i++)
		if (!strcmp(node_guest_at(i)->seen.name, name))
			return node_guest_at(i);
	return NULL;
}

/**
 * guest_has_node() - is a guest to have any memory of a physical node?
 * @g: guest
 * @pnode: physical node
 *
 * Return: whether it is.
 */
bool guest_has_node(const struct guest *g, int pnode)
{
	unsigned int i;

	for (i = 0; i < g->nr_nodes; i++)
		if (g->nodes[i].pnode == pnode && g->nodes[i].target_kb)
			return true;
	return false;
}

/* CPUs that its vCPUs wanted; false if that is not known of all. */
static bool cpus_wanted(const struct snapshot *before, const struct snapshot *now,
			const struct guest *g, double *cpus)
{
	const struct guest *then = snapshot_find(before, g->id, g - now->guests);
	unsigned int i, thousandths;

	*cpus = 0;
	if (!then || !then->running || then->nr_vcpus != g->nr_vcpus)
		return false;
	for (i = 0; i < g->nr_vcpus; i++) {
		if (!g->vcpus[i].online)
			continue;
		if (!then->vcpus[i].online ||
		    demand(&then->vcpus[i], &g->vcpus[i],
			   g->vcpus_ns - then->vcpus_ns,
			   g->vcpus_unsure_ns + then->vcpus_unsure_ns,
			   &thousandths) == DEMAND_NONE)
			return false;
		*cpus += (double)thousandths / WHOLE_CPU;
	}
	return true;
}

/* Memory in use; false if the guest does not say it. */
static bool memory_used(const struct guest *g, double *gib)
{
	const struct guest_memory *m = &g->memory;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < g->nr_nodes && g->nodes[i].has_report; i++)
		sum += g->nodes[i].used_kb;
	if (g->nr_nodes && i == g->nr_nodes) {
		*gib = sum / GIB_KB;
		return true;
	}
	if (!m->has_stats || !m->has_usable || m->usable_kb > m->actual_kb)
		return false;
	*gib = (m->actual_kb - m->usable_kb) / GIB_KB;
	return true;
}

static unsigned int count_online(const struct guest *g)
{
	unsigned int i, count = 0;

	for (i = 0; i < g->nr_vcpus; i++)
		count += g->vcpus[i].online;
	return count;
}

static bool take_wants(struct node_guest *k, const struct snapshot *before,
		       const struct snapshot *now)
{
	const struct guest *g = k->seen.guest;
	struct lesson *lesson = lesson_of(g->name, now->ns);
	/* what it cannot do without beside that, as memory_coordinator has it as well */
	double least = settings.floor_kb / GIB_KB;
	double cpus, memory;

	if (!lesson)
		return false;
	k->least_memory = 0;
	if (!g->running || g->change != CHANGE_NONE ||
	    !cpus_wanted(before, now, g, &cpus)) {
		k->nr_wants = 0;
		return true;
	}
	memcpy(k->want[PLACE_BEFORE], k->want[PLACE_NOW], sizeof(k->want[0]));
	memset(k->want[PLACE_NOW], 0, sizeof(k->want[0]));
	k->want[PLACE_NOW][PLACE_CPU] = appetite_see(&lesson->appetite, cpus,
						     k->cpus, g->nr_vcpus);
	if (memory_used(g, &memory)) {
		k->want[PLACE_NOW][PLACE_MEMORY] = memory * HEADROOM + least;
		k->least_memory = memory + least;
	}
	k->nr_wants++;
	return true;
}

/**
 * node_guests_see() - take what was seen of all guests that have nodes
 * @before: what was seen in the interval before; NULL if nothing was
 * @now: what is seen; it is pointed into until the next one
 *
 * Return: false if there is no memory.
 */
bool node_guests_see(const struct snapshot *before, const struct snapshot *now)
{
	struct node_guest *k;
	unsigned int i;

	seen_begin(&node_guests);
	for (i = 0; i < now->nr_guests; i++) {
		if (!now->guests[i].nr_nodes)
			continue;
		k = seen_now(&node_guests, &now->guests[i]);
		if (!k)
			return false;
		k->cpus = count_online(k->seen.guest);
		k->rule = rules_find(&node_rules, k->seen.name);
		if (before && !take_wants(k, before, now))
			return false;
	}
	seen_drop_gone(&node_guests);
	return true;
}

/**
 * node_guests_forget() - forget all guests
 */
void node_guests_forget(void)
{
	seen_forget(&node_guests);
}
