// SPDX-License-Identifier: GPL-2.0-only
/*
 * A node on its way: one guest gives it back, and when that has answered another one gets
 * it. How far a change has come is seen from the guests themselves, so that it goes on after
 * this program was started anew, and leaves alone what somebody else changes meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "node.h"

#define SECOND		1e9
#define EXTENT_KB	2048
/* A guest that refused is asked again after this, then after twice as long and so on. */
#define FIRST_REST_S	300.0
#define LONGEST_REST_S	86400.0
/* So long it is waited for a guest that does not answer, or that somebody else changes. */
#define PATIENCE_S	600.0

static const struct guest *find(const struct snapshot *s, const char *name)
{
	unsigned int i;

	for (i = 0; i < s->nr_guests; i++)
		if (!strcmp(s->guests[i].name, name))
			return &s->guests[i];
	return NULL;
}

/* The end of it; others may come. */
static void end(uint64_t ns)
{
	struct node_move *m = &node_state.move;

	node_state.rests_until_ns[m->node] = ns + node_rules.cooldown_s * SECOND;
	if (node_guest_find(m->from))
		node_guest_find(m->from)->nr_wants = 0;
	if (node_guest_find(m->to))
		node_guest_find(m->to)->nr_wants = 0;
	standing_end(m->to);
	free(m->from);
	free(m->to);
	*m = (struct node_move){ .phase = MOVE_NONE };
	state_save(ns);
}

/* What is measured counts half, and what was known before the other half. */
static void learn(double *known_s, double seconds)
{
	*known_s = *known_s > 0 ? (*known_s + seconds) / 2 : seconds;
}

static void rest(const char *name, uint64_t ns)
{
	struct lesson *l = lesson_of(name, ns);

	if (!l)
		return;
	l->rest_s = l->rest_s > 0 ? 2 * l->rest_s : FIRST_REST_S;
	if (l->rest_s > LONGEST_REST_S)
		l->rest_s = LONGEST_REST_S;
	l->rests_until_ns = ns + l->rest_s * SECOND;
}

/* It did what it was to do: the next time that it refuses is the first one. */
static void forgive(const char *name, uint64_t ns)
{
	struct lesson *l = *name ? lesson_of(name, ns) : NULL;

	if (l)
		l->rest_s = 0;
}

/* With the reason, if there is one: what the guest said, or why it could not even be asked */
static void tell_end(struct daemon *d, uint64_t ns, const char *what,
		     const char *said, const char *why, double seconds)
{
	const struct node_move *m = &node_state.move;
	struct json_object *o = decision(what, m->node, m->from, m->to);

	if (seconds >= 0)
		json_object_object_add(o, "seconds",
				       json_object_new_double(seconds));
	if (said)
		json_object_object_add(o, "said", json_text(said));
	if (why)
		json_object_object_add(o, "why", json_text(why));
	decision_add(d, ns, o);
}

/* A guest will not do it: it is left alone for some time. */
static void refused(struct daemon *d, const struct guest *g, uint64_t ns,
		    const char *why)
{
	/* what could not even be asked is counted already */
	d->failures += !why;
	tell_end(d, ns, "refused", why ? NULL : g->said, why, -1);
	rest(g->name, ns);
	end(ns);
}

/* It is not to be any more, which is nobody's fault. */
static void call_off(struct daemon *d, uint64_t ns)
{
	tell_end(d, ns, "off", NULL, NULL, -1);
	end(ns);
}

static bool others_have(const struct snapshot *now, const struct guest *to,
			unsigned int node)
{
	unsigned int i;

	for (i = 0; i < now->nr_guests; i++)
		if (&now->guests[i] != to && guest_has_node(&now->guests[i], node))
			return true;
	return false;
}

static unsigned int count_had(const struct guest *g)
{
	unsigned int i, count = 0;

	for (i = 0; i < g->nr_nodes; i++)
		count += g->nodes[i].target_kb != 0;
	return count;
}

/*
 * What was planned may be long ago, and by other rules: a move goes on after the program was
 * started anew.
 */
