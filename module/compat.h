/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between kernels, and between their configurations. */
#ifndef VIRTFLEX_COMPAT_H
#define VIRTFLEX_COMPAT_H

#include <linux/acpi.h>
#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/freezer.h>
#include <linux/nodemask.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/virtflex.h>

#ifdef CONFIG_XEN
#include <xen/xen.h>
#include <xen/xen-ops.h>
#endif

/*
 * The kernel series makes the active nodes known to memory management.
 * @bend_bind: memory bound to nodes none of which is active comes from others
 */
static inline int vf_set_active_nodes(const nodemask_t *nodes, bool bend_bind)
{
#ifdef CONFIG_VIRTFLEX_MIGRATE
	return virtflex_set_active_nodes(nodes, bend_bind ? VIRTFLEX_BEND_BIND : 0);
#else
	return 0;
#endif
}

/*
 * Xen's number of a CPU. On HVM it is the ACPI id of the processor, which may
 * differ from Linux' order; the kernel finds it out when it brings the CPU up
 * for the first time and keeps it from then on. Until then, as without Xen,
 * Linux' own number is the best guess, and with Debian's and Xen's firmware
 * the right one.
 */
static inline u32 vf_vcpu_of_cpu(unsigned int cpu)
{
#ifdef CONFIG_XEN
	if (xen_domain() && xen_vcpu_nr(cpu) != XEN_VCPU_ID_INVALID)
		return xen_vcpu_nr(cpu);
#endif
	return cpu;
}

/*
 * Whether a CPU can be brought online. In a PVH guest Linux 6.12 takes a vCPU for present
 * that is plugged later, but has no local APIC for it, and does not start it.
 */
static inline bool vf_cpu_is_plugged(unsigned int cpu)
{
	if (!cpu_present(cpu) || !get_cpu_device(cpu))
		return false;
#if defined(CONFIG_SMP) && defined(CONFIG_X86_LOCAL_APIC)
	return cpu_physical_id(cpu) != BAD_APICID;
#else
	return true;
#endif
}

/*
 * Xen's number of a node: the proximity domain that the firmware's tables give it.
 * Linux numbers nodes in the order in which these tables name them, those with CPUs
 * first. A guest without such tables has one node.
 */
static inline u32 vf_vnode_of_node(u32 node)
{
#ifdef CONFIG_ACPI_NUMA
	u32 vnode;

	for (vnode = 0; vnode < VIRTFLEX_MAX_NODES; vnode++)
		if (pxm_to_node(vnode) == node)
			return vnode;
#endif
	return node;
}

/*
 * Whether the guest is about to sleep: a queue of work waits for what is running
 * before it freezes. All processes are frozen first, and the first process of all is
 * in no group of processes that is frozen for itself.
 */
static inline bool vf_freezing(void)
{
#ifdef CONFIG_FREEZER
	bool ret;

	rcu_read_lock();
	ret = freezing(READ_ONCE(init_pid_ns.child_reaper));
	rcu_read_unlock();
	return ret;
#else
	return false;
#endif
}

static inline int vf_cpu_up(unsigned int cpu)
{
#ifdef CONFIG_SMP
	return add_cpu(cpu);
#else
	return -EOPNOTSUPP;
#endif
}

static inline int vf_cpu_down(unsigned int cpu)
{
#ifdef CONFIG_HOTPLUG_CPU
	return remove_cpu(cpu);
#else
	return -EOPNOTSUPP;
#endif
}

#endif /* VIRTFLEX_COMPAT_H */
