/* SPDX-License-Identifier: GPL-2.0-only */
/* The physical nodes of a host, as a new domain is placed on them. Pure. */
#ifndef HOST_MACHINE_H
#define HOST_MACHINE_H

#include <stdint.h>

#include "change.h"

/**
 * struct machine - physical nodes
 * @nr_pnodes: one more than the highest number of one
 * @pnodes: by number; one that is not there has no memory
 * @distances: of each to each; 0 where it is not known
 * @cpus: CPUs of each, a list such as "0-3,8"; NULL where there are none, or where it
 *	was not asked for
 */
struct machine {
	unsigned int nr_pnodes;
	struct pnode *pnodes;
	unsigned int *distances;
	char **cpus;
};

struct machine *machine_new(unsigned int nr_pnodes);
void machine_free(struct machine *m);
unsigned int machine_distance(const struct machine *m, unsigned int from,
			      unsigned int to);
char *machine_room_text(const struct machine *m);

#endif /* HOST_MACHINE_H */
