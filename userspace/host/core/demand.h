/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of a physical CPU a vCPU wants. Pure. */
#ifndef HOST_DEMAND_H
#define HOST_DEMAND_H

#include "snapshot.h"

/* A whole physical CPU: demand is told in thousandths, a point is ten of them. */
#define WHOLE_CPU	1000
#define POINT		10

/**
 * enum demand_kind - what is known of a vCPU's demand
 * @DEMAND_KNOWN: it is known
 * @DEMAND_USE: only what it used is: how long it waited is not
 * @DEMAND_NONE: nothing is: it was not there the whole time, or a counter is absurd
 */
enum demand_kind {
	DEMAND_KNOWN,
	DEMAND_USE,
	DEMAND_NONE,
};

enum demand_kind demand(const struct seen_vcpu *before, const struct seen_vcpu *now,
			uint64_t interval_ns, uint64_t unsure_ns,
			unsigned int *thousandths);

#endif /* HOST_DEMAND_H */
