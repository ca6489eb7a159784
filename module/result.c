// SPDX-License-Identifier: GPL-2.0-only
/*
 * Composes the key "result" (docs/xenstore.md).
 */
#include "result.h"

static const char *const names[] = {
	[VF_RESULT_DONE]	= "done",
	[VF_RESULT_PARTLY]	= "partly",
	[VF_RESULT_REFUSED]	= "refused",
	[VF_RESULT_FAILED]	= "failed",
	[VF_RESULT_WITHDRAWN]	= "withdrawn",
};

/*
 * A part: "2=8192/0" of a node that has more or less than it should, "2@3=57344/65536" of
 * one whose memory is only in part on its physical node. Return: whether there was room.
 */
static bool __printf(2, 3) add(struct vf_result *result, const char *fmt, ...)
{
	size_t size = sizeof(result->text), len = strlen(result->text), more;
	va_list args;

	va_start(args, fmt);
	more = vsnprintf(result->text + len, size - len, fmt, args);
	va_end(args);
	if (more < size - len)
		return true;
	result->text[len] = '\0';
	return false;
}

static bool add_share(struct vf_result *result, const struct vf_node *n)
{
	return !n->elsewhere_kb ||
	       add(result, " %u@%d=%llu/%llu", n->vnode, n->pnode,
		   (unsigned long long)(n->current_kb - n->elsewhere_kb),
		   (unsigned long long)n->current_kb);
}

static bool add_amount(struct vf_result *result, const struct vf_node *n, u64 to_kb)
{
	return (!vf_node_long(n, to_kb) && !vf_node_short(n, to_kb)) ||
	       add(result, " %u=%llu/%llu", n->vnode,
		   (unsigned long long)n->current_kb, (unsigned long long)to_kb);
}

/**
 * vf_result_set() - compose a result
 * @result: out
 * @outcome: how it ended
 * @guest: what there is now
 * @wanted: what should be; NULL if that is not known
 *
 * What there is no room for is left out, the last nodes first. Shares are added before
 * amounts: if the share of a node is missing, all its memory counts as being there.
 */
void vf_result_set(struct vf_result *result, enum vf_outcome outcome,
		   const struct vf_guest *guest,
		   const struct vf_wanted *wanted)
{
	u32 i;

	snprintf(result->text, sizeof(result->text), "%s", names[outcome]);
	for (i = 0; i < guest->nr_nodes; i++)
		if (!add_share(result, &guest->nodes[i]))
			return;
	for (i = 0; wanted && i < guest->nr_nodes; i++)
		if (wanted->nodes[i].named &&
		    !add_amount(result, &guest->nodes[i],
				vf_wanted_kb(guest, wanted, i)))
			return;
}
