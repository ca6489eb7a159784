// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own CPU hotplug does the work, on HVM guests as anywhere: Xen
 * sees a CPU that is offline as a vCPU that is down.
 */
#include <linux/cpu.h>
#include <linux/errno.h>

#include "compat.h"
#include "cpus.h"

/**
 * vf_cpus_online() - bring a vCPU online
 * @vcpu: which
 *
 * Return: 0, also if it was online already, or what the kernel says.
 */
int vf_cpus_online(const struct vf_vcpu *vcpu)
{
	int ret;

	/* CPU hotplug does not look whether there is such a device. */
	if (!vcpu->present)
		return -ENODEV;
	ret = vf_cpu_up(vcpu->cpu);
	return ret > 0 ? 0 : ret;
}

/**
 * vf_cpus_offline() - take a vCPU offline
 * @vcpu: which
 *
 * Return: 0, also if it was offline already, or what the kernel says.
 */
int vf_cpus_offline(const struct vf_vcpu *vcpu)
{
	int ret;

	if (!vcpu->present)
		return -ENODEV;
	ret = vf_cpu_down(vcpu->cpu);
	return ret > 0 ? 0 : ret;
}
