// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What user space can do of virtflex_migrate(2) where the kernel has none.
 *
 * The policy of each mapping comes from numa_maps, present pages from the
 * pagemap (6.7 and later; before that, from asking for every address), and the
 * node of a page from a query with move_pages(2). Pages on a wrong node are
 * handed to move_pages(2), and asked for once more: its own report does not
 * tell the truth about pages after one that failed, nor about the second part
 * of a large folio.
 *
 * Work goes in batches, between which the budget is looked at. Addresses without
 * pages are work, too: a scan passes over so many at most, and 512 of them count
 * as a page.
 *
 * The home node of a policy, set_mempolicy_home_node(2), is not in numa_maps nor
 * anywhere else a process could read it of another: nearest is always nearest to
 * where the page is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "walk.h"

/* Of <linux/mempolicy.h>: flags of move_pages(2). */
#ifndef MPOL_MF_MOVE
#define MPOL_MF_MOVE		2
#define MPOL_MF_MOVE_ALL	4
#endif

#define ROW_FLAGS	(VIRTFLEX_MIGRATE_POLICY | VIRTFLEX_MIGRATE_EVACUATE | \
			 VIRTFLEX_MIGRATE_NEXT_TOUCH)
#define KNOWN_FLAGS	(ROW_FLAGS | VIRTFLEX_MIGRATE_SHARED)

static int check_args(const struct virtflex_migrate_args *args)
{
	if (args->flags & ~(uint64_t)KNOWN_FLAGS)
		return -EINVAL;
	if ((args->start | args->end) % VF_PAGE_BYTES)
		return -EINVAL;
	if (args->end && args->end < args->start)
		return -EINVAL;
	return 0;
}

static void forget_process(struct vf_walk *w)
{
	vf_maps_free(&w->maps);
	if (w->pagemap_fd >= 0)
		close(w->pagemap_fd);
	w->pagemap_fd = -1;
	w->can_scan = false;
	w->vma = 0;
	w->rule.valid = false;
	w->nr_again = 0;
	w->again_pages = 0;
}

/* Not every kernel has one, and not every caller who may move may read it. */
static int open_pagemap(struct vf_walk *w)
{
	char path[64];
	int fd;

	vf_process_path(w, "pagemap", path, sizeof(path));
	fd = vf_open(w->vf, path, O_RDONLY);
	if (fd == -ENOENT && !vf_process_has_thread(w))
		return -ESRCH;
	if (fd < 0 && fd != -ENOENT && fd != -EACCES && fd != -EPERM)
		return fd;
	w->pagemap_fd = fd < 0 ? -1 : fd;
	w->can_scan = fd >= 0;
	return 0;
}

/* Read what there is of the process, by the thread at hand. */
static int look_by_thread(struct vf_walk *w,
			  const struct virtflex_migrate_args *args)
{
	int ret;

	ret = vf_nodes_read(w, args->nodemask);
	if (ret)
		return ret;
	/* first: a scan fails if these maps are another program's */
	ret = open_pagemap(w);
	if (ret)
		return ret;
	return vf_process_read_maps(w);
}

/* Read what there is of the process. */
static int look_at_process(struct vf_walk *w,
			   const struct virtflex_migrate_args *args)
{
	unsigned int looks = 0;
	int ret;

	do {
		forget_process(w);
		ret = vf_process_find_thread(w);
		if (ret)
			return ret;
		ret = look_by_thread(w, args);
	} while (ret == -ESRCH && ++looks < VF_MAX_LOOKS);
	/* it was there a moment ago, by a thread that has exited since */
	if (ret == -ESRCH)
		return -EAGAIN;
	if (ret)
		return ret;
	ret = vf_threads_compare(w->vf, w->pid, w->tid, &w->maps);
	if (ret)
		return ret;
	ret = vf_nodes_read_distances(w);
	if (ret)
		return ret;
	ret = vf_nodes_read_weights(w);
	if (ret)
		return ret;
	/* all of the above was of this process, and not of a later one */
	return w->os->alive(w->pidfd);
}

/* The nodes may have changed since the step before. */
static int look_at_nodes(struct vf_walk *w,
			 const struct virtflex_migrate_args *args)
{
	struct virtflex_nodemask online = w->online;
	unsigned int nr_nodes = w->nr_nodes;
	int ret;

	w->rule.valid = false;
	ret = vf_nodes_read(w, args->nodemask);
	if (ret || (nr_nodes == w->nr_nodes &&
		    !memcmp(&online, &w->online, sizeof(online))))
		return ret;
	ret = vf_nodes_read_weights(w);
	return ret ? ret : vf_nodes_read_distances(w);
}

/**
 * vf_walk_open() - begin a walk
 * @vf: where to read
 * @os: how to ask the kernel
 * @pidfd: process
 * @args: its range is that of the first step
 * @walkp: where to store the walk
 *
 * Return: 0 or a negative errno, as virtflex_migrate(2).
 */
int vf_walk_open(const struct virtflex *vf, const struct vf_os *os, int pidfd,
		 const struct virtflex_migrate_args *args,
		 struct vf_walk **walkp)
{
	struct vf_walk *w;
	int ret;

	ret = check_args(args);
	if (ret)
		return ret;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->vf = vf;
	w->os = os;
	w->pidfd = pidfd;
	w->pagemap_fd = -1;
	w->flags = args->flags & ROW_FLAGS ? args->flags :
					     args->flags | ROW_FLAGS;
	w->move_flags = args->flags & VIRTFLEX_MIGRATE_SHARED ?
				MPOL_MF_MOVE_ALL : MPOL_MF_MOVE;
	/* the kernel looks at the mask before it looks for the process */
	ret = vf_nodes_choose(w, args->nodemask);
	if (ret)
		goto err;
	ret = vf_find_process(vf, pidfd, &w->pid);
	if (ret)
		goto err;
	ret = look_at_process(w, args);
	if (ret)
		goto err;
	*walkp = w;
	return 0;
err:
	vf_walk_close(w);
	return ret;
}

