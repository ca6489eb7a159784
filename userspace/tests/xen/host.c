// SPDX-License-Identifier: GPL-2.0-only
/* Reading the host that a test makes up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

static void take_line(struct made_host *h, const char *line)
{
	struct made_domain *d = &h->domains[h->nr_domains];
	unsigned int p = h->nr_pnodes;

	if (p < MAX_MADE_UP &&
	    sscanf(line, "pnode %lu %lu", &h->size_kb[p], &h->free_kb[p]) == 2)
		h->nr_pnodes++;
	else if (h->nr_domains < MAX_MADE_UP &&
		 sscanf(line, "domain %u %63s %15s %u %lu %u %u %u", &d->id, d->name,
			d->state, &d->nr_vnodes, &d->vnode_kb,
			&d->vcpus_each, &d->busy, &d->waits) >= 6)
		h->nr_domains++;
}

void made_host_read(struct made_host *h)
{
	const char *path = getenv("XEN_HOST");
	char line[256];
	FILE *f;

	memset(h, 0, sizeof(*h));
	f = path ? fopen(path, "re") : NULL;
	while (f && fgets(line, sizeof(line), f))
		take_line(h, line);
	if (f)
		fclose(f);
}

const struct made_domain *made_domain_find(const struct made_host *h,
					   unsigned int id)
{
	unsigned int i;

	for (i = 0; i < h->nr_domains; i++)
		if (h->domains[i].id == id)
			return &h->domains[i];
	return NULL;
}
