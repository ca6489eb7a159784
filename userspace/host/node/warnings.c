// SPDX-License-Identifier: GPL-2.0-only
/* What an administrator may have meant otherwise: it is said once. */
#include <string.h>

#include "node.h"

static bool said_several[MOST_HOST_NODES];
static bool said_memory;
static bool said_rules;

/**
 * node_warn_forget() - say all of it again that is of guests
 */
void node_warn_forget(void)
{
	memset(said_several, 0, sizeof(said_several));
	said_memory = false;
}

/**
 * node_warn_again() - say all of it again that is of the policy file, which was read anew
 */
void node_warn_again(void)
{
	unsigned int i;

	said_rules = false;
	for (i = 0; i < node_guests.nr; i++)
		node_guest_at(i)->said_home = 0;
}

/* Nodes that are left to those who have them */
static void warn_several(const struct placement *p)
{
	unsigned int i;

	for (i = 0; i < p->nr_nodes; i++) {
		if (p->nodes[i].owner == SEVERAL && !said_several[i])
			error("node %u: several guests have memory of it, and it is left to them",
			      i);
		said_several[i] = p->nodes[i].owner == SEVERAL;
	}
}

/* Guests that would report what is in use, if a dry run did not change that either */
static void warn_memory(const struct daemon *d)
{
	const struct guest *g;
	unsigned int i;

	if (said_memory || !d->settings->dry_run || !d->before ||
	    host_file(d->settings->connect))
		return;
	for (i = 0; i < node_guests.nr && !said_memory; i++) {
		g = node_guest_at(i)->seen.guest;
		said_memory = g->running && g->memory.has_balloon && !g->memory.has_stats;
	}
	if (said_memory)
		error("with --dry-run guests are not asked to report what memory is in use, and "
		      "nodes are told to move that would not, as theirs is; to have it asked: "
		      "memory_coordinator at work beside it");
}

static bool is_of_a_guest(const struct node_rule *rule)
{
	unsigned int i;

	for (i = 0; i < node_guests.nr; i++)
		if (node_guest_at(i)->rule == rule)
			return true;
	return false;
}

/* Rules that nobody goes by, once there is somebody */
static void warn_rules(void)
{
	const struct node_rule *rule;
	unsigned int i;

	if (said_rules || !node_guests.nr)
		return;
	said_rules = true;
	for (i = 0; i < node_rules.nr_rules; i++) {
		rule = &node_rules.rules[i];
		if (!is_of_a_guest(rule))
			error("%s: \"guests\", \"%s\": no guest with nodes goes by it now: "
			      "none has such a name, or a pattern before it fits it as well",
			      node_settings.policy, rule->glob);
	}
}

static void warn_homes(void)
{
	struct node_guest *k;
	unsigned int i;

	for (i = 0; i < node_guests.nr; i++) {
		k = node_guest_at(i);
		if (!k->rule || k->rule->home < (int)k->seen.guest->nr_nodes ||
		    k->said_home == k->rule->home)
			continue;
		k->said_home = k->rule->home;
		error("%s: \"guests\", \"%s\": \"home\" is node %d, and the highest node of "
		      "%s is %u: it keeps what it has, and gets nothing, until that is put "
		      "right and the file read again",
		      node_settings.policy, k->rule->glob, k->rule->home, k->seen.name,
		      k->seen.guest->nr_nodes - 1);
	}
}

/**
 * node_warn() - say what is new of that
 * @d: program
 * @p: what was seen in an interval, as it is placed
 */
void node_warn(const struct daemon *d, const struct placement *p)
{
	warn_several(p);
	warn_memory(d);
	warn_rules();
	warn_homes();
}
