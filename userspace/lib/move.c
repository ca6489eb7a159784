// SPDX-License-Identifier: LGPL-2.1-or-later
/* Moving a batch of pages, and what becomes of each. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

/* A page that move_pages(2) said nothing about. */
#define STATUS_UNSET		INT_MIN

static int query(struct vf_walk *w, unsigned int first, unsigned int count)
{
	unsigned int i;
	long ret;

	for (i = 0; i < count; i++)
		w->addrs[i] = (void *)(uintptr_t)w->units[first + i].addr;
	ret = vf_process_move_pages(w, count, NULL);
	if (ret < 0)
		return ret;
	for (i = 0; i < count; i++)
		w->units[first + i].node = w->status[i];
	return 0;
}

/*
 * Move units[first..first+count), all to one node, and see what became of them:
 * each unit's node and status are set. Of a list that failed in the middle, the
 * kernel does not say where: what has neither moved nor a reason is tried again
 * as long as that gets anywhere.
 *
 * Return: 0; -ENOMEM: the node has no room; or another error.
 */
static int move_units(struct vf_walk *w, unsigned int first, unsigned int count)
{
	int target = w->units[first].target;
	unsigned int i, done, left;
	long moved;
	int ret;

	for (i = 0; i < count; i++) {
		w->addrs[i] = (void *)(uintptr_t)w->units[first + i].addr;
		w->nodes[i] = target;
		w->status[i] = STATUS_UNSET;
	}
	moved = vf_process_move_pages(w, count, w->nodes);
	/* the node lost its memory, or left the cpuset, just now: no room there */
	if (moved == -ENODEV || moved == -EACCES)
		moved = -ENOMEM;
	if (moved < 0 && moved != -ENOMEM)
		return moved;
	for (i = 0; i < count; i++)
		w->units[first + i].status = w->status[i];
	ret = query(w, first, count);
	if (ret)
		return ret;
	if (moved <= 0)
		return moved;

	/* gather what has neither moved nor a reason at the end */
	done = 0;
	for (i = 0; i < count; i++) {
		struct vf_unit *u = &w->units[first + i], tmp;

		if (u->node == target || u->node < 0 ||
		    (u->status < 0 && u->status != STATUS_UNSET)) {
			tmp = w->units[first + done];
			w->units[first + done] = *u;
			*u = tmp;
			done++;
		}
	}
	left = count - done;
	first += done;
	if (!left)
		return 0;
	if (done)
		return move_units(w, first, left);
	/* a page that was not tried comes after one with a reason: none here */
	for (i = 0; i < left; i++)
		w->units[first + i].status = -EBUSY;
	return 0;
}

/* @last: pages that are busy have been tried again. */
static void count_unit(struct vf_walk *w, const struct vf_unit *u, bool last,
		       struct virtflex_migrate_args *args)
{
	if (u->node == u->target) {
		args->moved += u->pages;
	} else if (u->status == -EACCES) {
		args->shared += u->pages;
	} else if (u->node >= 0 && !last) {
		w->again[w->nr_again++] = *u;
		w->again_pages += u->pages;
	} else if (u->node >= 0) {
		args->busy += u->pages;
	}
	/* else it went away meanwhile */
}

