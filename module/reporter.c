// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the host what of each node's memory is in use, every so many seconds, and only while
 * it asks (numa/report_s). A work item of its own: a change that goes on for long does not
 * hold it up, nor does it hold up a change. It is frozen with user space.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/nodemask.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "guest.h"
#include "report.h"
#include "report_keys.h"
#include "reporter.h"
#include "usage.h"
#include "xenstore.h"

/* Reports are no closer than this, however often the host changes its mind. */
#define LEAST_PAUSE	HZ
/* An error of xenstore's that may be over is waited for, twice as long each time up to this. */
#define LONGEST_RETRY	(64UL * HZ)

/* Access is the work item's only. */
static struct {
	struct delayed_work work;	/* has its own serialisation */
	unsigned long last;		/* jiffies of the last attempt to write a report */
	unsigned long retry;		/* in jiffies; 0 if the last reading was good */
	u64 nr;				/* of the last report */
	bool refused;			/* the host did not let it be written, which is logged */
} reporter;

static void queue_in(unsigned long delay)
{
	mod_delayed_work(system_freezable_wq, &reporter.work, delay);
}

static void set_node(struct vf_report *report, u32 node)
{
	struct vf_usage usage;

	vf_usage_of(node, &usage);
	report->vnode = vf_vnode_of_node(node);
	vf_report_set(report, &usage);
}

/* Return: 0, or a negative error of xenstore's or of memory. */
static int write_report(void)
{
	struct vf_report *reports;
	u32 nr = 0, node;
	int ret;

	reports = kvcalloc(nr_node_ids, sizeof(*reports), GFP_KERNEL);
	if (!reports)
		return -ENOMEM;
	for_each_online_node(node)
		set_node(&reports[nr++], node);
	ret = vf_xs_report(reports, nr, reporter.nr + 1);
	if (!ret)
		reporter.nr++;
	kvfree(reports);
	return ret;
}

/* What cannot be read now may be asked for all the same. */
static void read_again(void)
{
	reporter.retry = reporter.retry ? min(2 * reporter.retry, LONGEST_RETRY) : HZ;
	queue_in(reporter.retry);
}

/* How often the host wants to be told; 0 for not at all, or not now. */
static u64 period(void)
{
	struct vf_error why;
	u64 seconds;
	int ret;

	ret = vf_xs_report_period(&seconds, &why);
	if (ret)
		pr_warn_ratelimited("nothing is reported: %s\n", why.text);
	if (ret && vf_xs_is_transient(ret)) {
		read_again();
		return 0;
	}
	reporter.retry = 0;
	return ret ? 0 : seconds;
}

static void report_work(struct work_struct *work)
{
	u64 seconds = period();
	int ret;

	if (!seconds)
		return;
	if (time_before(jiffies, reporter.last + LEAST_PAUSE)) {
		queue_in(reporter.last + LEAST_PAUSE - jiffies);
		return;
	}
	ret = write_report();
	reporter.last = jiffies;
	if (ret && !reporter.refused)
		pr_warn("numa/reported cannot be written, and is tried again: %pe\n",
			ERR_PTR(ret));
	reporter.refused = ret;
	queue_in(seconds * HZ);
}

static void period_changed(void)
{
	queue_in(0);
}

/**
 * vf_reporter_start() - tell the host what is in use, from when it asks
 */
void vf_reporter_start(void)
{
	/* the first one need not wait */
	reporter.last = jiffies - LEAST_PAUSE;
	INIT_DELAYED_WORK(&reporter.work, report_work);
	vf_xs_watch_period(period_changed);
}

/**
 * vf_reporter_stop() - tell the host nothing any more; waits for a report that is written
 */
void vf_reporter_stop(void)
{
	vf_xs_unwatch_period();
	cancel_delayed_work_sync(&reporter.work);
}
