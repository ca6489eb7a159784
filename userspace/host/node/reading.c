// SPDX-License-Identifier: GPL-2.0-only
/* Guests and physical nodes as they are placed now, from what was seen. */
#include <string.h>

#include "coordinator.h"
#include "node.h"

#define GIB_KB	(1024.0 * 1024)

static unsigned int count_nodes(const struct snapshot *now)
{
	unsigned int i, n, count = now->nr_nodes;
	int pnode;

	for (i = 0; i < now->nr_guests; i++)
		for (n = 0; n < now->guests[i].nr_nodes; n++) {
			pnode = now->guests[i].nodes[n].pnode;
			if (pnode >= (int)count && pnode < MOST_HOST_NODES)
				count = pnode + 1;
		}
	return count < MOST_HOST_NODES ? count : MOST_HOST_NODES;
}

static void take_owners(struct placement *p)
{
	unsigned int i, n;

	for (n = 0; n < p->nr_nodes; n++)
		for (i = 0; i < node_guests.nr; i++)
			if (guest_has_node(node_guest_at(i)->seen.guest, n))
				p->nodes[n].owner = p->nodes[n].owner == NOBODY ?
							    (int)i : SEVERAL;
}

/* Whether a guest that is at a change has memory of a node that it may get back */
static bool is_unsettled(const struct snapshot *now, unsigned int pnode)
{
	const struct guest *g;
	unsigned int i, n;

	for (i = 0; i < now->nr_guests; i++) {
		g = &now->guests[i];
		for (n = 0; g->change != CHANGE_NONE && n < g->nr_nodes; n++)
			if (g->nodes[n].pnode == (int)pnode && !g->nodes[n].target_kb &&
			    g->nodes[n].current_kb)
				return true;
	}
	return false;
}

static unsigned int vcpus_on(const struct guest *g, unsigned int node)
{
	unsigned int i, count = 0;

	for (i = 0; i < g->nr_vcpus; i++)
		count += g->vcpus[i].node == node;
	return count;
}

/**
 * node_spare_kb() - memory of a physical node that can be had, less what the host is to keep
 * @now: what was seen
 * @pnode: physical node of the host
 * @more_kb: what a guest gives back there before, which leaves the host what it has
 *
 * Return: KiB.
 */
uint64_t node_spare_kb(const struct snapshot *now, unsigned int pnode, uint64_t more_kb)
{
	uint64_t reserve = memory_reserve_kb(now);
	uint64_t kb = now->available_kb > reserve ? now->available_kb - reserve : 0;

	return (kb < now->nodes[pnode].free_kb ? kb : now->nodes[pnode].free_kb) + more_kb;
}

/**
 * guest_kb_on() - memory that a guest has of a physical node
 * @g: guest
 * @pnode: physical node
 *
 * Return: KiB, as the guest says it.
 */
uint64_t guest_kb_on(const struct guest *g, unsigned int pnode)
{
	uint64_t kb = 0;
	unsigned int i;

	for (i = 0; i < g->nr_nodes; i++)
		if (g->nodes[i].pnode == (int)pnode)
			kb += g->nodes[i].current_kb;
	return kb;
}

/* Memory of a physical node that its owner gives back, or that is free */
static double memory_there(const struct placement *p, const struct snapshot *now,
			   unsigned int pnode)
{
	int owner = p->nodes[pnode].owner;
	uint64_t kb = owner >= 0 ? guest_kb_on(node_guest_at(owner)->seen.guest, pnode) : 0;

	if (pnode >= now->nr_nodes)
		return -1;
	return node_spare_kb(now, pnode, kb) / GIB_KB;
}

/**
 * rule_has_node() - may a guest have a physical node?
 * @rule: what is said of it; NULL for nothing
 * @pnode: physical node
 *
 * Return: whether it may.
 */
bool rule_has_node(const struct node_rule *rule, unsigned int pnode)
{
	return !rule || !rule->has_nodes ||
	       (pnode < CPU_SETSIZE && CPU_ISSET(pnode, &rule->nodes));
}

