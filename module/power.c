// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's own restart and hibernation, while memory is unplugged.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <linux/suspend.h>

#include "change.h"
#include "memory.h"
#include "power.h"

/*
 * A kernel that is started by kexec takes its memory map from this one, and would use
 * memory that is unplugged. So all is plugged first. If the host has no memory for it,
 * there is no way to refuse here. After any other restart the toolstack builds the
 * guest anew.
 */
static int before_restart(struct notifier_block *nb, unsigned long action,
			  void *command)
{
	u64 unplugged_kb;

	if (action != SYS_RESTART || !command ||
	    strcmp(command, "kexec reboot"))
		return NOTIFY_DONE;
	vf_change_halt();
	vf_memory_plug_all();
	unplugged_kb = vf_memory_all_unplugged_kb();
	if (unplugged_kb)
		pr_crit("%llu KiB stay unplugged; the next kernel will take them for memory\n",
			unplugged_kb);
	return NOTIFY_DONE;
}

static struct notifier_block restart_block = {
	.notifier_call = before_restart,
};

/*
 * A guest that resumes from an image on disk is built with all its memory by the
 * toolstack, and would take some of it for unplugged.
 */
static int before_sleep(struct notifier_block *nb, unsigned long action,
			void *unused)
{
	u64 unplugged_kb = vf_memory_all_unplugged_kb();

	if (action != PM_HIBERNATION_PREPARE || !unplugged_kb)
		return NOTIFY_DONE;
	pr_warn("hibernation refused: %llu KiB are unplugged; expand all nodes first\n",
		unplugged_kb);
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block sleep_block = {
	.notifier_call = before_sleep,
};

/**
 * vf_power_watch() - be told before a restart and before hibernation
 *
 * After vf_change_start(), and until before vf_change_stop().
 */
void vf_power_watch(void)
{
	register_reboot_notifier(&restart_block);
	register_pm_notifier(&sleep_block);
}

/**
 * vf_power_unwatch() - undo vf_power_watch(); waits for a call that is running
 */
void vf_power_unwatch(void)
{
	unregister_pm_notifier(&sleep_block);
	unregister_reboot_notifier(&restart_block);
}
