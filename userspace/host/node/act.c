// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a node goes to another guest. One at a time: each changes what the others are worth,
 * and what it costs is measured by it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"

#define SECOND		UINT64_C(1000000000)
/* How often it is looked how far a change is */
#define POLL_NS		SECOND

struct node_settings node_settings;
struct node_state node_state;

static const char *name_of(int bidder)
{
	return bidder < 0 ? "" : node_guest_at(bidder)->seen.name;
}

/* How long there has been a gain in each offer */
static void take_standing(struct daemon *d, const struct placement *p,
			  struct offer *offers, unsigned int count,
			  const struct snapshot *now)
{
	double seconds = d->before ? (now->ns - d->before->ns) / 1e9 : 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		offers[i].lasts_s = standing(name_of((int)(i / p->nr_bidders) - 1),
					     name_of(i % p->nr_bidders),
					     offers[i].gain > 0, seconds);
	standing_done();
}

static struct json_object *numbers(const char *what, const struct placement *p,
				   const struct offer *o)
{
	struct json_object *json = decision(what, o->node, name_of(o->from),
					    name_of(o->to));
	const struct {
		const char *key;
		double value;
	} all[] = {
		{ "bid", o->bid },
		{ "ask", o->ask },
		{ "gain", o->gain },
		{ "expected_s", place_expected_s(p, o) },
		{ "cost", o->cost },
		{ "margin", p->margin },
	};
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		json_object_object_add(json, all[i].key,
				       json_object_new_double(all[i].value));
	if (o->is_chain) {
		json_object_object_add(json, "then_node", json_u64(o->then_node));
		json_object_object_add(json, "then_to",
				       json_text(name_of(o->then_to)));
	}
	return json;
}

static bool only_tells(const struct daemon *d)
{
	return d->settings->dry_run || !d->backend->ops->set_nodes ||
	       !strncmp(d->settings->connect, "record:", 7);
}

/* Whether it could ever pay */
static bool may_pay(const struct placement *p, const struct offer *o)
{
	return o->gain * p->most_s >= o->cost * p->margin;
}

static enum backend_status decide(struct daemon *d, const struct placement *p,
				  const struct offer *o,
				  const struct snapshot *now, struct why *why)
{
	const char *what = !may_pay(p, o) ? "never" : !o->pays ? "wait" :
			   only_tells(d) ? "dry-run" : "move";

	decision_add(d, now->ns, numbers(what, p, o));
	if (!o->pays)
		return BACKEND_OK;
	if (!only_tells(d))
		return move_begin(d, now, o->node, name_of(o->from),
				  name_of(o->to), why);
	/* as if it had been done: others are told then */
	node_state.rests_until_ns[o->node] = now->ns + node_rules.cooldown_s * SECOND;
	standing_end(name_of(o->to));
	return BACKEND_OK;
}

static enum backend_status plan(struct daemon *d, struct placement *p,
				const struct snapshot *now, struct why *why)
{
	enum backend_status status = BACKEND_OK;
	unsigned int count;
	struct offer *offers = place_offers(p, &count);
	int best;

	if (!offers)
		return BACKEND_FAILED;
	take_standing(d, p, offers, count, now);
	best = place_choose(p, offers, count);
	if (best >= 0 && !interrupted())
		status = decide(d, p, &offers[best], now, why);
	free(offers);
	return status;
}

/* Of a guest that is at a change nothing comes until that is over, which may be never. */
static bool all_known(void)
{
	const struct node_guest *k;
	unsigned int i;

	for (i = 0; i < node_guests.nr; i++) {
		k = node_guest_at(i);
		if (k->seen.guest->running && k->seen.guest->change == CHANGE_NONE &&
		    k->nr_wants < 2)
			return false;
	}
	return true;
}

static volatile sig_atomic_t reread;

/**
 * node_reread() - have the policy file read again at the next look
 * @signal: as for signal(2)
 */
void node_reread(int signal)
{
	(void)signal;
	reread = true;
}

/* What is wrong with a new policy file is said, and the last good one stays. */
static void read_rules_again(const struct daemon *d)
{
	struct node_rules rules;
	struct why why = { "" };

	reread = false;
	if (!node_settings.policy) {
		error("there is no policy file to be read again: it is named by --policy");
		return;
	}
	if (!rules_read(node_settings.policy, &rules, &why)) {
		error("%s; what it said before stays", why.text);
		return;
	}
	rules_free(&node_rules);
	node_rules = rules;
	node_warn_again();
	fprintf(d->settings->json ? stderr : stdout, "%s is read again\n", node_settings.policy);
}

/* Once there is a time, what is written down is of some use. */
static void read_state(uint64_t ns)
{
	static bool done;
	struct why why = { "" };

	if (done)
		return;
	done = true;
	if (node_settings.state && !state_read(node_settings.state, ns, &why))
		error("%s; nothing is known of before", why.text);
}

/* Goes on with the change that is going on, or begins one if that is worth it. */
static enum backend_status node_act(struct daemon *d, const struct snapshot *now,
				    struct why *why)
{
	enum backend_status status = BACKEND_OK;
	struct placement *p;

	why_say(why, "%s", strerror(ENOMEM));
	read_state(now->ns);
	if (reread)
		read_rules_again(d);
	if (!node_guests_see(d->before, now))
		return BACKEND_FAILED;
	p = node_placement(now);
	if (!p)
		return BACKEND_FAILED;
	node_warn(d, p);
	node_report(d, p);
	if (node_state.move.phase != MOVE_NONE && !only_tells(d))
		status = move_see(d, now, why);
	else if (d->before)
		status = plan(d, p, now, why);
	if (all_known() && (node_state.move.phase == MOVE_NONE || only_tells(d)))
		daemon_decided(d);
	placement_free(p);
	seen_begin(&node_guests);
	node_report_line(d);
	state_save(now->ns);
	return status;
}

/* A change does not wait for the next interval, and is measured. */
static enum backend_status node_wait(struct daemon *d, uint64_t until_ns,
				     struct why *why)
{
	enum backend_status status = BACKEND_OK;
	uint64_t at = d->before ? d->before->ns : until_ns;
	struct snapshot *now;

	while (node_state.move.phase != MOVE_NONE && !only_tells(d) &&
	       at + POLL_NS < until_ns && !interrupted()) {
		d->backend->ops->wait(d->backend, at + POLL_NS);
		status = d->backend->ops->look(d->backend, LOOK_NODES, &now, why);
		if (status != BACKEND_OK)
			break;
		at = now->ns;
		status = move_see(d, now, why);
		snapshot_free(now);
		if (status != BACKEND_OK)
			return status;
	}
	if (status == BACKEND_LOST)
		return status;
	d->backend->ops->wait(d->backend, until_ns);
	return BACKEND_OK;
}

static void node_forget(void)
{
	node_guests_forget();
	standing_forget();
	node_warn_forget();
	node_report_forget();
}

const struct policy node_policy = {
	.name = "nodes",
	.what = LOOK_VCPUS | LOOK_MEMORY | LOOK_NODES,
	.act = node_act,
	.wait = node_wait,
	.forget = node_forget,
	.metrics = node_metrics,
};
