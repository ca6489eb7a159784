// SPDX-License-Identifier: LGPL-2.1-or-later
/* The index of a page, by which interleave policies spread pages over nodes. */
#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "walk.h"

static bool is_interleaved(const struct vf_walk *w, const struct vf_vma *vma)
{
	enum vf_policy_mode mode = w->maps.policies[vma->policy].mode;

	return mode == VF_POLICY_INTERLEAVE || mode == VF_POLICY_WEIGHTED;
}

static int add_tmpfs(struct vf_walk *w, dev_t dev)
{
	uint64_t *bigger;

	bigger = reallocarray(w->tmpfs, w->nr_tmpfs + 1, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	w->tmpfs = bigger;
	w->tmpfs[w->nr_tmpfs++] = (uint64_t)major(dev) << 32 | minor(dev);
	return 0;
}

/* Lines that cannot be understood are none: not everything there is a mount. */
static int skip_line(struct libmnt_table *table, const char *name, int line)
{
	(void)table;
	(void)name;
	(void)line;
	return 1;
}

static int find_tmpfs(struct vf_walk *w, FILE *mountinfo)
{
	struct libmnt_table *table = mnt_new_table();
	struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	const char *type;
	int ret = -ENOMEM;

	if (!table || !iter)
		goto out;
	mnt_table_set_parser_errcb(table, skip_line);
	ret = mnt_table_parse_stream(table, mountinfo, "mountinfo");
	while (!ret && !mnt_table_next_fs(table, iter, &fs)) {
		type = mnt_fs_get_fstype(fs);
		if (type && !strcmp(type, "tmpfs"))
			ret = add_tmpfs(w, mnt_fs_get_devno(fs));
	}
out:
	mnt_free_iter(iter);
	mnt_unref_table(table);
	return ret;
}

static int read_tmpfs(struct vf_walk *w)
{
	char path[64];
	FILE *f;
	int fd, ret;

	vf_process_path(w, "mountinfo", path, sizeof(path));
	fd = vf_open(w->vf, path, O_RDONLY);
	/* of a thread that has exited, there is none */
	if (fd == -EINVAL || (fd == -ENOENT && !vf_process_has_thread(w)))
		return -ESRCH;
	if (fd < 0 && fd != -ENOENT && fd != -EACCES)
		return fd;
	w->has_tmpfs = true;
	if (fd < 0)
		return 0;
	f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	ret = find_tmpfs(w, f);
	fclose(f);
	return ret;
}

/**
 * vf_index_in_memory_file() - is an interleaved mapping of a file in memory?
 * @w: walk
 * @vma: mapping
 *
 * Return: 1: it is, and its pages are not hugetlb's; 0, as for all mappings that
 * are not interleaved; or a negative errno.
 */
int vf_index_in_memory_file(struct vf_walk *w, const struct vf_vma *vma)
{
	size_t i;
	int ret;

	if (!vma->ino || vma->page_bytes != VF_PAGE_BYTES ||
	    !is_interleaved(w, vma))
		return 0;
	if (vma->kernel_shm)
		return 1;
	if (!w->has_tmpfs) {
		ret = read_tmpfs(w);
		if (ret)
			return ret;
	}
	for (i = 0; i < w->nr_tmpfs && w->tmpfs[i] != vma->dev; i++)
		;
	return i < w->nr_tmpfs;
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
