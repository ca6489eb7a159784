// SPDX-License-Identifier: GPL-2.0-only
/* Placing the nodes of a new domain where there is room. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "shared.h"

/* How many nodes of this size have room there. */
static unsigned int room(const struct layout *l, uint64_t free_kb)
{
	return free_kb / l->vnode_kb;
}

static void no_room(const struct layout *l, const struct pnode *pnodes,
		    unsigned int nr_pnodes, struct reason *why)
{
	size_t size = sizeof(why->text), used;
	char text[24];
	unsigned int i;

	used = snprintf(why->text, size, "no room for %u nodes of %s; free:",
			l->nr_vnodes, size_text(l->vnode_kb, text, sizeof(text)));
	for (i = 0; i < nr_pnodes && used < size; i++)
		used += snprintf(why->text + used, size - used,
				 " %u: %s%s", i,
				 size_text(pnodes[i].free_kb, text, sizeof(text)),
				 i + 1 < nr_pnodes ? "," : "");
	if (used < size)
		snprintf(why->text + used, size - used,
			 "; stop or shrink a domain, or ask for less");
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

static bool place_listed(struct layout *l, unsigned int *left,
			 unsigned int nr_pnodes)
{
	unsigned int i;

	for (i = 0; i < l->nr_vnodes; i++)
		if (l->pnode[i] >= nr_pnodes || !left[l->pnode[i]]--)
			return false;
	return true;
}

/**
 * layout_place() - choose physical nodes
 * @l: what is wanted; its pnode is set
 * @pnodes: physical nodes, by number
 * @nr_pnodes: how many
 * @why: set if there is no room
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
		placed = place_listed(l, left, nr_pnodes);
		break;
	}
	free(left);
	if (!placed)
		no_room(l, pnodes, nr_pnodes, why);
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
