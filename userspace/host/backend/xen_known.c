// SPDX-License-Identifier: GPL-2.0-only
/* What is remembered of domains from one look to the next. */
#include <stdlib.h>
#include <string.h>

#include "xen_host.h"

static void free_known(struct known_domain *k)
{
	free(k->vcpus);
	domain_free(k->built);
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
