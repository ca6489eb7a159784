// SPDX-License-Identifier: GPL-2.0-only
/*
 * The xenstore keys of reports: how often the host wants them, and what they say. The key
 * that asks has a watch of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>
#include <xen/xenbus.h>

#include "parse.h"
#include "report.h"
#include "report_keys.h"
#include "transaction.h"
#include "watch.h"

/* Set at load, const from then on. */
static void (*changed)(void);

/**
 * vf_xs_report_period() - how often the host wants to be told
 * @seconds: out; 0 if it does not want to
 * @err: why not, if what it wrote is wrong
 *
 * Return: 0; -EINVAL if what it wrote is wrong; another negative error of xenstore's.
 */
int vf_xs_report_period(u64 *seconds, struct vf_error *err)
{
	unsigned int len;
	char *value;
	int ret;

	*seconds = 0;
	value = xenbus_read(XBT_NIL, "numa", "report_s", &len);
	ret = PTR_ERR_OR_ZERO(value);
	if (ret == -ENOENT)
		return 0;
	if (ret) {
		vf_error_set(err, "numa/report_s cannot be read: %pe", value);
		return ret;
	}
	ret = vf_report_period(value, len, seconds, err);
	kfree(value);
	return ret;
}

/* A node that the host did not make keys for is not told. */
static int report_node(struct xenbus_transaction t, const struct vf_report *report)
{
	char dir[32];

	snprintf(dir, sizeof(dir), "numa/node/%u", report->vnode);
	if (!xenbus_exists(t, dir, "used") || !xenbus_exists(t, dir, "free"))
		return 0;
	return xenbus_printf(t, dir, "used", "%llu", report->used_kb) ?:
	       xenbus_printf(t, dir, "free", "%llu", report->free_kb);
}

/** struct report_work - a report to be written in a transaction */
struct report_work {
	const struct vf_report *reports;
	u32 nr;
	u64 nr_reports;
};

static int report_in(struct xenbus_transaction t, void *data)
{
	struct report_work *work = data;
	int ret = 0;
	u32 i;

	/* A directory the host removed is not to come back. */
	if (!xenbus_exists(t, "numa", "reported"))
		return -ENOENT;
	for (i = 0; i < work->nr && !ret; i++)
		ret = report_node(t, &work->reports[i]);
	return ret ?: xenbus_printf(t, "numa", "reported", "%llu", work->nr_reports);
}

/**
 * vf_xs_report() - tell the host what is in use, in one transaction
 * @reports: by node, in any order
 * @nr: how many
 * @nr_reports: number of this report
 *
 * Return: 0, or a negative error if nothing was written.
 */
int vf_xs_report(const struct vf_report *reports, u32 nr, u64 nr_reports)
{
	struct report_work work = {
		.reports = reports,
		.nr = nr,
		.nr_reports = nr_reports,
	};

	return vf_transaction(report_in, &work);
}

static void period_fired(struct xenbus_watch *watch, const char *path, const char *token)
{
	changed();
}

static struct vf_watch period_watch = {
	.watch = {
		.node		= "numa/report_s",
		.callback	= period_fired,
	},
	.up.notifier_call = vf_watch_up,
};

/**
 * vf_xs_watch_period() - watch how often the host wants to be told; nothing without Xen
 * @may_be_new: called when that may be new, and first at once; may only queue work
 */
void vf_xs_watch_period(void (*may_be_new)(void))
{
	changed = may_be_new;
	vf_watch_start(&period_watch);
}

/**
 * vf_xs_unwatch_period() - do not call any more; waits for a call that is running
 */
void vf_xs_unwatch_period(void)
{
	vf_watch_stop(&period_watch);
}
