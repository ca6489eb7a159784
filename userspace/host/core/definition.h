/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest's definition says of its memory, as libvirt writes it. Pure. */
#ifndef HOST_DEFINITION_H
#define HOST_DEFINITION_H

#include <stdbool.h>

/**
 * struct definition - what there is to know of a guest's memory that does not change
 * @has_balloon: whether it has a balloon device
 * @autodeflate: whether the balloon does not count as used in the guest
 * @fixed: whether a balloon frees nothing for the host: its memory is in huge pages, is
 *	locked, or a physical device may write to all of it
 * @shared: whether its memory is shared with other programs, as files in memory are
 */
struct definition {
	bool has_balloon;
	bool autodeflate;
	bool fixed;
	bool shared;
};

void definition_read(struct definition *d, const char *xml);

#endif /* HOST_DEFINITION_H */
