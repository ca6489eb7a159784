// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflexctl replace: a node comes, and then another one goes. Two changes, so that the
 * domain has both for a moment and never none; done again it goes on where it was.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exits.h"

static struct asking asking;

static int one_change(struct context *ctx, unsigned int id,
		      struct order *order)
{
	struct domain *d;
	int ret;

	ret = domain_read(ctx->host, id, &d);
	if (!ret)
		ret = d ? ask_for(ctx, d, order, &asking) : EXIT_GONE;
	domain_free(d);
	return ret;
}

static void say_dry_run(const struct context *ctx, const char *when,
			unsigned int vnode, const char *does)
{
	if (asking.dry_run && !ctx->json)
		printf("%s, for node %u to %s:\n", when, vnode, does);
}

/* The first request is always waited for: only then can the second be made. */
static int ask_for_both(struct context *ctx, const struct domain *d,
			unsigned int old, unsigned int new, const char *words)
{
	struct wish comes = {
		.vnode = new, .kb = d->vnodes[new].capacity_kb,
		.moves_vcpus = true,
	}, goes = { .vnode = old, .moves_vcpus = true };
	struct order expand = {
		.request = REQUEST_EXPAND, .wishes = &comes, .nr_wishes = 1,
		.words = words,
	}, shrink = {
		.request = REQUEST_SHRINK, .wishes = &goes, .nr_wishes = 1,
		.words = words, .after = asking.dry_run ? &expand : NULL,
	};
	bool no_wait = waiting.no_wait;
	int joined, left;

	waiting.no_wait = false;
	say_dry_run(ctx, "First", new, "join");
	joined = one_change(ctx, d->id, &expand);
	if (joined == EXIT_TIMEOUT)
		error("%s: once node %u has joined: virtflexctl replace %s %u %u",
		      d->name, new, d->name, old, new);
	if (joined && joined != EXIT_INCOMPLETE)
		return joined;
	waiting.no_wait = no_wait;
	say_dry_run(ctx, "Then", old, "leave");
	left = one_change(ctx, d->id, &shrink);
	if (!left || left == EXIT_INCOMPLETE)
		return left ? left : joined;
	/* If the guest is late, it is said already that the request stands. */
	if (left != EXIT_TIMEOUT && !asking.dry_run)
		error("%s: node %u has joined, but node %u has not left; "
		      "to try that again: virtflexctl shrink %s %u",
		      d->name, new, old, d->name, old);
	return left;
}

/* Both requests in one object; nothing is printed if none was made. */
static int replace_json(struct context *ctx, const struct domain *d,
			unsigned int old, unsigned int new, const char *words)
{
	struct json_object *object = domain_json(d);
	int ret, printed = EXIT_DONE;

	asking.into = json_object_new_array();
	json_object_object_add(object, "requests", asking.into);
	ret = ask_for_both(ctx, d, old, new, words);
	if (json_object_array_length(asking.into))
		printed = print_json(object, JSON_PAGE);
	else
		json_object_put(object);
	return ret ? ret : printed;
}

static int run(struct context *ctx, int argc, char **argv)
{
	unsigned int old = 0, new = 0;
	struct domain *d = NULL;
	char *words;
	int ret;

	if (argc != 3)
		return usage_error("replace needs a domain, a node that leaves and one that joins");
	ret = take_node("replace", argv[1], &old);
	if (!ret)
		ret = take_node("replace", argv[2], &new);
	if (!ret)
		ret = target_domain(ctx, argc, argv, "replace", &d);
	if (ret)
		return ret;
	words = words_of("replace", argc - 1, argv + 1);
	if (old == new) {
		error("%s: node %u cannot replace itself: name another node",
		      d->name, old);
		ret = EXIT_REFUSED;
	} else if (old >= d->nr_vnodes || new >= d->nr_vnodes) {
		error("%s: it has no node %u: its nodes are 0 to %u", d->name,
		      old >= d->nr_vnodes ? old : new, d->nr_vnodes - 1);
		ret = EXIT_REFUSED;
	} else if (!words) {
		ret = EXIT_ERROR;
	} else {
		ret = ctx->json ? replace_json(ctx, d, old, new, words) :
				  ask_for_both(ctx, d, old, new, words);
	}
	free(words);
	domain_free(d);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	int ret;

	(void)ctx;
	if (take_waiting(name, arg, &ret))
		return ret;
	if (!strcmp(name, "dry-run"))
		asking.dry_run = true;
	else
		asking.partly = true;
	return EXIT_DONE;
}

static const struct option_desc options[] = {
	OPTION_PARTLY,
	{ "no-wait", 'W', NULL, "do not wait until OLD has left" },
	OPTION_TIMEOUT,
	OPTION_DRY_RUN,
	OPTION_JSON("print JSON"),
	OPTION_VERBOSE,
	{ 0 },
};

const struct command cmd_replace = {
	.name = "replace",
	.synopsis = "DOMAIN OLD NEW",
	.summary = "Give a domain node NEW, and then take node OLD",
	.options = options,
	.note = "Two requests: the second is made once the first has been carried out.",
	.max_args = 3,
	.option = option,
	.run = run,
};
