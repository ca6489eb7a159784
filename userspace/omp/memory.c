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

/** struct sweep - what the callback needs */
struct sweep {
	const struct library *lib;
	const struct virtflex_watch *watch;
};

/* Is there another topology, for which to begin anew, or the end? Waits as long as that. */
static bool has_news(const struct sweep *s, int timeout_ms)
{
	return follow_news(s->lib->watch_fd(s->watch), timeout_ms) != NEWS_NONE;
}

static int between_slices(const struct virtflex_migrate_args *args, void *data)
{
	(void)args;
	return has_news(data, 0);
}

static int sweep(const struct sweep *s, struct virtflex *vf, uint64_t flags,
		 struct virtflex_migrate_args *args)
{
	unsigned int method = VIRTFLEX_METHOD_ANY;
	int ret;

	*args = (struct virtflex_migrate_args){
		.flags = flags,
		.budget_ns = VIRTFLEX_BUDGET_NS,
	};
	ret = s->lib->migrate_all(vf, VIRTFLEX_PIDFD_SELF, args, sizeof(*args),
				  &method, between_slices, (void *)s);
	omp_say("pages: %llu moved, %llu move when touched, %llu busy, %llu stay; %s%s%s",
		args->moved, args->marked, args->busy,
		args->pinned + args->nomem + args->shared,
		s->lib->method_name(method), ret ? ": " : "",
		ret ? strerror(-ret) : "");
	return ret;
}

enum memory_work memory_move(const struct library *lib, struct virtflex *vf,
			     const struct virtflex_watch *watch,
			     enum memory_work work)
{
	struct sweep s = { .lib = lib, .watch = watch };
	struct virtflex_migrate_args args;
	uint64_t flags = work == MEMORY_FOLLOWS ? EVERYTHING : NO_MARKS;
	unsigned int tries;
	int ret;

	for (tries = 0; work != MEMORY_STAYS && tries < MAX_SWEEPS; tries++) {
		ret = sweep(&s, vf, flags, &args);
		if (ret == -ECANCELED || (!ret && args.busy &&
					  has_news(&s, BUSY_MS)))
			return work;
		if (ret || !args.busy)
			break;
		/* pages that are marked stay so: again would cost another fault */
		flags = NO_MARKS;
	}
	return MEMORY_STAYS;
}
