/* SPDX-License-Identifier: GPL-2.0-only */
/* Exit statuses of virtflexctl, beyond those that all programs have. */
#ifndef HOST_EXITS_H
#define HOST_EXITS_H

#include "shared.h"

/**
 * enum host_exit - more of enum exit_code, part of the interface
 * @EXIT_REFUSED: it cannot be done as things are, and nothing was changed
 * @EXIT_GONE: the domain is not there, or was gone before it answered
 * @EXIT_NO_GUEST: the guest has not loaded the virtflex module
 * @EXIT_BUSY: another change of the domain is going on
 *
 * EXIT_INCOMPLETE: carried out, and fell short.
 */
enum host_exit {
	EXIT_REFUSED = 4,
	EXIT_GONE = 6,
	EXIT_NO_GUEST = 7,
	EXIT_BUSY = 8,
};

#endif /* HOST_EXITS_H */
