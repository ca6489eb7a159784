// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which nodes of a guest give memory, or get it, as it is to have less or more. Who has most
 * free gives first, and who has least gets first, so that programs find memory on whichever node
 * they run. No node leaves or comes by it.
 */
#include <stdlib.h>

#include "spread.h"

static bool takes_part(const struct guest_node *n)
{
	return n->target_kb && n->has_report;
}

/* A node that is about there has what it is to have: firmware keeps some of it. */
static uint64_t base_of(const struct guest_node *n, bool out)
{
	uint64_t low = n->current_kb < n->target_kb ? n->current_kb : n->target_kb;
	uint64_t high = n->current_kb + n->target_kb - low;

	if (high - low < EXTENT_KB)
		return n->target_kb;
	return out ? low : high;
}

/* What the physical node behind a node has free, in extents */
static uint64_t host_has(const struct guest_node *n, const struct host_node *host,
			 unsigned int nr_host)
{
	if (n->pnode < 0 || (unsigned int)n->pnode >= nr_host)
		return 0;
	return host[n->pnode].free_kb / EXTENT_KB * EXTENT_KB;
}

/* What a node can get: up to what it was built with, of the physical node behind it */
static uint64_t can_get(const struct guest_node *n, const struct host_node *host,
			unsigned int nr_host)
{
	uint64_t has = base_of(n, false);
	uint64_t room = n->capacity_kb > has ? n->capacity_kb - has : 0;
	uint64_t there = host_has(n, host, nr_host);

	if (there < room)
		room = there;
	return room;
}

/* What a node can give: one extent beyond what is in use stays free. */
static uint64_t can_give(const struct guest_node *n)
{
	uint64_t least = n->used_kb + EXTENT_KB;
	uint64_t has = base_of(n, true);

	return has > least ? (has - least) / EXTENT_KB * EXTENT_KB : 0;
}

/**
 * spread_room() - most memory that a guest's nodes can get now
 * @guest: guest
 * @host: physical nodes, as they are
 * @nr_host: how many
 *
 * Nodes on one physical node take from the same.
 *
 * Return: KiB.
 */
uint64_t spread_room(const struct guest *guest, const struct host_node *host,
		     unsigned int nr_host)
{
	uint64_t room = 0, on, there;
	unsigned int i, j;

	for (i = 0; i < nr_host; i++) {
		on = 0;
		there = host[i].free_kb / EXTENT_KB * EXTENT_KB;
		for (j = 0; j < guest->nr_nodes; j++)
			if (guest->nodes[j].pnode == (int)i &&
			    takes_part(&guest->nodes[j]))
				on += can_get(&guest->nodes[j], host, nr_host);
		room += on < there ? on : there;
	}
	return room;
}

/**
 * struct vessel - a node while memory is poured into it, or out
 * @free_kb: what is free of it, with what was poured
 * @poured_kb: what was poured
 * @most_kb: most that can be
 */
struct vessel {
	int64_t free_kb;
	uint64_t poured_kb;
	uint64_t most_kb;
};

/* The next one to pour into, or out of; NULL if none can take more. */
static struct vessel *next_vessel(struct vessel *v, const struct guest *guest, bool out,
				  const uint64_t *left)
{
	struct vessel *best = NULL;
	unsigned int i;

	for (i = 0; i < guest->nr_nodes; i++) {
		int pnode = guest->nodes[i].pnode;

		if (v[i].poured_kb + EXTENT_KB > v[i].most_kb)
			continue;
		if (!out && (pnode < 0 || left[pnode] < EXTENT_KB))
			continue;
		if (!best || (out ? v[i].free_kb > best->free_kb :
				    v[i].free_kb < best->free_kb))
			best = &v[i];
	}
	return best;
}

static void pour(struct vessel *v, const struct guest *guest, bool out, uint64_t extents,
		 uint64_t *left)
{
	struct vessel *one;

	for (; extents; extents--) {
		one = next_vessel(v, guest, out, left);
		if (!one)
			return;
		one->poured_kb += EXTENT_KB;
		one->free_kb += out ? -EXTENT_KB : EXTENT_KB;
		if (!out)
			left[guest->nodes[one - v].pnode] -= EXTENT_KB;
	}
}

/**
 * spread_change() - sizes of nodes, for a guest that is to have more or less
 * @guest: guest
 * @host: physical nodes, as they are
 * @nr_host: how many
 * @more_kb: so much more; less than 0 for less
 * @kb: out: by node, NODE_STAYS for those that stay
 *
 * Return: how much more that is: as near as its nodes can come; 0 if none can.
 */
int64_t spread_change(const struct guest *guest, const struct host_node *host,
		      unsigned int nr_host, int64_t more_kb, uint64_t *kb)
{
	uint64_t amount = more_kb < 0 ? -more_kb : more_kb;
	bool out = more_kb < 0;
	struct vessel *v = calloc(guest->nr_nodes + 1, sizeof(*v));
	uint64_t *left = calloc(nr_host + 1, sizeof(*left));
	const struct guest_node *n;
	int64_t sum = 0;
	unsigned int i;

	for (i = 0; i < guest->nr_nodes; i++)
		kb[i] = NODE_STAYS;
	for (i = 0; left && i < nr_host; i++)
		left[i] = host[i].free_kb;
	for (i = 0; v && i < guest->nr_nodes; i++) {
		n = &guest->nodes[i];
		v[i].free_kb = n->free_kb;
		if (takes_part(n))
			v[i].most_kb = out ? can_give(n) : can_get(n, host, nr_host);
	}
	if (v && left)
		pour(v, guest, out, amount / EXTENT_KB, left);
	for (i = 0; v && i < guest->nr_nodes; i++) {
		n = &guest->nodes[i];
		if (!v[i].poured_kb)
			continue;
		kb[i] = out ? base_of(n, out) - v[i].poured_kb :
			      base_of(n, out) + v[i].poured_kb;
		sum += out ? -(int64_t)v[i].poured_kb : (int64_t)v[i].poured_kb;
	}
	free(left);
	free(v);
	return sum;
}
