// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts the key "status" into words (docs/xenstore.md) and tells the host. For
 * the worker alone.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "memory.h"
#include "status.h"
#include "usage.h"
#include "xenstore.h"

/* How often the host is told how far a step has come. */
#define TELL_EVERY	(HZ / 4)

/**
 * vf_status_set() - begin anew
 * @status: of the worker
 * @fmt: what it says
 */
void vf_status_set(struct vf_status *status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(status->text, sizeof(status->text), fmt, args);
	va_end(args);
}

static void __printf(2, 3) add(struct vf_status *status, const char *fmt, ...)
{
	size_t len = strlen(status->text);
	va_list args;

	va_start(args, fmt);
	vscnprintf(status->text + len, sizeof(status->text) - len, fmt, args);
	va_end(args);
}

/**
 * vf_status_say() - tell the host
 * @status: what there is to tell
 */
void vf_status_say(struct vf_status *status)
{
	vf_xs_say("status", status->text);
	status->told = jiffies;
}

/**
 * vf_status_step() - tell the host that a step begins
 * @status: of the worker
 * @guest: what there is
 * @plan: all steps
 * @step: which of them
 * @verb: what they are for
 */
void vf_status_step(struct vf_status *status, const struct vf_guest *guest,
		    const struct vf_steps *plan, u32 step, const char *verb)
{
	char text[48];

	vf_step_text(guest, plan->step[step], text, sizeof(text));
	vf_status_set(status, "%s: step %u of %u: %s", verb, step + 1, plan->nr,
		      text);
	vf_status_say(status);
}

/**
 * vf_status_progress() - tell the host, now and then, how far a step has come
 * @status: says which step it is; stays
 * @done_kb: so much of it
 * @all_kb: of so much
 */
void vf_status_progress(struct vf_status *status, u64 done_kb, u64 all_kb)
{
	char text[128];

	if (time_before(jiffies, status->told + TELL_EVERY))
		return;
	scnprintf(text, sizeof(text), "%s, %llu of %llu KiB", status->text,
		  done_kb, all_kb);
	vf_xs_say("status", text);
	status->told = jiffies;
}

/*
 * Why a node keeps memory. Return: true if there is enough of it, but for what
 * the kernel uses, to have left as an extent.
 */
static bool add_stuck(struct vf_status *status, const struct vf_node *n,
		      u64 to_kb)
{
	struct vf_stuck stuck;

	add(status, "; node %u keeps %llu KiB, asked for %llu", n->vnode,
	    n->current_kb, to_kb);
	if (!vf_memory_movable()) {
		add(status, " (only an HVM or PVH guest of Xen can hand memory back)");
		return true;
	}
	vf_usage_stuck(n->id, &stuck);
	add(status, ": kernel %llu", stuck.kernel);
	if (stuck.free)
		add(status, ", free in small pieces %llu", stuck.free);
	if (stuck.pinned)
		add(status, ", pinned %llu", stuck.pinned);
	if (stuck.hugetlb)
		add(status, ", hugetlb pool %llu", stuck.hugetlb);
	if (stuck.balloon)
		add(status, ", ballooned %llu", stuck.balloon);
	if (stuck.user)
		add(status, ", in use %llu", stuck.user);
	return stuck.pinned + stuck.hugetlb + stuck.user >= VF_EXTENT_KB;
}

/**
 * vf_status_short() - add which nodes have not the memory they should
 * @status: what was said so far; each node is added after "; "
 * @guest: what there is
 * @wanted: what should be
 *
 * Context: may sleep.
 * Return: true if that is more than what the kernel itself always keeps.
 */
bool vf_status_short(struct vf_status *status, const struct vf_guest *guest,
		     const struct vf_wanted *wanted)
{
	bool fell_short = false;
	u32 i;

	for (i = 0; i < guest->nr_nodes; i++) {
		const struct vf_node *n = &guest->nodes[i];
		u64 to_kb = vf_wanted_kb(guest, wanted, i);

		if (!wanted->nodes[i].named)
			continue;
		if (n->current_kb >= to_kb + VF_EXTENT_KB) {
			fell_short |= add_stuck(status, n, to_kb);
		} else if (vf_node_short(n, to_kb)) {
			add(status,
			    "; node %u has %llu KiB, asked for %llu: the host has no more for it",
			    n->vnode, n->current_kb, to_kb);
			fell_short = true;
		}
	}
	return fell_short;
}
