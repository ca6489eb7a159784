// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reader of /proc/virtflex/topology, grammar in docs/proc.md: strict on what it
 * knows, and skipping keywords and further fields it does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/**
 * struct parser - a topology in the making
 * @topology: what is known of it
 * @nodes: its nodes so far
 * @distances: distances of each node, one for one with @nodes
 * @nr_distances: their number on the line of the first node
 * @ids: nodes seen, to find one that comes twice
 * @cpus: CPUs seen: a CPU is on one node only
 * @seen: keywords seen before the nodes
 */
struct parser {
	struct virtflex_topology *topology;
	struct virtflex_node **nodes;
	unsigned int nr_distances;
	struct virtflex_nodemask ids;
	uint64_t cpus[VF_MAX_CPUS / 64];
	enum { SEEN_NOTHING, SEEN_VERSION, SEEN_GENERATION, SEEN_STATE } seen;
};

/* One allocation: the node, then its distances, then its CPUs. */
struct node_cpus {
	struct parser *parser;
	unsigned int *cpus;
	unsigned int nr_cpus;
};

static int add_cpus(unsigned int first, unsigned int last, void *data)
{
	struct node_cpus *to = data;
	unsigned int cpu;
	uint64_t *word;

	for (cpu = first; cpu <= last; cpu++) {
		if (!to->cpus) {
			/* first pass: count, and look for CPUs seen before */
			word = &to->parser->cpus[cpu / 64];
			if (*word >> (cpu % 64) & 1)
				return -EBADMSG;
			*word |= (uint64_t)1 << (cpu % 64);
		} else {
			to->cpus[to->nr_cpus] = cpu;
		}
		to->nr_cpus++;
	}
	return 0;
}

static bool parse_node_state(struct vf_span s, unsigned int *state)
{
	for (*state = 0; *state <= VIRTFLEX_NODE_INACTIVE; (*state)++)
		if (vf_span_is(s, virtflex_node_state_name(*state)))
			return true;
	return false;
}

/* A number, -1 for "-". Returns 0 or -EBADMSG. */
static int parse_optional(struct vf_span s, int *out)
{
	uint64_t value;

	*out = -1;
	if (vf_span_is(s, "-"))
		return 0;
	if (vf_parse_u64(s, &value) || value > INT_MAX)
		return -EBADMSG;
	*out = (int)value;
	return 0;
}

/* Count the distances of a node, and store them once there is room. */
static int parse_distances(struct vf_span s, unsigned int *out,
			   unsigned int *count)
{
	struct vf_span item;
	const char *comma;
	uint64_t value;

	*count = 0;
	do {
		comma = memchr(s.p, ',', s.len);
		item = s;
		if (comma) {
			item.len = comma - s.p;
			s.len -= item.len + 1;
			s.p = comma + 1;
		}
		if (*count >= VIRTFLEX_MAX_NODES ||
		    vf_parse_u64(item, &value) || !value ||
		    value > VF_MAX_DISTANCE)
			return -EBADMSG;
		if (out)
			out[*count] = value;
		(*count)++;
	} while (comma);
	return 0;
}

