/* SPDX-License-Identifier: GPL-2.0-only */
/* Guests of which something is remembered from one look to the next. */
#ifndef HOST_SEEN_H
#define HOST_SEEN_H

#include <stddef.h>

#include "snapshot.h"

/**
 * struct seen_guest - which guest it is; first in what is remembered of it
 * @id: UUID
 * @name: name that it was last seen with
 * @guest: as it was seen last; NULL if it was not there, or between two looks
 */
struct seen_guest {
	char id[GUEST_ID];
	char *name;
	const struct guest *guest;
};

/**
 * struct seen_guests - all of them
 * @all: @nr of @size bytes each, which begin with struct seen_guest
 * @nr: how many
 * @size: of what is remembered of one
 */
struct seen_guests {
	void *all;
	unsigned int nr;
	size_t size;
};

void *seen_at(const struct seen_guests *seen, unsigned int i);
void seen_begin(struct seen_guests *seen);
void *seen_now(struct seen_guests *seen, const struct guest *guest);
void seen_drop_gone(struct seen_guests *seen);
void seen_forget(struct seen_guests *seen);

#endif /* HOST_SEEN_H */
