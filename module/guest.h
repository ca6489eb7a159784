/* SPDX-License-Identifier: GPL-2.0-only */
/* What this guest has, as the kernel knows it. */
#ifndef VIRTFLEX_GUEST_H
#define VIRTFLEX_GUEST_H

#include "topology.h"

struct vf_guest *vf_guest_alloc(void);
void vf_guest_free(struct vf_guest *guest);
u64 vf_guest_node_kb(u32 node);
void vf_guest_refresh(struct vf_guest *guest);
void vf_guest_set_baseline(struct vf_guest *guest);
int vf_guest_take_pnodes(struct vf_guest *guest, const struct vf_wanted *wanted);
int vf_guest_watch(void (*changed)(void));
void vf_guest_unwatch(void);

struct vf_wanted *vf_wanted_alloc(const struct vf_guest *guest);
void vf_wanted_free(struct vf_wanted *wanted);

#endif /* VIRTFLEX_GUEST_H */
