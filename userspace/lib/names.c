// SPDX-License-Identifier: LGPL-2.1-or-later
/* What people read for numbers: names of states and methods, and the version. */
#include "internal.h"

static const char *name_of(const char *const *names, unsigned int count,
			   unsigned int number)
{
	return number < count ? names[number] : "unknown";
}

#define NAME_OF(names, number) \
	name_of(names, sizeof(names) / sizeof(*(names)), number)

VF_EXPORT const char *virtflex_state_name(unsigned int state)
{
	static const char *const names[] = {
		[VIRTFLEX_STABLE] = "stable",
		[VIRTFLEX_EXPANDING] = "expanding",
		[VIRTFLEX_SHRINKING] = "shrinking",
		[VIRTFLEX_FAILED] = "failed",
	};

	return NAME_OF(names, state);
}

VF_EXPORT const char *virtflex_node_state_name(unsigned int state)
{
	static const char *const names[] = {
		[VIRTFLEX_NODE_ACTIVE] = "active",
		[VIRTFLEX_NODE_ARRIVING] = "arriving",
		[VIRTFLEX_NODE_LEAVING] = "leaving",
		[VIRTFLEX_NODE_INACTIVE] = "inactive",
	};

	return NAME_OF(names, state);
}

VF_EXPORT const char *virtflex_method_name(unsigned int method)
{
	static const char *const names[] = {
		[VIRTFLEX_METHOD_ANY] = "any",
		[VIRTFLEX_METHOD_SYSCALL] = "virtflex_migrate",
		[VIRTFLEX_METHOD_MOVE_PAGES] = "move_pages",
	};

	return NAME_OF(names, method);
}

VF_EXPORT unsigned int virtflex_version(void)
{
	return VIRTFLEX_VERSION_CODE(VIRTFLEX_VERSION_MAJOR,
				     VIRTFLEX_VERSION_MINOR,
				     VIRTFLEX_VERSION_PATCH);
}