static bool may_give(const struct guest *g, unsigned int node)
{
	const struct node_rule *rule = rules_find(&node_rules, g->name);

	return daemon_may_change(g) && !guest_stays(g, rule) &&
	       guest_home(g, rule) != (int)node;
}

static bool may_get(const struct snapshot *now, const struct guest *g, unsigned int node)
{
	const struct node_rule *rule = rules_find(&node_rules, g->name);

	return daemon_may_change(g) && !guest_stays(g, rule) &&
	       !(rule && count_had(g) >= rule->most) &&
	       rule_has_node(rule, node) && !others_have(now, g, node);
}

/* What can be had of the node now: of one that was given back as much, whatever else is free */
static uint64_t left_on(const struct node_move *m, const struct snapshot *now)
{
	uint64_t kb, free_kb;

	if (m->node >= now->nr_nodes)
		return UINT64_MAX;
	free_kb = now->nodes[m->node].free_kb;
	kb = node_spare_kb(now, m->node, m->gave_kb);
	return kb < free_kb ? kb : free_kb;
}

/*
 * Sizes to ask for. Who gave a node back keeps some memory there that cannot be moved: what
 * is free can be had, if that is not too little.
 */
static bool take_sizes(const struct node_move *m, const struct snapshot *now,
		       const struct guest *g, uint64_t *kb)
{
	uint64_t left = left_on(m, now), wanted = 0, sum = 0;
	unsigned int i;

	for (i = 0; i < g->nr_nodes; i++) {
		kb[i] = NODE_STAYS;
		if (g->nodes[i].pnode != (int)m->node)
			continue;
		kb[i] = m->phase == MOVE_LEAVE ? 0 : g->nodes[i].capacity_kb;
		wanted += kb[i];
		if (kb[i] > left)
			kb[i] = left & ~(uint64_t)(EXTENT_KB - 1);
		left -= kb[i];
		sum += kb[i];
	}
	return sum >= wanted * LEAST_FREE;
}

/*
 * The memory is not there, which is not the fault of who was to get it: who gave the node
 * back may have kept it, or somebody else was faster.
 */
static void no_room(struct daemon *d, uint64_t ns)
{
	const struct node_move *m = &node_state.move;

	tell_end(d, ns, "no-room", NULL, NULL, -1);
	if (*m->from)
		rest(m->from, ns);
	end(ns);
}

static enum backend_status ask(struct daemon *d, const struct guest *g,
			       const struct snapshot *now, struct why *why)
{
	struct node_move *m = &node_state.move;
	uint64_t *kb = calloc(g->nr_nodes + 1, sizeof(*kb));
	enum backend_status status;

	if (!kb)
		return BACKEND_OK;
	if (m->phase == MOVE_LEAVE)
		m->gave_kb = guest_kb_on(g, m->node);
	if (!take_sizes(m, now, g, kb)) {
		free(kb);
		no_room(d, now->ns);
		return BACKEND_OK;
	}
	status = d->backend->ops->set_nodes(d->backend, g, kb, why);
	free(kb);
	if (status == BACKEND_LOST)
		return status;
	if (daemon_changed(d, status, why)) {
		m->asked = true;
		m->phase_ns = now->ns;
		state_save(now->ns);
	} else if (status == BACKEND_FAILED) {
		refused(d, g, now->ns, why->text);
	}
	return BACKEND_OK;
}

/*
 * A guest that does not answer is not to hold up the others: it is asked to undo what it has
 * done, and is left alone. What this program does not know to be its own is not withdrawn.
 */
static enum backend_status give_up(struct daemon *d, const struct guest *g, uint64_t ns,
				   struct why *why)
{
	enum backend_status status = BACKEND_OK;

	if (g->change == CHANGE_OURS)
		status = d->backend->ops->withdraw(d->backend, g, why);
	if (status == BACKEND_LOST)
		return status;
	d->failures++;
	tell_end(d, ns, g->change == CHANGE_OURS ? "slow" : "busy", NULL, NULL, -1);
	rest(g->name, ns);
	end(ns);
	return BACKEND_OK;
}

/* The guest is at a change, which is waited for, but not for ever. */
static enum backend_status wait_longer(struct daemon *d, const struct guest *g, uint64_t ns,
				       struct why *why)
{
	const struct node_move *m = &node_state.move;

