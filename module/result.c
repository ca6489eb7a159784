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

/**
 * vf_result_set() - compose a result
 * @result: out
 * @outcome: how it ended
 * @guest: what there is now
 * @wanted: what should be; NULL if that is not known
 *
 * Nodes for which there is no room are left out, the last ones first.
 */
void vf_result_set(struct vf_result *result, enum vf_outcome outcome,
		   const struct vf_guest *guest,
		   const struct vf_wanted *wanted)
{
	size_t size = sizeof(result->text), len, more;
	u32 i;

	len = snprintf(result->text, size, "%s", names[outcome]);
	for (i = 0; wanted && i < guest->nr_nodes; i++) {
		const struct vf_node *n = &guest->nodes[i];
		u64 to_kb = vf_wanted_kb(guest, wanted, i);

		if (!wanted->nodes[i].named ||
		    (!vf_node_long(n, to_kb) && !vf_node_short(n, to_kb)))
			continue;
		more = snprintf(result->text + len, size - len, " %u=%llu/%llu",
				n->vnode, (unsigned long long)n->current_kb,
				(unsigned long long)to_kb);
		if (more >= size - len) {
			result->text[len] = '\0';
			return;
		}
		len += more;
	}
}
