// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl publish: domains are described to their guests. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exits.h"

/* A domain that is being made is not complete yet: it is tried again, less and less often. */
#define FIRST_S	1
#define LAST_S	60

static bool all, follow, dry_run;

static struct json_object *published_json(const struct domain *d, bool before)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "id", json_u64(d->id));
	json_object_object_add(object, "name", json_text(d->name));
	json_object_object_add(object, "nodes", json_u64(d->nr_vnodes));
	json_object_object_add(object, "published_before",
			       json_object_new_boolean(before));
	return object;
}

/* @domains: for JSON, those that are printed together; NULL for a line of its own. */
static int publish_one(struct context *ctx, struct domain *d,
		       struct json_object *domains)
{
	struct json_object *object = published_json(d, d->published);
	bool before = d->published;
	int ret;

	dry_run_begin(ctx, dry_run);
	ret = publish(ctx->host, d);
	dry_run_end(ctx, object);
	if (!ret && domains)
		return put_json(object, domains);
	if (!ret && ctx->json)
		return print_json(object, JSON_LINE);
	json_object_put(object);
	if (!ret && !dry_run)
		printf("%s: %u nodes %s\n", d->name, d->nr_vnodes,
		       before ? "were published already" : "published");
	flush_output();
	return ret;
}

/* Prints those that are published, also if another one could not be. */
static int print_published(struct json_object *domains, int ret)
{
	struct json_object *root;
	int printed;

	if (!domains)
		return ret;
	root = json_object_new_object();
	json_object_object_add(root, "domains", domains);
	printed = print_json(root, JSON_PAGE);
	return ret ? ret : printed;
}

/* Domains without virtual nodes are passed over. */
static int publish_all(struct context *ctx)
{
	unsigned int count, i;
	unsigned int *ids = domains_list(ctx->host, &count);
	struct json_object *domains = ctx->json ? json_object_new_array() : NULL;
	struct domain *d;
	int ret = ids ? EXIT_DONE : EXIT_ERROR, one;

	if (!dry_run)
		records_clean(ctx->host);
	for (i = 0; ids && i < count; i++) {
		one = domain_read(ctx->host, ids[i], &d);
		if (!one && d)
			one = publish_one(ctx, d, domains);
		/* one that ended meanwhile needs nothing */
		if (one && one != EXIT_GONE)
			ret = one;
		domain_free(d);
	}
	free(ids);
	return print_published(domains, ret);
}

/* Return: whether there are some that could not be published yet. */
static bool publish_new(struct context *ctx)
{
	unsigned int count, i;
	unsigned int *ids = domains_list(ctx->host, &count);
	bool later = false;
	struct domain *d;

	for (i = 0; ids && i < count; i++) {
		if (domain_read(ctx->host, ids[i], &d) || !d)
			continue;
		if (!d->published)
			later |= !domain_find_pnodes(ctx->host, d) ||
				 publish_one(ctx, d, NULL) == EXIT_ERROR;
		domain_free(d);
	}
	free(ids);
	return later || !ids;
}

/* Publishes each domain as it is made, until interrupted. */
static int publish_each(struct context *ctx)
{
	int pause_s = FIRST_S;

	if (!xs_watch(ctx->host->xs, "@introduceDomain", "new") ||
	    !xs_watch(ctx->host->xs, "@releaseDomain", "gone")) {
		error("xenstore: %s; is xenstored running?", strerror(errno));
		return EXIT_ERROR;
	}
	catch_interrupts();
	do {
		records_clean(ctx->host);
		pause_s = !publish_new(ctx) ? FIRST_S :
			  pause_s < LAST_S / 2 ? pause_s * 2 : LAST_S;
		if (!wait_for_event(ctx->host, pause_s > FIRST_S ? pause_s :
								  LAST_S))
			return EXIT_ERROR;
	} while (!interrupted());
	return EXIT_DONE;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct json_object *domains = NULL;
	struct domain *d = NULL;
	int ret;

	if (!all && !follow && !argc)
		return usage_error("publish needs a domain, --all or --follow");
	if (all && argc)
		return usage_error("publish: either a domain or --all");
	if (follow && (argc || dry_run))
		return usage_error("publish: --follow goes with neither a domain nor -N");
	if (follow || all) {
		ret = need_host(ctx);
		return ret ? ret : follow ? publish_each(ctx) : publish_all(ctx);
	}
	ret = target_domain(ctx, argc, argv, "publish", &d);
	if (!ret && ctx->json)
		domains = json_object_new_array();
	if (!ret)
		ret = publish_one(ctx, d, domains);
	domain_free(d);
	if (!ret)
		return print_published(domains, ret);
	json_object_put(domains);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	(void)arg;
	if (!strcmp(name, "all"))
		all = true;
	else if (!strcmp(name, "follow"))
		follow = true;
	else if (!strcmp(name, "dry-run"))
		dry_run = true;
	else
		verbose = true;
	return EXIT_DONE;
}

static const struct option_desc options[] = {
	{ "all", 'a', NULL, "all domains that have virtual nodes" },
	{ "follow", 'f', NULL, "all of them, and then each as it is made" },
	OPTION_DRY_RUN,
	OPTION_JSON("print JSON; with --follow, a line for each domain"),
	OPTION_VERBOSE,
	{ 0 },
};

const struct command cmd_publish = {
	.name = "publish",
	.synopsis = "DOMAIN | --all | --follow",
	.summary = "Describe the nodes of a domain to its guest, once after it was made",
	.options = options,
	.max_args = 1,
	.option = option,
	.run = run,
};
