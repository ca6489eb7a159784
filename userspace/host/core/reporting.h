/* SPDX-License-Identifier: GPL-2.0-only */
/* When a guest is to be asked to report its memory from time to time. Pure. */
#ifndef HOST_REPORTING_H
#define HOST_REPORTING_H

#include "snapshot.h"

/**
 * struct reporting - what is remembered of a guest, all zero at first
 * @agreed: whether it could be asked
 * @asked_ns: when it was asked last; 0 if it never was
 * @heard_ns: when it said something new; 0 if it never did
 * @stats_at: age of what it said last
 */
struct reporting {
	bool agreed;
	uint64_t asked_ns;
	uint64_t heard_ns;
	uint64_t stats_at;
};

bool reporting_due(struct reporting *r, const struct guest *guest, uint64_t ns);
void reporting_asked(struct reporting *r, bool agreed, uint64_t ns);

#endif /* HOST_REPORTING_H */
