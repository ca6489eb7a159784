// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to a guest: made in one transaction, in which everything is looked at that
 * could speak against it; withdrawn; and settled, once they are over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exits.h"
#include "shape.h"

#define NUMA	"/local/domain/%u/numa/%s"
#define NODE	"/local/domain/%u/numa/node/%u/%s"

/**
 * struct making - a request that is being made
 * @order: what is wanted
 * @c: out: what that makes
 * @id: its name
 */
struct making {
	const struct order *order;
	struct change *c;
	const char *id;
};

/* Unlike any other of this host's, as it says who and when. */
static void new_id(char *id)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(id, REQUEST_ID_LEN, "ctl-%lld.%09ld-%d", (long long)now.tv_sec,
		 now.tv_nsec, getpid());
}

static int busy(struct host *host, const struct domain *d)
{
	static const char fmt[] =
		"%s: a change is going on: %s; wait for it (virtflexctl watch %s), "
		"or withdraw it (virtflexctl cancel %s)";

	host_error(host, fmt, d->name, d->by ? d->by : "not made by virtflexctl",
		   d->name, d->name);
	return EXIT_BUSY;
}

static bool write_target(struct host *host, xs_transaction_t t,
			 const struct domain *d, unsigned int vnode)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)d->vnodes[vnode].target_kb);
	return store_set(host, t, text, NODE, d->id, vnode, "target");
}

/* Describes what the domain is to have, all of it. */
static bool write_all(struct host *host, xs_transaction_t t,
		      const struct domain *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_vnodes; i++)
		if (!write_target(host, t, d, i) || !publish_vcpus(host, t, d, i))
			return false;
	return true;
}

/* Makes the description what the request wants, where that is something else. */
static bool write_change(struct host *host, xs_transaction_t t,
			 struct domain *d, const struct change *c)
{
	bool vcpus, target;
	unsigned int i, v;

	for (i = 0; i < d->nr_vnodes; i++) {
		vcpus = false;
		target = d->vnodes[i].target_kb != c->target_kb[i];
		for (v = 0; v < d->nr_vcpus; v++) {
			if (d->vcpus[v].vnode != i)
				continue;
			vcpus |= d->vcpus[v].online != c->online[v];
			d->vcpus[v].online = c->online[v];
		}
		d->vnodes[i].target_kb = c->target_kb[i];
		if (target && !write_target(host, t, d, i))
			return false;
		if (vcpus && !publish_vcpus(host, t, d, i))
			return false;
	}
	return true;
}

/* Whether all of it is described, by this program or one that knows as much. */
static bool is_published(const struct domain *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_vnodes; i++)
		if (!d->vnodes[i].described)
			return false;
	return d->result;
}

/* Set while Xen may know of a move that xenstore does not have yet. */
#define MOVING	"/tool/virtflex/%u/moving"
/*
 * The last move of a node in use, until it is known that the guest has taken it up:
 * "NODE PNODE" of before.
 */
#define MOVED	"/tool/virtflex/%u/moved"

static int tell_xen(struct host *host, const struct domain *d)
{
	if (!shape_set_pnodes(host, d))
		return EXIT_DONE;
	host_error(host, "%s: Xen does not take other physical nodes: %s; "
		   "the node stays where it is", d->name, strerror(errno));
	return EXIT_ERROR;
}

/*
 * Xen knows of it before the guest is asked for memory of the node, and xenstore is the
 * record of it from then on.
 */
static int move(struct host *host, xs_transaction_t t, struct domain *d,
		unsigned int vnode)
{
	char *moving = store_get(host, t, MOVING, d->id), text[16];

	/* Outside the transaction, so that it is there even if that fails. */
	if (!moving && !host->dry_run)
		store_set(host, XBT_NULL, "1", MOVING, d->id);
	free(moving);
	snprintf(text, sizeof(text), "%d", d->vnodes[vnode].pnode);
	if (!store_set(host, t, text, NODE, d->id, vnode, "pnode") ||
	    !store_remove(host, t, MOVING, d->id))
		return -1;
	return host->dry_run ? EXIT_DONE : tell_xen(host, d);
}

static bool note_move(struct host *host, xs_transaction_t t,
		      const struct domain *d, unsigned int vnode, int before)
{
	char text[32];

	snprintf(text, sizeof(text), "%u %d", vnode, before);
	return store_set(host, t, text, MOVED, d->id);
}

/* How the last request ended; OUTCOME_NONE if that was not said yet. */
static enum outcome outcome_now(struct host *host, xs_transaction_t t,
				const struct domain *d)
{
	char *id = store_get(host, t, NUMA, d->id, "request_id");
	enum outcome outcome = id ? answer_outcome(d->result, id) : OUTCOME_NONE;

	free(id);
	return outcome;
}

