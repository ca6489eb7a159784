// SPDX-License-Identifier: LGPL-2.1-or-later
/* The nodes: which there are, which may be used, how far and how heavy they are. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

/* Nodes with memory, and those without, which policies may name all the same. */
static int read_nodes(struct vf_walk *w)
{
	int ret, i;

	ret = vf_read_nodelist(w->vf, "/sys/devices/system/node/has_memory",
			       &w->active);
	if (ret)
		return ret == -ENOENT ? -ENOSYS : ret;
	ret = vf_read_nodelist(w->vf, "/sys/devices/system/node/online",
			       &w->online);
	if (ret == -ENOMEM)
		return ret;
	if (ret)
		w->online = w->active;
	w->nr_nodes = 0;
	for (i = 0; i < VIRTFLEX_MAX_NODES; i++)
		if (virtflex_node_isset(&w->active, i) ||
		    virtflex_node_isset(&w->online, i))
			w->nr_nodes = i + 1;
	return 0;
}

/* The nodes that the caller chooses: each must be one with memory. */
static int take_mask(struct vf_walk *w, uint64_t address)
{
	struct virtflex_nodemask nodes;
	int ret;

	ret = vf_copy_from(&nodes, (const void *)(uintptr_t)address,
			   sizeof(nodes));
	if (ret)
		return ret;
	vf_nodemask_and(&w->active, &nodes);
	if (vf_nodemask_empty(&nodes) ||
	    memcmp(&nodes, &w->active, sizeof(nodes)))
		return -EINVAL;
	return 0;
}

/* The nodes that are published, if any are. */
static int take_published(struct vf_walk *w)
{
	struct virtflex_nodemask nodes;
	struct virtflex_topology *t;
	int ret;

	ret = virtflex_topology_read((struct virtflex *)w->vf, &t);
	if (ret == -ENOENT || ret == -ENODEV)
		return 0;
	if (ret)
		return ret;
	virtflex_topology_active(t, &nodes);
	virtflex_topology_free(t);
	vf_nodemask_and(&w->active, &nodes);
	return vf_nodemask_empty(&w->active) ? -EINVAL : 0;
}

/**
 * vf_nodes_choose() - read which nodes there are, and which are active
 * @w: walk
 * @nodemask: address of the mask of a caller who chooses them; or 0
 *
 * Return: 0; -ENOSYS: there are no nodes; -EFAULT: @nodemask cannot be read;
 * -EINVAL: it has a node without memory, or none; or another negative errno.
 */
int vf_nodes_choose(struct vf_walk *w, uint64_t nodemask)
{
	int ret;

	ret = read_nodes(w);
	if (ret)
		return ret;
	return nodemask ? take_mask(w, nodemask) : take_published(w);
}

/**
 * vf_nodes_read() - read which nodes may be used
 * @w: walk
 * @nodemask: as for vf_nodes_choose()
 *
 * Return: as vf_nodes_choose(), and -EACCES: the cpuset allows none; -ESRCH: the
 * thread has exited.
 */
int vf_nodes_read(struct vf_walk *w, uint64_t nodemask)
{
	struct virtflex_nodemask allowed;
	struct vf_span value;
	char path[64], *text;
	size_t len;
	int ret;

	ret = vf_nodes_choose(w, nodemask);
	if (ret)
		return ret;
	vf_process_path(w, "status", path, sizeof(path));
	ret = vf_read_file(w->vf, path, VF_MAX_SYSFS_BYTES, &text, &len);
	if (ret)
		return vf_process_error(ret);
	if (vf_find_key((struct vf_span){ text, len }, "Mems_allowed_list:",
			&value)) {
		ret = vf_parse_nodelist(value, &allowed);
		vf_nodemask_and(&w->active, &allowed);
	}
	free(text);
	if (ret)
		return -EBADMSG;
	return vf_nodemask_empty(&w->active) ? -EACCES : 0;
}

/**
 * vf_nodes_read_distances() - read how far each node is from each
 * @w: walk
 *
 * The k-th distance of a node is to the k-th node that is online, which need not
 * be node k.
 *
 * Return: 0 or -ENOMEM.
 */
int vf_nodes_read_distances(struct vf_walk *w)
{
	struct vf_span line, rest, field;
	unsigned int from, to;
	uint64_t distance;
	char path[64];
	int ret;

	free(w->distances);
	w->distances = calloc((size_t)w->nr_nodes, w->nr_nodes);
	if (!w->distances)
		return -ENOMEM;
	for (from = 0; from < w->nr_nodes; from++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%u/distance", from);
		ret = vf_read_line(w->vf, path, &line);
		if (ret == -ENOMEM)
			return ret;
		if (ret)
			continue;
		rest = line;
		virtflex_for_each_node(to, &w->online) {
			if (!vf_next_field(&rest, &field) ||
			    vf_parse_u64(field, &distance) || distance > 255)
				break;
			w->distances[from * w->nr_nodes + to] = distance;
		}
		free((char *)line.p);
	}
	return 0;
}

/* Weight of a node; 1 if the kernel has none. */
static int read_weight(const struct virtflex *vf, unsigned int node,
		       unsigned char *weight)
{
	struct vf_span line;
	uint64_t value;
	char path[80];
	int ret;

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/mempolicy/weighted_interleave/node%u", node);
	ret = vf_read_line(vf, path, &line);
	if (ret)
		return ret == -ENOMEM ? ret : 0;
	if (!vf_parse_u64(line, &value) && value && value <= 255)
		*weight = value;
	free((char *)line.p);
	return 0;
}

/**
 * vf_nodes_read_weights() - read the weights for weighted interleaving
 * @w: walk
 *
 * Return: 0 or -ENOMEM.
 */
int vf_nodes_read_weights(struct vf_walk *w)
{
	unsigned int node;
	int ret = 0;

	memset(w->weights, 1, sizeof(w->weights));
	for (node = 0; node < w->nr_nodes && !ret; node++)
		ret = read_weight(w->vf, node, &w->weights[node]);
	return ret;
}

/**
 * vf_nodes_distance() - distance between two nodes
 * @w: walk
 * @from: node
 * @to: node
 *
 * Return: distance; beyond all others if it is not known, as that of a node that
 * is not online.
 */
unsigned int vf_nodes_distance(const struct vf_walk *w, unsigned int from,
			       unsigned int to)
{
	unsigned int distance = 0;

	if (from == to)
		return 0;
	if (from < w->nr_nodes && to < w->nr_nodes)
		distance = w->distances[from * w->nr_nodes + to];
	return distance ? distance : UINT_MAX - 1;
}
