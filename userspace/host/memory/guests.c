// SPDX-License-Identifier: GPL-2.0-only
/* Guests, and what is remembered of them from one interval to the next. */
#include "coordinator.h"

struct seen_guests known_guests = { .size = sizeof(struct known_guest) };

/**
 * known_guest_at() - what is remembered of a guest
 * @i: number
 *
 * Return: guest; until guests_see() or guests_forget().
 */
struct known_guest *known_guest_at(unsigned int i)
{
	return seen_at(&known_guests, i);
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

	seen_begin(&known_guests);
	for (i = 0; i < known_guests.nr; i++) {
		known_guest_at(i)->in_plan = false;
		known_guest_at(i)->done = false;
	}
	for (i = 0; i < now->nr_guests; i++) {
		k = seen_now(&known_guests, &now->guests[i]);
		if (!k)
			return false;
		if (!now->guests[i].running)
			balloon_paused(&k->balloon, now->ns);
		balloon_see(&k->balloon, &now->guests[i].memory, now->ns,
			    interval_ns);
	}
	seen_drop_gone(&known_guests);
	return true;
}

/**
 * guests_forget() - forget all guests
 */
void guests_forget(void)
{
	seen_forget(&known_guests);
	memory_report_forget();
}
