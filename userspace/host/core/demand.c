// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much of a physical CPU a vCPU wants, which is not how much it uses: eight busy
 * vCPUs on one CPU use an eighth each. Of the time in which a vCPU did not wait for a
 * CPU, it either ran or was blocked; the share in which it ran is what it would use of
 * a CPU of its own.
 */
#include "demand.h"

/*
 * Counters of one thread are read one after the other: each may exceed the interval by
 * this share of it. The time that a thread ran, in the kernel and not, comes in units
 * of 10 ms: what is blocked for less than two of them may not have been blocked at all.
 */
#define SLACK_DIVISOR	5
#define TICK_NS		UINT64_C(10000000)

/**
 * demand() - how much of a physical CPU a vCPU wants
 * @before: vCPU at the start of the interval
 * @now: vCPU at its end
 * @interval_ns: how long it was
 * @unsure_ns: by how much longer or shorter it may have been: what is blocked for less, and for
 *	no more than half of the interval, may not have been blocked at all
 * @thousandths: out: of a physical CPU, 0 to WHOLE_CPU; 0 if nothing is known
 *
 * Return: what is known.
 */
enum demand_kind demand(const struct seen_vcpu *before, const struct seen_vcpu *now,
			uint64_t interval_ns, uint64_t unsure_ns,
			unsigned int *thousandths)
{
	uint64_t longest = interval_ns + interval_ns / SLACK_DIVISOR + TICK_NS + unsure_ns;
	uint64_t least = 2 * TICK_NS + (unsure_ns < interval_ns / 2 ? unsure_ns : interval_ns / 2);
	uint64_t run, delay = 0, blocked;
	bool known = before->has_delay && now->has_delay;

	*thousandths = 0;
	if (!before->online || !now->online || !interval_ns ||
	    now->run_ns < before->run_ns)
		return DEMAND_NONE;
	run = now->run_ns - before->run_ns;
	if (known) {
		if (now->delay_ns < before->delay_ns)
			return DEMAND_NONE;
		delay = now->delay_ns - before->delay_ns;
	}
	if (run > longest || delay > longest)
		return DEMAND_NONE;
	blocked = run + delay + least < interval_ns ? interval_ns - run - delay : 0;
	/* one that never got to run, and never slept, wants all it can get */
	if (run + blocked)
		*thousandths = run * WHOLE_CPU / (run + blocked);
	else
		*thousandths = WHOLE_CPU;
	return known ? DEMAND_KNOWN : DEMAND_USE;
}
