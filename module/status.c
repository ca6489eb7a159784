// SPDX-License-Identifier: GPL-2.0-only
/*
 * Composes and writes the key "status" (docs/xenstore.md). For the worker only.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "memory.h"
#include "status.h"
#include "usage.h"
#include "xenstore.h"

/* How often the progress of a step is written. */
#define WRITE_EVERY	(HZ / 4)

/**
 * vf_status_set() - start a new status
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
 * vf_status_write() - write it to xenstore
 * @status: what there is to tell
 */
void vf_status_write(struct vf_status *status)
{
	vf_xs_write("status", status->text);
	status->written = jiffies;
}

/**
 * vf_status_step() - compose and write that a step begins
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
	vf_status_write(status);
}

/**
 * vf_status_progress() - write how far a step is, unless it was written just now
 * @status: says which step it is; stays
 * @done_kb: so much of it
 * @all_kb: of so much
 */
void vf_status_progress(struct vf_status *status, u64 done_kb, u64 all_kb)
{
	char text[128];

	if (time_before(jiffies, status->written + WRITE_EVERY))
		return;
	scnprintf(text, sizeof(text), "%s, %llu of %llu KiB", status->text,
		  done_kb, all_kb);
	vf_xs_write("status", text);
	status->written = jiffies;
}

/*
 * Why a node still has memory, or has it elsewhere. Return: true if pinned, hugetlb and user
 * memory together are an extent or more.
 */
static bool add_reasons(struct vf_status *status, const struct vf_node *n,
			bool elsewhere)
{
	struct vf_remaining remaining;

	if (!vf_memory_can_unplug()) {
		add(status, " (only HVM and PVH guests of Xen can unplug memory)");
		return true;
	}
	vf_usage_remaining(n->id, elsewhere, &remaining);
	add(status, ": kernel %llu", remaining.kernel);
	if (remaining.free)
		add(status, ", fragments %llu", remaining.free);
	if (remaining.pinned)
		add(status, ", pinned %llu", remaining.pinned);
	if (remaining.hugetlb)
		add(status, ", hugetlb pool %llu", remaining.hugetlb);
	if (remaining.balloon)
		add(status, ", balloon %llu", remaining.balloon);
	if (remaining.user)
		add(status, ", in use %llu", remaining.user);
	/* A move takes whole extents; from a node that leaves, pages can migrate one by one. */
	if (elsewhere)
		remaining.user -= remaining.user_beside;
	return remaining.pinned + remaining.hugetlb + remaining.user >= VF_EXTENT_KB;
}

static bool add_kept(struct vf_status *status, const struct vf_node *n, u64 to_kb)
{
	add(status, "; node %u keeps %llu KiB, asked for %llu", n->vnode,
	    n->current_kb, to_kb);
	return add_reasons(status, n, false);
}

static bool add_elsewhere(struct vf_status *status, const struct vf_node *n)
{
	add(status, "; node %u has %llu of %llu KiB on another physical node than %d",
	    n->vnode, n->elsewhere_kb, n->current_kb, n->pnode);
	return add_reasons(status, n, true);
}

/**
 * vf_status_short() - add which nodes have more or less memory than they should, or have
 *	it elsewhere after a move
 * @status: what was said so far; each node is added after "; "
 * @guest: what there is
 * @wanted: what should be
 *
 * Context: may sleep.
 * Return: true if there is more to it than kernel memory and fragments.
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
		if (vf_node_long(n, to_kb)) {
			fell_short |= add_kept(status, n, to_kb);
		} else if (vf_node_short(n, to_kb)) {
			add(status,
			    "; node %u has %llu KiB, asked for %llu: the host has no more for it",
			    n->vnode, n->current_kb, to_kb);
			fell_short = true;
		}
		if (wanted->request == VF_MOVE && n->active && n->elsewhere_kb)
			fell_short |= add_elsewhere(status, n);
	}
	return fell_short;
}
