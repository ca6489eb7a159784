// SPDX-License-Identifier: GPL-2.0-only
/* What is remembered of domains from one look to the next. */
#include <stdlib.h>
#include <string.h>

#include "xen_host.h"

static void free_known(struct known_domain *k)
{
	free(k->vcpus);
	domain_free(k->built);
	free(k->pnodes);
	free(k->said);
}

/**
 * xen_known() - what is remembered of a domain, from now on if it is a new one
 * @h: host
 * @id: UUID of the domain
 * @domid: its number: one that was made anew has another one
 *
 * It is valid until the next call.
 *
 * Return: NULL if there is no memory.
 */
struct known_domain *xen_known(struct xen_host *h, const char *id, unsigned int domid)
{
	struct known_domain *all, *k;
	unsigned int i;

	for (i = 0; i < h->nr_known; i++)
		if (h->known[i].domid == domid && !strcmp(h->known[i].id, id))
			return &h->known[i];
	all = realloc(h->known, (h->nr_known + 1) * sizeof(*all));
	if (!all)
		return NULL;
	h->known = all;
	k = &all[h->nr_known++];
	*k = (struct known_domain){ .domid = domid };
	strcpy(k->id, id);
	return k;
}

/**
 * xen_known_guest() - what is remembered of a guest of a snapshot
 * @h: host
 * @guest: guest
 *
 * Two domains may have one UUID, as while a guest is moved within its host. Which of them is
 * meant is not known then.
 *
 * Return: NULL if it was not there at the last look, or two were.
 */
struct known_domain *xen_known_guest(struct xen_host *h, const struct guest *guest)
{
	struct known_domain *found = NULL;
	unsigned int i;

	for (i = 0; i < h->nr_known; i++) {
		if (strcmp(h->known[i].id, guest->id))
			continue;
		if (found) {
			host_error(&h->host, "domains %u and %u have the same UUID: neither is "
				   "changed until one is gone", found->domid, h->known[i].domid);
			return NULL;
		}
		found = &h->known[i];
	}
	return found;
}

/* Where there is no memory for it, it is asked for again. */
static void remember_pnodes(struct known_domain *k, const struct domain *d)
{
	int *pnodes = realloc(k->pnodes, (d->nr_vnodes + 1) * sizeof(*pnodes));
	unsigned int i;

	if (!pnodes)
		return;
	for (i = 0; i < d->nr_vnodes; i++)
		pnodes[i] = d->vnodes[i].pnode;
	k->pnodes = pnodes;
	k->nr_pnodes = d->nr_vnodes;
	k->pnodes_kb = k->memory_kb;
}

/**
 * xen_find_pnodes() - which physical nodes a domain's nodes are on
 * @h: host
 * @k: what is remembered of the domain
 * @d: it, whose nodes' pnode is filled in where it was not described
 *
 * Of a domain that is not described only the toolstack knows that, and takes a fifth of a second
 * to say it. It is asked once it has made the domain, and when that has other memory; not at each
 * look.
 */
void xen_find_pnodes(struct xen_host *h, struct known_domain *k, struct domain *d)
{
	bool known = k->nr_pnodes == d->nr_vnodes && k->pnodes_kb == k->memory_kb;
	unsigned int i;

	for (i = 0; known && i < d->nr_vnodes; i++)
		if (d->vnodes[i].pnode == PNODE_UNKNOWN)
			d->vnodes[i].pnode = k->pnodes[i];
	if (!known && domain_find_pnodes(&h->host, d))
		remember_pnodes(k, d);
}

/**
 * xen_forget_unseen() - forget domains that were not there at the last look
 * @h: host
 */
void xen_forget_unseen(struct xen_host *h)
{
	unsigned int i, kept = 0;

	for (i = 0; i < h->nr_known; i++) {
		if (!h->known[i].seen) {
			free_known(&h->known[i]);
			continue;
		}
		h->known[kept] = h->known[i];
		h->known[kept++].seen = false;
	}
	h->nr_known = kept;
}

/**
 * xen_forget_all() - forget all domains; those that were asked for reports need make none
 * @h: host
 */
void xen_forget_all(struct xen_host *h)
{
	unsigned int i;

	for (i = 0; i < h->nr_known; i++) {
		if (h->known[i].asked)
			reports_end(&h->host, h->known[i].domid);
		free_known(&h->known[i]);
	}
	free(h->known);
	h->known = NULL;
	h->nr_known = 0;
}
