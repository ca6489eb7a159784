// SPDX-License-Identifier: GPL-2.0-only
/* What a domain is at, in a word and a colour. */
#include "ctl.h"
#include "exits.h"

/**
 * domain_state() - what a domain is at
 * @d: domain
 * @color: out: one of the colours of shared.h
 *
 * Return: a word.
 */
const char *domain_state(const struct domain *d, const char **color)
{
	*color = YELLOW;
	if (!d->published) {
		*color = DIM;
		return "unpublished";
	}
	if (d->request == REQUEST_EXPAND)
		return "expanding";
	if (d->request == REQUEST_SHRINK)
		return "shrinking";
	if (d->request == REQUEST_MOVE)
		return "moving";
	if (!guest_listens(d->status)) {
		*color = DIM;
		return "no-module";
	}
	switch (last_outcome(d->result)) {
	case OUTCOME_FAILED:
		*color = RED;
		return "failed";
	case OUTCOME_REFUSED:
		return "refused";
	case OUTCOME_PARTLY:
		return "partly";
	default:
		break;
	}
	*color = GREEN;
	return "ready";
}
