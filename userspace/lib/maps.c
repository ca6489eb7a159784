// SPDX-License-Identifier: LGPL-2.1-or-later
/* /proc/PID/maps and numa_maps: mappings and their policies. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * The kernel writes a policy into 64 bytes and cuts off what does not fit. One
 * that fills them may have lost nodes.
 */
#define POLICY_MAX_LEN	63

/**
 * vf_parse_policy() - read a memory policy as numa_maps writes it
 * @s: "default", "bind:0-1", "interleave=static:0,2", ...; @s.len may be 0
 * @policy: where to store it; VF_POLICY_UNKNOWN if it cannot be known
 *
 * Return: 0; unknown policies are no error.
 */
int vf_parse_policy(struct vf_span s, struct vf_policy *policy)
{
	static const struct {
		const char *name;
		enum vf_policy_mode mode;
	} modes[] = {
		/* longer names first where one is the start of another */
		{ "weighted interleave", VF_POLICY_WEIGHTED },
		{ "prefer (many)", VF_POLICY_PREFERRED_MANY },
		{ "prefer", VF_POLICY_PREFERRED },
		{ "bind", VF_POLICY_BIND },
		{ "interleave", VF_POLICY_INTERLEAVE },
		{ "default", VF_POLICY_DEFAULT },
		{ "local", VF_POLICY_DEFAULT },
	};
	bool cut = s.len >= POLICY_MAX_LEN;
	const char *colon;
	size_t i;

	memset(policy, 0, sizeof(*policy));
	policy->mode = VF_POLICY_UNKNOWN;
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (vf_span_skip(&s, modes[i].name))
			break;
	if (i == sizeof(modes) / sizeof(*modes) || cut)
		return 0;
	if (modes[i].mode == VF_POLICY_DEFAULT) {
		if (!s.len || *s.p == '=')
			policy->mode = VF_POLICY_DEFAULT;
		return 0;
	}
	/* "=static|balancing" says nothing about where pages belong now */
	colon = memchr(s.p, ':', s.len);
	if (!colon || (*s.p != ':' && *s.p != '='))
		return 0;
	s.len -= colon + 1 - s.p;
	s.p = colon + 1;
	if (vf_parse_nodelist(s, &policy->nodes))
		memset(policy, 0, sizeof(*policy));
	else
		policy->mode = modes[i].mode;
	if (vf_nodemask_empty(&policy->nodes))
		policy->mode = VF_POLICY_UNKNOWN;
	return 0;
}

/*
 * The policy is the text from the second field to the next "word=" or word of
 * numa_maps. It may hold a space: "prefer (many):0-1", "weighted interleave:0".
 */
static struct vf_span take_policy(struct vf_span *line)
{
	struct vf_span policy = *line, field;

	if (!vf_next_field(line, &field))
		return (struct vf_span){ line->p, 0 };
	policy.p = field.p;
	if (vf_span_is(field, "weighted") || vf_span_is(field, "prefer"))
		vf_next_field(line, &field);
	policy.len = field.p + field.len - policy.p;
	return policy;
}

/**
 * vf_parse_numa_head() - read the beginning of a line of numa_maps
 * @line: line; what follows is left, and may be missing
 * @start: where to store the first address of the mapping
 * @policy: where to store the text of its policy
 *
 * Return: 0 or -EBADMSG.
 */
int vf_parse_numa_head(struct vf_span *line, uint64_t *start,
		       struct vf_span *policy)
{
	struct vf_span field;

	if (!vf_next_field(line, &field) || vf_parse_hex(field, start))
		return -EBADMSG;
	*policy = take_policy(line);
	return policy->len ? 0 : -EBADMSG;
}

/**
 * vf_parse_numa_line() - read a line of numa_maps
 * @line: line
 * @out: where to store what it says
 * @pages: where to add the base pages on each node; NULL if not wanted
 *
 * Return: 0 or -EBADMSG.
 */
int vf_parse_numa_line(struct vf_span line, struct vf_numa_line *out,
		       uint64_t *pages)
{
	struct vf_span field, rest;
	unsigned int node;
	uint64_t value;
	int ret;

	memset(out, 0, sizeof(*out));
	out->page_bytes = VF_PAGE_BYTES;
	ret = vf_parse_numa_head(&line, &out->start, &out->policy);
	if (ret)
		return ret;
	rest = line;
	while (vf_next_field(&line, &field)) {
		if (vf_span_is(field, "huge"))
			out->hugetlb = true;
		if (!vf_span_skip(&field, "kernelpagesize_kB="))
			continue;
		if (vf_parse_u64(field, &value) || value < 4 ||
		    value > (1 << 24) || (value & (value - 1)))
			return -EBADMSG;
		out->page_bytes = value << 10;
		out->present = true;
	}
	/* file names have their spaces escaped: a field is a field */
	while (vf_next_field(&rest, &field)) {
		ret = vf_parse_node_count(field, &node, &value);
		if (ret < 0)
			return ret;
		if (!ret)
			continue;
		out->pages += value;
		/* a hugetlb page counts 1 here, a transparent one 512 */
		if (pages)
			pages[node] += value * (out->page_bytes /
						VF_PAGE_BYTES);
	}
	return 0;
}