/* Whether a node's memory comes from its physical node of now, as the guest says. */
static bool has_taken_up(const struct domain *d, unsigned int vnode)
{
	struct share share;

	return answer_share(d->result, vnode, &share) &&
	       (int)share.pnode == d->vnodes[vnode].pnode;
}

/*
 * After a move that the guest did not take up, as it was refused, or withdrawn before it
 * was seen, memory comes from where it did: the node is as it was before. Where nobody
 * knows yet, nothing is done.
 */
static int settle_move(struct host *host, xs_transaction_t t, struct domain *d,
		       enum outcome outcome)
{
	char *text = store_get(host, t, MOVED, d->id);
	unsigned int vnode;
	int before, ret = EXIT_DONE;
	bool known;

	known = text && sscanf(text, "%u %d", &vnode, &before) == 2 &&
		vnode < d->nr_vnodes && d->request == REQUEST_NONE &&
		outcome != OUTCOME_NONE;
	free(text);
	if (!known)
		return EXIT_DONE;
	if (!outcome_holds(outcome) && !has_taken_up(d, vnode)) {
		d->vnodes[vnode].pnode = before;
		ret = move(host, t, d, vnode);
	}
	if (!ret && !store_remove(host, t, MOVED, d->id))
		ret = -1;
	return ret;
}

/* After a move of which only Xen knows: back to what xenstore says. */
static int mend_move(struct host *host, xs_transaction_t t, struct domain *d)
{
	char *moving = store_get(host, t, MOVING, d->id);
	int ret = EXIT_DONE;

	if (moving && !host->dry_run) {
		ret = tell_xen(host, d);
		if (!ret && !store_remove(host, t, MOVING, d->id))
			ret = -1;
	}
	free(moving);
	return ret;
}

/* Which of the keys below this program has written, one for each letter. */
#define OPTIONS	"/tool/virtflex/%u/options"

static const struct {
	const char *key;
	char letter;
} options[NR_ORDER_OPTIONS] = {
	[ORDER_GRACE_MS] = { "grace_ms", 'g' },
	[ORDER_SMALL]	 = { "small", 's' },
	[ORDER_WAIT_S]	 = { "wait_s", 'w' },
};

/*
 * Keys that say how stay for later requests: those that were written for an earlier one
 * are removed, and those of others stay.
 */
static bool write_options(struct host *host, xs_transaction_t t,
			  const struct domain *d, const struct order *order)
{
	char *ours = store_get(host, t, OPTIONS, d->id);
	char now[NR_ORDER_OPTIONS + 1] = "", text[24];
	bool done = true;
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < NR_ORDER_OPTIONS && done; i++) {
		snprintf(text, sizeof(text), "%llu",
			 (unsigned long long)order->option[i]);
		if (order->has_option[i]) {
			now[len++] = options[i].letter;
			done = store_set(host, t, text, NUMA, d->id,
					 options[i].key);
		} else if (ours && strchr(ours, options[i].letter)) {
			done = store_remove(host, t, NUMA, d->id,
					    options[i].key);
		}
	}
	if (done && (len || ours))
		done = store_set(host, t, now, OPTIONS, d->id);
	free(ours);
	return done;
}

static bool write_request(struct host *host, xs_transaction_t t,
			  const struct domain *d, enum request_kind request)
{
	char text[12];

	snprintf(text, sizeof(text), "%d", request);
	return store_set(host, t, text, NUMA, d->id, "topo_change");
}

/* As if an earlier request had been carried out. */
static bool assume(struct domain *d, const struct order *earlier,
		   struct reason *why)
{
	struct change c;
	unsigned int i;
	bool made;

	made = change_make(d, earlier->request, earlier->wishes,
			   earlier->nr_wishes, &c, why);
	for (i = 0; made && i < d->nr_vnodes; i++) {
		d->vnodes[i].described = true;
		d->vnodes[i].target_kb = c.target_kb[i];
	}
	for (i = 0; made && i < d->nr_vcpus; i++)
		d->vcpus[i].online = c.online[i];
	change_free(&c);
	return made;
}

