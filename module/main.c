// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflex: a NUMA topology that changes at run time, as the Xen host wants it.
 *
 *   xenstore.c  watches and reads what the host wrote, and answers
 *   parse.c     takes it key by key; check.c: is the whole sound? (pure)
 *   topology.c  what there is, and what is wanted (pure)
 *   plan.c      which steps does it take? (pure)
 *   change.c    the worker: reads, plans, carries out or rolls back, answers
 *   step.c      a step of a change; status.c writes how far it is
 *   guest.c     what there is, and when it changes; srat.c: the node of a CPU
 *   cpus.c      vCPUs on and offline; memory.c: memory plugged and unplugged
 *   isolate.c   free memory that is withheld while nodes are unplugged
 *   extent.c    memory to and from the hypervisor
 *   usage.c     what memory is used for, and whether a change leaves enough
 *   report.c    what the host is told of memory in use (pure); reporter.c tells it
 *   state.c     what is published; proc.c shows it
 *   power.c     before a restart and hibernation
 *
 * Events, from xenstore or from CPU hotplug, only queue the worker. The worker
 * alone changes and publishes anything, so that there is always one change at
 * a time; load and unload do before and after it runs. The reporter only looks.
 */
#include <linux/module.h>

#include "change.h"
#include "isolate.h"
#include "memory.h"
#include "power.h"
#include "proc.h"
#include "reporter.h"
#include "state.h"

static int __init virtflex_init(void)
{
	int ret;

	ret = vf_state_init();
	if (ret)
		return ret;
	ret = vf_isolate_init();
	if (ret)
		goto out_state;
	ret = vf_memory_init();
	if (ret)
		goto out_isolate;
	ret = vf_change_start();
	if (ret)
		goto out_memory;
	ret = vf_proc_init();
	if (ret)
		goto out_change;
	vf_power_watch();
	vf_reporter_start();
	return 0;

out_change:
	vf_change_stop();
	vf_state_gone();
out_memory:
	vf_memory_exit();
out_isolate:
	vf_isolate_exit();
out_state:
	vf_state_exit();
	return ret;
}
module_init(virtflex_init);

static void __exit virtflex_exit(void)
{
	vf_reporter_stop();
	vf_power_unwatch();
	vf_change_stop();
	vf_state_gone();
	vf_state_drain();
	vf_proc_exit();
	vf_state_drain();
	vf_memory_exit();
	vf_isolate_exit();
	vf_state_exit();
}
module_exit(virtflex_exit);

MODULE_DESCRIPTION("NUMA topology that changes at run time");
MODULE_AUTHOR("The virtflex authors");
MODULE_LICENSE("GPL");
