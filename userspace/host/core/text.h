/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of xenstore, as numbers and lists. Pure. */
#ifndef HOST_TEXT_H
#define HOST_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "domain.h"

bool text_number(const char *text, uint64_t most, uint64_t *number);
bool text_vcpus(const char *text, struct domain *d, unsigned int vnode);
bool text_nodes(const char *text, bool *nodes);
char *text_before(const struct domain *d);
bool text_apply_before(const char *text, struct domain *d);

#endif /* HOST_TEXT_H */
