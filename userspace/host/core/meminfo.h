/* SPDX-License-Identifier: GPL-2.0-only */
/* A host's memory, as its kernel tells it in /proc/meminfo. Pure. */
#ifndef HOST_MEMINFO_H
#define HOST_MEMINFO_H

#include <stdbool.h>
#include <stdint.h>

bool meminfo_kb(const char *text, const char *name, uint64_t *kb);
bool meminfo_told(const char *text, uint64_t *total_kb, uint64_t *used_kb);

#endif /* HOST_MEMINFO_H */