/*
 * Memory that has no other place: the vDSO and the like; what the kernel, or a
 * driver, has for itself and shows through an anonymous inode (rings of perf and
 * io_uring, state of a virtual CPU, maps of BPF) or a socket, which it keeps on
 * no list of pages that could move; and memfd_secret(2). The names of files
 * begin with a slash.
 */
static bool is_special(struct vf_span name, bool no_device)
{
	struct vf_span part = name;

	return vf_span_skip(&part, "[v") ||
	       vf_span_skip(&part, "anon_inode:") ||
	       vf_span_skip(&part, "socket:[") ||
	       (no_device && vf_span_is(name, "/secretmem (deleted)"));
}

/**
 * vf_parse_maps_line() - read a line of maps
 * @line: line
 * @vma: where to store what it says; the rest is 0
 *
 * Return: 0 or -EBADMSG.
 */
int vf_parse_maps_line(struct vf_span line, struct vf_vma *vma)
{
	struct vf_span range, perms, offset, dev, ino, part;
	uint64_t major, minor;
	const char *sep;

	memset(vma, 0, sizeof(*vma));
	if (!vf_next_field(&line, &range) || !vf_next_field(&line, &perms) ||
	    !vf_next_field(&line, &offset) || !vf_next_field(&line, &dev) ||
	    !vf_next_field(&line, &ino))
		return -EBADMSG;
	sep = memchr(range.p, '-', range.len);
	if (!sep)
		return -EBADMSG;
	part = range;
	part.len = sep - range.p;
	if (vf_parse_hex(part, &vma->start))
		return -EBADMSG;
	part.p = sep + 1;
	part.len = range.len - part.len - 1;
	if (vf_parse_hex(part, &vma->end) || vma->end <= vma->start ||
	    vf_parse_hex(offset, &vma->offset) ||
	    vf_parse_u64(ino, &vma->ino))
		return -EBADMSG;
	sep = memchr(dev.p, ':', dev.len);
	if (!sep)
		return -EBADMSG;
	part = dev;
	part.len = sep - dev.p;
	if (vf_parse_hex(part, &major))
		return -EBADMSG;
	part.p = sep + 1;
	part.len = dev.len - part.len - 1;
	if (vf_parse_hex(part, &minor))
		return -EBADMSG;
	vma->dev = major << 32 | minor;
	while (vf_span_skip(&line, " "))
		;
	vma->name = line;
	vma->accessible = perms.len == 4 && memcmp(perms.p, "---", 3);
	vma->special = is_special(line, !major);
	vma->kernel_shm = !major && (vf_span_skip(&line, "/memfd:") ||
				     vf_span_skip(&line, "/SYSV") ||
				     vf_span_is(line, "/dev/zero (deleted)"));
	/* "r-xp" */
	vma->text = perms.len == 4 && perms.p[2] == 'x' && perms.p[3] == 'p' &&
		    vma->ino && !vma->kernel_shm && !vma->special;
	return 0;
}

/* Index of a policy among those known, adding it if need be. */
static int intern_policy(struct vf_maps *maps, const struct vf_policy *policy,
			 unsigned int *index)
{
	struct vf_policy *bigger;
	size_t i;

	for (i = 0; i < maps->nr_policies; i++) {
		if (!memcmp(&maps->policies[i], policy, sizeof(*policy))) {
			*index = i;
			return 0;
		}
	}
	bigger = reallocarray(maps->policies, maps->nr_policies + 1,
			      sizeof(*policy));
	if (!bigger)
		return -ENOMEM;
	maps->policies = bigger;
	bigger[maps->nr_policies] = *policy;
	*index = maps->nr_policies++;
	return 0;
}

/* The same of a text. */
static int intern_text(struct vf_maps *maps, struct vf_span text,
		       struct vf_span *last_text, unsigned int *index)
{
	struct vf_policy policy;

