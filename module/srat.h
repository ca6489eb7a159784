/* SPDX-License-Identifier: GPL-2.0-only */
/* The node of a CPU as the firmware's table has it. */
#ifndef VIRTFLEX_SRAT_H
#define VIRTFLEX_SRAT_H

#include <linux/numa.h>

#if defined(CONFIG_ACPI_NUMA) && defined(CONFIG_SMP)
int vf_srat_node(unsigned int cpu);
#else
static inline int vf_srat_node(unsigned int cpu)
{
	return NUMA_NO_NODE;
}
#endif

#endif /* VIRTFLEX_SRAT_H */
