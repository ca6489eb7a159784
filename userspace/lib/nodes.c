// SPDX-License-Identifier: LGPL-2.1-or-later
/* The nodes: which there are, which may be used, how far and how heavy they are. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

/* Text of a file of one line, without its end, to be freed. */
static int read_line(const struct virtflex *vf, const char *path,
		     struct vf_span *line)
{
	size_t len;
	char *text;
	int ret;

	ret = vf_read_file(vf, path, VF_MAX_SYSFS_BYTES, &text, &len);
	if (ret)
		return ret;
	while (len && text[len - 1] == '\n')
		len--;
	*line = (struct vf_span){ text, len };
	return 0;
}

static int read_nodelist(const struct virtflex *vf, const char *path,
			 struct virtflex_nodemask *mask)
{
	struct vf_span line;
	int ret;

	ret = read_line(vf, path, &line);
	if (ret)
		return ret;
	ret = vf_parse_nodelist(line, mask);
	free((char *)line.p);
	return ret;
}

/* Nodes with memory, and those without, which policies may name all the same. */
static int read_nodes(struct vf_walk *w)
{
	int ret, i;

	ret = read_nodelist(w->vf, "/sys/devices/system/node/has_memory",
			    &w->active);
	if (ret)
		return ret == -ENOENT ? -ENOSYS : ret;
	ret = read_nodelist(w->vf, "/sys/devices/system/node/online",
			    &w->online);
	if (ret)
		w->online = w->active;
	w->nr_nodes = 0;
	for (i = 0; i < VIRTFLEX_MAX_NODES; i++)
		if (virtflex_node_isset(&w->active, i) ||
		    virtflex_node_isset(&w->online, i))
			w->nr_nodes = i + 1;
	return 0;
}

/**
 * vf_nodes_read() - read which nodes there are, and which may be used
 * @w: walk
 * @nodemask: address of the mask of a caller who chooses them; or 0
 *
 * Return: 0; -ENOSYS: there are no nodes; -EINVAL: @nodemask has one without
 * memory, or none; -EACCES: the cpuset allows none; -ESRCH: the thread has
 * exited; or another negative errno.
 */
int vf_nodes_read(struct vf_walk *w, uint64_t nodemask)
{
	struct virtflex_nodemask allowed;
	struct virtflex_topology *t;
	struct vf_span value;
	char path[64], *text;
	size_t len;
	int ret;

	ret = read_nodes(w);
	if (ret)
		return ret;
	if (nodemask) {
		/* each of them must be a node with memory */
		allowed = *(const struct virtflex_nodemask *)
				(uintptr_t)nodemask;
		vf_nodemask_and(&w->active, &allowed);
		if (vf_nodemask_empty(&allowed) ||
		    memcmp(&allowed, &w->active, sizeof(allowed)))
			return -EINVAL;
	} else {
		ret = virtflex_topology_read((struct virtflex *)w->vf, &t);
		if (!ret) {
			virtflex_topology_active(t, &allowed);
			virtflex_topology_free(t);
			vf_nodemask_and(&w->active, &allowed);
			if (vf_nodemask_empty(&w->active))
				return -EINVAL;
		} else if (ret != -ENOENT && ret != -ENODEV) {
			return ret;
		}
	}

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

	free(w->distances);
	w->distances = calloc((size_t)w->nr_nodes, w->nr_nodes);
	if (!w->distances)
		return -ENOMEM;
	for (from = 0; from < w->nr_nodes; from++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%u/distance", from);
		if (read_line(w->vf, path, &line))
			continue;
		rest = line;
		for (to = 0; to < w->nr_nodes; to++) {
			if (!virtflex_node_isset(&w->online, to))
				continue;
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
static unsigned int read_weight(const struct virtflex *vf, unsigned int node)
{
	uint64_t weight = 0;
	struct vf_span line;
	char path[80];

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/mempolicy/weighted_interleave/node%u", node);
	if (read_line(vf, path, &line))
		return 1;
	if (vf_parse_u64(line, &weight) || !weight || weight > 255)
		weight = 1;
	free((char *)line.p);
	return weight;
}

/**
 * vf_nodes_read_weights() - read the weights for weighted interleaving
 * @w: walk
 */
void vf_nodes_read_weights(struct vf_walk *w)
{
	unsigned int node;

	for (node = 0; node < VIRTFLEX_MAX_NODES; node++)
		w->weights[node] = node < w->nr_nodes ?
					   read_weight(w->vf, node) : 1;
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

/**
 * vf_nodes_next() - lowest node of a set from a node on
 * @set: set
 * @node: node
 *
 * Return: node, or VIRTFLEX_MAX_NODES if there is none.
 */
unsigned int vf_nodes_next(const struct virtflex_nodemask *set,
			   unsigned int node)
{
	unsigned int i = node / 64;
	uint64_t bits;

	if (node >= VIRTFLEX_MAX_NODES)
		return VIRTFLEX_MAX_NODES;
	bits = set->bits[i] & (UINT64_MAX << node % 64);
	while (!bits) {
		if (++i == VIRTFLEX_MAX_NODES / 64)
			return VIRTFLEX_MAX_NODES;
		bits = set->bits[i];
	}
	return i * 64 + __builtin_ctzll(bits);
}
