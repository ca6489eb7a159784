// SPDX-License-Identifier: LGPL-2.1-or-later
/* The index of a page, by which interleave policies spread pages over nodes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

static int read_tmpfs(struct vf_walk *w)
{
	struct vf_span rest, line, field, type, part;
	uint64_t major, minor, *bigger;
	char path[64], *text;
	const char *colon;
	size_t len;
	int ret, i;

	vf_process_path(w, "mountinfo", path, sizeof(path));
	ret = vf_read_file(w->vf, path, VF_MAX_MAPS_BYTES, &text, &len);
	/* of a thread that has exited, there is none */
	if (ret == -EINVAL || (ret == -ENOENT && !vf_process_has_thread(w)))
		return -ESRCH;
	w->has_tmpfs = true;
	if (ret == -ENOENT || ret == -EACCES)
		return 0;
	if (ret)
		return ret;
	rest = (struct vf_span){ text, len };
	while (vf_next_line(&rest, &line)) {
		/* id, parent, major:minor, ..., "-", type, source, options */
		for (i = 0; i < 3; i++)
			vf_next_field(&line, &field);
		while (vf_next_field(&line, &type) && !vf_span_is(type, "-"))
			;
		if (!vf_next_field(&line, &type) || !vf_span_is(type, "tmpfs"))
			continue;
		colon = memchr(field.p, ':', field.len);
		if (!colon)
			continue;
		part = (struct vf_span){ field.p, colon - field.p };
		if (vf_parse_u64(part, &major))
			continue;
		part = (struct vf_span){ colon + 1, field.len - part.len - 1 };
		if (vf_parse_u64(part, &minor))
			continue;
		bigger = reallocarray(w->tmpfs, w->nr_tmpfs + 1,
				      sizeof(*bigger));
		if (!bigger) {
			ret = -ENOMEM;
			break;
		}
		w->tmpfs = bigger;
		w->tmpfs[w->nr_tmpfs++] = major << 32 | minor;
	}
	free(text);
	return ret;
}

/**
 * vf_index_in_memory_file() - is a mapping of a file in memory?
 * @w: walk
 * @vma: mapping
 *
 * Return: 1: it is, and its pages are not hugetlb's; 0; or a negative errno.
 */
int vf_index_in_memory_file(struct vf_walk *w, const struct vf_vma *vma)
{
	size_t i;
	int ret;

	if (!vma->ino || vma->page_bytes != VF_PAGE_BYTES)
		return 0;
	if (!w->has_tmpfs) {
		ret = read_tmpfs(w);
		if (ret)
			return ret;
	}
	for (i = 0; i < w->nr_tmpfs && w->tmpfs[i] != vma->dev; i++)
		;
	return vma->kernel_shm || i < w->nr_tmpfs;
}

/**
 * vf_index_any_turn() - are pages of the file of a mapping without an index?
 * @w: walk
 * @vma: mapping
 * @memory_file: it is of a file in memory
 *
 * The page cache is filled by the task's policy, which counts without an index:
 * whoever reads a file has no mapping in mind.
 */
bool vf_index_any_turn(const struct vf_walk *w, const struct vf_vma *vma,
		       bool memory_file)
{
	return vma->ino && !memory_file && vma->page_bytes == VF_PAGE_BYTES &&
	       w->maps.has_task_policy && vma->policy == w->maps.task_policy;
}

/**
 * vf_index_of() - index of a page for interleaving
 * @vma: its mapping
 * @addr: an address in it
 * @bytes: its size
 * @memory_file: it is of a file in memory
 *
 * Files in memory spread their pages by inode number, and count in the file, the
 * others in the mapping.
 *
 * Return: index.
 */
uint64_t vf_index_of(const struct vf_vma *vma, uint64_t addr, uint64_t bytes,
		     bool memory_file)
{
	uint64_t offset = vma->offset;

	if (memory_file)
		return vma->ino +
		       (offset + (addr & -bytes) - vma->start) / bytes;
	/* maps shows 0 for anonymous memory, which counts from address 0 */
	if (!vma->ino)
		offset = vma->start;
	/* the kernel divides one by one */
	return offset / bytes + ((addr & -bytes) - vma->start) / bytes;
}
