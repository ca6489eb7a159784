// SPDX-License-Identifier: GPL-2.0-only
/* Guests, and what is remembered of them from one interval to the next. */
#include <stdlib.h>
#include <string.h>

#include "coordinator.h"

struct known_guest *known_guests;
unsigned int nr_known_guests;

static struct known_guest *find(const char *id)
{
	unsigned int i;

	for (i = 0; i < nr_known_guests; i++)
		if (!strcmp(known_guests[i].id, id))
			return &known_guests[i];
	return NULL;
}

static struct known_guest *add(const struct guest *guest)
{
	struct known_guest *all, *k;

	all = realloc(known_guests, (nr_known_guests + 1) * sizeof(*all));
	if (!all)
		return NULL;
	known_guests = all;
	k = &all[nr_known_guests];
	memset(k, 0, sizeof(*k));
	strcpy(k->id, guest->id);
	k->name = strdup(guest->name);
	if (!k->name)
		return NULL;
	nr_known_guests++;
	return k;
}

static void drop_gone(void)
{
	unsigned int i, kept = 0;

	for (i = 0; i < nr_known_guests; i++) {
		if (known_guests[i].guest)
			known_guests[kept++] = known_guests[i];
		else
			free(known_guests[i].name);
	}
	nr_known_guests = kept;
}

/**
 * guests_see() - take what was seen of all guests
 * @now: snapshot; it is pointed into until the next one
 * @interval_ns: how often there is one
 *
 * Return: false if there is no memory.
 */
bool guests_see(const struct snapshot *now, uint64_t interval_ns)
{
	struct known_guest *k;
	unsigned int i;

	for (i = 0; i < nr_known_guests; i++) {
		known_guests[i].guest = NULL;
		known_guests[i].in_plan = false;
		known_guests[i].done = false;
	}
	for (i = 0; i < now->nr_guests; i++) {
		k = find(now->guests[i].id);
		if (!k)
			k = add(&now->guests[i]);
		if (!k)
			return false;
		k->guest = &now->guests[i];
		balloon_see(&k->balloon, &k->guest->memory, now->ns,
			    interval_ns);
	}
	drop_gone();
	return true;
}

/**
 * guests_forget() - forget all guests
 */
void guests_forget(void)
{
	unsigned int i;

	for (i = 0; i < nr_known_guests; i++)
		free(known_guests[i].name);
	free(known_guests);
	known_guests = NULL;
	nr_known_guests = 0;
	memory_report_forget();
}