static int parse_node(struct parser *p, struct vf_span line)
{
	enum { ID, NSTATE, PNODE, CPUS, CURRENT, TARGET, CAPACITY, DISTANCES,
	       NR_FIELDS };
	struct virtflex_topology *t = p->topology;
	struct node_cpus cpus = { .parser = p };
	struct vf_span field[NR_FIELDS], last;
	unsigned int nr_distances, i;
	struct virtflex_node *node;
	unsigned int *numbers;
	unsigned int state;
	int pnode, vnode = -1;
	uint64_t id;

	for (i = 0; i < NR_FIELDS; i++)
		if (!vf_next_field(&line, &field[i]))
			return -EBADMSG;
	/* earlier modules do not say it; fields after it are of a later version */
	if (vf_next_field(&line, &last) && parse_optional(last, &vnode))
		return -EBADMSG;

	if (vf_parse_u64(field[ID], &id) || id >= VIRTFLEX_MAX_NODES ||
	    virtflex_node_isset(&p->ids, id) ||
	    !parse_node_state(field[NSTATE], &state))
		return -EBADMSG;
	virtflex_node_set(&p->ids, id);
	if (parse_optional(field[PNODE], &pnode))
		return -EBADMSG;
	if (!vf_span_is(field[CPUS], "-") &&
	    vf_parse_list(field[CPUS], VF_MAX_CPUS, true, add_cpus, &cpus))
		return -EBADMSG;
	if (parse_distances(field[DISTANCES], NULL, &nr_distances))
		return -EBADMSG;
	if (!t->nr_nodes)
		p->nr_distances = nr_distances;
	if (nr_distances != p->nr_distances)
		return -EBADMSG;

	node = malloc(sizeof(*node) +
		      (nr_distances + cpus.nr_cpus) * sizeof(*numbers));
	if (!node)
		return -ENOMEM;
	p->nodes[t->nr_nodes++] = node;
	numbers = (unsigned int *)(node + 1);
	parse_distances(field[DISTANCES], numbers, &nr_distances);
	node->id = id;
	node->state = state;
	node->pnode = pnode;
	node->vnode = vnode;
	node->distances = numbers;
	node->cpus = numbers + nr_distances;
	node->nr_cpus = cpus.nr_cpus;
	if (cpus.nr_cpus) {
		cpus.cpus = numbers + nr_distances;
		cpus.nr_cpus = 0;
		vf_parse_list(field[CPUS], VF_MAX_CPUS, true, add_cpus, &cpus);
	}
	if (vf_parse_u64(field[CURRENT], &node->current_kb) ||
	    vf_parse_u64(field[TARGET], &node->target_kb) ||
	    vf_parse_u64(field[CAPACITY], &node->capacity_kb))
		return -EBADMSG;
	return 0;
}

static int parse_state(struct virtflex_topology *t, struct vf_span line)
{
	struct vf_span word;

	vf_next_field(&line, &word);
	if (vf_span_is(word, "failed:")) {
		t->state = VIRTFLEX_FAILED;
		while (vf_span_skip(&line, " "))
			;
		t->why = strndup(line.p, line.len);
		return t->why ? 0 : -ENOMEM;
	}
	for (t->state = 0; t->state < VIRTFLEX_FAILED; t->state++)
		if (vf_span_is(word, virtflex_state_name(t->state)))
			return vf_next_field(&line, &word) ? -EBADMSG : 0;
	return -EBADMSG;
}

static int parse_number(struct vf_span line, uint64_t *value)
{
	struct vf_span field;

	if (!vf_next_field(&line, &field) || vf_parse_u64(field, value) ||
	    vf_next_field(&line, &field))
		return -EBADMSG;
	return 0;
}

static int parse_line(struct parser *p, struct vf_span line)
{
	struct virtflex_topology *t = p->topology;
	struct vf_span keyword;
	uint64_t version;

	if (!vf_next_field(&line, &keyword) || *keyword.p == '#')
		return 0;
	if (vf_span_is(keyword, "version")) {
		if (p->seen != SEEN_NOTHING || parse_number(line, &version))
			return -EBADMSG;
		if (version != 1)
			return -EPROTONOSUPPORT;
		t->version = version;
		p->seen = SEEN_VERSION;
		return 0;
	}
	if (p->seen == SEEN_NOTHING)
		return -EBADMSG;
	if (vf_span_is(keyword, "generation")) {
		if (p->seen != SEEN_VERSION ||
		    parse_number(line, &t->generation) || !t->generation)
			return -EBADMSG;
		p->seen = SEEN_GENERATION;
		return 0;
	}
	if (vf_span_is(keyword, "state")) {
		if (p->seen != SEEN_GENERATION)
			return -EBADMSG;
		p->seen = SEEN_STATE;
		return parse_state(t, line);
	}
	if (vf_span_is(keyword, "node")) {
		if (p->seen != SEEN_STATE)
			return -EBADMSG;
		return parse_node(p, line);
	}
	return 0; /* a later version's */
}

VF_EXPORT int virtflex_topology_parse(const char *text, size_t len,
				      struct virtflex_topology **topology)
{
	struct vf_span rest = { text, len }, line;
	struct parser *p;
	int ret;

