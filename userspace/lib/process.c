// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The process whose pages are moved: a thread by which its memory is got at, and
 * its mappings.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "walk.h"

/**
 * vf_process_path() - path of a file in /proc
 * @w: walk
 * @name: file
 * @path: where to store the path
 * @size: size of @path
 *
 * It is that of a thread that has not exited: of one that has, /proc shows no
 * memory.
 */
void vf_process_path(const struct vf_walk *w, const char *name, char *path,
		     size_t size)
{
	if (!w->pid)
		snprintf(path, size, "/proc/thread-self/%s", name);
	else if (w->tid == w->pid)
		snprintf(path, size, "/proc/%d/%s", w->pid, name);
	else
		snprintf(path, size, "/proc/%d/task/%d/%s", w->pid, w->tid,
			 name);
}

/**
 * vf_process_error() - an error of reading /proc/PID as move_pages(2) has it
 * @err: negative errno
 *
 * Return: negative errno.
 */
int vf_process_error(int err)
{
	switch (err) {
	case -EACCES:
		return -EPERM;
	case -ENOENT:
		return -ESRCH;
	default:
		return err;
	}
}

/*
 * Is there memory behind this thread, and may we? It asks for the nodes of no pages.
 * Moving no pages would tell the same, but waits for all other CPUs first.
 */
static int try_thread(const struct vf_walk *w, pid_t tid)
{
	void *none = NULL;
	int dummy = 0;

	return w->os->move_pages(tid, 0, &none, NULL, &dummy, w->move_flags);
}

/* move_pages(2): there is no such thread, or it has exited, or is the kernel's. */
static bool has_no_memory(int err)
{
	return err == -ESRCH || err == -EINVAL;
}

/* 0 if @w->tid is a thread of the process, -ENOENT if not, or why that is not known */
static int look_for_thread(const struct vf_walk *w)
{
	char path[64];
	int fd;

	vf_process_path(w, "", path, sizeof(path));
	fd = vf_open(w->vf, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/**
 * vf_process_has_thread() - is @w->tid a thread of the process?
 * @w: walk
 */
bool vf_process_has_thread(const struct vf_walk *w)
{
	return !look_for_thread(w);
}

/*
 * Try the threads that are listed now, until there is one.
 *
 * Return: 0; -ESRCH: there is none, nor will be; -EAGAIN: the list was out of
 * date; or why one could not be used.
 */
static int try_threads(struct vf_walk *w)
{
	int ret, err, there;
	DIR *threads;
	pid_t tid;

	ret = vf_threads_open(w->vf, w->pid, &threads);
	if (ret)
		return ret;
	ret = -ESRCH;
	while ((tid = vf_threads_next(threads))) {
		if (tid == w->pid)
			continue;
		w->tid = tid;
		err = try_thread(w, tid);
		/* if the number is another process's by now, the answer is not about ours */
		there = look_for_thread(w);
		if (there)
			err = there == -ENOENT ? -ESRCH : there;
		if (!has_no_memory(err))
			ret = err;
		else if (ret == -ESRCH)
			ret = -EAGAIN;
		if (!ret)
			break;
	}
	closedir(threads);
	return ret;
}

/**
 * vf_process_find_thread() - set @w->tid to a thread that has the memory
 * @w: walk
 *
 * The main one, or else any. A main thread that has exited keeps its number until
 * the last one does.
 *
 * Return: 0; -ESRCH: the process has exited; -EAGAIN: its threads exit before
 * they can be used; or another negative errno.
 */
int vf_process_find_thread(struct vf_walk *w)
{
	unsigned int looks = 0;
	int ret, dead;

	w->tid = w->pid;
	ret = try_thread(w, w->pid);
	if (!w->pid)
		return ret == -EINVAL ? -ESRCH : ret;
	if (has_no_memory(ret))
		ret = -EAGAIN;
	while (ret == -EAGAIN && looks++ < VF_MAX_LOOKS)
		ret = try_threads(w);
	/* the numbers were those of this process, not of a later one */
	dead = w->os->alive(w->pidfd);
	return dead ? dead : ret;
}

/*
 * A thread's number may become another's before its process ends: is @w->tid
 * still one of this process? Set it anew if not.
 *
 * Return: 0; 1: it was set anew; or a negative errno.
 */
static int check_thread(struct vf_walk *w)
{
	int ret = w->os->alive(w->pidfd);

	if (ret || w->tid == w->pid || vf_process_has_thread(w))
		return ret;
	ret = vf_process_find_thread(w);
	return ret ? ret : 1;
}

/**
 * vf_process_move_pages() - move_pages(2) of @w->addrs
 * @w: walk; what became of them is stored in @w->status
 * @count: how many
 * @nodes: where to; NULL: ask where they are
 *
 * A thread that exits is replaced. The answer is that of this process: its
 * number, and that of the thread, were theirs before and after.
 *
 * Return: as move_pages(2), the errno negated; -EAGAIN: its threads exit before
 * they can be used.
 */
long vf_process_move_pages(struct vf_walk *w, unsigned int count,
			   const int *nodes)
{
	unsigned int looks;
	long moved;
	int ret;

	ret = check_thread(w);
	for (looks = 0; ret >= 0 && looks < VF_MAX_LOOKS; looks++) {
		moved = w->os->move_pages(w->tid, count, w->addrs, nodes,
					  w->status, nodes ? w->move_flags : 0);
		if (!w->pid)
			return moved;
		if (has_no_memory(moved)) {
			ret = vf_process_find_thread(w);
			continue;
		}
		ret = check_thread(w);
		if (!ret)
			return moved;
	}
	return ret < 0 ? ret : -EAGAIN;
}

/**
 * vf_process_read_maps() - read the mappings into @w->maps
 * @w: walk
 *
 * Return: 0; -ESRCH, too, when the thread has exited meanwhile, and shows no
 * memory; or another negative errno.
 */
int vf_process_read_maps(struct vf_walk *w)
{
	char *maps = NULL, *numa = NULL;
	size_t maps_len, numa_len;
	char path[64];
	int ret;

	vf_process_path(w, "numa_maps", path, sizeof(path));
	ret = vf_read_file(w->vf, path, VF_MAX_MAPS_BYTES, &numa, &numa_len);
	if (ret)
		return vf_process_error(ret);
	vf_process_path(w, "maps", path, sizeof(path));
	ret = vf_read_file(w->vf, path, VF_MAX_MAPS_BYTES, &maps, &maps_len);
	if (ret)
		ret = vf_process_error(ret);
	else
		ret = vf_maps_parse((struct vf_span){ maps, maps_len },
				    (struct vf_span){ numa, numa_len },
				    &w->maps);
	free(maps);
	free(numa);
	if (!ret && !w->maps.nr_vmas)
		ret = -ESRCH;
	return ret;
}
