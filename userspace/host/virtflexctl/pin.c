// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl pin, unpin: vCPUs run on the physical node that their node is on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exits.h"
#include "pinning.h"

static bool hard, dry_run;

static char *chosen_text(const bool *chosen, unsigned int count)
{
	unsigned int *ids = calloc(count + 1, sizeof(*ids));
	unsigned int i, nr = 0;
	char *text;

	for (i = 0; ids && i < count; i++)
		if (chosen[i])
			ids[nr++] = i;
	text = ids ? list_text(ids, nr, true) : NULL;
	free(ids);
	return text;
}

static int pin_vcpus(struct context *ctx, const struct domain *d,
		     unsigned int vnode, const bool *chosen, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpus[i].vnode != vnode || dry_run)
			continue;
		if (!cpus_pin(ctx->host, d->id, i, chosen, count, hard))
			continue;
		error("%s: vCPU %u cannot be pinned: %s", d->name, i,
		      strerror(errno));
		return EXIT_ERROR;
	}
	return EXIT_DONE;
}

static int pin_node(struct context *ctx, const struct domain *d,
		    unsigned int vnode, const struct cpus *cpus, bool *chosen)
{
	char *vcpus = domain_vcpus(d, vnode, true), *list;
	int ret;

	if (!vcpus || !*vcpus) {
		free(vcpus);
		return EXIT_DONE;
	}
	if (!pinning_choose(cpus, d->vnodes[vnode].pnode, chosen)) {
		error("%s: node %u: its physical node has no CPU", d->name, vnode);
		free(vcpus);
		return EXIT_REFUSED;
	}
	ret = pin_vcpus(ctx, d, vnode, chosen, cpus->count);
	list = chosen_text(chosen, cpus->count);
	if (!ret)
		printf("%s: node %u: vCPUs %s %s CPUs %s of physical node %d\n",
		       d->name, vnode, vcpus, hard ? "run on" : "prefer",
		       list ? list : "?", d->vnodes[vnode].pnode);
	free(list);
	free(vcpus);
	return ret;
}

static int run_pin(struct context *ctx, int argc, char **argv)
{
	struct cpus cpus = { 0 };
	struct domain *d = NULL;
	bool *chosen = NULL;
	unsigned int i;
	int ret;

	ret = target_domain(ctx, argc, argv, "pin", &d);
	if (!ret)
		ret = domain_read_pnodes(ctx->host, d);
	if (!ret && !cpus_read(ctx->host, &cpus))
		ret = EXIT_ERROR;
	if (!ret)
		chosen = calloc(cpus.count + 1, sizeof(*chosen));
	for (i = 0; chosen && i < d->nr_vnodes && !ret; i++)
		ret = pin_node(ctx, d, i, &cpus, chosen);
	free(chosen);
	cpus_free(&cpus);
	domain_free(d);
	return ret;
}

static int run_unpin(struct context *ctx, int argc, char **argv)
{
	struct cpus cpus = { 0 };
	struct domain *d = NULL;
	unsigned int i;
	int ret;

	ret = target_domain(ctx, argc, argv, "unpin", &d);
	if (!ret && !cpus_read(ctx->host, &cpus))
		ret = EXIT_ERROR;
	for (i = 0; !ret && i < d->nr_vnodes; i++)
		ret = pin_vcpus(ctx, d, i, NULL, cpus.count);
	if (!ret)
		printf("%s: vCPUs prefer no CPUs%s\n", d->name,
		       hard ? ", and run on any" : "");
	cpus_free(&cpus);
	domain_free(d);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	(void)arg;
	if (!strcmp(name, "hard"))
		hard = true;
	else
		dry_run = true;
	return EXIT_DONE;
}

static const struct option_desc pin_options[] = {
	{ "hard", 'H', NULL, "nowhere else, not even if these CPUs are busy" },
	{ "dry-run", 'N', NULL, "say what would be pinned, and pin nothing" },
	{ 0 },
};

static const struct option_desc unpin_options[] = {
	{ "hard", 'H', NULL, "and take away what pins them hard" },
	{ "dry-run", 'N', NULL, "unpin nothing" },
	{ 0 },
};

const struct command cmd_pin = {
	.name = "pin",
	.synopsis = "DOMAIN",
	.summary = "Let vCPUs prefer the physical node that their node is on",
	.options = pin_options,
	.max_args = 1,
	.option = option,
	.run = run_pin,
};

const struct command cmd_unpin = {
	.name = "unpin",
	.synopsis = "DOMAIN",
	.summary = "Let vCPUs prefer no CPUs",
	.options = unpin_options,
	.max_args = 1,
	.option = option,
	.run = run_unpin,
};
