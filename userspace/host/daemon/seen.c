// SPDX-License-Identifier: GPL-2.0-only
/* Guests of which something is remembered from one look to the next. */
#include <stdlib.h>
#include <string.h>

#include "seen.h"

/**
 * seen_at() - what is remembered of a guest
 * @seen: all guests
 * @i: number
 *
 * Return: what begins with struct seen_guest; until one is added or dropped.
 */
void *seen_at(const struct seen_guests *seen, unsigned int i)
{
	return (char *)seen->all + i * seen->size;
}

/**
 * seen_begin() - no guest was seen yet
 * @seen: all guests
 *
 * Also what ends a look: what was seen goes away.
 */
void seen_begin(struct seen_guests *seen)
{
	struct seen_guest *k;
	unsigned int i;

	for (i = 0; i < seen->nr; i++) {
		k = seen_at(seen, i);
		k->guest = NULL;
	}
}

static struct seen_guest *find(const struct seen_guests *seen, const char *id)
{
	struct seen_guest *k;
	unsigned int i;

	for (i = 0; i < seen->nr; i++) {
		k = seen_at(seen, i);
		if (!strcmp(k->id, id))
			return k;
	}
	return NULL;
}

static struct seen_guest *add(struct seen_guests *seen, const struct guest *guest)
{
	void *all = realloc(seen->all, (seen->nr + 1) * seen->size);
	struct seen_guest *k;

	if (!all)
		return NULL;
	seen->all = all;
	k = seen_at(seen, seen->nr);
	memset(k, 0, seen->size);
	strcpy(k->id, guest->id);
	k->name = strdup(guest->name);
	if (!k->name)
		return NULL;
	seen->nr++;
	return k;
}

/* Guests are renamed while they run. */
static bool take_name(struct seen_guest *k, const char *name)
{
	char *copy;

	if (!strcmp(k->name, name))
		return true;
	copy = strdup(name);
	if (!copy)
		return false;
	free(k->name);
	k->name = copy;
	return true;
}

/**
 * seen_now() - a guest is there
 * @seen: all guests
 * @guest: guest; it is pointed to until the next look
 *
 * Return: what is remembered of it, nothing but zeros if it is a new one; NULL if there
 * is no memory.
 */
void *seen_now(struct seen_guests *seen, const struct guest *guest)
{
	struct seen_guest *k = find(seen, guest->id);

	if (!k)
		k = add(seen, guest);
	if (!k || !take_name(k, guest->name))
		return NULL;
	k->guest = guest;
	return k;
}

/**
 * seen_drop_gone() - forget guests that are not there
 * @seen: all guests
 */
void seen_drop_gone(struct seen_guests *seen)
{
	unsigned int i, kept = 0;
	struct seen_guest *k;

	for (i = 0; i < seen->nr; i++) {
		k = seen_at(seen, i);
		if (!k->guest)
			free(k->name);
		else if (kept++ < i)
			memcpy(seen_at(seen, kept - 1), k, seen->size);
	}
	seen->nr = kept;
}

/**
 * seen_forget() - forget all guests
 * @seen: all guests
 */
void seen_forget(struct seen_guests *seen)
{
	seen_begin(seen);
	seen_drop_gone(seen);
	free(seen->all);
	seen->all = NULL;
}
