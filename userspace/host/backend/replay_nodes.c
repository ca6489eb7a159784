// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes of described guests. vCPUs of a node that leaves go at once and its memory in the
 * end; of one that comes all is there in the end.
 */
#include <stdlib.h>
#include <string.h>

#include "replay.h"

/**
 * replay_online() - has a guest a vCPU now?
 * @g: guest
 * @v: its vCPU
 *
 * Return: whether it has.
 */
bool replay_online(const struct replayed_guest *g, const struct replayed_vcpu *v)
{
	const struct replayed_change *c = &g->change;

	return !g->nr_nodes ||
	       (g->nodes[v->node].has && (!c->until || c->has[v->node]));
}

/**
 * replay_nr_online() - how many vCPUs a guest has now
 * @g: guest
 *
 * Return: number.
 */
unsigned int replay_nr_online(const struct replayed_guest *g)
{
	unsigned int i, count = 0;

	for (i = 0; i < g->nr_vcpus; i++)
		count += replay_online(g, &g->vcpus[i]);
	return count;
}

/**
 * replay_capacity() - most memory that the nodes of a guest can have now
 * @g: guest
 *
 * Return: KiB.
 */
double replay_capacity(const struct replayed_guest *g)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < g->nr_nodes; i++)
		if (g->nodes[i].has)
			sum += g->nodes[i].capacity;
	return g->nr_nodes ? sum : g->maximum;
}

/* A node comes with all its memory. */
static void carry_out(struct replayed_guest *g)
{
	double before = replay_capacity(g);
	unsigned int i;

	for (i = 0; i < g->nr_nodes; i++)
		g->nodes[i].has = g->change.has[i];
	if (replay_capacity(g) > before) {
		g->actual += replay_capacity(g) - before;
		g->target = g->actual;
	}
	if (g->actual > replay_capacity(g))
		g->actual = replay_capacity(g);
	if (g->target > g->actual)
		g->target = g->actual;
	if (g->touched > g->actual)
		g->touched = g->actual;
}

/**
 * replay_change_nodes() - carry out a change whose time has come
 * @r: host
 * @g: guest
 */
void replay_change_nodes(const struct replay *r, struct replayed_guest *g)
{
	if (!g->change.until || r->now < g->change.until)
		return;
	carry_out(g);
	g->change.until = 0;
	g->change.end = END_DONE;
}

static double node_current(const struct replayed_guest *g, unsigned int node)
{
	const struct replayed_node *n = &g->nodes[node];

	return n->has ? g->actual * n->capacity / replay_capacity(g) : 0;
}

/**
 * replay_show_nodes() - what is seen of a guest's nodes
 * @r: host
 * @from: guest
 * @g: the same, as it is seen
 *
 * Return: false if there is no memory.
 */
bool replay_show_nodes(const struct replay *r, const struct replayed_guest *from,
		       struct guest *g)
{
	const struct replayed_change *c = &from->change;
	const struct replayed_node *n;
	unsigned int i;
	bool to_have;

	if (!from->nr_nodes)
		return true;
	if (!guest_set_nodes(g, from->nr_nodes))
		return false;
	for (i = 0; i < from->nr_nodes; i++) {
		n = &from->nodes[i];
		to_have = c->until ? c->has[i] : n->has;
		g->nodes[i] = (struct guest_node){
			.pnode = n->pnode,
			.capacity_kb = n->capacity,
			.target_kb = to_have ? n->capacity : 0,
			.current_kb = node_current(from, i),
		};
	}
	for (i = 0; i < from->nr_vcpus; i++) {
		g->vcpus[i].node = from->vcpus[i].node;
		g->vcpus[i].online = replay_online(from, &from->vcpus[i]);
	}
	g->change = c->until ? CHANGE_OURS :
		    r->now >= from->others[0] && r->now < from->others[1] ?
			    CHANGE_OTHERS : CHANGE_NONE;
	g->change_end = c->until ? END_NONE : c->end;
	if (g->change_end == END_REFUSED)
		g->said = strdup("the nodes that stay cannot take its memory");
	return true;
}

/* What a guest has of a physical node */
static double memory_on(const struct replayed_guest *g, unsigned int pnode)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < g->nr_nodes; i++)
		if (g->nodes[i].pnode == (int)pnode)
			sum += node_current(g, i);
	return sum;
}

/**
 * replay_show_host_nodes() - what is seen of the host's nodes
 * @r: host
 * @s: snapshot
 *
 * Return: false if there is no memory.
 */
bool replay_show_host_nodes(const struct replay *r, struct snapshot *s)
{
	const struct replayed_guest *g;
	unsigned int i, n;
	double left;

	if (!r->nr_nodes)
		return true;
	if (!snapshot_set_nodes(s, r->nr_nodes))
		return false;
	for (n = 0; n < r->nr_nodes; n++) {
		left = r->node_kb[n];
		for (i = 0; i < r->nr_guests; i++) {
			g = &r->guests[i];
			if (g->start <= r->now && r->now < g->end)
				left -= memory_on(g, n);
		}
		s->nodes[n].total_kb = r->node_kb[n];
		s->nodes[n].free_kb = left > 0 ? left : 0;
	}
	return true;
}

/**
 * replay_set_nodes() - ask a guest for other nodes
 * @r: host
 * @g: guest
 * @kb: memory of each, 0 for none
 * @why: out: why not
 *
 * Return: how it went.
 */
enum backend_status replay_set_nodes(const struct replay *r,
				     struct replayed_guest *g,
				     const uint64_t *kb, struct why *why)
{
	bool gives = false;
	unsigned int i;

	if (g->change.until ||
	    (r->now >= g->others[0] && r->now < g->others[1])) {
		why_say(why, "%s: a change is going on", g->name);
		return BACKEND_BUSY;
	}
	for (i = 0; i < g->nr_nodes; i++) {
		g->change.has[i] = kb[i] == NODE_STAYS ? g->nodes[i].has : kb[i];
		gives |= g->nodes[i].has && !g->change.has[i];
	}
	g->change.end = END_NONE;
	if (gives && g->keeps)
		g->change.end = END_REFUSED;
	else
		g->change.until = r->now + (gives ? g->shrink : g->expand);
	return BACKEND_OK;
}

/**
 * replay_withdraw() - take back what a guest was asked for
 * @g: guest, which has what it had
 */
void replay_withdraw(struct replayed_guest *g)
{
	g->change.until = 0;
	g->change.end = END_DONE;
}
