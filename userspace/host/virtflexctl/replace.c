// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflexctl replace: a node comes, and then another one goes. Two changes, so that the
 * domain has both for a moment and never none; done again it goes on where it was.
 */
#include <stdlib.h>

#include "ctl.h"
#include "exits.h"

static struct asking asking;

static int one_change(struct context *ctx, unsigned int id,
		      enum request_kind request, unsigned int vnode,
		      const char *words)
{
	struct wish wish = { .vnode = vnode, .moves_vcpus = true };
	struct order order = {
		.request = request, .wishes = &wish, .nr_wishes = 1,
		.words = words,
	};
	struct domain *d;
	int ret;

	ret = domain_read(ctx->host, id, &d);
	if (ret || !d)
		return ret ? ret : EXIT_GONE;
	if (request == REQUEST_EXPAND && vnode < d->nr_vnodes)
		wish.kb = d->vnodes[vnode].capacity_kb;
	ret = ask_for(ctx, d, &order, &asking);
	domain_free(d);
	return ret;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct domain *d = NULL;
	unsigned int old, new;
	char *words;
	int ret, came;

	if (argc != 3)
		return usage_error("replace needs a domain, a node that goes and one that comes");
	ret = take_node("replace", argv[1], &old);
	if (!ret)
		ret = take_node("replace", argv[2], &new);
	if (!ret)
		ret = target_domain(ctx, argc, argv, "replace", &d);
	if (ret)
		return ret;
	words = words_of("replace", argc - 1, argv + 1);
	if (old == new) {
		error("%s: node %u cannot take its own place", d->name, old);
		ret = EXIT_REFUSED;
	} else if (old >= d->nr_vnodes || new >= d->nr_vnodes) {
		error("%s: it has no node %u: its nodes are 0 to %u", d->name,
		      old >= d->nr_vnodes ? old : new, d->nr_vnodes - 1);
		ret = EXIT_REFUSED;
	} else if (!words) {
		ret = EXIT_ERROR;
	} else {
		came = one_change(ctx, d->id, REQUEST_EXPAND, new, words);
		ret = came && came != EXIT_INCOMPLETE ? came :
		      one_change(ctx, d->id, REQUEST_SHRINK, old, words);
		if (ret && ret != EXIT_INCOMPLETE && ret != came)
			error("%s: node %u has joined, node %u has not left; do the same again",
			      d->name, new, old);
		else if (!ret)
			ret = came;
	}
	free(words);
	domain_free(d);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	int ret;

	(void)ctx;
	if (!take_waiting(name, arg, &ret))
		asking.partly = true;
	return ret;
}

static const struct option_desc options[] = {
	OPTION_PARTLY,
	OPTION_TIMEOUT,
	OPTION_VERBOSE,
	{ 0 },
};

const struct command cmd_replace = {
	.name = "replace",
	.synopsis = "DOMAIN OLD NEW",
	.summary = "Give a domain node NEW, and then take node OLD",
	.options = options,
	.max_args = 3,
	.option = option,
	.run = run,
};
