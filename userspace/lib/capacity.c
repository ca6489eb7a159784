// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reader of /proc/virtflex/capacity, grammar in docs/proc.md. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define PROC_CAPACITY	"/proc/virtflex/capacity"

static int parse_version(struct vf_span line, unsigned int *version)
{
	struct vf_span field;
	uint64_t value;

	if (!vf_next_field(&line, &field) || vf_parse_u64(field, &value) ||
	    vf_next_field(&line, &field))
		return -EBADMSG;
	if (value != 1)
		return -EPROTONOSUPPORT;
	*version = value;
	return 0;
}

static int parse_node(struct vf_span line, struct virtflex_node_capacity *c)
{
	uint64_t *const numbers[] = {
		&c->out_kb, &c->lost_kb, &c->out_free, &c->out_moved,
		&c->out_pages, &c->in, &c->in_pages, &c->stuck, &c->out_us,
		&c->empty_us, &c->release_us, &c->in_us, &c->populate_us,
	};
	struct vf_span field;
	uint64_t id;
	size_t i;

	if (!vf_next_field(&line, &field) || vf_parse_u64(field, &id) ||
	    id >= VIRTFLEX_MAX_NODES)
		return -EBADMSG;
	c->id = id;
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!vf_next_field(&line, &field) ||
		    vf_parse_u64(field, numbers[i]))
			return -EBADMSG;
	/* fields after these are of a later version */
	return 0;
}

static int add_node(struct virtflex_capacity *capacity,
		    struct virtflex_node_capacity **nodes, struct vf_span line)
{
	struct virtflex_node_capacity *c;
	int ret;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	ret = parse_node(line, c);
	if (!ret && virtflex_capacity_node(capacity, c->id))
		ret = -EBADMSG;
	if (ret)
		free(c);
	else
		nodes[capacity->nr_nodes++] = c;
	return ret;
}

VF_EXPORT int virtflex_capacity_parse(const char *text, size_t len,
				      struct virtflex_capacity **capacityp)
{
	struct vf_span rest = { text, len }, line, keyword;
	struct virtflex_node_capacity **nodes;
	struct virtflex_capacity *capacity;
	int ret;

	if (!text || !capacityp)
		return -EINVAL;
	/* a text that does not end in a newline was cut off */
	if (!len || text[len - 1] != '\n' || memchr(text, 0, len))
		return -EBADMSG;
	capacity = calloc(1, sizeof(*capacity));
	nodes = calloc(VIRTFLEX_MAX_NODES, sizeof(*nodes));
	if (!capacity || !nodes) {
		free(capacity);
		free(nodes);
		return -ENOMEM;
	}
	capacity->nodes = (const struct virtflex_node_capacity *const *)nodes;
	ret = 0;
	while (!ret && vf_next_line(&rest, &line)) {
		if (!vf_next_field(&line, &keyword) || *keyword.p == '#')
			continue;
		if (vf_span_is(keyword, "version"))
			ret = capacity->version ?
				      -EBADMSG :
				      parse_version(line, &capacity->version);
		else if (!capacity->version)
			ret = -EBADMSG;
		else if (vf_span_is(keyword, "node"))
			ret = add_node(capacity, nodes, line);
		/* else it is a later version's */
	}
	if (!ret && !capacity->version)
		ret = -EBADMSG;
	if (ret)
		virtflex_capacity_free(capacity);
	else
		*capacityp = capacity;
	return ret;
}

VF_EXPORT int virtflex_capacity_read(struct virtflex *vf,
				     struct virtflex_capacity **capacity)
{
	size_t len;
	char *text;
	int ret;

	if (!vf || !capacity)
		return -EINVAL;
	ret = vf_read_file(vf, PROC_CAPACITY, VF_MAX_TOPOLOGY_BYTES, &text,
			   &len);
	if (ret == -EIO)
		return -ENODEV; /* procfs: the file's owner is gone */
	if (ret)
		return ret;
	ret = virtflex_capacity_parse(text, len, capacity);
	free(text);
	return ret;
}

VF_EXPORT const struct virtflex_node_capacity *
virtflex_capacity_node(const struct virtflex_capacity *capacity,
		       unsigned int id)
{
	unsigned int i;

	for (i = 0; capacity && i < capacity->nr_nodes; i++)
		if (capacity->nodes[i]->id == id)
			return capacity->nodes[i];
	return NULL;
}

VF_EXPORT void virtflex_capacity_free(struct virtflex_capacity *capacity)
{
	unsigned int i;

	if (!capacity)
		return;
	for (i = 0; i < capacity->nr_nodes; i++)
		free((void *)capacity->nodes[i]);
	free((void *)capacity->nodes);
	free(capacity);
}
