/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is published: a snapshot that never changes once it is, the event page,
 * and the queue of those who wait for the next one.
 *
 * Lock order of the module, outermost first:
 *
 *   struct vf_reader.lock (proc.c) -> state.lock (state.c)
 *
 * Neither is held while a step of a change is carried out, nor while a watch,
 * a notifier or the worker is waited for.
 */
#ifndef VIRTFLEX_STATE_H
#define VIRTFLEX_STATE_H

#include <linux/kref.h>
#include <linux/poll.h>

#include "topology.h"

/** enum vf_node_state - NSTATE of docs/proc.md */
enum vf_node_state {
	VF_NODE_INACTIVE,
	VF_NODE_ARRIVING,
	VF_NODE_ACTIVE,
	VF_NODE_LEAVING,
};

/**
 * struct vf_shown_node - a line of the topology
 * @id: the node
 * @state: enum vf_node_state
 * @pnode: physical node, or VF_PNODE_UNKNOWN
 * @current_kb: memory it has
 * @target_kb: memory the host wants it to have
 * @capacity_kb: most it can have
 * @cpus: its online CPUs as a list, "-" for none
 * @vnode: Xen's number of it
 */
struct vf_shown_node {
	u32 id;
	enum vf_node_state state;
	s32 pnode;
	u64 current_kb;
	u64 target_kb;
	u64 capacity_kb;
	const char *cpus;
	u32 vnode;
};

/**
 * struct vf_snapshot - a topology, as published
 * @ref: held by whoever looks at it
 * @generation: its number, from 1
 * @state: what the topology was doing
 * @why: with VIRTFLEX_FAILED, why
 * @active: nodes on which memory may be placed
 * @nr_nodes: number of @node
 * @distance: nr_nodes * nr_nodes, row by row
 * @node: the lines
 *
 * Nothing here changes after vf_state_publish(), but @ref.
 */
struct vf_snapshot {
	struct kref ref;
	u64 generation;
	enum virtflex_state state;
	struct vf_error why;
	struct virtflex_nodemask active;
	u32 nr_nodes;
	u8 *distance;
	struct vf_shown_node node[] __counted_by(nr_nodes);
};

int vf_state_init(void);
void vf_state_exit(void);
int vf_state_publish(const struct vf_guest *guest,
		     const struct vf_wanted *change, enum virtflex_state state,
		     const char *why);
int vf_state_republish(const struct vf_guest *guest);
u64 vf_state_generation(void);

struct vf_snapshot *vf_state_get(void);
void vf_state_put(struct vf_snapshot *snapshot);

__poll_t vf_state_poll(struct file *file, poll_table *wait, u64 seen);
int vf_state_mmap(struct vm_area_struct *vma);

void vf_state_gone(void);
void vf_state_drain(void);

#endif /* VIRTFLEX_STATE_H */
