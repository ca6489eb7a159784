// SPDX-License-Identifier: LGPL-2.1-or-later
/* virtflex_migrate(2), or what takes its place, once or to the end. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "migration.h"

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

/**
 * vf_report_clear() - take arguments for those of a call that is to be made
 * @call: arguments; the report is all 0 afterwards
 */
void vf_report_clear(union vf_call *call)
{
	size_t first = offsetof(struct virtflex_migrate_args, cursor);

	memset(call->bytes + first, 0, sizeof(call->args) - first);
}

/**
 * vf_report_add() - add up the reports of calls
 * @sum: their sum; the cursor is the last one's
 * @call: another call
 */
void vf_report_add(union vf_call *sum, const union vf_call *call)
{
	sum->args.cursor = call->args.cursor;
	sum->args.scanned += call->args.scanned;
	sum->args.in_place += call->args.in_place;
	sum->args.moved += call->args.moved;
	sum->args.marked += call->args.marked;
	sum->args.busy += call->args.busy;
	sum->args.pinned += call->args.pinned;
	sum->args.nomem += call->args.nomem;
	sum->args.shared += call->args.shared;
	sum->args.unmovable += call->args.unmovable;
}

static int check_size(size_t size)
{
	if (size < VIRTFLEX_MIGRATE_ARGS_SIZE_VER0)
		return -EINVAL;
	return size > sizeof(union vf_call) ? -E2BIG : 0;
}

/* What the caller's structure has, and the rest is 0. */
static int read_args(union vf_call *call,
		     const struct virtflex_migrate_args *args, size_t size)
{
	int ret;

	ret = check_size(size);
	if (ret)
		return ret;
	memset(call, 0, sizeof(*call));
	return vf_copy_from(call, args, size);
}

/* No more than the caller's structure has, and none of its input. */
static int write_report(struct virtflex_migrate_args *args,
			const union vf_call *call, size_t size)
{
	size_t first = offsetof(struct virtflex_migrate_args, cursor);

	return vf_copy_to((char *)args + first, call->bytes + first,
			  size - first);
}

/* What is longer than ours must not say anything. */
static bool has_unknown(const union vf_call *call, size_t size)
{
	size_t i;

	for (i = sizeof(call->args); i < size; i++)
		if (call->bytes[i])
			return true;
	return false;
}

/**
 * vf_migrate_step() - make one call
 * @m: migration
 * @call: arguments and report; this is not written if there is an error
 *
 * Return: as virtflex_migrate().
 */
int vf_migrate_step(struct vf_migration *m, union vf_call *call)
{
	struct virtflex_migrate_args report;
	int ret;

	if (m->method != VIRTFLEX_METHOD_MOVE_PAGES) {
		ret = migrate_syscall(m->pidfd, &call->args, m->size);
		if (ret != -ENOSYS || m->method == VIRTFLEX_METHOD_SYSCALL) {
			m->method = VIRTFLEX_METHOD_SYSCALL;
			return ret;
		}
		m->method = VIRTFLEX_METHOD_MOVE_PAGES;
	}
	if (has_unknown(call, m->size))
		return -E2BIG;
	vf_report_clear(call);
	report = call->args;
	ret = 0;
	if (!m->walk)
		ret = vf_walk_open(m->vf, &vf_os_kernel, m->pidfd, &report,
				   &m->walk);
	if (!ret)
		ret = vf_walk_step(m->walk, &report);
	if (ret >= 0)
		call->args = report;
	return ret;
}

static int migration_init(struct vf_migration *m, struct virtflex *vf,
			  int pidfd, const struct virtflex_migrate_args *args,
			  size_t size, const unsigned int *method)
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
	m->size = size;
	return 0;
}

static void migration_end(struct vf_migration *m, unsigned int *method)
{
	vf_walk_close(m->walk);
	if (method)
		*method = m->method;
}