/* What a guest has of each physical node if it has that */
static void take_parts(struct placement *p, const struct snapshot *now,
		       unsigned int bidder)
{
	const struct node_guest *k = node_guest_at(bidder);
	const struct guest_node *node;
	double *part, there;
	unsigned int n, pnode;

	for (n = 0; n < k->seen.guest->nr_nodes; n++) {
		node = &k->seen.guest->nodes[n];
		if (node->pnode < 0 || node->pnode >= (int)p->nr_nodes)
			continue;
		part = placement_part(p, bidder, node->pnode);
		part[PLACE_CPU] += vcpus_on(k->seen.guest, n);
		part[PLACE_MEMORY] += node->capacity_kb / GIB_KB;
	}
	for (pnode = 0; pnode < p->nr_nodes; pnode++) {
		if (p->nodes[pnode].owner == (int)bidder)
			continue;
		part = placement_part(p, bidder, pnode);
		there = memory_there(p, now, pnode);
		if (!rule_has_node(k->rule, pnode) ||
		    (there >= 0 && there < part[PLACE_MEMORY] * LEAST_FREE))
			memset(part, 0, NR_PLACE_RESOURCES * sizeof(*part));
		else if (there >= 0 && there < part[PLACE_MEMORY])
			part[PLACE_MEMORY] = there;
	}
}

/**
 * guest_stays() - does a guest keep the nodes that it has, and get no others?
 * @g: guest with nodes
 * @rule: what is said of it; NULL for nothing
 *
 * Which node is to be its home is not known if the rule names one that it does not have.
 *
 * Return: whether it does.
 */
bool guest_stays(const struct guest *g, const struct node_rule *rule)
{
	return rule && (rule->fixed || rule->home >= (int)g->nr_nodes);
}

/**
 * guest_home() - the physical node of a guest's guaranteed node
 * @g: guest with nodes
 * @rule: what is said of it; NULL for nothing
 *
 * Return: node, or NODE_UNKNOWN.
 */
int guest_home(const struct guest *g, const struct node_rule *rule)
{
	unsigned int node = 0;

	if (rule && rule->home >= 0 && rule->home < (int)g->nr_nodes)
		node = rule->home;
	else if (g->nr_vcpus)
		node = g->vcpus[0].node;
	if (node >= g->nr_nodes)
		node = 0;
	return g->nodes[node].pnode;
}

static int home_of(const struct node_guest *k, unsigned int nr_nodes)
{
	int pnode = guest_home(k->seen.guest, k->rule);

	return pnode < (int)nr_nodes && pnode >= 0 ? pnode : NOBODY;
}

static void take_bidder(struct placement *p,
			const struct snapshot *now, unsigned int i)
{
	const struct node_guest *k = node_guest_at(i);
	const struct lesson *lesson = lesson_of(k->seen.name, now->ns);
	struct bidder *b = &p->bidders[i];

	if (k->rule) {
		b->weight = k->rule->weight;
		b->most = k->rule->most;
	}
	memcpy(b->want[PLACE_BEFORE], k->want[PLACE_BEFORE], sizeof(b->want[0]));
	memcpy(b->want[PLACE_NOW], k->want[PLACE_NOW], sizeof(b->want[0]));
	b->least_memory = k->least_memory;
	b->home = home_of(k, p->nr_nodes);
	b->may_change = k->nr_wants > 1 && k->seen.guest->running &&
			k->seen.guest->change == CHANGE_NONE &&
			daemon_may_change(k->seen.guest) &&
			lesson && now->ns >= lesson->rests_until_ns &&
			!guest_stays(k->seen.guest, k->rule);
	b->shrink_s = lesson && lesson->shrink_s > 0 ? lesson->shrink_s :
						       node_rules.shrink_s;
	b->expand_s = lesson && lesson->expand_s > 0 ? lesson->expand_s :
						       node_rules.expand_s;
}

/**
 * node_placement() - guests and physical nodes as they are placed now
 * @now: what was seen
 *
 * Return: placement for placement_free(), whose bidders are node_guests; NULL if there is
 * no memory.
 */
struct placement *node_placement(const struct snapshot *now)
{
	struct placement *p = placement_new(node_guests.nr, count_nodes(now));
	unsigned int i;

	if (!p)
		return NULL;
	p->margin = node_rules.margin;
	p->most_s = node_rules.longest_s;
	take_owners(p);
	for (i = 0; i < p->nr_nodes; i++)
		p->nodes[i].may_move = now->ns >= node_state.rests_until_ns[i] &&
				       (p->nodes[i].owner != NOBODY || !is_unsettled(now, i));
	for (i = 0; i < node_guests.nr; i++) {
		take_bidder(p, now, i);
		take_parts(p, now, i);
	}
	return p;
}
