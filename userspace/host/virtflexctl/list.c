// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl list: domains that have virtual nodes. */
#include <stdlib.h>

#include "ctl.h"
#include "exits.h"
#include "table.h"

static void get_id(const void *row, struct value *v)
{
	const struct domain *d = row;

	v->type = VALUE_NUMBER;
	v->number = d->id;
}

static void get_name(const void *row, struct value *v)
{
	const struct domain *d = row;

	v->type = VALUE_TEXT;
	v->text = d->name;
}

static void get_state(const void *row, struct value *v)
{
	v->type = VALUE_TEXT;
	v->text = domain_state(row, &v->color);
}

static void get_nodes(const void *row, struct value *v)
{
	const struct domain *d = row;

	v->type = VALUE_NUMBER;
	v->number = d->nr_vnodes;
}

static void get_active(const void *row, struct value *v)
{
	const struct domain *d = row;
	unsigned int i;

	v->type = VALUE_NUMBER;
	for (i = 0; i < d->nr_vnodes; i++)
		v->number += domain_active(d, i);
}

static void get_vcpus(const void *row, struct value *v)
{
	const struct domain *d = row;
	unsigned int i;

	v->type = VALUE_NUMBER;
	for (i = 0; i < d->nr_vcpus; i++)
		v->number += d->vcpus[i].runs;
}

static void get_target(const void *row, struct value *v)
{
	const struct domain *d = row;
	unsigned int i;

	v->type = VALUE_SIZE;
	for (i = 0; i < d->nr_vnodes; i++)
		v->number += d->vnodes[i].described ? d->vnodes[i].target_kb :
						      d->vnodes[i].capacity_kb;
}

static void get_capacity(const void *row, struct value *v)
{
	const struct domain *d = row;
	unsigned int i;

	v->type = VALUE_SIZE;
	for (i = 0; i < d->nr_vnodes; i++)
		v->number += d->vnodes[i].capacity_kb;
}

static void get_says(const void *row, struct value *v)
{
	const struct domain *d = row;

	if (!d->status || !*d->status)
		return;
	v->type = VALUE_TEXT;
	v->text = d->status;
}

static const struct column columns[] = {
	{ "ID", "id", "number of the domain", COLUMN_RIGHT, get_id },
	{ "NAME", "name", "name of the domain", 0, get_name },
	{ "STATE", "state", "what it is at, or how the last request ended", 0,
	  get_state },
	{ "NODES", "nodes", "virtual nodes", COLUMN_RIGHT, get_nodes },
	{ "ACTIVE", "active", "nodes that it uses", COLUMN_RIGHT, get_active },
	{ "VCPUS", "vcpus", "vCPUs that are online", COLUMN_RIGHT, get_vcpus },
	{ "TARGET", "target_kb", "memory it is to have", COLUMN_RIGHT,
	  get_target },
	{ "CAPACITY", "capacity_kb", "memory it was built with", COLUMN_RIGHT,
	  get_capacity },
	{ "GUEST", "status", "what the guest says", COLUMN_EXTRA, get_says },
	{ 0 },
};

/**
 * list_domains() - print the domains that have virtual nodes
 * @ctx: context
 * @count: out: how many
 *
 * Return: enum exit_code.
 */
int list_domains(struct context *ctx, unsigned int *count)
{
	struct domain **all;
	unsigned int nr_ids, i;
	unsigned int *ids;
	int ret, one, unread = EXIT_DONE;

	*count = 0;
	ret = need_host(ctx);
	if (ret)
		return ret;
	ids = domains_list(ctx->host, &nr_ids);
	if (!ids)
		return EXIT_ERROR;
	all = calloc(nr_ids + 1, sizeof(*all));
	for (i = 0; all && i < nr_ids; i++) {
		one = domain_read(ctx->host, ids[i], &all[*count]);
		/* one that ended meanwhile is none */
		if (one && one != EXIT_GONE)
			unread = one;
		*count += !!all[*count];
	}
	ret = !all ? EXIT_ERROR :
	      rows_print(ctx, columns, "domains", (const void *const *)all,
			 *count);
	if (!*count && !ctx->json && !ret && !unread)
		error("no domain has virtual nodes: they come from vnuma= in its configuration; "
		      "see virtflexctl help config");
	for (i = 0; all && i < *count; i++)
		domain_free(all[i]);
	free(all);
	free(ids);
	return ret ? ret : unread;
}

static int run(struct context *ctx, int argc, char **argv)
{
	unsigned int count;
	int ret;

	(void)argc;
	(void)argv;
	ret = check_columns(ctx, "list", columns);
	return ret ? ret : list_domains(ctx, &count);
}

static const struct option_desc options[] = {
	OPTION_OUTPUT,
	OPTION_NOHEADINGS,
	OPTION_RAW,
	OPTION_JSON("print JSON"),
	{ 0 },
};

const struct command cmd_list = {
	.name = "list",
	.synopsis = "",
	.summary = "Show the domains that have virtual nodes",
	.options = options,
	.columns = { columns },
	.run = run,
};
