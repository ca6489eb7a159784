// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of a guest's memory: by its nodes, through the same requests that virtflexctl makes, or
 * by its balloon where it has none. What somebody else has asked for is not touched.
 */
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "shared.h"
#include "spread.h"
#include "xen_host.h"

/* What has come of this program's own request, which is over then. */
static void end_request(struct xen_host *h, struct known_domain *k, struct domain *d,
			const char *now)
{
	enum outcome outcome = answer_outcome(d->result, k->request);

	bool replaced = !now || strcmp(now, k->request);

	if (!replaced && d->request != REQUEST_NONE)
		return;
	if (replaced) {
		k->end = END_REPLACED;
	} else {
		k->end = outcome == OUTCOME_DONE || k->withdrawn ? END_DONE :
			 outcome == OUTCOME_PARTLY ? END_PARTLY : END_REFUSED;
		if (d->error && *d->error && !k->withdrawn)
			k->said = strdup(d->error);
		/* what did not hold is not to be described */
		request_settle(&h->host, d);
	}
	*k->request = 0;
}

/**
 * xen_see_change() - see whether a guest's nodes are being changed, and how the last change
 *	ended that this program has asked for
 * @h: host
 * @k: what is remembered of the guest
 * @d: its domain, read anew
 * @g: guest of a snapshot that is being made
 */
void xen_see_change(struct xen_host *h, struct known_domain *k, struct domain *d,
		    struct guest *g)
{
	char *now = store_get(&h->host, XBT_NULL, "/local/domain/%u/numa/request_id",
			      d->id);

	if (*k->request)
		end_request(h, k, d, now);
	free(now);
	g->change = *k->request ? CHANGE_OURS :
		    d->request != REQUEST_NONE ? CHANGE_OTHERS : CHANGE_NONE;
	g->change_end = k->end;
	g->said = k->said ? strdup(k->said) : NULL;
}

static enum backend_status status_of(struct xen_host *h, const struct known_domain *k,
				     int ret, struct why *why)
{
	if (!ret)
		return BACKEND_OK;
	why_say(why, "%s", h->host.why);
	switch (ret) {
	case EXIT_BUSY:
		return BACKEND_BUSY;
	case EXIT_GONE:
		return BACKEND_GONE;
	case EXIT_REFUSED:
		return BACKEND_FAILED;
	default:
		return xen_failed(h, k, NULL, why);
	}
}

/* Makes the request for these sizes of nodes. */
static int request(struct xen_host *h, struct known_domain *k, struct domain *d,
		   const uint64_t *kb)
{
	struct wish *wishes = calloc(d->nr_vnodes + 1, sizeof(*wishes));
	struct order order = { .wishes = wishes, .words = program_name() };
	struct pnode *pnodes = host_pnodes(&h->host, &order.nr_pnodes);
	char id[REQUEST_ID_LEN];
	struct change c;
	unsigned int i;
	int ret;

	for (i = 0; wishes && i < d->nr_vnodes; i++)
		if (kb[i] != NODE_STAYS)
			wishes[order.nr_wishes++] = (struct wish){
				.vnode = i, .kb = kb[i],
				.moves_vcpus = !kb[i] || !domain_active(d, i),
			};
	order.pnodes = pnodes;
	ret = request_make(&h->host, d, &order, &c, id);
	change_free(&c);
	free(pnodes);
	free(wishes);
	if (ret)
		return ret;
	strcpy(k->request, id);
	k->to_kb = 0;
	k->falls = false;
	k->withdrawn = false;
	k->end = END_NONE;
	free(k->said);
	k->said = NULL;
	return EXIT_DONE;
}

/* Reads a domain for a change of its nodes, of which the guest's program is to be there. */
static int read_for_change(struct xen_host *h, const struct known_domain *k,
			   struct domain **d)
{
	int ret = domain_read(&h->host, k->domid, d);

	if (ret)
		return ret;
	if (!*d) {
		host_error(&h->host, "domain %u has no virtual nodes", k->domid);
		return EXIT_REFUSED;
	}
	if (!guest_listens((*d)->status)) {
		host_error(&h->host, "%s: the guest has not loaded the virtflex module; "
			   "in the guest: modprobe virtflex", (*d)->name);
		return EXIT_REFUSED;
	}
	return domain_read_pnodes(&h->host, *d);
}

/**
 * xen_set_nodes() - ask a guest to have so much memory on its nodes
 * @backend: host
 * @guest: guest
 * @kb: by node, NODE_STAYS for those that stay
 * @why: out: why not
 *
 * Return: how it went, not how it ends.
 */
