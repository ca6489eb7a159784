// SPDX-License-Identifier: GPL-2.0-only
/* A domain as data: made, emptied, and asked. */
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "shared.h"

/**
 * domain_new() - a domain of which only the shape is known
 * @id: Xen's number of it
 * @name: its name
 * @nr_vnodes: how many nodes
 * @nr_vcpus: how many vCPUs
 *
 * Return: domain, for domain_free(); NULL if there is no memory.
 */
struct domain *domain_new(unsigned int id, const char *name,
			  unsigned int nr_vnodes, unsigned int nr_vcpus)
{
	struct domain *d = calloc(1, sizeof(*d));
	unsigned int i;

	if (!d)
		return NULL;
	d->id = id;
	d->nr_vnodes = nr_vnodes;
	d->nr_vcpus = nr_vcpus;
	d->name = strdup(name);
	d->vnodes = calloc(nr_vnodes + 1, sizeof(*d->vnodes));
	d->vcpus = calloc(nr_vcpus + 1, sizeof(*d->vcpus));
	if (!d->name || !d->vnodes || !d->vcpus) {
		domain_free(d);
		return NULL;
	}
	for (i = 0; i < nr_vnodes; i++)
		d->vnodes[i].pnode = PNODE_UNKNOWN;
	domain_forget(d);
	return d;
}

/**
 * domain_free() - free a domain
 * @d: domain, or NULL
 */
void domain_free(struct domain *d)
{
	if (!d)
		return;
	free(d->status);
	free(d->error);
	free(d->result);
	free(d->by);
	free(d->name);
	free(d->vnodes);
	free(d->vcpus);
	free(d);
}

/**
 * domain_forget() - forget what host and guest have said, not how Xen built it
 * @d: domain
 *
 * Physical nodes stay: what xenstore says of them is newer, and where it says nothing
 * somebody had to ask the toolstack.
 */
void domain_forget(struct domain *d)
{
	unsigned int i;

	free(d->status);
	free(d->error);
	free(d->result);
	free(d->by);
	d->status = NULL;
	d->error = NULL;
	d->result = NULL;
	d->by = NULL;
	d->published = false;
	d->request = REQUEST_NONE;
	d->version = 0;
	d->can_move = false;
	for (i = 0; i < d->nr_vnodes; i++) {
		d->vnodes[i].described = false;
		d->vnodes[i].target_kb = 0;
		d->vnodes[i].current_kb = KB_UNKNOWN;
	}
	for (i = 0; i < d->nr_vcpus; i++) {
		d->vcpus[i].plugged = true;
		d->vcpus[i].online = true;
	}
}

/**
 * domain_active() - does the host want a node to be used?
 * @d: domain
 * @vnode: node of it
 *
 * Return: whether it does; one that is not described is used as it was built.
 */
bool domain_active(const struct domain *d, unsigned int vnode)
{
	return !d->vnodes[vnode].described || d->vnodes[vnode].target_kb;
}

/**
 * domain_vcpus() - vCPUs of a node as a list
 * @d: domain
 * @vnode: node of it
 * @all: all that are plugged, or only those that are to be online
 *
 * Return: text such as "4-5,7", "" if there are none, to be freed; NULL if there is
 * no memory.
 */
char *domain_vcpus(const struct domain *d, unsigned int vnode, bool all)
{
	unsigned int *ids = calloc(d->nr_vcpus + 1, sizeof(*ids));
	unsigned int i, count = 0;
	char *text;

	for (i = 0; ids && i < d->nr_vcpus; i++)
		if (d->vcpus[i].vnode == vnode && d->vcpus[i].plugged &&
		    (all || d->vcpus[i].online))
			ids[count++] = i;
	text = !ids ? NULL : count ? list_text(ids, count, true) : strdup("");
	free(ids);
	return text;
}

/**
 * domain_nodes() - which nodes there are
 * @d: domain
 *
 * Return: text such as "0-3" to be freed, or NULL.
 */
char *domain_nodes(const struct domain *d)
{
	char *text;

	if (d->nr_vnodes == 1)
		return strdup("0");
	return asprintf(&text, "0-%u", d->nr_vnodes - 1) < 0 ? NULL : text;
}
