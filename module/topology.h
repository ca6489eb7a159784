/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The topology as data: what the guest has, and what the host wants. Pure: no locks,
 * no allocation, no kernel.
 *
 * The caller serialises access to each object given here.
 */
#ifndef VIRTFLEX_TOPOLOGY_H
#define VIRTFLEX_TOPOLOGY_H

#include "pure.h"

#include <linux/virtflex.h>

/** VF_MAX_KB - most memory of a node, in KiB: 2^40 */
#define VF_MAX_KB	0x10000000000ULL

/** VF_EXTENT_KB - memory comes and goes in extents of this size, in KiB */
#define VF_EXTENT_KB	2048

/** VF_PAGE_KB - size of a page, in KiB */
#define VF_PAGE_KB	4

/** VF_MAX_VCPUS - vCPU ids are below this */
#define VF_MAX_VCPUS	8192

/** VF_ID_LEN - room for the name of a request, its end included */
#define VF_ID_LEN	65

/** VF_ERROR_LEN - room for a sentence, its end included */
#define VF_ERROR_LEN	256

/** VF_PNODE_UNKNOWN - the host did not say which physical node it is */
#define VF_PNODE_UNKNOWN	(-1)

/**
 * struct vf_error - why something was refused
 * @text: one line of printable ASCII; empty where nothing is wrong
 */
struct vf_error {
	char text[VF_ERROR_LEN];
};

/**
 * struct vf_node - a node this guest has
 * @id: Linux' number of it, below VIRTFLEX_MAX_NODES
 * @vnode: Xen's number of it: xenstore, and what the host is told, name it so
 * @online: the kernel uses it: it has memory or CPUs
 * @described: the host described it, in a description the guest took
 * @active: memory may be placed here
 * @pnode: physical node behind it, or VF_PNODE_UNKNOWN
 * @current_kb: memory the kernel has on it
 * @was_kb: memory it had before the change that is going on
 * @unplugged_kb: memory of it that is unplugged, and can be plugged
 * @small_kb: of that, in blocks smaller than an extent
 * @elsewhere_kb: of @current_kb, memory that is still on an earlier physical node, as far
 *	as is known: 0 unless @pnode changed since the module was loaded
 * @target_kb: memory the host wanted it to have; of use where @described
 * @capacity_kb: most memory it can have; of use where @described
 */
struct vf_node {
	u32 id;
	u32 vnode;
	bool online;
	bool described;
	bool active;
	s32 pnode;
	u64 current_kb;
	u64 was_kb;
	u64 unplugged_kb;
	u64 small_kb;
	u64 elsewhere_kb;
	u64 target_kb;
	u64 capacity_kb;
};

/**
 * struct vf_vcpu - a vCPU this guest has
 * @id: number by which Xen and the host know it
 * @cpu: number by which Linux knows it
 * @node: index of its node in struct vf_guest
 * @placed: @node is known, as it was plugged once
 * @present: it is plugged, and can be brought online
 * @online: it is online now
 * @was_online: it was online before the change that is going on
 * @accepted: enum vf_wanted_vcpu of the last description that was accepted
 */
struct vf_vcpu {
	u32 id;
	u32 cpu;
	u32 node;
	bool placed;
	bool present;
	bool online;
	bool was_online;
	u8 accepted;
};

/**
 * struct vf_guest - what this guest has
 * @nr_nodes: number of @nodes
 * @nr_vcpus: number of @vcpus
 * @nodes: the nodes, ids ascending
 * @vcpus: the vCPUs, Linux' numbers ascending
 *
 * Which nodes and vCPUs there can be is settled when the kernel boots.
 */
struct vf_guest {
	u32 nr_nodes;
	u32 nr_vcpus;
	struct vf_node *nodes;
	struct vf_vcpu *vcpus;
};

/** enum vf_request - values of topo_change */
enum vf_request {
	VF_IDLE		= 0,
	VF_EXPAND	= 1,
	VF_SHRINK	= 2,
	VF_MOVE		= 3,	/* of memory, to the physical nodes that are named now */
};

/** enum vf_key - keys of a node the host writes; see the table in parse.c */
enum vf_key {
	VF_KEY_PNODE,
	VF_KEY_CAPACITY,
	VF_KEY_TARGET,
	VF_NR_KEYS,
};

/**
 * struct vf_wanted_node - what the host wants of a node
 * @named: there is a directory for it; the rest is 0 where there is none
 * @has: which of @value were given
 * @value: by enum vf_key
 */
struct vf_wanted_node {
	bool named;
	bool has[VF_NR_KEYS];
	u64 value[VF_NR_KEYS];
};

/** enum vf_option - how a change is to be carried out; table in parse.c */
enum vf_option {
	VF_OPT_GRACE_MS,	/* for programs to leave a node by themselves */
	VF_OPT_SMALL,		/* unplug also blocks smaller than an extent */
	VF_OPT_WAIT_S,		/* retry to plug while the host has no memory */
	VF_NR_OPTIONS,
};

/** enum vf_wanted_vcpu - what the host wants of a vCPU */
enum vf_wanted_vcpu {
	VF_VCPU_UNNAMED	= 0,
	VF_VCPU_OFFLINE	= 1,
	VF_VCPU_ONLINE	= 2,
};

/**
 * struct vf_wanted - what the host wants
 * @request: expand, shrink, move or nothing
 * @id: name that the host gave the request, to know its answer by; may be empty
 * @has_option: which of @option were given
 * @option: by enum vf_option; 0 where not given
 * @nodes: as many as the guest has, in the same order
 * @vcpus: enum vf_wanted_vcpu; as many as the guest has, in the same order
 */
struct vf_wanted {
	enum vf_request request;
	char id[VF_ID_LEN];
	bool has_option[VF_NR_OPTIONS];
	u64 option[VF_NR_OPTIONS];
	struct vf_wanted_node *nodes;
	u8 *vcpus;
};

bool vf_node_long(const struct vf_node *node, u64 to_kb);
bool vf_node_short(const struct vf_node *node, u64 to_kb);
const char *vf_request_name(enum vf_request request);
void vf_wanted_clear(const struct vf_guest *guest, struct vf_wanted *wanted);
bool vf_wanted_equal(const struct vf_guest *guest, const struct vf_wanted *a,
		     const struct vf_wanted *b);
bool vf_wanted_active(const struct vf_guest *guest,
		      const struct vf_wanted *wanted, u32 node);
bool vf_wanted_other_pnode(const struct vf_guest *guest,
			   const struct vf_wanted *wanted, u32 node);
bool vf_wanted_moves(const struct vf_guest *guest,
		     const struct vf_wanted *wanted, u32 node);
bool vf_wanted_keeps_vcpu(const struct vf_guest *guest,
			  const struct vf_wanted *wanted, u32 vcpu);
u64 vf_wanted_kb(const struct vf_guest *guest, const struct vf_wanted *wanted,
		 u32 node);
void vf_wanted_from_guest(const struct vf_guest *guest, struct vf_wanted *wanted);
void vf_wanted_commit(struct vf_guest *guest, const struct vf_wanted *wanted);

#endif /* VIRTFLEX_TOPOLOGY_H */
