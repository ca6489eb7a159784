// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sets of nodes: what virtflex.h does not do in a line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define NR_WORDS	(VIRTFLEX_MAX_NODES / 64)

/**
 * vf_nodemask_and() - keep what is in another set too
 * @mask: set
 * @other: other set
 */
void vf_nodemask_and(struct virtflex_nodemask *mask,
		     const struct virtflex_nodemask *other)
{
	unsigned int i;

	for (i = 0; i < NR_WORDS; i++)
		mask->bits[i] &= other->bits[i];
}

/**
 * vf_nodemask_empty() - is no node in a set?
 * @mask: set
 */
bool vf_nodemask_empty(const struct virtflex_nodemask *mask)
{
	unsigned int i;

	for (i = 0; i < NR_WORDS; i++)
		if (mask->bits[i])
			return false;
	return true;
}

VF_EXPORT unsigned int
virtflex_nodemask_count(const struct virtflex_nodemask *mask)
{
	unsigned int i, count = 0;

	for (i = 0; mask && i < NR_WORDS; i++)
		count += __builtin_popcountll(mask->bits[i]);
	return count;
}

VF_EXPORT unsigned int
virtflex_nodemask_next(const struct virtflex_nodemask *mask, unsigned int node)
{
	unsigned int i = node / 64;
	uint64_t bits;

	if (!mask || node >= VIRTFLEX_MAX_NODES)
		return VIRTFLEX_MAX_NODES;
	bits = mask->bits[i] & (UINT64_MAX << node % 64);
	while (!bits) {
		if (++i == NR_WORDS)
			return VIRTFLEX_MAX_NODES;
		bits = mask->bits[i];
	}
	return i * 64 + __builtin_ctzll(bits);
}

static int add_nodes(unsigned int first, unsigned int last, void *data)
{
	for (; first <= last; first++)
		virtflex_node_set(data, first);
	return 0;
}

/**
 * vf_parse_nodelist() - read a list of nodes
 * @s: the list and nothing else
 * @mask: where to store the set
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int vf_parse_nodelist(struct vf_span s, struct virtflex_nodemask *mask)
{
	virtflex_nodemask_clear(mask);
	return vf_parse_list(s, VIRTFLEX_MAX_NODES, false, add_nodes, mask);
}

VF_EXPORT int virtflex_nodemask_parse(const char *list,
				      struct virtflex_nodemask *mask)
{
	struct virtflex_nodemask nodes;
	int ret;

	if (!list || !mask)
		return -EINVAL;
	ret = vf_parse_nodelist((struct vf_span){ list, strlen(list) }, &nodes);
	if (!ret)
		*mask = nodes;
	return ret;
}

VF_EXPORT int virtflex_nodemask_format(const struct virtflex_nodemask *mask,
				       char *list, size_t size)
{
	unsigned int first, last;
	size_t len = 0, room;
	char *at;

	if (!mask || (!list && size))
		return -EINVAL;
	if (size)
		*list = 0;
	virtflex_for_each_node(first, mask) {
		for (last = first; virtflex_node_isset(mask, last + 1);)
			last++;
		at = len < size ? list + len : NULL;
		room = len < size ? size - len : 0;
		len += snprintf(at, room, first == last ? "%s%u" : "%s%u-%u",
				len ? "," : "", first, last);
		first = last;
	}
	return (int)len;
}
