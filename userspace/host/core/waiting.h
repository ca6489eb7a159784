/* SPDX-License-Identifier: GPL-2.0-only */
/* How long vCPUs have waited for a CPU, by looking now and then at what they do. Pure. */
#ifndef HOST_WAITING_H
#define HOST_WAITING_H

#include <stdbool.h>
#include <stdint.h>

/**
 * enum doing - what a vCPU does at a moment
 * @DOING_NOTHING: it is blocked
 * @DOING_WORK: it runs
 * @DOING_WAIT: it waits for a physical CPU
 */
enum doing {
	DOING_NOTHING,
	DOING_WORK,
	DOING_WAIT,
};

/**
 * struct waiting - what is known of a vCPU, all zero at first
 * @seen_ns: when its time was read last; 0 if it never was
 * @run_ns: how long it had run then
 * @delay_ns: how long it had waited then, as far as known
 * @nothing: since then, how often it was found blocked
 * @wait: how often it was found to wait
 */
struct waiting {
	uint64_t seen_ns;
	uint64_t run_ns;
	uint64_t delay_ns;
	double nothing;
	double wait;
};

/**
 * struct glance - what a vCPU does as it is looked at
 * @doing: that
 * @beside: whether it is on the physical CPU that the program that looks is on
 */
struct glance {
	enum doing doing;
	bool beside;
};

unsigned int glances_beside(const struct glance *glances, unsigned int count);
void waiting_glance(struct waiting *w, const struct glance *glance,
		    unsigned int beside);
bool waiting_read(struct waiting *w, uint64_t ns, uint64_t run_ns);

#endif /* HOST_WAITING_H */