/* Runs of what is moved with one call: a failure is one of its node and kind. */
static int by_target(const void *a, const void *b)
{
	const struct vf_unit *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void set_full(struct vf_walk *w, enum vf_kind kind, int node)
{
	virtflex_node_set(&w->full[kind], node);
	/* where there is no page, there are no 512 next to each other */
	if (kind == VF_KIND_BASE)
		virtflex_node_set(&w->full[VF_KIND_HUGE], node);
}

/*
 * Move units[0..count), of which it is known where they are, to where they
 * belong, and report on each.
 *
 * Each round moves units to the best node with room. A node that had none is
 * full from then on, so there are no more rounds than nodes and kinds.
 */
static int place_units(struct vf_walk *w, unsigned int count, bool last,
		       struct virtflex_migrate_args *args)
{
	unsigned int i, n, first, left;
	struct vf_unit *u;
	int ret;

	for (; count; count = left) {
		n = 0;
		for (i = 0; i < count; i++) {
			u = &w->units[i];
			switch (vf_place_choose(w, u)) {
			case VF_IN_PLACE:
				args->in_place += u->pages;
				break;
			case VF_NO_ROOM:
				args->nomem += u->pages;
				break;
			case VF_ELSEWHERE:
				w->units[n++] = *u;
				break;
			}
		}
		qsort(w->units, n, sizeof(*w->units), by_target);
		left = 0;
		for (first = 0; first < n; first = i) {
			int target = w->units[first].target;
			enum vf_kind kind = w->units[first].kind;

			for (i = first; i < n; i++)
				if (w->units[i].target != target ||
				    w->units[i].kind != kind)
					break;
			ret = move_units(w, first, i - first);
			if (ret && ret != -ENOMEM)
				return ret;
			for (u = &w->units[first]; u < &w->units[i]; u++) {
				if (ret && u->node >= 0 && u->node != target &&
				    (u->status >= 0 ||
				     u->status == STATUS_UNSET))
					w->units[left++] = *u;
				else
					count_unit(w, u, last, args);
			}
			if (ret)
				set_full(w, kind, target);
		}
	}
	return 0;
}

/**
 * vf_move_again() - try pages that were busy once more
 * @w: walk
 * @deadline: time from which on they stay; 0: none
 * @args: report
 *
 * Return: 0 or a negative errno.
 */
int vf_move_again(struct vf_walk *w, uint64_t deadline,
		  struct virtflex_migrate_args *args)
{
	const struct vf_unit *u;
	unsigned int count;
	uint64_t pages;
	int ret = 0;

	w->again_pages = 0;
	while (w->nr_again && !ret) {
		if (deadline && w->os->now_ns() >= deadline) {
			args->busy += w->again[--w->nr_again].pages;
			continue;
		}
		pages = 0;
		for (count = 0; w->nr_again && count < VF_BATCH_UNITS; count++) {
			u = &w->again[w->nr_again - 1];
			pages += u->pages;
			if (count && deadline && pages > VF_TIMED_PAGES)
				break;
			w->units[count] = *u;
			w->nr_again--;
		}
		ret = place_units(w, count, true, args);
	}
	return ret;
}

/*
 * move_pages(2) says the same of a zero page and of an address that has been
 * unmapped. Where there is no pagemap, it is taken for a page.
 */
static int is_zero_page(const struct vf_walk *w, const struct vf_unit *u)
{
	return w->pagemap_fd < 0 ? 1 : w->os->present(w->pagemap_fd, u->addr);
}

/**
 * vf_move_units() - bring a batch of pages to where they belong
 * @w: walk, with the pages at the start of @w->units
 * @vma: mapping that they are in
 * @count: how many
 * @max_pages: most base pages to do
 * @next: where to go on is stored here if there are more
 * @args: report; pages that were busy are kept for vf_move_again()
 *
 * Return: 0 or a negative errno.
 */
int vf_move_units(struct vf_walk *w, const struct vf_vma *vma,
		  unsigned int count, uint64_t max_pages, uint64_t *next,
		  struct virtflex_migrate_args *args)
{
	unsigned int i, present = 0;
	uint64_t pages = 0;
	struct vf_unit *u;
	int ret;

	ret = query(w, 0, count);
	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		u = &w->units[i];
		if (pages >= max_pages) {
			*next = u->addr;
			break;
		}
		if (u->node == -EFAULT) {
			ret = is_zero_page(w, u);
			if (ret < 0)
				return ret;
			if (!ret)
				continue;
			args->unmovable += u->pages;
		} else if (u->node < 0) {
			continue;
		} else if (vma->special) {
			args->unmovable += u->pages;
		} else {
			w->units[present++] = *u;
		}
		pages += u->pages;
	}
	return place_units(w, present, false, args);
}
