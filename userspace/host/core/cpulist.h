/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of physical CPUs, as people and libvirt write them. Pure. */
#ifndef HOST_CPULIST_H
#define HOST_CPULIST_H

#include <sched.h>
#include <stdbool.h>

/* Most physical CPUs of a host: what a cpu_set_t holds. */
#define MAX_HOST_CPUS	CPU_SETSIZE

bool cpulist_parse(const char *text, cpu_set_t *set);
unsigned int cpulist_first(const cpu_set_t *set);
bool cpulist_within(const cpu_set_t *set, const cpu_set_t *of);
char *cpulist_text(const cpu_set_t *set);

#endif /* HOST_CPULIST_H */
