// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a guest is to be asked to report its memory from time to time: when it is first seen,
 * and again if that failed, or if it reported and went silent. To ask takes a guest's turn
 * from others, so that it is not done all the time.
 */
#include "reporting.h"

#define SECOND	UINT64_C(1000000000)
/* It is not asked again before, and not heard for so long is silent. */
#define PAUSE_NS	(60 * SECOND)

/**
 * reporting_due() - is a guest to be asked now?
 * @r: what is remembered of it
 * @guest: guest, as it is seen
 * @ns: when
 *
 * Return: whether it is.
 */
bool reporting_due(struct reporting *r, const struct guest *guest, uint64_t ns)
{
	const struct guest_memory *m = &guest->memory;

	if (m->has_stats && m->stats_at != r->stats_at) {
		r->stats_at = m->stats_at;
		r->heard_ns = ns;
	}
	if (!guest->running || !m->has_balloon || m->fixed)
		return false;
	if (!r->asked_ns)
		return true;
	if (r->agreed && (!r->heard_ns || ns - r->heard_ns < PAUSE_NS))
		return false;
	return ns - r->asked_ns >= PAUSE_NS;
}

/**
 * reporting_asked() - remember that a guest was asked
 * @r: what is remembered of it
 * @agreed: whether it could be asked
 * @ns: when
 */
void reporting_asked(struct reporting *r, bool agreed, uint64_t ns)
{
	r->agreed = agreed;
	r->asked_ns = ns;
}
