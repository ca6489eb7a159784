// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pages of this process, to where they belong. */
#include <errno.h>
#include <string.h>

#include "library.h"
#include "omp.h"

/* Pages that the program or the kernel is using just then are tried again. */
#define MAX_SWEEPS	8
#define BUSY_MS		100

/* Flags of virtflex_migrate(2) */
#define EVERYTHING	0
#define NO_MARKS	(VIRTFLEX_MIGRATE_POLICY | VIRTFLEX_MIGRATE_EVACUATE)

static int between_slices(const struct virtflex_migrate_args *args, void *data)
{
	const memory_news_fn *has_news = data;

	(void)args;
	return (*has_news)(0);
}

static int sweep(const struct library *lib, struct virtflex *vf, uint64_t flags,
		 memory_news_fn has_news, struct virtflex_migrate_args *args)
{
	unsigned int method = VIRTFLEX_METHOD_ANY;
	int ret;

	*args = (struct virtflex_migrate_args){
		.flags = flags,
		.budget_ns = VIRTFLEX_BUDGET_NS,
	};
	ret = lib->migrate_all(vf, VIRTFLEX_PIDFD_SELF, args, sizeof(*args),
			       &method, between_slices, &has_news);
	omp_say("pages: %llu moved, %llu move when touched, %llu busy, %llu stay; %s%s%s",
		args->moved, args->marked, args->busy,
		args->pinned + args->nomem + args->shared,
		lib->method_name(method), ret ? ": " : "",
		ret ? strerror(-ret) : "");
	return ret;
}

enum memory_work memory_move(const struct library *lib, struct virtflex *vf,
			     enum memory_work work, memory_news_fn has_news)
{
	struct virtflex_migrate_args args;
	uint64_t flags = work == MEMORY_FOLLOWS ? EVERYTHING : NO_MARKS;
	unsigned int tries;
	int ret;

	for (tries = 0; work != MEMORY_STAYS && tries < MAX_SWEEPS; tries++) {
		ret = sweep(lib, vf, flags, has_news, &args);
		if (ret == -ECANCELED || (!ret && args.busy && has_news(BUSY_MS)))
			return work;
		if (ret || !args.busy)
			break;
		/* pages that are marked stay so: again would cost another fault */
		flags = NO_MARKS;
	}
	return MEMORY_STAYS;
}
