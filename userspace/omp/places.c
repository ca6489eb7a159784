// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which CPUs each thread may use in a topology. */
#include <stdint.h>
#include <stdlib.h>

#include "places.h"
#include "virtflex.h"

struct places *places_of(const struct virtflex_topology *topology)
{
	const struct virtflex_node *node;
	struct place_node *place;
	struct places *places;
	struct cpus cpus;
	unsigned int i, j;

	places = calloc(1, sizeof(*places) +
			   topology->nr_nodes * sizeof(places->nodes[0]));
	if (!places)
		return NULL;
	for (i = 0; i < topology->nr_nodes; i++) {
		node = topology->nodes[i];
		cpus_clear(&cpus);
		for (j = 0; j < node->nr_cpus; j++)
			cpus_add(&cpus, node->cpus[j]);
		if (node->state != VIRTFLEX_NODE_ACTIVE) {
			cpus_or(&places->inactive, &places->inactive, &cpus);
			continue;
		}
		if (cpus_empty(&cpus))
			continue;
		place = &places->nodes[places->nr_nodes++];
		place->id = node->id;
		place->cpus = cpus;
		cpus_or(&places->active, &places->active, &cpus);
	}
	return places;
}

/* The one node that all of these CPUs are of; NULL if they are of several. */
static struct place_node *node_of(struct places *places,
				  const struct cpus *cpus)
{
	unsigned int i;

	for (i = 0; i < places->nr_nodes; i++)
		if (cpus_within(cpus, &places->nodes[i].cpus))
			return &places->nodes[i];
	return NULL;
}

/* The node with the fewest threads for each of the CPUs that may be used. */
static struct place_node *emptiest(struct places *places,
				   const struct cpus *usable)
{
	unsigned int i, cpus, best_cpus = 0;
	struct place_node *node, *best = NULL;

	for (i = 0; i < places->nr_nodes; i++) {
		node = &places->nodes[i];
		cpus = cpus_common(&node->cpus, usable);
		if (!cpus)
			continue;
		if (best && (uint64_t)node->threads * best_cpus >=
			    (uint64_t)best->threads * cpus)
			continue;
		best = node;
		best_cpus = cpus;
	}
	return best;
}

static void assign_bound(struct places *places, struct placement *p)
{
	struct place_node *node;
	struct cpus left;

	cpus_and(&left, p->wanted, &places->active);
	p->displaced = cpus_empty(&left);
	if (p->displaced)
		return;
	p->to = cpus_common(p->wanted, &places->inactive) ? left : *p->wanted;
	node = node_of(places, &left);
	if (node)
		node->threads++;
}

static void assign_displaced(struct places *places, const struct cpus *usable,
			     struct placement *p)
{
	struct place_node *node = emptiest(places, usable);

	cpus_and(&p->to, &node->cpus, usable);
	node->threads++;
	node->crowded = true;
}

static void share_node(struct places *places, const struct cpus *usable,
		       struct placement *p)
{
	struct place_node *node;
	struct cpus left;

	cpus_and(&left, p->wanted, &places->active);
	node = node_of(places, &left);
	if (!node || !node->crowded)
		return;
	cpus_and(&p->to, &node->cpus, usable);
	/* its own CPUs may be none of those the process was started on */
	cpus_or(&p->to, &p->to, &left);
}

static void assign_unbound(struct places *places, const struct cpus *allowed,
			   const struct cpus *usable, struct placement *p)
{
	struct place_node *node = emptiest(places, usable);

	if (!cpus_common(allowed, &places->inactive) &&
	    cpus_common(allowed, &places->active))
		p->to = *allowed;
	else
		p->to = *usable;
	cpus_and(&p->start, &node->cpus, usable);
	node->threads++;
}

void places_usable(const struct places *places, const struct cpus *allowed,
		   struct cpus *usable)
{
	cpus_and(usable, allowed, &places->active);
	if (cpus_empty(usable))
		*usable = places->active;
}

void places_assign(struct places *places, const struct cpus *allowed,
		   struct placement *list, unsigned int nr)
{
	struct cpus usable;
	unsigned int i;

	for (i = 0; i < places->nr_nodes; i++) {
		places->nodes[i].threads = 0;
		places->nodes[i].crowded = false;
	}
	for (i = 0; i < nr; i++) {
		list[i].displaced = false;
		list[i].to = list[i].wanted ? *list[i].wanted : *allowed;
	}
	if (!places->nr_nodes)
		goto out;
	places_usable(places, allowed, &usable);
	for (i = 0; i < nr; i++)
		if (list[i].wanted)
			assign_bound(places, &list[i]);
	for (i = 0; i < nr; i++)
		if (list[i].displaced)
			assign_displaced(places, &usable, &list[i]);
	for (i = 0; i < nr; i++)
		if (list[i].wanted && !list[i].displaced)
			share_node(places, &usable, &list[i]);
out:
	for (i = 0; i < nr; i++)
		list[i].start = list[i].to;
	if (!places->nr_nodes)
		return;
	for (i = 0; i < nr; i++)
		if (!list[i].wanted)
			assign_unbound(places, allowed, &usable, &list[i]);
}