enum backend_status xen_set_nodes(struct backend *backend, const struct guest *guest,
				  const uint64_t *kb, struct why *why)
{
	struct xen_host *h = (struct xen_host *)backend;
	struct known_domain *k = xen_known_guest(h, guest);
	struct domain *d = NULL;
	int ret;

	if (!k)
		return xen_failed(h, NULL, guest->name, why);
	ret = read_for_change(h, k, &d);
	if (!ret && d->nr_vnodes != guest->nr_nodes) {
		host_error(&h->host, "%s: it has other nodes now", guest->name);
		ret = EXIT_REFUSED;
	}
	if (!ret)
		ret = request(h, k, d, kb);
	domain_free(d);
	return status_of(h, k, ret, why);
}

static int withdraw(struct xen_host *h, struct known_domain *k)
{
	char id[REQUEST_ID_LEN];
	struct domain *d = NULL;
	bool undone = false;
	int ret;

	ret = domain_read(&h->host, k->domid, &d);
	if (!ret && d)
		ret = request_withdraw(&h->host, d, k->request, id, &undone);
	if (!ret && d) {
		strcpy(k->request, undone ? "" : id);
		k->falls = false;
		k->withdrawn = true;
	}
	domain_free(d);
	return ret;
}

/**
 * xen_withdraw() - take back what a guest was asked for
 * @backend: host
 * @guest: guest
 * @why: out: why not
 *
 * Return: how it went. The guest is at a change until it has undone what it did.
 */
enum backend_status xen_withdraw(struct backend *backend, const struct guest *guest,
				 struct why *why)
{
	struct xen_host *h = (struct xen_host *)backend;
	struct known_domain *k = xen_known_guest(h, guest);

	if (!k)
		return xen_failed(h, NULL, guest->name, why);
	return status_of(h, k, withdraw(h, k), why);
}

/*
 * What becomes of our own change that is going on. One that takes memory is withdrawn if it
 * is to take less: the guest undoes it.
 */
static int change_mind(struct xen_host *h, struct known_domain *k, const char *name,
		       uint64_t kb)
{
	if (!k->falls || kb <= k->to_kb) {
		host_error(&h->host, "%s: the change that it was asked for is going on", name);
		return EXIT_BUSY;
	}
	return withdraw(h, k);
}

static enum backend_status resize_nodes(struct xen_host *h, struct known_domain *k,
					const struct guest *guest, uint64_t kb,
					struct why *why)
{
	int64_t more = (int64_t)kb - (int64_t)guest->memory.actual_kb;
	uint64_t *sizes = calloc(guest->nr_nodes + 1, sizeof(*sizes));
	enum backend_status status = BACKEND_FAILED;
	struct host_node *nodes;
	struct pnode *pnodes;
	unsigned int count, i;

	if (guest->change == CHANGE_OURS) {
		free(sizes);
		return status_of(h, k, change_mind(h, k, guest->name, kb), why);
	}
	pnodes = host_pnodes(&h->host, &count);
	nodes = pnodes ? calloc(count + 1, sizeof(*nodes)) : NULL;
	for (i = 0; nodes && i < count; i++)
		nodes[i].free_kb = pnodes[i].free_kb;
	if (sizes && nodes) {
		why_say(why, more < 0 ?
			"%s: none of its nodes can give memory: it is in use on each" :
			"%s: none of its nodes can get memory: their physical nodes have none free; see virtflexctl balance",
			guest->name);
		if (spread_change(guest, nodes, count, more, sizes))
			status = xen_set_nodes(&h->backend, guest, sizes, why);
		if (status == BACKEND_OK) {
			k->to_kb = kb;
			k->falls = more < 0;
		}
	} else {
		status = xen_failed(h, k, guest->name, why);
	}
	free(pnodes);
	free(nodes);
	free(sizes);
	return status;
}

/**
 * xen_resize() - ask a guest to go to a size
 * @backend: host
 * @guest: guest
 * @kb: size, as Xen counts it
 * @why: out: why not
 *
 * One with nodes is never asked by its balloon: that takes memory from any of them.
 *
 * Return: how it went, not how it ends.
 */
enum backend_status xen_resize(struct backend *backend, const struct guest *guest,
			       uint64_t kb, struct why *why)
{
	struct xen_host *h = (struct xen_host *)backend;
	struct known_domain *k = xen_known_guest(h, guest);
	int64_t target;

	if (!k)
		return xen_failed(h, NULL, guest->name, why);
	if (guest->nr_nodes)
		return resize_nodes(h, k, guest, kb, why);
	target = (int64_t)kb - k->offset_kb;
	if (target > 0 &&
	    !libxl_set_memory_target(h->host.ctx, k->domid, target, 0, 1))
		return BACKEND_OK;
	host_error(&h->host, "its memory cannot be set; try xl mem-set");
	return xen_failed(h, k, guest->name, why);
}
