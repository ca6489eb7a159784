// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the pages of a process are: in all, and mapping by mapping. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Sum of what is mapped in transparent 2 MiB pages. Not every kernel tells. */
static int read_thp_pages(struct virtflex *vf, const char *dir, uint64_t *pages)
{
	static const char *const keys[] = {
		"AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:",
	};
	struct vf_span rest, line, key, number;
	char path[64], *text;
	size_t len, i;
	uint64_t kb;
	int ret;

	snprintf(path, sizeof(path), "%s/smaps_rollup", dir);
	ret = vf_read_file(vf, path, VF_MAX_SYSFS_BYTES, &text, &len);
	if (ret)
		return ret == -ENOMEM ? ret : 0;
	rest = (struct vf_span){ text, len };
	while (vf_next_line(&rest, &line)) {
		vf_next_field(&line, &key);
		for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			if (vf_span_is(key, keys[i]) &&
			    vf_next_field(&line, &number) &&
			    !vf_parse_u64(number, &kb))
				*pages += kb / 4;
	}
	free(text);
	return 0;
}

/* Sum of counts per node; one more than the highest node that has any. */
static uint64_t sum_of(const uint64_t *counts, unsigned int *nr_nodes)
{
	unsigned int node;
	uint64_t sum = 0;

	*nr_nodes = 0;
	for (node = 0; node < VIRTFLEX_MAX_NODES; node++) {
		sum += counts[node];
		if (counts[node])
			*nr_nodes = node + 1;
	}
	return sum;
}

static int count_pages(struct vf_span numa, struct virtflex_pages *pages,
		       uint64_t *counts)
{
	struct vf_numa_line numa_line;
	struct vf_span line;
	int ret;

	while (vf_next_line(&numa, &line)) {
		ret = vf_parse_numa_line(line, &numa_line, counts);
		if (ret)
			return ret;
		if (numa_line.hugetlb)
			pages->hugetlb_pages += numa_line.pages *
						(numa_line.page_bytes /
						 VF_PAGE_BYTES);
	}
	pages->total_pages = sum_of(counts, &pages->nr_nodes);
	return 0;
}

VF_EXPORT int virtflex_pages_read(struct virtflex *vf, pid_t pid,
				  struct virtflex_pages **pagesp)
{
	char dir[VF_PROC_DIR_LEN], *text;
	struct virtflex_pages *pages;
	uint64_t *counts;
	size_t len;
	int ret;

	if (!vf || !pagesp || pid < 0)
		return -EINVAL;
	ret = vf_find_memory(vf, pid, "numa_maps", dir, &text, &len);
	if (ret)
		return ret;
	pages = calloc(1, sizeof(*pages));
	counts = calloc(VIRTFLEX_MAX_NODES, sizeof(*counts));
	ret = -ENOMEM;
	if (pages && counts)
		ret = count_pages((struct vf_span){ text, len }, pages, counts);
	if (!ret)
		ret = read_thp_pages(vf, dir, &pages->thp_pages);
	free(text);
	if (ret) {
		free(pages);
		free(counts);
		return ret;
	}
	pages->pages = counts;
	*pagesp = pages;
	return 0;
}

VF_EXPORT void virtflex_pages_free(struct virtflex_pages *pages)
{
	if (!pages)
		return;
	free((void *)pages->pages);
	free(pages);
}

VF_EXPORT uint64_t virtflex_pages_on(const struct virtflex_pages *pages,
				     const struct virtflex_nodemask *nodes)
{
	uint64_t sum = 0;
	unsigned int node;

	if (!pages || !nodes)
		return 0;
	virtflex_for_each_node(node, nodes)
		if (node < pages->nr_nodes)
			sum += pages->pages[node];
	return sum;
}

/**
 * struct list - mappings in the making
 * @mappings: the result
 * @all: its mappings
 * @size: length that @all has room for
 * @counts: pages per node of the mapping at hand
 */
struct list {
	struct virtflex_mappings *mappings;
	struct virtflex_mapping **all;
	size_t size;
	uint64_t counts[VIRTFLEX_MAX_NODES];
};

