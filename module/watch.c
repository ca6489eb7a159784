// SPDX-License-Identifier: GPL-2.0-only
/* A key of xenstore that is watched as long as the module is there. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/container_of.h>
#include <linux/err.h>
#include <linux/printk.h>
#include <xen/xen.h>

#include "watch.h"

/**
 * vf_watch_up() - have xenstore take the watch; for @up of struct vf_watch
 * @nb: that
 * @event: not used
 * @data: not used
 *
 * Called once xenstore answers; at once if it does so already.
 *
 * Return: NOTIFY_DONE.
 */
int vf_watch_up(struct notifier_block *nb, unsigned long event, void *data)
{
	struct vf_watch *watch = container_of(nb, struct vf_watch, up);
	int ret = register_xenbus_watch(&watch->watch);

	if (ret)
		pr_err("xenstore does not take a watch on %s: %pe\n",
		       watch->watch.node, ERR_PTR(ret));
	watch->watching = !ret;
	return NOTIFY_DONE;
}

/**
 * vf_watch_start() - watch, now or when xenstore is there; nothing without Xen
 * @watch: the key
 *
 * The watch survives suspend and resume, and fires after it.
 */
void vf_watch_start(struct vf_watch *watch)
{
	if (xen_domain())
		register_xenstore_notifier(&watch->up);
}

/**
 * vf_watch_stop() - do not call any more; waits for a call that is running
 * @watch: the key
 */
void vf_watch_stop(struct vf_watch *watch)
{
	if (!xen_domain())
		return;
	unregister_xenstore_notifier(&watch->up);
	if (watch->watching)
		unregister_xenbus_watch(&watch->watch);
	watch->watching = false;
}
