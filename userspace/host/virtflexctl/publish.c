// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl publish: domains are described to their guests. */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exits.h"

static bool all, dry_run;

static int publish_one(struct context *ctx, struct domain *d)
{
	bool known = d->published;
	int ret;

	ctx->host->dry_run = dry_run;
	ret = publish(ctx->host, d);
	if (!ret && !dry_run)
		printf("%s: %u nodes %s\n", d->name, d->nr_vnodes,
		       known ? "were published already" : "published");
	return ret;
}

/* Those without virtual nodes are not for us. */
static int publish_all(struct context *ctx)
{
	unsigned int count, i;
	unsigned int *ids = domains_list(ctx->host, &count);
	struct domain *d;
	int ret = ids ? EXIT_DONE : EXIT_ERROR, one;

	if (!dry_run)
		records_clean(ctx->host);
	for (i = 0; ids && i < count; i++) {
		one = domain_read(ctx->host, ids[i], &d);
		if (!one && d)
			one = publish_one(ctx, d);
		/* one that ended meanwhile needs nothing */
		if (one && one != EXIT_GONE)
			ret = one;
		domain_free(d);
	}
	free(ids);
	return ret;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct domain *d = NULL;
	int ret;

	if (all && argc)
		return usage_error("publish: either a domain or --all");
	if (all)
		return publish_all(ctx);
	ret = target_domain(ctx, argc, argv, "publish", &d);
	if (!ret)
		ret = publish_one(ctx, d);
	domain_free(d);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	(void)arg;
	if (!strcmp(name, "all"))
		all = true;
	else if (!strcmp(name, "dry-run"))
		dry_run = true;
	else
		verbose = true;
	return EXIT_DONE;
}

static const struct option_desc options[] = {
	{ "all", 'a', NULL, "all domains that have virtual nodes" },
	{ "dry-run", 'N', NULL, "print what would be written, and write nothing" },
	OPTION_VERBOSE,
	{ 0 },
};

const struct command cmd_publish = {
	.name = "publish",
	.synopsis = "DOMAIN | --all",
	.summary = "Describe the nodes of a domain to its guest, once after it was made",
	.options = options,
	.max_args = 1,
	.option = option,
	.run = run,
};