	if (ns < m->phase_ns + PATIENCE_S * SECOND)
		return BACKEND_OK;
	if (m->asked)
		return give_up(d, g, ns, why);
	tell_end(d, ns, "busy", NULL, NULL, -1);
	end(ns);
	return BACKEND_OK;
}

static enum backend_status see_come(struct daemon *d, const struct snapshot *now,
				    struct why *why)
{
	struct node_move *m = &node_state.move;
	const struct guest *g = find(now, m->to);
	struct lesson *lesson;

	if (!g || !g->running) {
		tell_end(d, now->ns, "gone", NULL, NULL, -1);
		end(now->ns);
		return BACKEND_OK;
	}
	if (g->change != CHANGE_NONE)
		return wait_longer(d, g, now->ns, why);
	if (!m->asked && !guest_has_node(g, m->node)) {
		if (may_get(now, g, m->node))
			return ask(d, g, now, why);
		call_off(d, now->ns);
		return BACKEND_OK;
	}
	if (!guest_has_node(g, m->node)) {
		refused(d, g, now->ns, NULL);
		return BACKEND_OK;
	}
	lesson = lesson_of(m->to, now->ns);
	if (lesson && m->asked)
		learn(&lesson->expand_s, (now->ns - m->phase_ns) / SECOND);
	forgive(m->from, now->ns);
	forgive(m->to, now->ns);
	tell_end(d, now->ns, "done", g->said, NULL,
		 (now->ns - m->began_ns) / SECOND);
	end(now->ns);
	return BACKEND_OK;
}

static enum backend_status see_leave(struct daemon *d, const struct snapshot *now,
				     struct why *why)
{
	struct node_move *m = &node_state.move;
	const struct guest *g = find(now, m->from);
	struct lesson *lesson;

	if (g && g->change != CHANGE_NONE)
		return wait_longer(d, g, now->ns, why);
	if (g && guest_has_node(g, m->node)) {
		if (!m->asked && may_give(g, m->node))
			return ask(d, g, now, why);
		if (!m->asked)
			call_off(d, now->ns);
		else
			refused(d, g, now->ns, NULL);
		return BACKEND_OK;
	}
	lesson = g ? lesson_of(m->from, now->ns) : NULL;
	if (lesson && m->asked)
		learn(&lesson->shrink_s, (now->ns - m->phase_ns) / SECOND);
	m->phase = MOVE_COME;
	m->phase_ns = now->ns;
	m->asked = false;
	state_save(now->ns);
	return see_come(d, now, why);
}

/**
 * move_see() - go on with the change that is going on
 * @d: program
 * @now: what was seen
 * @why: out: what went wrong
 *
 * Return: BACKEND_OK, or that the host is lost.
 */
enum backend_status move_see(struct daemon *d, const struct snapshot *now,
			     struct why *why)
{
	switch (node_state.move.phase) {
	case MOVE_LEAVE:
		return see_leave(d, now, why);
	case MOVE_COME:
		return see_come(d, now, why);
	default:
		return BACKEND_OK;
	}
}

/**
 * move_begin() - have a node go from one guest to another
 * @d: program
 * @now: what was seen
 * @node: physical node
 * @from: name of who has it; "" for nobody
 * @to: name of who is to get it
 * @why: out: what went wrong
 *
 * It is written down before anybody is asked: one that is not known of would be left
 * half-way.
 *
 * Return: BACKEND_OK, or that the host is lost.
 */
enum backend_status move_begin(struct daemon *d, const struct snapshot *now,
			       unsigned int node, const char *from,
			       const char *to, struct why *why)
{
	struct node_move *m = &node_state.move;

	*m = (struct node_move){
		.phase = *from ? MOVE_LEAVE : MOVE_COME,
		.node = node,
		.from = strdup(from),
		.to = strdup(to),
		.phase_ns = now->ns,
		.began_ns = now->ns,
	};
	if (!m->from || !m->to) {
		free(m->from);
		free(m->to);
		m->phase = MOVE_NONE;
		return BACKEND_OK;
	}
	state_save(now->ns);
	return move_see(d, now, why);
}
