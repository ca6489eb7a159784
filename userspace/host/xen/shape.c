// SPDX-License-Identifier: GPL-2.0-only
/* Virtual nodes of a domain, got from Xen, and put on other physical nodes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shape.h"

/**
 * shape_free() - free what shape_read() has allocated
 * @s: shape
 */
void shape_free(struct shape *s)
{
	free(s->ranges);
	free(s->distances);
	free(s->vnode_of);
}

/**
 * shape_read() - ask Xen for a domain's virtual nodes
 * @host: host
 * @id: domain
 * @s: out, for shape_free() in any case
 *
 * Return: 0, or -1 with errno: EOPNOTSUPP if it has none, ESRCH if it is gone.
 */
int shape_read(struct host *host, unsigned int id, struct shape *s)
{
	memset(s, 0, sizeof(*s));
	/* Asked without room, it says how much it needs. */
	if (!xc_domain_getvnuma(host->xc, id, &s->nr_vnodes, &s->nr_ranges,
				&s->nr_vcpus, NULL, NULL, NULL)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (errno != ENOBUFS)
		return -1;
	if (!s->nr_vnodes || s->nr_vnodes > MAX_VNODES ||
	    !s->nr_vcpus || s->nr_vcpus > MAX_VCPUS) {
		errno = ERANGE;
		return -1;
	}
	s->ranges = calloc(s->nr_ranges + 1, sizeof(*s->ranges));
	s->distances = calloc((size_t)s->nr_vnodes * s->nr_vnodes,
			      sizeof(*s->distances));
	s->vnode_of = calloc(s->nr_vcpus, sizeof(*s->vnode_of));
	if (!s->ranges || !s->distances || !s->vnode_of) {
		errno = ENOMEM;
		return -1;
	}
	return xc_domain_getvnuma(host->xc, id, &s->nr_vnodes, &s->nr_ranges,
				  &s->nr_vcpus, s->ranges, s->distances,
				  s->vnode_of);
}

/**
 * shape_set_pnodes() - tell Xen on which physical nodes a domain's nodes are
 * @host: host
 * @d: domain, all of whose physical nodes are known, and there: Xen does not look
 *
 * From then on memory of a node comes from there; what is plugged already stays where
 * it is. Xen takes the whole table, of which only this may differ.
 *
 * Return: 0, or -1 with errno.
 */
int shape_set_pnodes(struct host *host, const struct domain *d)
{
	unsigned int *pnodes = calloc(d->nr_vnodes + 1, sizeof(*pnodes));
	struct shape s;
	unsigned int i;
	int ret;

	ret = shape_read(host, d->id, &s);
	if (!ret && (!pnodes || s.nr_vnodes != d->nr_vnodes)) {
		errno = ENOMEM;
		ret = -1;
	}
	for (i = 0; !ret && i < d->nr_vnodes; i++)
		pnodes[i] = d->vnodes[i].pnode;
	for (i = 0; !ret && i < s.nr_ranges; i++)
		s.ranges[i].flags = 0;
	if (!ret)
		ret = xc_domain_setvnuma(host->xc, d->id, s.nr_vnodes,
					 s.nr_ranges, s.nr_vcpus, s.ranges,
					 s.distances, s.vnode_of, pnodes);
	shape_free(&s);
	free(pnodes);
	return ret;
}
