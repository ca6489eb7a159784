// SPDX-License-Identifier: GPL-2.0-only
/* The physical nodes of a host. */
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "shared.h"

/* As ACPI has it */
#define LOCAL_DISTANCE	10
#define REMOTE_DISTANCE	20

/**
 * machine_new() - physical nodes of which nothing is known yet
 * @nr_pnodes: how many
 *
 * Return: machine, for machine_free(), or NULL.
 */
struct machine *machine_new(unsigned int nr_pnodes)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	/* calloc(0) may give NULL */
	m->pnodes = calloc(nr_pnodes + 1, sizeof(*m->pnodes));
	m->cpus = calloc(nr_pnodes + 1, sizeof(*m->cpus));
	m->distances = calloc((size_t)nr_pnodes * nr_pnodes + 1,
			      sizeof(*m->distances));
	if (!m->pnodes || !m->cpus || !m->distances) {
		machine_free(m);
		return NULL;
	}
	m->nr_pnodes = nr_pnodes;
	return m;
}

/**
 * machine_free() - undo machine_new()
 * @m: machine, or NULL
 */
void machine_free(struct machine *m)
{
	unsigned int p;

	if (!m)
		return;
	for (p = 0; p < m->nr_pnodes; p++)
		free(m->cpus[p]);
	free(m->cpus);
	free(m->distances);
	free(m->pnodes);
	free(m);
}

/**
 * machine_distance() - how far a physical node is from another
 * @m: machine
 * @from: node of it
 * @to: node of it
 *
 * Return: distance as in ACPI's SLIT; what is usual if it is not known.
 */
unsigned int machine_distance(const struct machine *m, unsigned int from,
			      unsigned int to)
{
	unsigned int known = m->distances[from * m->nr_pnodes + to];

	if (from == to)
		return LOCAL_DISTANCE;
	return known ? known : REMOTE_DISTANCE;
}

/**
 * machine_room_text() - what physical nodes have free
 * @m: machine
 *
 * Return: text such as "0: 1.50 GiB, 1: 512.0 MiB", to be freed, or NULL.
 */
char *machine_room_text(const struct machine *m)
{
	char *text = NULL, free_text[24];
	unsigned int p, count = 0;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	for (p = 0; p < m->nr_pnodes; p++)
		if (m->pnodes[p].size_kb)
			fprintf(f, "%s%u: %s", count++ ? ", " : "", p,
				size_text(m->pnodes[p].free_kb, free_text,
					  sizeof(free_text)));
	return fclose(f) ? NULL : text;
}
