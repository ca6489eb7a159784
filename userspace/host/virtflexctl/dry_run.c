// SPDX-License-Identifier: GPL-2.0-only
/* Dry runs: what would be written to xenstore, as lines or as JSON. */
#include "ctl.h"

/**
 * dry_run_begin() - from now on, write to xenstore or only say what would be written
 * @ctx: context
 * @dry_run: only say it: a line for each key, or for JSON in an array
 */
void dry_run_begin(struct context *ctx, bool dry_run)
{
	ctx->host->dry_run = dry_run;
	ctx->host->would = dry_run && ctx->json ? json_object_new_array() : NULL;
}

/**
 * dry_run_end() - add what would have been written to an object
 * @ctx: context
 * @object: object, for JSON
 *
 * Without dry run and JSON, nothing is added.
 */
void dry_run_end(struct context *ctx, struct json_object *object)
{
	if (ctx->host->would)
		json_object_object_add(object, "dry_run", ctx->host->would);
	ctx->host->would = NULL;
	ctx->host->dry_run = false;
}
