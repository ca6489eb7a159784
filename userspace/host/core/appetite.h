/* SPDX-License-Identifier: GPL-2.0-only */
/* How many CPUs a guest would use, of which its vCPUs are busy. Pure. */
#ifndef HOST_APPETITE_H
#define HOST_APPETITE_H

#include <stdbool.h>

/**
 * struct appetite - what is remembered of a guest, all zero at first
 * @has: whether it was seen with more CPUs than it used
 * @cpus: how many it used then
 */
struct appetite {
	bool has;
	double cpus;
};

double appetite_see(struct appetite *a, double demand, double cpus, double all);

#endif /* HOST_APPETITE_H */
