/* SPDX-License-Identifier: GPL-2.0-only */
/* Which nodes of a guest give memory, or get it, as it is to have less or more. Pure. */
#ifndef HOST_SPREAD_H
#define HOST_SPREAD_H

#include "snapshot.h"

/* Memory of nodes comes and goes in extents of this size. */
#define EXTENT_KB	2048

uint64_t spread_room(const struct guest *guest, const struct host_node *host,
		     unsigned int nr_host);
int64_t spread_change(const struct guest *guest, const struct host_node *host,
		      unsigned int nr_host, int64_t more_kb, uint64_t *kb);

#endif /* HOST_SPREAD_H */
