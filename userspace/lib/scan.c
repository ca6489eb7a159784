// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which pages a mapping has. */
#include <errno.h>
#include <limits.h>

#include "walk.h"

/* Regions of pages that are asked for at once. */
#define SCAN_REGIONS		64
/*
 * Addresses of a scan. Their page tables are walked in one go, during which no
 * budget is looked at and others wait who want to map something there: some
 * 100 us for 65536 entries.
 */
#define SCAN_BYTES		(256UL << 20)

/* End of the addresses to be scanned from @from on, between whole pages. */
static uint64_t scan_end(const struct vf_vma *vma, uint64_t from, uint64_t end,
			 uint64_t max_pages)
{
	uint64_t bytes = vma->page_bytes, length = SCAN_BYTES;

	if (bytes < VF_HUGE_BYTES)
		bytes = VF_HUGE_BYTES;
	if (max_pages < length / (VF_EMPTY_PAGES * VF_PAGE_BYTES))
		length = max_pages * VF_EMPTY_PAGES * VF_PAGE_BYTES;
	length = (length + bytes - 1) & -bytes;
	from &= -bytes;
	return end - from < length ? end : from + length;
}

/**
 * vf_scan_units() - fill @w->units with pages of a mapping
 * @w: walk
 * @vma: mapping
 * @from: first address
 * @end: first address after the range
 * @max_pages: most base pages in all, but at least one unit is taken
 * @memory_file: the mapping is of a file in memory
 * @next: where to store the address to go on from
 *
 * Where the kernel cannot scan, these are addresses that may or may not have
 * pages.
 *
 * Return: how many, or a negative errno.
 */
int vf_scan_units(struct vf_walk *w, const struct vf_vma *vma, uint64_t from,
		  uint64_t end, uint64_t max_pages, bool memory_file,
		  uint64_t *next)
{
	struct vf_region regions[SCAN_REGIONS];
	bool any_turn = vf_index_any_turn(w, vma, memory_file);
	uint64_t addr, bytes, stop, pages = 0;
	unsigned int n = 0;
	int nr_regions, i;
	struct vf_unit *u;

	end = scan_end(vma, from, end, max_pages);
	nr_regions = -ENOTTY;
	if (w->can_scan)
		nr_regions = w->os->scan(w->pagemap_fd, from, end, regions,
					 SCAN_REGIONS, next);
	if (nr_regions == -ENOTTY || nr_regions == -EINVAL) {
		/* an older kernel: ask for every address */
		w->can_scan = false;
		regions[0] = (struct vf_region){
			.start = from,
			.end = end,
			.file = true,
		};
		nr_regions = 1;
		*next = end;
		max_pages = UINT64_MAX;
	}
	if (nr_regions < 0)
		return nr_regions;
	for (i = 0; i < nr_regions; i++) {
		bytes = vma->page_bytes;
		if (regions[i].huge && bytes < VF_HUGE_BYTES)
			bytes = VF_HUGE_BYTES;
		for (addr = regions[i].start; addr < regions[i].end;
		     addr = stop) {
			if (n == VF_BATCH_UNITS || (n && pages >= max_pages)) {
				*next = addr;
				return n;
			}
			stop = (addr & -bytes) + bytes;
			if (stop > regions[i].end)
				stop = regions[i].end;
			u = &w->units[n++];
			u->addr = addr;
			u->pages = (stop - addr) / VF_PAGE_BYTES;
			u->ilx = vf_index_of(vma, addr, bytes, memory_file);
			u->policy = vma->policy;
			u->kind = vma->page_bytes > VF_HUGE_BYTES ?
					  VF_KIND_GIGANTIC :
				  vma->page_bytes > VF_PAGE_BYTES ?
					  VF_KIND_HUGETLB :
				  bytes > VF_PAGE_BYTES ? VF_KIND_HUGE : VF_KIND_BASE;
			u->any_turn = any_turn && regions[i].file;
			pages += u->pages;
		}
	}
	return n;
}
