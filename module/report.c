// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host is told of the memory of nodes while it asks: how often, and what of a
 * node's memory is in use.
 */
#include "parse.h"
#include "report.h"

/* An hour: who asks less often has no use for it. */
#define VF_REPORT_MOST_S	3600

/**
 * vf_report_period() - how often the host wants to be told
 * @value: value of numa/report_s; NULL if there is no such key
 * @len: its length
 * @seconds: out; 0 if it does not want to
 * @err: why not, if the value is wrong
 *
 * Return: 0, or -EINVAL: the host is told nothing then.
 */
int vf_report_period(const char *value, size_t len, u64 *seconds, struct vf_error *err)
{
	char quoted[VF_QUOTE_LEN];

	*seconds = 0;
	if (!value || !vf_parse_number(value, len, 0, VF_REPORT_MOST_S, seconds))
		return 0;
	vf_quote(quoted, sizeof(quoted), value, len);
	vf_error_set(err, "numa/report_s: \"%s\" is not a number from 0 to %u", quoted,
		     VF_REPORT_MOST_S);
	return -EINVAL;
}

/* Of what can be dropped, the kernel keeps some: half, but no more than the watermarks. */
static u64 droppable(u64 kb, u64 low_kb)
{
	u64 kept = kb / 2 < low_kb ? kb / 2 : low_kb;

	return kb - kept;
}

/**
 * vf_report_set() - tell what is in use from what is not
 * @report: out
 * @usage: what memory of a node is used for
 *
 * What is free for use is what the kernel takes for available, in a node. Numbers are of
 * different moments: the sum is always what the node has.
 */
void vf_report_set(struct vf_report *report, const struct vf_usage *usage)
{
	u64 free = usage->free_kb + droppable(usage->cache_kb, usage->low_kb) +
		   droppable(usage->slab_kb, usage->low_kb);

	free = free > usage->reserve_kb ? free - usage->reserve_kb : 0;
	report->free_kb = free < usage->current_kb ? free : usage->current_kb;
	report->used_kb = usage->current_kb - report->free_kb;
}
