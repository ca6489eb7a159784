/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether what the host wants can be done. Pure, as topology.h. */
#ifndef VIRTFLEX_CHECK_H
#define VIRTFLEX_CHECK_H

#include "topology.h"

int vf_wanted_check(const struct vf_guest *guest,
		    const struct vf_wanted *wanted, struct vf_error *err);
bool vf_wanted_complete(const struct vf_guest *guest,
			const struct vf_wanted *wanted);

#endif /* VIRTFLEX_CHECK_H */
