/* SPDX-License-Identifier: GPL-2.0-only */
/* vCPUs on and offline. */
#ifndef VIRTFLEX_CPUS_H
#define VIRTFLEX_CPUS_H

#include "topology.h"

int vf_cpus_online(const struct vf_vcpu *vcpu);
int vf_cpus_offline(const struct vf_vcpu *vcpu);

#endif /* VIRTFLEX_CPUS_H */
