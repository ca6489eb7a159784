// SPDX-License-Identifier: GPL-2.0-only
/*
 * A migration that writes down what was asked of it, into the file FAKE_ASKED,
 * and gives what FAKE_REPORT says: a result, how often to tell of progress, and
 * the counts from "scanned" on. Before it tells of progress, the signal
 * FAKE_SIGNAL arrives, if there is one.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "virtflex.h"

int __real_virtflex_migrate_threads(struct virtflex *vf, int pidfd,
				    struct virtflex_migrate_args *args,
				    size_t size, unsigned int *method,
				    virtflex_migrate_fn progress, void *data,
				    unsigned int nr_threads);
int __wrap_virtflex_migrate_threads(struct virtflex *vf, int pidfd,
				    struct virtflex_migrate_args *args,
				    size_t size, unsigned int *method,
				    virtflex_migrate_fn progress, void *data,
				    unsigned int nr_threads);

static void write_down(const struct virtflex_migrate_args *args,
		       const char *method, unsigned int nr_threads)
{
	char list[64] = "-";
	FILE *f;

	f = fopen(getenv("FAKE_ASKED"), "ae");
	if (!f)
		abort();
	if (args->nodemask)
		virtflex_nodemask_format((const void *)(uintptr_t)args->nodemask,
					 list, sizeof(list));
	fprintf(f, "flags=%llx range=%llx-%llx nodes=%s pages=%llu ns=%llu method=%s threads=%u\n",
		args->flags, args->start, args->end, list, args->budget_pages,
		args->budget_ns, method, nr_threads);
	fclose(f);
}

int __wrap_virtflex_migrate_threads(struct virtflex *vf, int pidfd,
				    struct virtflex_migrate_args *args,
				    size_t size, unsigned int *method,
				    virtflex_migrate_fn progress, void *data,
				    unsigned int nr_threads)
{
	struct virtflex_migrate_args *a = args;
	int ret, calls, n;

	if (!getenv("FAKE_ASKED"))
		return __real_virtflex_migrate_threads(vf, pidfd, args, size,
						       method, progress, data,
						       nr_threads);
	write_down(args, virtflex_method_name(*method), nr_threads);
	n = sscanf(getenv("FAKE_REPORT"),
		   "%d %d %llu %llu %llu %llu %llu %llu %llu %llu %llu", &ret,
		   &calls, &a->scanned, &a->in_place, &a->moved, &a->marked,
		   &a->busy, &a->pinned, &a->nomem, &a->shared, &a->unmovable);
	if (n != 11)
		abort();
	if (!*method)
		*method = VIRTFLEX_METHOD_SYSCALL;
	a->cursor = 0x7f0000001000;
	if (getenv("FAKE_SIGNAL"))
		raise(atoi(getenv("FAKE_SIGNAL")));
	while (progress && calls--)
		if (progress(args, data))
			return -ECANCELED;
	return ret;
}