/* One allocation: the mapping, its pages, its policy, its name. */
static struct virtflex_mapping *
make_mapping(const struct list *l, const struct vf_vma *vma,
	     const struct vf_numa_line *numa)
{
	struct virtflex_mapping *mapping;
	unsigned int nr_nodes;
	uint64_t total;
	char *policy;

	total = sum_of(l->counts, &nr_nodes);
	mapping = malloc(sizeof(*mapping) + nr_nodes * sizeof(*l->counts) +
			 numa->policy.len + 1 + vma->name.len + 1);
	if (!mapping)
		return NULL;
	policy = (char *)(mapping + 1) + nr_nodes * sizeof(*l->counts);
	*mapping = (struct virtflex_mapping){
		.start = vma->start,
		.end = vma->end,
		.policy = policy,
		.name = policy + numa->policy.len + 1,
		.page_kb = numa->page_bytes / 1024,
		.hugetlb = numa->hugetlb,
		.nr_nodes = nr_nodes,
		.pages = (uint64_t *)(mapping + 1),
		.total_pages = total,
	};
	memcpy(mapping + 1, l->counts, nr_nodes * sizeof(*l->counts));
	memcpy(policy, numa->policy.p, numa->policy.len);
	policy[numa->policy.len] = 0;
	policy += numa->policy.len + 1;
	memcpy(policy, vma->name.p, vma->name.len);
	policy[vma->name.len] = 0;
	return mapping;
}

static int add_mapping(struct list *l, const struct vf_vma *vma,
		       struct vf_span numa_text)
{
	struct virtflex_mappings *mappings = l->mappings;
	struct virtflex_mapping *mapping, **bigger;
	struct vf_numa_line numa;

	memset(l->counts, 0, sizeof(l->counts));
	if (vf_parse_numa_line(numa_text, &numa, l->counts))
		return -EBADMSG;
	if (mappings->nr_mappings == l->size) {
		l->size = l->size ? l->size * 2 : 64;
		bigger = reallocarray(l->all, l->size, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		l->all = bigger;
		mappings->mappings =
			(const struct virtflex_mapping *const *)bigger;
	}
	mapping = make_mapping(l, vma, &numa);
	if (!mapping)
		return -ENOMEM;
	l->all[mappings->nr_mappings++] = mapping;
	return 0;
}

/* Both texts ascend: see vf_maps_parse(). */
static int list_mappings(struct list *l, struct vf_span maps,
			 struct vf_span numa)
{
	struct vf_span line, numa_text = { "", 0 }, rest, policy;
	bool has_numa = true;
	uint64_t start = 0;
	struct vf_vma vma;
	int ret;

	while (vf_next_line(&maps, &line)) {
		if (vf_parse_maps_line(line, &vma))
			return -EBADMSG;
		while (has_numa && (!numa_text.len || start < vma.start)) {
			has_numa = vf_next_line(&numa, &numa_text);
			rest = numa_text;
			if (has_numa &&
			    vf_parse_numa_head(&rest, &start, &policy))
				return -EBADMSG;
		}
		if (!has_numa || start != vma.start)
			continue;
		ret = add_mapping(l, &vma, numa_text);
		if (ret)
			return ret;
	}
	return 0;
}

VF_EXPORT int virtflex_mappings_read(struct virtflex *vf, pid_t pid,
				     struct virtflex_mappings **mappingsp)
{
	char dir[VF_PROC_DIR_LEN], path[64], *numa, *maps = NULL;
	size_t numa_len, maps_len;
	struct list *l = NULL;
	int ret;

	if (!vf || !mappingsp || pid < 0)
		return -EINVAL;
	ret = vf_find_memory(vf, pid, "numa_maps", dir, &numa, &numa_len);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/maps", dir);
	ret = vf_read_file(vf, path, VF_MAX_MAPS_BYTES, &maps, &maps_len);
	/* it was there a moment ago */
	if (ret == -ENOENT)
		ret = -ESRCH;
	if (ret)
		goto out;
	ret = -ENOMEM;
	l = calloc(1, sizeof(*l));
	if (!l)
		goto out;
	l->mappings = calloc(1, sizeof(*l->mappings));
	if (!l->mappings)
		goto out;
	ret = list_mappings(l, (struct vf_span){ maps, maps_len },
			    (struct vf_span){ numa, numa_len });
	if (ret)
		virtflex_mappings_free(l->mappings);
	else
		*mappingsp = l->mappings;
out:
	free(l);
	free(maps);
	free(numa);
	return ret;
}

VF_EXPORT void virtflex_mappings_free(struct virtflex_mappings *mappings)
{
	size_t i;

	if (!mappings)
		return;
	for (i = 0; i < mappings->nr_mappings; i++)
		free((void *)mappings->mappings[i]);
	free((void *)mappings->mappings);
	free(mappings);
}
