// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether what the host wants, all of it taken, can be done.
 */
#include "check.h"
#include "parse.h"

/* An expand takes nothing away, a shrink adds nothing, a move neither. */
static int check_node_direction(const struct vf_guest *guest,
				const struct vf_wanted *wanted, u32 node,
				struct vf_error *err)
{
	u64 target_kb = wanted->nodes[node].value[VF_KEY_TARGET];
	const struct vf_node *n = &guest->nodes[node];
	bool active = target_kb > 0;
	bool more, less;

	/*
	 * Without an earlier target there is only the kernel's count to
	 * compare with, and that is less than the host's by what firmware and
	 * the memory hole take. So only coming and going counts then.
	 */
	more = n->described ? target_kb > n->target_kb : active && !n->active;
	less = n->described ? target_kb < n->target_kb : !active && n->active;

	if (wanted->request == VF_SHRINK && more) {
		vf_error_set(err,
			     "numa/node/%u/target: a shrink adds no memory, %llu KiB is more",
			     n->vnode, (unsigned long long)target_kb);
		return -EINVAL;
	}
	if (wanted->request == VF_EXPAND && less) {
		vf_error_set(err,
			     "numa/node/%u/target: an expand takes no memory, %llu KiB is less",
			     n->vnode, (unsigned long long)target_kb);
		return -EINVAL;
	}
	if (wanted->request == VF_MOVE && n->active && n->pnode == VF_PNODE_UNKNOWN &&
	    wanted->nodes[node].has[VF_KEY_PNODE]) {
		vf_error_set(err,
			     "numa/node/%u/pnode: the physical node that its memory is on now was never given; let the node leave for the move",
			     n->vnode);
		return -EINVAL;
	}
	if (wanted->request == VF_MOVE && (more || less)) {
		vf_error_set(err,
			     "numa/node/%u/target: a move changes no amount, and %llu KiB is not what it was",
			     n->vnode, (unsigned long long)target_kb);
		return -EINVAL;
	}
	return 0;
}

static int check_vcpu_direction(const struct vf_guest *guest,
				const struct vf_wanted *wanted, u32 vcpu,
				struct vf_error *err)
{
	const struct vf_vcpu *v = &guest->vcpus[vcpu];
	bool online = wanted->vcpus[vcpu] == VF_VCPU_ONLINE;
	u32 vnode = guest->nodes[v->node].vnode;

	if (vf_wanted_keeps_vcpu(guest, wanted, vcpu))
		return 0;
	if (wanted->request == VF_SHRINK && !v->was_online &&
	    wanted->vcpus[vcpu] == VF_VCPU_ONLINE) {
		vf_error_set(err,
			     "numa/node/%u/vcpu/%u: a shrink brings no vCPU online",
			     vnode, v->id);
		return -EINVAL;
	}
	if (wanted->request == VF_EXPAND && v->was_online &&
	    wanted->vcpus[vcpu] == VF_VCPU_OFFLINE) {
		vf_error_set(err,
			     "numa/node/%u/vcpu/%u: an expand takes no vCPU offline",
			     vnode, v->id);
		return -EINVAL;
	}
	if (wanted->request == VF_MOVE && wanted->vcpus[vcpu] != VF_VCPU_UNNAMED &&
	    online != v->was_online) {
		vf_error_set(err,
			     "numa/node/%u/vcpu/%u: a move takes no vCPU on or offline",
			     vnode, v->id);
		return -EINVAL;
	}
	return 0;
}

/* Memory needs a node to be on, and a program a CPU that is near some. */
static int check_survivors(const struct vf_guest *guest,
			   const struct vf_wanted *wanted,
			   struct vf_error *err)
{
	bool any = false;
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++)
		any |= vf_wanted_active(guest, wanted, i);
	if (!any) {
		vf_error_set(err, "numa/node: no node would be left with a target above 0");
		return -EINVAL;
	}
	for (i = 0; i < guest->nr_vcpus; i++) {
		const struct vf_vcpu *v = &guest->vcpus[i];
		bool online = wanted->vcpus[i] == VF_VCPU_UNNAMED ||
			      vf_wanted_keeps_vcpu(guest, wanted, i) ?
			v->online : wanted->vcpus[i] == VF_VCPU_ONLINE;

		if (online && vf_wanted_active(guest, wanted, v->node))
			return 0;
	}
	vf_error_set(err, "numa/node: no node with a target above 0 would have a vCPU online");
	return -EINVAL;
}

/**
 * vf_wanted_check() - whether what is wanted can be done
 * @guest: what there is
 * @wanted: what is wanted, all of it read
 * @err: why not
 *
 * With a request that is VF_IDLE only the description is checked. A node that
 * was never described can stay so; one that was cannot just vanish.
 *
 * Return: 0 or -EINVAL.
 */
int vf_wanted_check(const struct vf_guest *guest,
		    const struct vf_wanted *wanted, struct vf_error *err)
{
	bool named = false;
	int ret;
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_wanted_node *w = &wanted->nodes[i];
		u32 vnode = guest->nodes[i].vnode;
		u32 key;

		if (!w->named && guest->nodes[i].described) {
			vf_error_set(err, "numa/node/%u is missing", vnode);
			return -EINVAL;
		}
		if (!w->named)
			continue;
		named = true;
		for (key = 0; key < VF_NR_KEYS; key++) {
			if (!vf_key_required(key) || w->has[key])
				continue;
			vf_error_set(err, "numa/node/%u/%s is missing", vnode,
				     vf_key_name(key));
			return -EINVAL;
		}
		if (w->value[VF_KEY_TARGET] > w->value[VF_KEY_CAPACITY]) {
			vf_error_set(err,
				     "numa/node/%u/target: %llu KiB is above capacity, %llu KiB",
				     vnode,
				     (unsigned long long)w->value[VF_KEY_TARGET],
				     (unsigned long long)w->value[VF_KEY_CAPACITY]);
			return -EINVAL;
		}
		ret = check_node_direction(guest, wanted, i, err);
		if (ret)
			return ret;
	}
	if (!named) {
		vf_error_set(err, "numa/node: no node is described");
		return -EINVAL;
	}
	for (i = 0; i < guest->nr_vcpus; i++) {
		ret = check_vcpu_direction(guest, wanted, i, err);
		if (ret)
			return ret;
	}
	return check_survivors(guest, wanted, err);
}

/**
 * vf_wanted_complete() - whether every node in use is described
 * @guest: what there is
 * @wanted: what is wanted
 *
 * Return: true if so.
 */
bool vf_wanted_complete(const struct vf_guest *guest,
			const struct vf_wanted *wanted)
{
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++)
		if (guest->nodes[i].online && !wanted->nodes[i].named)
			return false;
	return true;
}
