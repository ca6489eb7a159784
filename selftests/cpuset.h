/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cpuset of the calling process' own, with these memory nodes, a bit each.
 */
#ifndef CPUSET_H
#define CPUSET_H

#include <stdint.h>

/* Returns NULL, or why not. */
const char *cpuset_enter(uint64_t nodes);
/* Back into the first one; the own one is gone. */
void cpuset_leave(void);

#endif
