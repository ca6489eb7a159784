// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parts of an address space for threads to work on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "migration.h"

/* Mapped memory of a part: as much as takes a thread a while, and no more. */
#define LEAST_BYTES	(UINT64_C(16) << 20)
#define MOST_BYTES	(UINT64_C(1) << 30)
/* For each thread, so that none is left with much when the others are done. */
#define PARTS_PER_THREAD 8
#define MAX_PARTS	65536

#define GIGANTIC_BYTES	(UINT64_C(1) << 30)

/**
 * struct piece - a mapping, as far as it is in a range
 * @start: first address
 * @end: first address after it
 * @page_bytes: size of the largest pages that it may be made of: no page may be
 *	in two parts, or two threads would look at it
 */
struct piece {
	uint64_t start;
	uint64_t end;
	uint64_t page_bytes;
};

/* The next mapping that may have pages. Return: 1, 0 if there is none, -EBADMSG */
static int next_piece(struct vf_span *maps, uint64_t start, uint64_t end,
		      struct piece *piece)
{
	struct vf_span line;
	struct vf_vma vma;

	memset(piece, 0, sizeof(*piece));
	while (vf_next_line(maps, &line)) {
		if (vf_parse_maps_line(line, &vma))
			return -EBADMSG;
		piece->start = vma.start > start ? vma.start : start;
		piece->end = vma.end < end ? vma.end : end;
		piece->page_bytes = (vma.start | vma.end) % GIGANTIC_BYTES ?
					    VF_HUGE_BYTES : GIGANTIC_BYTES;
		if (piece->start < piece->end && vma.accessible)
			return 1;
	}
	return 0;
}

/**
 * vf_ranges_split() - split a range into parts with as much memory each
 * @maps: text of /proc/PID/maps
 * @start: first address
 * @end: first address after it; 0 for the end of the address space
 * @nr_threads: how many are to work on the parts
 * @rangesp: where to store the parts, ascending and without gaps, to be freed
 * @nr_rangesp: where to store their number
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int vf_ranges_split(struct vf_span maps, uint64_t start, uint64_t end,
		    unsigned int nr_threads, struct vf_range **rangesp,
		    size_t *nr_rangesp)
{
	uint64_t limit = VF_TASK_END, total = 0, bytes, left;
	struct vf_span rest = maps;
	struct vf_range *ranges;
	uint64_t cut, begin = start;
	struct piece piece;
	size_t nr = 0;
	int ret;

	if (end && end < limit)
		limit = end;
	while ((ret = next_piece(&rest, start, limit, &piece)) > 0)
		total += piece.end - piece.start;
	if (ret)
		return ret;
	bytes = total / nr_threads / PARTS_PER_THREAD;
	if (bytes > MOST_BYTES)
		bytes = MOST_BYTES;
	if (bytes < total / MAX_PARTS)
		bytes = total / MAX_PARTS;
	if (bytes < LEAST_BYTES)
		bytes = LEAST_BYTES;
	/* each but the last has as many */
	ranges = calloc(total / bytes + 1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	left = bytes;
	rest = maps;
	while (next_piece(&rest, start, limit, &piece) > 0) {
		for (;;) {
			/* below the end of a process this cannot overflow */
			cut = (piece.start + left + piece.page_bytes - 1) &
			      -piece.page_bytes;
			if (cut >= piece.end)
				break;
			ranges[nr++] = (struct vf_range){ begin, cut, begin };
			begin = cut;
			piece.start = cut;
			left = bytes;
		}
		left -= left < piece.end - piece.start ?
				left : piece.end - piece.start;
	}
	ranges[nr++] = (struct vf_range){ begin, end, begin };
	*rangesp = ranges;
	*nr_rangesp = nr;
	return 0;
}

/**
 * vf_ranges_read() - split the range of a call
 * @vf: where to read
 * @pidfd: process
 * @args: the call's arguments
 * @nr_threads: how many are to work on the parts
 * @ranges: where to store the parts, to be freed
 * @nr_ranges: where to store their number
 *
 * One part, if the mappings cannot be read: the call says why. No policy, nor
 * any page, is looked at: that would walk all page tables.
 *
 * Return: 0 or -ENOMEM.
 */
int vf_ranges_read(const struct virtflex *vf, int pidfd,
		   const struct virtflex_migrate_args *args,
		   unsigned int nr_threads, struct vf_range **ranges,
		   size_t *nr_ranges)
{
	char dir[VF_PROC_DIR_LEN], *text = NULL;
	size_t len = 0;
	pid_t pid;
	int ret;

	ret = vf_find_process(vf, pidfd, &pid);
	if (!ret)
		ret = vf_find_memory(vf, pid, "maps", dir, &text, &len);
	if (!ret)
		ret = vf_ranges_split((struct vf_span){ text, len },
				      args->start, args->end, nr_threads,
				      ranges, nr_ranges);
	free(text);
	if (!ret || ret == -ENOMEM)
		return ret;
	return vf_ranges_split((struct vf_span){ "", 0 }, args->start,
			       args->end, nr_threads, ranges, nr_ranges);
}