	/* most mappings have the policy of the one before */
	if (maps->nr_policies && text.len == last_text->len &&
	    !memcmp(text.p, last_text->p, text.len))
		return 0;
	*last_text = text;
	if (vf_span_is(text, "default"))
		maps->has_default = true;
	vf_parse_policy(text, &policy);
	return intern_policy(maps, &policy, index);
}

/**
 * vf_maps_parse() - put maps and numa_maps of a process together
 * @maps: text of /proc/PID/maps
 * @numa: text of /proc/PID/numa_maps
 * @out: where to store the mappings; free it with vf_maps_free(), also after an
 *	error
 *
 * The two are read one after the other, and the process runs on: a mapping that
 * only one of them has came or went meanwhile, and is left out.
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int vf_maps_parse(struct vf_span maps, struct vf_span numa, struct vf_maps *out)
{
	struct vf_span line, numa_text, last_policy = { "", 0 };
	struct vf_numa_line numa_line = { 0 };
	unsigned int policy = 0;
	size_t size = 0;
	struct vf_vma vma, *bigger;
	bool has_numa;
	int ret;

	memset(out, 0, sizeof(*out));
	has_numa = vf_next_line(&numa, &numa_text);
	if (has_numa && vf_parse_numa_line(numa_text, &numa_line, NULL))
		return -EBADMSG;
	while (vf_next_line(&maps, &line)) {
		if (vf_parse_maps_line(line, &vma))
			return -EBADMSG;
		while (has_numa && numa_line.start < vma.start) {
			has_numa = vf_next_line(&numa, &numa_text);
			if (has_numa &&
			    vf_parse_numa_line(numa_text, &numa_line, NULL))
				return -EBADMSG;
		}
		if (!has_numa || numa_line.start != vma.start)
			continue;
		ret = intern_text(out, numa_line.policy, &last_policy,
				  &policy);
		if (ret)
			return ret;
		vma.policy = policy;
		vma.present = numa_line.present;
		vma.pages = numa_line.pages;
		vma.page_bytes = numa_line.page_bytes;
		if (out->nr_vmas == size) {
			size = size ? size * 2 : 64;
			bigger = reallocarray(out->vmas, size, sizeof(vma));
			if (!bigger)
				return -ENOMEM;
			out->vmas = bigger;
		}
		out->vmas[out->nr_vmas++] = vma;
	}
	return 0;
}

static int default_policy(struct vf_maps *maps, unsigned int *index)
{
	static const struct vf_policy policy = { .mode = VF_POLICY_DEFAULT };

	return intern_policy(maps, &policy, index);
}

/**
 * vf_maps_compare() - keep policies that another thread sees, too
 * @maps: mappings; one whose policy the other sees otherwise, or not at all, has
 *	the default policy afterwards
 * @numa: text of the other's numa_maps
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int vf_maps_compare(struct vf_maps *maps, struct vf_span numa)
{
	struct vf_span line, text;
	struct vf_policy policy;
	unsigned int other;
	uint64_t start;
	size_t i = 0;
	int ret;

	ret = default_policy(maps, &other);
	if (ret)
		return ret;
	while (vf_next_line(&numa, &line)) {
		if (vf_parse_numa_head(&line, &start, &text))
			return -EBADMSG;
		for (; i < maps->nr_vmas && maps->vmas[i].start < start; i++)
			maps->vmas[i].policy = other;
		if (i == maps->nr_vmas || maps->vmas[i].start != start)
			continue;
		vf_parse_policy(text, &policy);
		if (memcmp(&policy, &maps->policies[maps->vmas[i].policy],
			   sizeof(policy)))
			maps->vmas[i].policy = other;
		i++;
	}
	for (; i < maps->nr_vmas; i++)
		maps->vmas[i].policy = other;
	return 0;
}

/**
 * vf_maps_forget() - take mappings of one policy for mappings without
 * @maps: mappings
 * @policy: index of the policy; they have the default policy afterwards
 *
 * Return: 0 or -ENOMEM.
 */
int vf_maps_forget(struct vf_maps *maps, unsigned int policy)
{
	unsigned int other;
	size_t i;
	int ret;

	ret = default_policy(maps, &other);
	if (ret)
		return ret;
	for (i = 0; i < maps->nr_vmas; i++)
		if (maps->vmas[i].policy == policy)
			maps->vmas[i].policy = other;
	return 0;
}

/**
 * vf_maps_free() - free mappings
 * @maps: mappings
 */
void vf_maps_free(struct vf_maps *maps)
{
	free(maps->vmas);
	free(maps->policies);
	memset(maps, 0, sizeof(*maps));
}
