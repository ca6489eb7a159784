/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What migrate.c, range.c and workers.c share. */
#ifndef VF_MIGRATION_H
#define VF_MIGRATION_H

#include "internal.h"

/**
 * union vf_call - arguments and report, of any version of the structure
 * @args: what this version knows of it
 * @bytes: as much as a caller may have
 *
 * The caller's structure may be shorter or longer than ours: it is copied by its
 * own size, and nobody works on it.
 */
union vf_call {
	struct virtflex_migrate_args args;
	unsigned char bytes[VF_PAGE_BYTES];
};

/**
 * struct vf_migration - calls that belong together
 * @vf: handle
 * @pidfd: process
 * @size: size of the caller's structure
 * @method: how, known once the first call was made
 * @walk: state of the fallback between calls: reading numa_maps costs a walk of
 *	all page tables, which must not come with each budgeted call
 */
struct vf_migration {
	struct virtflex *vf;
	int pidfd;
	size_t size;
	unsigned int method;
	struct vf_walk *walk;
};

/* migrate.c */
int vf_migrate_step(struct vf_migration *m, union vf_call *call);
void vf_report_clear(union vf_call *call);
void vf_report_add(union vf_call *sum, const union vf_call *call);

/* range.c */

/**
 * struct vf_range - a part of the address space
 * @start: first address
 * @end: first address after it, 0 for the end of the address space
 * @cursor: what lies before this is done
 */
struct vf_range {
	uint64_t start;
	uint64_t end;
	uint64_t cursor;
};

int vf_ranges_split(struct vf_span maps, uint64_t start, uint64_t end,
		    unsigned int nr_threads, struct vf_range **ranges,
		    size_t *nr_ranges);
int vf_ranges_read(const struct virtflex *vf, int pidfd,
		   const struct virtflex_migrate_args *args,
		   unsigned int nr_threads, struct vf_range **ranges,
		   size_t *nr_ranges);

/* workers.c */
int vf_workers_run(struct vf_migration *m, union vf_call *sum,
		   struct vf_range *ranges, size_t nr_ranges,
		   unsigned int nr_threads,
		   int (*progress)(const union vf_call *sum, void *data),
		   void *data);

#endif /* VF_MIGRATION_H */
