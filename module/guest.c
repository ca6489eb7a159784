// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills struct vf_guest from the kernel: nodes that the firmware describes, whether in
 * use or not, and the CPUs that are possible; and tells when it is to be filled again.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "compat.h"
#include "guest.h"
#include "memory.h"
#include "srat.h"

/*
 * Index of the node of a CPU that is present, for the first time; nr_nodes if it is
 * none of the guest's.
 */
static u32 node_of_cpu(const struct vf_guest *guest, const struct vf_vcpu *v)
{
	int nid = v->online ? NUMA_NO_NODE : vf_srat_node(v->cpu);
	u32 i;

	if (nid == NUMA_NO_NODE)
		nid = cpu_to_node(v->cpu);
	for (i = 0; i < guest->nr_nodes; i++)
		if (guest->nodes[i].id == nid)
			break;
	return i;
}

/**
 * vf_guest_alloc() - room for all this guest can have
 *
 * Return: a guest with its nodes and vCPUs named and nothing described, or
 * NULL if there is no memory.
 */
struct vf_guest *vf_guest_alloc(void)
{
	struct vf_guest *guest;
	unsigned int cpu;
	int nid;

	guest = kzalloc(sizeof(*guest), GFP_KERNEL);
	if (!guest)
		return NULL;
	guest->nodes = kvcalloc(num_possible_nodes(), sizeof(*guest->nodes),
				GFP_KERNEL);
	guest->vcpus = kvcalloc(num_possible_cpus(), sizeof(*guest->vcpus),
				GFP_KERNEL);
	if (!guest->nodes || !guest->vcpus) {
		vf_guest_free(guest);
		return NULL;
	}
	for_each_node(nid) {
		if (nid >= VIRTFLEX_MAX_NODES)
			break;
		guest->nodes[guest->nr_nodes].id = nid;
		guest->nodes[guest->nr_nodes].vnode = vf_vnode_of_node(nid);
		guest->nodes[guest->nr_nodes].pnode = VF_PNODE_UNKNOWN;
		guest->nr_nodes++;
	}
	for_each_possible_cpu(cpu)
		guest->vcpus[guest->nr_vcpus++].cpu = cpu;
	vf_guest_refresh(guest);
	return guest;
}

/**
 * vf_guest_free() - undo vf_guest_alloc()
 * @guest: may be NULL
 */
void vf_guest_free(struct vf_guest *guest)
{
	if (!guest)
		return;
	kvfree(guest->vcpus);
	kvfree(guest->nodes);
	kfree(guest);
}

/**
 * vf_guest_node_kb() - memory a node has now
 * @node: its id
 *
 * The kernel's present pages include what is unplugged.
 *
 * Return: KiB.
 */
u64 vf_guest_node_kb(u32 node)
{
	if (!node_online(node))
		return 0;
	return vf_pages_kb(node_present_pages(node)) - vf_memory_unplugged_kb(node);
}

/**
 * vf_guest_refresh() - look again at what changes: memory, and CPUs
 * @guest: updated; what the host described stays
 *
 * Waits for CPU hotplug that is going on.
 */
void vf_guest_refresh(struct vf_guest *guest)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		struct vf_node *n = &guest->nodes[i];

		n->online = node_online(n->id);
		n->current_kb = vf_guest_node_kb(n->id);
		n->unplugged_kb = vf_memory_unplugged_kb(n->id) -
				  vf_memory_leaked_kb(n->id);
		n->small_kb = vf_memory_small_kb(n->id);
		n->elsewhere_kb = vf_memory_elsewhere_kb(n->id, n->current_kb);
		if (!n->described)
			n->active = n->current_kb > 0;
	}
	cpus_read_lock();
	for (i = 0; i < guest->nr_vcpus; i++) {
		struct vf_vcpu *v = &guest->vcpus[i];

		v->id = vf_vcpu_of_cpu(v->cpu);
		v->present = vf_cpu_is_plugged(v->cpu);
		v->online = cpu_online(v->cpu);
		if (v->present && !v->placed) {
			u32 node = node_of_cpu(guest, v);

			v->placed = node < guest->nr_nodes;
			v->present = v->placed;
			v->node = v->placed ? node : 0;
		}
	}
	cpus_read_unlock();
}

