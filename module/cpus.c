// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own CPU hotplug does the work, on HVM guests as anywhere: Xen
 * sees a CPU that is offline as a vCPU that is down.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/memory.h>
#include <linux/notifier.h>

#include "compat.h"
#include "cpus.h"

/* Both are set before the callbacks are registered, const from then on. */
static void (*cpus_changed)(void);
static enum cpuhp_state cpus_state;

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

/* Runs in the middle of hotplug: who wants to know must look later. */
static int cpu_changed(unsigned int cpu)
{
	cpus_changed();
	return 0;
}

static int memory_changed(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	if (action == MEM_ONLINE || action == MEM_OFFLINE)
		cpus_changed();
	return NOTIFY_OK;
}

static struct notifier_block memory_block = {
	.notifier_call = memory_changed,
};

/**
 * vf_cpus_watch() - be told when CPUs or memory blocks come and go
 * @changed: called then, in the middle of it; may only queue work
 *
 * Return: 0 or a negative error.
 */
int vf_cpus_watch(void (*changed)(void))
{
	int ret;

	cpus_changed = changed;
	ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "virtflex:online",
					cpu_changed, cpu_changed);
	if (ret < 0)
		return ret;
	cpus_state = ret;
	ret = register_memory_notifier(&memory_block);
	if (ret)
		cpuhp_remove_state_nocalls(cpus_state);
	return ret;
}

/**
 * vf_cpus_unwatch() - undo vf_cpus_watch(); waits for a call that is running
 */
void vf_cpus_unwatch(void)
{
	unregister_memory_notifier(&memory_block);
	cpuhp_remove_state_nocalls(cpus_state);
}
