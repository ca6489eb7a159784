// SPDX-License-Identifier: GPL-2.0-only
/* Why something could not be done: for whoever asked for it to say. */
#include <stdarg.h>
#include <stdio.h>

#include "backend.h"

/**
 * why_say() - say why something could not be done
 * @why: where to
 * @fmt: as for printf(3)
 */
void why_say(struct why *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
}
