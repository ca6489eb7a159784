// SPDX-License-Identifier: LGPL-2.1-or-later
/* virtflex_migrate(2), or what takes its place, once or to the end. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

static int migrate_syscall(int pidfd, struct virtflex_migrate_args *args,
			   size_t size)
{
#ifdef __x86_64__
	long ret = syscall(VIRTFLEX_MIGRATE_NR, pidfd, args, size);

	return ret < 0 ? -errno : (int)ret;
#else
	(void)pidfd;
	(void)args;
	(void)size;
	return -ENOSYS;
#endif
}

/* What the kernel checks of a structure that may be longer than ours. */
static int check_size(const struct virtflex_migrate_args *args, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)args;
	size_t i;

	if (size < VIRTFLEX_MIGRATE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (size > (size_t)sysconf(_SC_PAGESIZE))
		return -E2BIG;
	for (i = sizeof(*args); i < size; i++)
		if (bytes[i])
			return -E2BIG;
	return 0;
}

static void clear_report(struct virtflex_migrate_args *args)
{
	size_t first = offsetof(struct virtflex_migrate_args, cursor);

	memset((char *)args + first, 0, sizeof(*args) - first);
}

static void add_report(struct virtflex_migrate_args *sum,
		       const struct virtflex_migrate_args *args)
{
	sum->cursor = args->cursor;
	sum->scanned += args->scanned;
	sum->in_place += args->in_place;
	sum->moved += args->moved;
	sum->marked += args->marked;
	sum->busy += args->busy;
	sum->pinned += args->pinned;
	sum->nomem += args->nomem;
	sum->shared += args->shared;
	sum->unmovable += args->unmovable;
}

/**
 * struct migration - calls that belong together
 * @vf: handle
 * @pidfd: process
 * @method: how, known once the first call was made
 * @walk: state of the fallback between calls: reading numa_maps costs a walk of
 *	all page tables, which must not come with each budgeted call
 */
struct migration {
	struct virtflex *vf;
	int pidfd;
	unsigned int method;
	struct vf_walk *walk;
};

static int migrate_step(struct migration *m, struct virtflex_migrate_args *args,
			size_t size)
{
	struct virtflex_migrate_args report;
	int ret;

	if (m->method != VIRTFLEX_METHOD_MOVE_PAGES) {
		ret = migrate_syscall(m->pidfd, args, size);
		if (ret != -ENOSYS || m->method == VIRTFLEX_METHOD_SYSCALL) {
			m->method = VIRTFLEX_METHOD_SYSCALL;
			return ret;
		}
		m->method = VIRTFLEX_METHOD_MOVE_PAGES;
	}
	ret = check_size(args, size);
	if (ret)
		return ret;
	/* the report is not written if there is an error */
	report = *args;
	clear_report(&report);
	if (!m->walk)
		ret = vf_walk_open(m->vf, &vf_os_kernel, m->pidfd, &report,
				   &m->walk);
	if (!ret)
		ret = vf_walk_step(m->walk, &report);
	if (ret >= 0)
		*args = report;
	return ret;
}

static int migration_init(struct migration *m, struct virtflex *vf, int pidfd,
			  const struct virtflex_migrate_args *args,
			  const unsigned int *method)
{
	memset(m, 0, sizeof(*m));
	if (!vf || !args)
		return -EINVAL;
	if (vf->has_sysroot)
		return -EOPNOTSUPP;
	if (method)
		m->method = *method;
	if (m->method > VIRTFLEX_METHOD_MOVE_PAGES)
		return -EINVAL;
	m->vf = vf;
	m->pidfd = pidfd;
	return 0;
}

VF_EXPORT int virtflex_migrate(struct virtflex *vf, int pidfd,
			       struct virtflex_migrate_args *args, size_t size,
			       unsigned int *method)
{
	struct migration m;
	int ret;

	ret = migration_init(&m, vf, pidfd, args, method);
	if (ret)
		return ret;
	ret = migrate_step(&m, args, size);
	vf_walk_close(m.walk);
	if (method)
		*method = m.method;
	return ret;
}

VF_EXPORT int virtflex_migrate_all(struct virtflex *vf, int pidfd,
				   struct virtflex_migrate_args *args,
				   size_t size, unsigned int *method,
				   virtflex_migrate_fn progress, void *data)
{
	/* one call's arguments, with room for those of a later version */
	union {
		struct virtflex_migrate_args args;
		unsigned char bytes[VF_PAGE_BYTES];
	} call;
	struct migration m;
	int ret;

	ret = migration_init(&m, vf, pidfd, args, method);
	if (ret)
		return ret;
	if (size < VIRTFLEX_MIGRATE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (size > sizeof(call))
		return -E2BIG;
	clear_report(args);
	memcpy(&call, args, size);
	for (;;) {
		ret = migrate_step(&m, &call.args, size);
		if (ret < 0)
			break;
		add_report(args, &call.args);
		if (progress && progress(args, data)) {
			ret = -ECANCELED;
			break;
		}
		if (!ret)
			break;
		call.args.start = call.args.cursor;
	}
	vf_walk_close(m.walk);
	if (method)
		*method = m.method;
	return ret;
}
