// SPDX-License-Identifier: GPL-2.0-only
/* Placing the nodes of a new domain where there is room. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "shared.h"

/* Memory comes and goes in extents of this size. */
#define EXTENT_KB	UINT64_C(2048)

/* How many nodes of this size have room there: more than all do not count. */
static unsigned int room(const struct layout *l, uint64_t free_kb)
{
	uint64_t count;

	if (free_kb < l->spare_kb)
		return 0;
	count = (free_kb - l->spare_kb) / l->vnode_kb;
	return count < l->nr_vnodes ? count : l->nr_vnodes;
}

static const char remedy[] = "stop or shrink a domain, or ask for less";

/* "4 nodes of 1.00 GiB" */
static const char *nodes_text(const struct layout *l, unsigned int count,
			      char *buf, size_t size)
{
	char each[24];

	snprintf(buf, size, "%u node%s of %s", count, count == 1 ? "" : "s",
		 size_text(l->vnode_kb, each, sizeof(each)));
	return buf;
}

static void no_room(const struct layout *l, struct reason *why)
{
	char nodes[48];

	nodes_text(l, l->nr_vnodes, nodes, sizeof(nodes));
	if (l->policy == LAYOUT_ROUND_ROBIN)
		snprintf(why->text, sizeof(why->text),
			 "no physical node has room for %s; %s, or take --policy local",
			 nodes, remedy);
	else
		snprintf(why->text, sizeof(why->text), "no room for %s; %s",
			 nodes, remedy);
}

/* The most room first makes them few; of equals the first. */
static bool place_local(struct layout *l, unsigned int *left,
			unsigned int nr_pnodes)
{
	unsigned int i, best, p;

	for (i = 0; i < l->nr_vnodes;) {
		best = 0;
		for (p = 1; p < nr_pnodes; p++)
			if (left[p] > left[best])
				best = p;
		if (!left[best])
			return false;
		for (; left[best] && i < l->nr_vnodes; left[best]--)
			l->pnode[i++] = best;
	}
	return true;
}

static bool place_interleaved(struct layout *l, unsigned int *left,
			      unsigned int nr_pnodes)
{
	unsigned int i, p = 0, tried;

	for (i = 0; i < l->nr_vnodes; i++) {
		for (tried = 0; !left[p] && tried < nr_pnodes; tried++)
			p = (p + 1) % nr_pnodes;
		if (!left[p])
			return false;
		left[p]--;
		l->pnode[i] = p;
		p = (p + 1) % nr_pnodes;
	}
	return true;
}

static bool place_on_one(struct layout *l, const unsigned int *left,
			 unsigned int nr_pnodes)
{
	unsigned int i, p;

	for (i = 0; i < nr_pnodes; i++) {
		p = (l->next + i) % nr_pnodes;
		if (left[p] < l->nr_vnodes)
			continue;
		for (i = 0; i < l->nr_vnodes; i++)
			l->pnode[i] = p;
		l->next = (p + 1) % nr_pnodes;
		return true;
	}
	return false;
}

/* The same numbers on each machine: rand(3) is not. */
static unsigned int next_random(unsigned int *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 16;
}

static bool place_random(struct layout *l, unsigned int *left,
			 unsigned int nr_pnodes)
{
	unsigned int state = l->seed, i, p, all, pick;

	for (i = 0; i < l->nr_vnodes; i++) {
		for (all = 0, p = 0; p < nr_pnodes; p++)
			all += left[p] > 0;
		if (!all)
			return false;
		pick = next_random(&state) % all;
		for (p = 0; !left[p] || pick--; p++)
			;
		l->pnode[i] = p;
		left[p]--;
	}
	return true;
}

/* Where a node is to be and cannot: the first of them. */
static bool place_listed(const struct layout *l, const unsigned int *left,
			 const struct pnode *pnodes, unsigned int nr_pnodes,
			 struct reason *why)
{
	unsigned int i, j, p, wanted;
	char nodes[48];

	for (i = 0; i < l->nr_vnodes; i++) {
		p = l->pnode[i];
		if (p >= nr_pnodes || !pnodes[p].size_kb) {
			snprintf(why->text, sizeof(why->text),
				 "this host has no physical node %u with memory",
				 p);
			return false;
		}
		for (j = 0, wanted = 0; j < l->nr_vnodes; j++)
			wanted += l->pnode[j] == p;
		if (wanted <= left[p])
			continue;
		snprintf(why->text, sizeof(why->text),
			 "physical node %u has no room for %s; %s, or name others",
			 p, nodes_text(l, wanted, nodes, sizeof(nodes)), remedy);
		return false;
	}
	return true;
}

/**
 * layout_divide() - give each node its share of the memory
 * @l: nodes; their size is set, in whole extents
 * @memory_kb: memory of all
 * @less: the nearest smaller amount that divides; 0 if each node would have none
 * @more: the nearest larger one
 *
 * Return: whether @memory_kb divides; @less and @more are set in any case.
 */
bool layout_divide(struct layout *l, uint64_t memory_kb, uint64_t *less,
		   uint64_t *more)
{
	uint64_t all_kb = EXTENT_KB * l->nr_vnodes;

	l->vnode_kb = memory_kb / all_kb * EXTENT_KB;
	*less = l->vnode_kb * l->nr_vnodes;
	*more = *less + all_kb;
	return *less && *less == memory_kb;
}

/**
 * layout_place() - choose physical nodes
 * @l: what is wanted; its pnode is set
 * @pnodes: physical nodes, by number
 * @nr_pnodes: how many
 * @why: set if there is no room: the reason and the remedy
 *
 * A physical node has room for a node if it has its memory free, and the spare.
 *
 * Return: whether there is room for all.
 */
bool layout_place(struct layout *l, const struct pnode *pnodes,
		  unsigned int nr_pnodes, struct reason *why)
{
	unsigned int *left = calloc(nr_pnodes + 1, sizeof(*left));
	bool placed = false;
	unsigned int p;

	if (!left) {
		snprintf(why->text, sizeof(why->text), "%s", strerror(ENOMEM));
		return false;
	}
	for (p = 0; p < nr_pnodes; p++)
		left[p] = room(l, pnodes[p].free_kb);
	switch (l->policy) {
	case LAYOUT_LOCAL:
		placed = place_local(l, left, nr_pnodes);
		break;
	case LAYOUT_INTERLEAVE:
		placed = place_interleaved(l, left, nr_pnodes);
		break;
	case LAYOUT_ROUND_ROBIN:
		placed = place_on_one(l, left, nr_pnodes);
		break;
	case LAYOUT_RANDOM:
		placed = place_random(l, left, nr_pnodes);
		break;
	case LAYOUT_LIST:
		placed = place_listed(l, left, pnodes, nr_pnodes, why);
		break;
	}
	free(left);
	if (!placed && l->policy != LAYOUT_LIST)
		no_room(l, why);
	return placed;
}

/**
 * layout_vcpus() - which vCPUs a node has
 * @l: nodes
 * @vnode: node
 * @first: out
 * @count: out: how many from there on; the first nodes have one more, if they do not
 *	divide
 */
void layout_vcpus(const struct layout *l, unsigned int vnode,
		  unsigned int *first, unsigned int *count)
{
	unsigned int each = l->nr_vcpus / l->nr_vnodes;
	unsigned int more = l->nr_vcpus % l->nr_vnodes;

	*count = each + (vnode < more);
	*first = vnode * each + (vnode < more ? vnode : more);
}