	if (!text || !topology)
		return -EINVAL;
	/* a text that does not end in a newline was cut off */
	if (!len || text[len - 1] != '\n' || memchr(text, 0, len))
		return -EBADMSG;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	ret = -ENOMEM;
	p->topology = calloc(1, sizeof(*p->topology));
	if (!p->topology)
		goto out;
	p->nodes = calloc(VIRTFLEX_MAX_NODES, sizeof(*p->nodes));
	if (!p->nodes)
		goto out;
	p->topology->nodes = (const struct virtflex_node *const *)p->nodes;
	while (vf_next_line(&rest, &line)) {
		ret = parse_line(p, line);
		if (ret)
			goto out;
	}
	ret = -EBADMSG;
	if (p->seen != SEEN_STATE || p->topology->nr_nodes != p->nr_distances)
		goto out;
	*topology = p->topology;
	p->topology = NULL;
	ret = 0;
out:
	virtflex_topology_free(p->topology);
	free(p);
	return ret;
}

VF_EXPORT void virtflex_topology_free(struct virtflex_topology *topology)
{
	unsigned int i;

	if (!topology)
		return;
	for (i = 0; i < topology->nr_nodes; i++)
		free((void *)topology->nodes[i]);
	free((void *)topology->nodes);
	free((void *)topology->why);
	free(topology);
}

/**
 * vf_topology_read_fd() - read the topology of an open file
 * @fd: /proc/virtflex/topology
 * @topology: where to store it
 *
 * Return: as virtflex_topology_read().
 */
int vf_topology_read_fd(int fd, struct virtflex_topology **topology)
{
	size_t len;
	char *text;
	int ret;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	ret = vf_read_fd(fd, VF_MAX_TOPOLOGY_BYTES, &text, &len);
	if (ret == -EIO)
		return -ENODEV; /* procfs: the file's owner is gone */
	if (ret)
		return ret;
	ret = virtflex_topology_parse(text, len, topology);
	free(text);
	return ret;
}

VF_EXPORT int virtflex_topology_read(struct virtflex *vf,
				     struct virtflex_topology **topology)
{
	int fd, ret;

	if (!vf || !topology)
		return -EINVAL;
	fd = vf_open(vf, VF_PROC_TOPOLOGY, O_RDONLY);
	if (fd < 0)
		return fd;
	ret = vf_topology_read_fd(fd, topology);
	close(fd);
	return ret;
}

VF_EXPORT void virtflex_topology_active(const struct virtflex_topology *t,
					struct virtflex_nodemask *active)
{
	unsigned int i;

	if (!active)
		return;
	virtflex_nodemask_clear(active);
	for (i = 0; t && i < t->nr_nodes; i++)
		if (t->nodes[i]->state == VIRTFLEX_NODE_ACTIVE)
			virtflex_node_set(active, t->nodes[i]->id);
}

VF_EXPORT const struct virtflex_node *
virtflex_topology_node(const struct virtflex_topology *t, unsigned int id)
{
	unsigned int i;

	for (i = 0; t && i < t->nr_nodes; i++)
		if (t->nodes[i]->id == id)
			return t->nodes[i];
	return NULL;
}

VF_EXPORT unsigned int
virtflex_topology_nr_cpus(const struct virtflex_topology *t)
{
	const struct virtflex_node *n;
	unsigned int i, nr = 0;

	for (i = 0; t && i < t->nr_nodes; i++) {
		n = t->nodes[i];
		/* CPUs ascend */
		if (n->nr_cpus && n->cpus[n->nr_cpus - 1] >= nr)
			nr = n->cpus[n->nr_cpus - 1] + 1;
	}
	return nr;
}

VF_EXPORT int virtflex_topology_cpus(const struct virtflex_topology *t,
				     const struct virtflex_nodemask *nodes,
				     size_t size, cpu_set_t *cpus)
{
	struct virtflex_nodemask active;
	const struct virtflex_node *n;
	unsigned int i, k;
	int count = 0;

	if (!t || (!cpus && size) || size % sizeof(unsigned long))
		return -EINVAL;
	if (!nodes) {
		virtflex_topology_active(t, &active);
		nodes = &active;
	}
	for (i = 0; i < t->nr_nodes; i++) {
		n = t->nodes[i];
		if (virtflex_node_isset(nodes, n->id) && n->nr_cpus &&
		    n->cpus[n->nr_cpus - 1] / 8 >= size)
			return -ERANGE;
	}
	if (size)
		CPU_ZERO_S(size, cpus);
	for (i = 0; i < t->nr_nodes; i++) {
		n = t->nodes[i];
		if (!virtflex_node_isset(nodes, n->id))
			continue;
		for (k = 0; k < n->nr_cpus; k++)
			CPU_SET_S(n->cpus[k], size, cpus);
		count += n->nr_cpus;
	}
	return count;
}
