// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's own restart and hibernation, while memory is with the host: whoever
 * runs next takes for memory what firmware and images call so.
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
 * A kernel started by kexec would take for memory what is not there. (The host
 * may not have it any more; there is no way to refuse here.) After any other
 * restart the host builds the guest's memory anew.
 */
static int before_restart(struct notifier_block *nb, unsigned long action,
			  void *command)
{
	u64 out_kb;

	if (action != SYS_RESTART || !command ||
	    strcmp(command, "kexec reboot"))
		return NOTIFY_DONE;
	vf_change_halt();
	vf_memory_give_all();
	out_kb = vf_memory_all_out_kb();
	if (out_kb)
		pr_crit("the host does not give %llu KiB back, which the next kernel takes for memory\n",
			out_kb);
	return NOTIFY_DONE;
}

static struct notifier_block restart_block = {
	.notifier_call = before_restart,
};

/*
 * The guest that resumes from an image on disk is built with all its memory by the
 * host, and would believe that some is not there.
 */
static int before_sleep(struct notifier_block *nb, unsigned long action,
			void *unused)
{
	u64 out_kb = vf_memory_all_out_kb();

	if (action != PM_HIBERNATION_PREPARE || !out_kb)
		return NOTIFY_DONE;
	pr_warn("no hibernation while %llu KiB are with the host; let it expand all nodes first\n",
		out_kb);
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
