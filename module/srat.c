// SPDX-License-Identifier: GPL-2.0-only
/*
 * The firmware's table of affinities, SRAT. The kernel reads it when it boots. But a CPU
 * that is plugged later is on any node for it until it is online for the first time,
 * as Xen's DSDT does not say where it is: cpu_to_node() is wrong till then.
 */
#include <linux/acpi.h>
#include <linux/smp.h>

#include "srat.h"

#ifdef CONFIG_SMP

/*
 * Proximity domain that an entry gives to a local APIC; PXM_INVAL if it is of others.
 *
 * Whether the first kind is enabled does not count: when a vCPU is plugged, Xen's DSDT
 * (PRSC in libacpi's mk_dsdt.c) updates flags of 128 processors in the MADT, which has
 * fewer, and so clears those of the SRAT that lies behind.
 */
static int entry_pxm(const struct acpi_subtable_header *entry, u32 apic_id)
{
	const struct acpi_srat_x2apic_cpu_affinity *x2apic;
	const struct acpi_srat_cpu_affinity *apic;

	if (entry->type == ACPI_SRAT_TYPE_CPU_AFFINITY &&
	    entry->length >= sizeof(*apic)) {
		apic = (const void *)entry;
		if (apic->apic_id != apic_id)
			return PXM_INVAL;
		return apic->proximity_domain_lo |
		       apic->proximity_domain_hi[0] << 8 |
		       apic->proximity_domain_hi[1] << 16 |
		       apic->proximity_domain_hi[2] << 24;
	}
	if (entry->type == ACPI_SRAT_TYPE_X2APIC_CPU_AFFINITY &&
	    entry->length >= sizeof(*x2apic)) {
		x2apic = (const void *)entry;
		if (x2apic->flags & ACPI_SRAT_CPU_ENABLED &&
		    x2apic->apic_id == apic_id)
			return x2apic->proximity_domain;
	}
	return PXM_INVAL;
}

/**
 * vf_srat_node() - the node of a CPU as the firmware's table has it
 * @cpu: a CPU that is present
 *
 * Context: may sleep.
 * Return: Linux' number of the node; NUMA_NO_NODE if the table does not name the CPU.
 */
int vf_srat_node(unsigned int cpu)
{
	const struct acpi_subtable_header *entry;
	struct acpi_table_header *table;
	u32 apic_id = cpu_physical_id(cpu);
	int pxm = PXM_INVAL;
	const void *at, *end;

	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_SRAT, 0, &table)))
		return NUMA_NO_NODE;
	end = (const void *)table + table->length;
	at = (const void *)table + sizeof(struct acpi_table_srat);
	while (pxm == PXM_INVAL && at + sizeof(*entry) <= end) {
		entry = at;
		if (entry->length < sizeof(*entry) || at + entry->length > end)
			break;
		pxm = entry_pxm(entry, apic_id);
		at += entry->length;
	}
	acpi_put_table(table);
	return pxm < 0 ? NUMA_NO_NODE : pxm_to_node(pxm);
}
#endif
