/* SPDX-License-Identifier: GPL-2.0-only */
/* What top shows of two samples. */
#ifndef VIEW_H
#define VIEW_H

#include "sample.h"
#include "cli.h"
#include "table.h"

/**
 * struct view - what is shown
 * @ctx: context
 * @f: where it is written to
 * @now: this update
 * @before: the last one; empty at first
 */
struct view {
	const struct context *ctx;
	FILE *f;
	struct sample now;
	struct sample before;
};

extern const struct column view_columns[];
extern const struct column view_process_columns[];

int view_print(struct view *v, FILE *f);
int view_print_json(const struct view *v);

#endif /* VIEW_H */
