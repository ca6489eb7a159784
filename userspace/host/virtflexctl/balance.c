// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl balance: how full physical nodes are, and which domains could give memory. */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exits.h"
#include "table.h"

/**
 * struct row - a physical node
 * @pnode: its number
 * @size_kb: its memory
 * @free_kb: of that, what no domain has
 * @domains_kb: what domains with virtual nodes have of it, as far as they say
 * @givers: nodes that could leave their domains, such as "guest:2", by a blank
 */
struct row {
	unsigned int pnode;
	uint64_t size_kb;
	uint64_t free_kb;
	uint64_t domains_kb;
	char *givers;
};

static void get_pnode(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->pnode;
}

static void get_size(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_SIZE;
	v->number = r->size_kb;
}

static void get_free(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_SIZE;
	v->number = r->free_kb;
}

static void get_domains(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_SIZE;
	v->number = r->domains_kb;
}

static void get_used(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_BAR;
	v->number = r->size_kb - r->free_kb;
	v->full = r->size_kb;
}

static void get_givers(const void *row, struct value *v)
{
	const struct row *r = row;

	if (!r->givers)
		return;
	v->type = VALUE_TEXT;
	v->text = r->givers;
}

static const struct column columns[] = {
	{ "PNODE", "pnode", "number of the physical node", COLUMN_RIGHT,
	  get_pnode },
	{ "SIZE", "size_kb", "its memory", COLUMN_RIGHT, get_size },
	{ "FREE", "free_kb", "what no domain has", COLUMN_RIGHT, get_free },
	{ "DOMAINS", "domains_kb", "what domains with virtual nodes have",
	  COLUMN_RIGHT, get_domains },
	{ "USED", NULL, "what is not free, as a bar", COLUMN_PEOPLE, get_used },
	{ "COULD-GIVE", "could_give", "nodes that could leave, as DOMAIN:NODE", 0,
	  get_givers },
	{ 0 },
};

/* Whether a node may leave its domain, as far as can be told from here. */
static bool could_leave(const struct domain *d, unsigned int vnode)
{
	unsigned int i, others = 0;

	for (i = 0; i < d->nr_vnodes; i++)
		others += i != vnode && domain_active(d, i);
	return others && domain_active(d, vnode) && guest_listens(d->status) &&
	       d->request == REQUEST_NONE;
}

static bool add_giver(struct row *r, const struct domain *d, unsigned int vnode)
{
	char *text;

	if (asprintf(&text, "%s%s%s:%u", r->givers ? r->givers : "",
		     r->givers ? " " : "", d->name, vnode) < 0)
		return false;
	free(r->givers);
	r->givers = text;
	return true;
}

static bool add_domain(struct row *rows, unsigned int count,
		       const struct domain *d)
{
	const struct vnode *n;
	unsigned int i;
	bool added = true;

	for (i = 0; i < d->nr_vnodes; i++) {
		n = &d->vnodes[i];
		if (n->pnode < 0 || (unsigned int)n->pnode >= count)
			continue;
		rows[n->pnode].domains_kb += n->current_kb != KB_UNKNOWN ?
					     n->current_kb : n->capacity_kb;
		if (could_leave(d, i))
			added &= add_giver(&rows[n->pnode], d, i);
	}
	return added;
}

static int add_domains(struct context *ctx, struct row *rows,
		       unsigned int count)
{
	unsigned int nr_ids, i;
	unsigned int *ids = domains_list(ctx->host, &nr_ids);
	struct domain *d;
	int ret = ids ? EXIT_DONE : EXIT_ERROR, one;

	for (i = 0; ids && i < nr_ids; i++) {
		one = domain_read(ctx->host, ids[i], &d);
		/* one that ended meanwhile has nothing */
		if (one && one != EXIT_GONE)
			ret = one;
		if (!d)
			continue;
		domain_find_pnodes(ctx->host, d);
		if (!add_domain(rows, count, d))
			ret = EXIT_ERROR;
		domain_free(d);
	}
	free(ids);
	return ret;
}

/* Those that have memory: not every number is a node. */
static int print_rows(const struct context *ctx, const struct row *rows,
		      unsigned int count)
{
	const void **shown = calloc(count + 1, sizeof(*shown));
	unsigned int i, nr = 0;
	int ret;

	if (!shown)
		return EXIT_ERROR;
	for (i = 0; i < count; i++)
		if (rows[i].size_kb)
			shown[nr++] = &rows[i];
	ret = rows_print(ctx, columns, "pnodes", shown, nr);
	free(shown);
	return ret;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct pnode *pnodes = NULL;
	struct row *rows = NULL;
	unsigned int count = 0, i;
	int ret, printed;

	(void)argc;
	(void)argv;
	ret = check_columns(ctx, "balance", columns);
	if (!ret)
		ret = need_host(ctx);
	if (ret)
		return ret;
	pnodes = host_pnodes(ctx->host, &count);
	rows = pnodes ? calloc(count + 1, sizeof(*rows)) : NULL;
	if (!rows) {
		error("physical nodes cannot be read: try xl info -n");
		free(pnodes);
		return EXIT_ERROR;
	}
	for (i = 0; i < count; i++) {
		rows[i].pnode = i;
		rows[i].size_kb = pnodes[i].size_kb;
		rows[i].free_kb = pnodes[i].free_kb;
	}
	ret = add_domains(ctx, rows, count);
	printed = print_rows(ctx, rows, count);
	for (i = 0; i < count; i++)
		free(rows[i].givers);
	free(rows);
	free(pnodes);
	return ret ? ret : printed;
}

static const struct option_desc options[] = {
	OPTION_OUTPUT,
	OPTION_NOHEADINGS,
	OPTION_RAW,
	OPTION_JSON("print JSON"),
	{ 0 },
};

const struct command cmd_balance = {
	.name = "balance",
	.synopsis = "",
	.summary = "Show how full physical nodes are, and which nodes could leave",
	.options = options,
	.columns = { columns },
	.run = run,
};
