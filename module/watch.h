/* SPDX-License-Identifier: GPL-2.0-only */
/* A key of xenstore that is watched as long as the module is there. */
#ifndef VIRTFLEX_WATCH_H
#define VIRTFLEX_WATCH_H

#include <linux/notifier.h>
#include <xen/xenbus.h>

/**
 * struct vf_watch - a key that is watched
 * @watch: the key, and what to call, in the one thread that serves all watches
 * @up: has vf_watch_up() called, or what calls that, once xenstore answers
 * @watching: whether xenstore took the watch; by @up, and by vf_watch_stop() after it
 */
struct vf_watch {
	struct xenbus_watch watch;
	struct notifier_block up;
	bool watching;
};

int vf_watch_up(struct notifier_block *nb, unsigned long event, void *data);
void vf_watch_start(struct vf_watch *watch);
void vf_watch_stop(struct vf_watch *watch);

#endif /* VIRTFLEX_WATCH_H */
