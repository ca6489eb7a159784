/* SPDX-License-Identifier: GPL-2.0-only */
/* What virtflex needs of a machine, and whether it is there. */
#ifndef CHECKS_H
#define CHECKS_H

#include "cli.h"

/**
 * enum check_state - what a check found
 * @CHECK_OK: what is needed is there
 * @CHECK_MISSING: it is not
 * @CHECK_UNUSED: it is not needed here
 */
enum check_state {
	CHECK_OK,
	CHECK_MISSING,
	CHECK_UNUSED,
};

/**
 * struct finding - what a check found
 * @state: enum check_state
 * @found: what there is, a line to be freed
 * @remedy: what to do about it; NULL if there is nothing to do
 */
struct finding {
	enum check_state state;
	char *found;
	const char *remedy;
};

/**
 * struct check - something to look at
 * @name: what people type
 * @what: what it looks for, a line
 * @run: looks
 */
struct check {
	const char *name;
	const char *what;
	void (*run)(const struct context *ctx, struct finding *f);
};

/* Ends with one without a name. */
extern const struct check checks[];

#endif /* CHECKS_H */
