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

static int busy(const struct domain *d)
{
	static const char fmt[] =
		"%s: a change is going on: %s; wait for it (virtflexctl watch %s), "
		"or withdraw it (virtflexctl cancel %s)";

	error(fmt, d->name, d->by ? d->by : "not made by virtflexctl", d->name,
	      d->name);
	return EXIT_BUSY;
}

/* Makes the description what the request wants. */
static bool write_change(struct host *host, xs_transaction_t t,
			 struct domain *d, const struct change *c, bool all)
{
	bool vcpus, target;
	char text[24];
	unsigned int i, v;

	for (i = 0; i < d->nr_vnodes; i++) {
		vcpus = all;
		target = all || d->vnodes[i].target_kb != c->target_kb[i];
		for (v = 0; v < d->nr_vcpus; v++) {
			if (d->vcpus[v].vnode != i)
				continue;
			vcpus |= d->vcpus[v].online != c->online[v];
			d->vcpus[v].online = c->online[v];
		}
		d->vnodes[i].target_kb = c->target_kb[i];
		snprintf(text, sizeof(text), "%llu",
			 (unsigned long long)c->target_kb[i]);
		if (target && !store_set(host, t, text, NODE, d->id, i, "target"))
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

/*
 * Xen knows of it before the guest is asked for memory of the node, and xenstore is the
 * record of it from then on.
 */
static bool move(struct host *host, xs_transaction_t t, struct domain *d,
		 unsigned int vnode)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", d->vnodes[vnode].pnode);
	if (!store_set(host, t, text, NODE, d->id, vnode, "pnode"))
		return false;
	return host->dry_run || !shape_set_pnodes(host, d);
}

static int make(struct host *host, xs_transaction_t t, struct domain *d,
		void *arg)
{
	struct making *m = arg;
	struct reason why;
	bool applied;

	change_free(m->c);
	record_apply(host, t, d, &applied);
	if (d->request != REQUEST_NONE)
		return busy(d);
	if (!is_published(d) && !publish_write(host, t, d))
		return -1;
	if (m->order->moves)
		d->vnodes[m->order->vnode].pnode = m->order->pnode;
	if (!change_make(d, m->order->request, m->order->wishes,
			 m->order->nr_wishes, m->c, &why) ||
	    (m->order->pnodes && !change_fits(d, m->c, m->order->pnodes,
					      m->order->nr_pnodes, &why))) {
		error("%s: %s", d->name, why.text);
		return EXIT_REFUSED;
	}
	if (m->order->moves && !move(host, t, d, m->order->vnode))
		return -1;
	if (!record_write(host, t, d, m->id, m->order->words) ||
	    !write_change(host, t, d, m->c, applied) ||
	    !store_set(host, t, m->id, NUMA, d->id, "request_id") ||
	    !store_set(host, t, m->c->request == REQUEST_EXPAND ? "1" : "2",
		       NUMA, d->id, "topo_change"))
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

static int withdraw(struct host *host, xs_transaction_t t, struct domain *d,
		    void *arg)
{
	bool applied;

	record_apply(host, t, d, &applied);
	if (d->request == REQUEST_NONE) {
		error("%s: no change is going on", d->name);
		return EXIT_REFUSED;
	}
	if (!store_set(host, t, arg, "/tool/virtflex/%u/id", d->id) ||
	    !store_set(host, t, arg, NUMA, d->id, "request_id") ||
	    !store_set(host, t, "0", NUMA, d->id, "topo_change"))
		return -1;
	return EXIT_DONE;
}

/**
 * request_withdraw() - withdraw the request that a guest carries out
 * @host: host
 * @d: domain, read anew
 * @id: out: name by which the answer is known
 *
 * The guest undoes what it has done, or was faster.
 *
 * Return: enum exit_code; EXIT_REFUSED if there is none.
 */
int request_withdraw(struct host *host, struct domain *d, char *id)
{
	new_id(id);
	return store_transaction(host, d, withdraw, id);
}

static int settle(struct host *host, xs_transaction_t t, struct domain *d,
		  void *arg)
{
	struct change c = { 0 };
	struct reason why;
	bool applied, done;

	(void)arg;
	record_apply(host, t, d, &applied);
	if (!applied)
		return EXIT_DONE;
	/* as it is now, by which everything is written */
	done = change_make(d, REQUEST_SHRINK, NULL, 0, &c, &why) &&
	       write_change(host, t, d, &c, true) &&
	       store_remove(host, t, "/tool/virtflex/%u/before", d->id);
	change_free(&c);
	return done ? EXIT_DONE : -1;
}

/**
 * request_settle() - after a request that did not hold, describe what was before it
 * @host: host
 * @d: domain, read anew
 *
 * Return: enum exit_code.
 */
int request_settle(struct host *host, struct domain *d)
{
	return store_transaction(host, d, settle, NULL);
}
