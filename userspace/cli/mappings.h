/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings of a process, as a table and as JSON. */
#ifndef MAPPINGS_H
#define MAPPINGS_H

#include "cli.h"
#include "table.h"

extern const struct column mapping_columns[];

struct json_object *mappings_json(const struct context *ctx,
				  const struct process *process,
				  const struct virtflex_mappings *mappings);
int print_mappings(const struct context *ctx, struct table *table,
		   const struct process *process,
		   const struct virtflex_mappings *mappings);

#endif /* MAPPINGS_H */