/**
 * vf_walk_close() - end a walk
 * @w: walk, or NULL
 */
void vf_walk_close(struct vf_walk *w)
{
	if (!w)
		return;
	forget_process(w);
	free(w->distances);
	free(w->tmpfs);
	free(w);
}

/**
 * struct spent - what a step has used of its budgets
 * @budget_pages: most pages; 0: no limit
 * @deadline: time to end, if there is one
 * @empty: base pages of addresses without pages that were walked
 * @any: there was any work
 */
struct spent {
	uint64_t budget_pages;
	uint64_t deadline;
	uint64_t empty;
	bool any;
};

/* Pages that may be worked on now; 0: the step has to end. */
static uint64_t pages_left(const struct vf_walk *w, const struct spent *spent,
			   const struct virtflex_migrate_args *args)
{
	uint64_t pages = args->scanned + w->again_pages +
			 spent->empty / VF_EMPTY_PAGES;
	uint64_t left;

	if (spent->budget_pages && pages >= spent->budget_pages)
		return 0;
	if (spent->deadline && spent->any &&
	    w->os->now_ns() >= spent->deadline)
		return 0;
	left = spent->budget_pages ? spent->budget_pages - pages : UINT64_MAX;
	/* a page of 2 MiB takes as long as all that it is made of */
	if (spent->deadline && left > VF_TIMED_PAGES)
		left = VF_TIMED_PAGES;
	return left;
}

static void count_scanned(struct virtflex_migrate_args *args)
{
	args->scanned = args->in_place + args->moved + args->marked +
			args->busy + args->pinned + args->nomem +
			args->shared + args->unmovable;
}

/* Collect and place some pages of @vma from @at on, and set @next. */
static int walk_some(struct vf_walk *w, const struct vf_vma *vma, uint64_t at,
		     uint64_t stop, bool memory_file, uint64_t max_pages,
		     uint64_t *next, struct spent *spent,
		     struct virtflex_migrate_args *args)
{
	uint64_t before = args->scanned + w->again_pages, seen;
	int ret, count;

	count = vf_scan_units(w, vma, at, stop, max_pages, memory_file, next);
	if (count < 0)
		return count;
	if (*next <= at)
		*next = stop;
	if (count) {
		ret = vf_move_units(w, vma, count, max_pages, next, args);
		if (ret)
			return ret;
	}
	count_scanned(args);
	seen = args->scanned + w->again_pages - before;
	if (seen < (*next - at) / VF_PAGE_BYTES)
		spent->empty += (*next - at) / VF_PAGE_BYTES - seen;
	spent->any = true;
	return 0;
}

/* 0: the range is done; 1: the budget is; or a negative errno. */
static int walk_range(struct vf_walk *w, struct spent *spent,
		      struct virtflex_migrate_args *args)
{
	uint64_t end = args->end ? args->end : VF_TASK_END;
	uint64_t at, stop, next, left;
	const struct vf_vma *vma;
	int memory_file, ret;

	for (; w->vma < w->maps.nr_vmas; w->vma++) {
		vma = &w->maps.vmas[w->vma];
		if (vma->start >= end)
			break;
		at = vma->start > args->cursor ? vma->start : args->cursor;
		stop = vma->end < end ? vma->end : end;
		/* costs nothing: its page tables are not looked at */
		if (!vma->present || at >= stop)
			continue;
		memory_file = vf_index_in_memory_file(w, vma);
		if (memory_file < 0)
			return memory_file;
		for (; at < stop; at = next) {
			args->cursor = at;
			/* leave space for all of the next batch */
			if (w->nr_again > VF_BATCH_UNITS) {
				ret = vf_move_again(w, spent->deadline, args);
				count_scanned(args);
				if (ret)
					return ret;
			}
			left = pages_left(w, spent, args);
			if (!left)
				return 1;
			ret = walk_some(w, vma, at, stop, memory_file, left,
					&next, spent, args);
			if (ret)
				return ret;
		}
		args->cursor = stop;
		/* the rest of it may be asked for next */
		if (vma->end > end)
			break;
	}
	if (args->cursor < end)
		args->cursor = end;
	return 0;
}

/**
 * vf_walk_step() - go on until the end of the range or of the budget
 * @w: walk; no step's range may begin before the last one's cursor
 * @args: range and budget; the report is added to
 *
 * Return: 0: the range is done; 1: the budget is; or a negative errno.
 */
int vf_walk_step(struct vf_walk *w, struct virtflex_migrate_args *args)
{
	struct spent spent = { .budget_pages = args->budget_pages };
	unsigned int looks = 0;
	int ret, err;

	if (args->budget_ns &&
	    __builtin_add_overflow(w->os->now_ns(), args->budget_ns,
				   &spent.deadline))
		spent.deadline = UINT64_MAX;
	args->cursor = args->start;
	ret = w->begun ? look_at_nodes(w, args) : 0;
	w->begun = true;
	if (!ret)
		ret = walk_range(w, &spent, args);
	/* what it has of memory is another program's by now, or nothing */
	while (ret == -ESRCH && looks++ < VF_MAX_LOOKS) {
		ret = look_at_process(w, args);
		if (ret)
			return ret;
		ret = walk_range(w, &spent, args);
	}
	if (ret < 0)
		return ret == -ESRCH ? -EAGAIN : ret;
	err = vf_move_again(w, spent.deadline, args);
	count_scanned(args);
	return err ? err : ret;
}
