/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs on and offline, by us and by others. */
#ifndef VIRTFLEX_CPUS_H
#define VIRTFLEX_CPUS_H

#include "topology.h"

int vf_cpus_online(const struct vf_vcpu *vcpu);
int vf_cpus_offline(const struct vf_vcpu *vcpu);

int vf_cpus_watch(void (*changed)(void));
void vf_cpus_unwatch(void);

#endif /* VIRTFLEX_CPUS_H */