/**
 * vf_guest_set_baseline() - a change starts from what is now
 * @guest: updated
 */
void vf_guest_set_baseline(struct vf_guest *guest)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++)
		guest->nodes[i].was_kb = guest->nodes[i].current_kb;
	for (i = 0; i < guest->nr_vcpus; i++)
		guest->vcpus[i].was_online = guest->vcpus[i].online;
}

/**
 * vf_guest_take_pnodes() - memory of nodes comes from where the host says now
 * @guest: updated
 * @wanted: says which physical nodes that are; it passed vf_wanted_check()
 *
 * That is so as soon as the host has told Xen, whatever becomes of its request.
 *
 * Context: the worker. Sleeps.
 * Return: 0 or -ENOMEM.
 */
int vf_guest_take_pnodes(struct vf_guest *guest, const struct vf_wanted *wanted)
{
	int ret;
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		struct vf_node *n = &guest->nodes[i];

		if (!n->online || !vf_wanted_other_pnode(guest, wanted, i))
			continue;
		ret = vf_memory_pnode_changed(n->id);
		if (ret)
			return ret;
		n->pnode = wanted->nodes[i].value[VF_KEY_PNODE];
	}
	vf_guest_refresh(guest);
	return 0;
}

/* Both are set before the callbacks are registered, const from then on. */
static void (*guest_changed)(void);
static enum cpuhp_state cpu_state;

/* Both run in the middle of hotplug: what it comes to is looked at later. */
static int cpu_changed(unsigned int cpu)
{
	guest_changed();
	return 0;
}

static int memory_changed(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	if (action == MEM_ONLINE || action == MEM_OFFLINE)
		guest_changed();
	return NOTIFY_OK;
}

static struct notifier_block memory_block = {
	.notifier_call = memory_changed,
};

/**
 * vf_guest_watch() - be told when CPUs and memory blocks go online or offline
 * @changed: called then, in the middle of it; may only queue work
 *
 * Return: 0 or a negative error.
 */
int vf_guest_watch(void (*changed)(void))
{
	int ret;

	guest_changed = changed;
	ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "virtflex:online",
					cpu_changed, cpu_changed);
	if (ret < 0)
		return ret;
	cpu_state = ret;
	ret = register_memory_notifier(&memory_block);
	if (ret)
		cpuhp_remove_state_nocalls(cpu_state);
	return ret;
}

/**
 * vf_guest_unwatch() - undo vf_guest_watch(); waits for a call that is running
 */
void vf_guest_unwatch(void)
{
	unregister_memory_notifier(&memory_block);
	cpuhp_remove_state_nocalls(cpu_state);
}

/**
 * vf_wanted_alloc() - room for what the host may want of a guest
 * @guest: the guest
 *
 * Return: an empty description, or NULL if there is no memory.
 */
struct vf_wanted *vf_wanted_alloc(const struct vf_guest *guest)
{
	struct vf_wanted *wanted = kzalloc(sizeof(*wanted), GFP_KERNEL);

	if (!wanted)
		return NULL;
	wanted->nodes = kvcalloc(guest->nr_nodes, sizeof(*wanted->nodes),
				 GFP_KERNEL);
	wanted->vcpus = kvcalloc(guest->nr_vcpus, sizeof(*wanted->vcpus),
				 GFP_KERNEL);
	if (!wanted->nodes || !wanted->vcpus) {
		vf_wanted_free(wanted);
		return NULL;
	}
	return wanted;
}

/**
 * vf_wanted_free() - undo vf_wanted_alloc()
 * @wanted: may be NULL
 */
void vf_wanted_free(struct vf_wanted *wanted)
{
	if (!wanted)
		return;
	kvfree(wanted->vcpus);
	kvfree(wanted->nodes);
	kfree(wanted);
}
