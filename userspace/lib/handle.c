// SPDX-License-Identifier: LGPL-2.1-or-later
/* The handle: where to read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

VF_EXPORT int virtflex_open(struct virtflex **vfp, const char *sysroot)
{
	size_t len = sysroot ? strlen(sysroot) : 0;
	struct virtflex *vf;

	if (!vfp || (sysroot && !len))
		return -EINVAL;
	vf = malloc(sizeof(*vf) + len + 1);
	if (!vf)
		return -ENOMEM;
	vf->has_sysroot = sysroot;
	memcpy(vf->sysroot, sysroot ? sysroot : "", len + 1);
	*vfp = vf;
	return 0;
}

VF_EXPORT void virtflex_close(struct virtflex *vf)
{
	free(vf);
}