static int make(struct host *host, xs_transaction_t t, struct domain *d,
		void *arg)
{
	struct making *m = arg;
	struct reason why;
	bool applied;
	int ret, before;

	change_free(m->c);
	applied = record_apply(host, t, d);
	ret = settle_move(host, t, d, outcome_now(host, t, d));
	if (ret)
		return ret;
	if (d->request != REQUEST_NONE)
		return busy(host, d);
	if (m->order->request == REQUEST_MOVE && d->version && !d->can_move) {
		host_error(host, "%s: its module is too old to move memory of a node in use: "
			   "add --offline", d->name);
		return EXIT_REFUSED;
	}
	if (!is_published(d) && !m->order->after && !publish_write(host, t, d))
		return -1;
	before = d->vnodes[m->order->vnode].pnode;
	if (m->order->moves)
		d->vnodes[m->order->vnode].pnode = m->order->pnode;
	if ((m->order->after && !assume(d, m->order->after, &why)) ||
	    !change_make(d, m->order->request, m->order->wishes,
			 m->order->nr_wishes, m->c, &why) ||
	    (m->order->pnodes && !change_fits(d, m->c, m->order->pnodes,
					      m->order->nr_pnodes, &why))) {
		host_error(host, "%s: %s", d->name, why.text);
		return EXIT_REFUSED;
	}
	ret = m->order->moves ? move(host, t, d, m->order->vnode) :
				mend_move(host, t, d);
	if (ret)
		return ret;
	if (m->order->request == REQUEST_MOVE &&
	    !note_move(host, t, d, m->order->vnode, before))
		return -1;
	if (!record_write(host, t, d, m->id, m->order->words) ||
	    (applied && !write_all(host, t, d)) ||
	    !write_change(host, t, d, m->c) ||
	    !write_options(host, t, d, m->order) ||
	    !store_set(host, t, m->id, NUMA, d->id, "request_id") ||
	    !write_request(host, t, d, m->c->request))
		return -1;
	return EXIT_DONE;
}

/**
 * request_make() - ask a guest for a change
 * @host: host
 * @d: domain, read anew
 * @order: what is wanted
 * @c: request that was made, for change_free() in any case
 * @id: out: its name, by which its answer is known
 *
 * A domain that is not described yet is published with it.
 *
 * Return: enum exit_code; EXIT_REFUSED or EXIT_BUSY if nothing was written, which is
 * said.
 */
int request_make(struct host *host, struct domain *d, const struct order *order,
		 struct change *c, char *id)
{
	struct making m = { .order = order, .c = c, .id = id };

	memset(c, 0, sizeof(*c));
	new_id(id);
	return store_transaction(host, d, make, &m);
}

/**
 * struct withdrawal - of a request
 * @id: its own name
 * @only: the request that is to be withdrawn; NULL for any
 * @undone: the guest had not begun, and need not answer
 */
struct withdrawal {
	const char *id;
	const char *only;
	bool undone;
};

/* Whether the last request has that name; any will do for NULL. */
static bool is_request(struct host *host, xs_transaction_t t,
		       const struct domain *d, const char *id)
{
	char *now = id ? store_get(host, t, NUMA, d->id, "request_id") : NULL;
	bool is = !id || (now && !strcmp(now, id));

	free(now);
	return is;
}

static int withdraw(struct host *host, xs_transaction_t t, struct domain *d,
		    void *arg)
{
	struct withdrawal *w = arg;

	record_apply(host, t, d);
	if (d->request == REQUEST_NONE || !is_request(host, t, d, w->only)) {
		host_error(host, "%s: no %schange is going on", d->name,
			   w->only ? "such " : "");
		return EXIT_REFUSED;
	}
	if (!record_withdraw(host, t, d, w->id) ||
	    !store_set(host, t, w->id, NUMA, d->id, "request_id") ||
	    !store_set(host, t, "0", NUMA, d->id, "topo_change"))
		return -1;
	/* A guest that comes later finds what was before. */
	w->undone = !guest_listens(d->status) && record_restore(host, t, d);
	if (!w->undone)
		return EXIT_DONE;
	d->request = REQUEST_NONE;
	return write_all(host, t, d) ?
	       settle_move(host, t, d, OUTCOME_WITHDRAWN) : -1;
}

/**
 * request_withdraw() - withdraw the request that a guest carries out
 * @host: host
 * @d: domain, read anew
 * @only: name of the request, if no other one is meant; NULL for any
 * @id: out: name by which the answer is known
 * @undone: out: the guest had not begun, and there will be no answer
 *
 * The guest undoes what it has done, or was faster.
 *
 * Return: enum exit_code; EXIT_REFUSED if there is none.
 */
int request_withdraw(struct host *host, struct domain *d, const char *only,
		     char *id, bool *undone)
{
	struct withdrawal w = { .id = id, .only = only };
	int ret;

	new_id(id);
	ret = store_transaction(host, d, withdraw, &w);
	*undone = w.undone;
	return ret;
}

static int settle(struct host *host, xs_transaction_t t, struct domain *d,
		  void *arg)
{
	int ret;

	(void)arg;
	if (record_apply(host, t, d) && !write_all(host, t, d))
		return -1;
	ret = settle_move(host, t, d, outcome_now(host, t, d));
	if (ret)
		return ret;
	return d->request != REQUEST_NONE ||
	       store_remove(host, t, "/tool/virtflex/%u/before", d->id) ?
		       EXIT_DONE : -1;
}

/**
 * request_settle() - once a request is over, describe what holds now
 * @host: host
 * @d: domain, read anew
 *
 * If it did not hold, that is what was before, which is of no use any more in any case.
 *
 * Return: enum exit_code.
 */
int request_settle(struct host *host, struct domain *d)
{
	return store_transaction(host, d, settle, NULL);
}
