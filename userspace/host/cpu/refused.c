// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs that could not be pinned. A plan that is made for them again and again would be
 * of no use to others either: they stay where they are for some time.
 */
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

#define SECOND		UINT64_C(1000000000)
#define REFUSED_NS	(600 * SECOND)

/**
 * struct refusal - a vCPU that could not be pinned
 * @id: UUID of its guest
 * @vcpu: its number
 * @until_ns: until when it is left where it is
 */
struct refusal {
	char id[GUEST_ID];
	unsigned int vcpu;
	uint64_t until_ns;
};

static struct refusal *refusals;
static unsigned int nr_refusals;

/**
 * refused_add() - remember that a vCPU could not be pinned
 * @id: UUID of its guest
 * @vcpu: its number
 * @ns: when
 */
void refused_add(const char *id, unsigned int vcpu, uint64_t ns)
{
	struct refusal *all;

	all = realloc(refusals, (nr_refusals + 1) * sizeof(*all));
	if (!all)
		return;
	refusals = all;
	memset(&all[nr_refusals], 0, sizeof(*all));
	strcpy(all[nr_refusals].id, id);
	all[nr_refusals].vcpu = vcpu;
	all[nr_refusals++].until_ns = ns + REFUSED_NS;
}

/**
 * refused() - could a vCPU not be pinned, not long ago?
 * @id: UUID of its guest
 * @vcpu: its number
 *
 * Return: whether it could not.
 */
bool refused(const char *id, unsigned int vcpu)
{
	unsigned int i;

	for (i = 0; i < nr_refusals; i++)
		if (refusals[i].vcpu == vcpu && !strcmp(refusals[i].id, id))
			return true;
	return false;
}

/**
 * refused_forget() - forget those of long ago
 * @ns: time; UINT64_MAX for all
 */
void refused_forget(uint64_t ns)
{
	unsigned int i, kept = 0;

	for (i = 0; i < nr_refusals; i++)
		if (refusals[i].until_ns > ns)
			refusals[kept++] = refusals[i];
	nr_refusals = kept;
	if (kept)
		return;
	free(refusals);
	refusals = NULL;
}
