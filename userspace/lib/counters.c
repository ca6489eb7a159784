// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reader of /proc/virtflex/counters, grammar in docs/proc.md. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define PROC_COUNTERS	"/proc/virtflex/counters"

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

static int parse_node(struct vf_span line, struct virtflex_node_counters *c)
{
	uint64_t *const numbers[] = {
		&c->unplugged_kb, &c->leaked_kb, &c->unplug_free,
		&c->unplug_evacuated, &c->unplug_pages, &c->plug_extents,
		&c->plug_pages, &c->evacuate_fail, &c->unplug_us,
		&c->evacuate_us, &c->decrease_us, &c->plug_us, &c->populate_us,
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

static int add_node(struct virtflex_counters *counters,
		    struct virtflex_node_counters **nodes, struct vf_span line)
{
	struct virtflex_node_counters *c;
	int ret;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	ret = parse_node(line, c);
	if (!ret && virtflex_counters_node(counters, c->id))
		ret = -EBADMSG;
	if (ret)
		free(c);
	else
		nodes[counters->nr_nodes++] = c;
	return ret;
}

VF_EXPORT int virtflex_counters_parse(const char *text, size_t len,
				      struct virtflex_counters **countersp)
{
	struct vf_span rest = { text, len }, line, keyword;
	struct virtflex_node_counters **nodes;
	struct virtflex_counters *counters;
	int ret;

	if (!text || !countersp)
		return -EINVAL;
	/* a text that does not end in a newline was cut off */
	if (!len || text[len - 1] != '\n' || memchr(text, 0, len))
		return -EBADMSG;
	counters = calloc(1, sizeof(*counters));
	nodes = calloc(VIRTFLEX_MAX_NODES, sizeof(*nodes));
	if (!counters || !nodes) {
		free(counters);
		free(nodes);
		return -ENOMEM;
	}
	counters->nodes = (const struct virtflex_node_counters *const *)nodes;
	ret = 0;
	while (!ret && vf_next_line(&rest, &line)) {
		if (!vf_next_field(&line, &keyword) || *keyword.p == '#')
			continue;
		if (vf_span_is(keyword, "version"))
			ret = counters->version ?
				      -EBADMSG :
				      parse_version(line, &counters->version);
		else if (!counters->version)
			ret = -EBADMSG;
		else if (vf_span_is(keyword, "node"))
			ret = add_node(counters, nodes, line);
		/* else it is a later version's */
	}
	if (!ret && !counters->version)
		ret = -EBADMSG;
	if (ret)
		virtflex_counters_free(counters);
	else
		*countersp = counters;
	return ret;
}

VF_EXPORT int virtflex_counters_read(struct virtflex *vf,
				     struct virtflex_counters **counters)
{
	size_t len;
	char *text;
	int ret;

	if (!vf || !counters)
		return -EINVAL;
	ret = vf_read_file(vf, PROC_COUNTERS, VF_MAX_TOPOLOGY_BYTES, &text,
			   &len);
	if (ret == -EIO)
		return -ENODEV; /* procfs: the file's owner is gone */
	if (ret)
		return ret;
	ret = virtflex_counters_parse(text, len, counters);
	free(text);
	return ret;
}

VF_EXPORT const struct virtflex_node_counters *
virtflex_counters_node(const struct virtflex_counters *counters,
		       unsigned int id)
{
	unsigned int i;

	for (i = 0; counters && i < counters->nr_nodes; i++)
		if (counters->nodes[i]->id == id)
			return counters->nodes[i];
	return NULL;
}

VF_EXPORT void virtflex_counters_free(struct virtflex_counters *counters)
{
	unsigned int i;

	if (!counters)
		return;
	for (i = 0; i < counters->nr_nodes; i++)
		free((void *)counters->nodes[i]);
	free((void *)counters->nodes);
	free(counters);
}
