/* SPDX-License-Identifier: GPL-2.0-only */
/* A host of KVM, from /sys: no hypervisor is asked. What fails is said on standard error. */
#ifndef HOST_LINUX_H
#define HOST_LINUX_H

#include <stdbool.h>

#include "machine.h"

struct machine *linux_machine(const char *root);
bool linux_is_dom0(const char *root);
bool linux_has_kvm(const char *root);

#endif /* HOST_LINUX_H */