VF_EXPORT int virtflex_migrate(struct virtflex *vf, int pidfd,
			       struct virtflex_migrate_args *args, size_t size,
			       unsigned int *method)
{
	struct vf_migration m;
	union vf_call call;
	int ret, err;

	ret = migration_init(&m, vf, pidfd, args, size, method);
	if (ret)
		return ret;
	ret = read_args(&call, args, size);
	if (!ret)
		ret = vf_migrate_step(&m, &call);
	if (ret >= 0) {
		err = write_report(args, &call, size);
		if (err)
			ret = err;
	}
	migration_end(&m, method);
	return ret;
}

/**
 * struct teller - what is told of a migration, and whom
 * @args: structure of the caller
 * @size: its size
 * @progress: function of the caller; or NULL
 * @data: for @progress
 */
struct teller {
	struct virtflex_migrate_args *args;
	size_t size;
	virtflex_migrate_fn progress;
	void *data;
};

/* 0 to go on; or why not, a negative errno. */
static int tell(const union vf_call *sum, void *data)
{
	struct teller *t = data;
	int ret;

	ret = write_report(t->args, sum, t->size);
	if (ret)
		return ret;
	return t->progress && t->progress(t->args, t->data) ? -ECANCELED : 0;
}

/* Without a budget there is no progress to tell of, nor a signal handled. */
static void set_budget(union vf_call *call)
{
	if (!call->args.budget_pages && !call->args.budget_ns)
		call->args.budget_ns = VIRTFLEX_BUDGET_NS;
}

static int run_here(struct vf_migration *m, union vf_call *sum,
		    struct teller *teller)
{
	union vf_call call = *sum;
	int ret, err;

	do {
		ret = vf_migrate_step(m, &call);
		if (ret < 0)
			return ret;
		vf_report_add(sum, &call);
		err = tell(sum, teller);
		if (err)
			return err;
		call.args.start = call.args.cursor;
	} while (ret);
	return 0;
}

static int run_threads(struct vf_migration *m, union vf_call *sum,
		       struct teller *teller, unsigned int nr_threads)
{
	struct vf_range *ranges;
	size_t nr_ranges;
	int ret;

	ret = vf_ranges_read(m->vf, m->pidfd, &sum->args, nr_threads, &ranges,
			     &nr_ranges);
	if (ret)
		return ret;
	ret = vf_workers_run(m, sum, ranges, nr_ranges, nr_threads, tell,
			     teller);
	free(ranges);
	return ret == 1 ? run_here(m, sum, teller) : ret;
}

VF_EXPORT int virtflex_migrate_threads(struct virtflex *vf, int pidfd,
				       struct virtflex_migrate_args *args,
				       size_t size, unsigned int *method,
				       virtflex_migrate_fn progress, void *data,
				       unsigned int nr_threads)
{
	struct teller teller = { args, size, progress, data };
	struct vf_migration m;
	union vf_call sum;
	int ret, err, cancel;

	if (nr_threads > VIRTFLEX_MAX_THREADS)
		return -EINVAL;
	ret = migration_init(&m, vf, pidfd, args, size, method);
	if (ret)
		return ret;
	ret = read_args(&sum, args, size);
	if (ret)
		return ret;
	vf_report_clear(&sum);
	set_budget(&sum);
	ret = write_report(args, &sum, size);
	if (ret)
		return ret;
	if (nr_threads > 1) {
		/* who is asleep until the threads end has to see that */
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
		ret = run_threads(&m, &sum, &teller, nr_threads);
		pthread_setcancelstate(cancel, NULL);
		err = write_report(args, &sum, size);
		if (!ret)
			ret = err;
	} else {
		ret = run_here(&m, &sum, &teller);
	}
	migration_end(&m, method);
	return ret;
}

VF_EXPORT int virtflex_migrate_all(struct virtflex *vf, int pidfd,
				   struct virtflex_migrate_args *args,
				   size_t size, unsigned int *method,
				   virtflex_migrate_fn progress, void *data)
{
	return virtflex_migrate_threads(vf, pidfd, args, size, method,
					progress, data, 1);
}
