// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl shrink, expand, set: a change of some nodes. */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exits.h"
#include "text.h"

static uint64_t memory_kb;
static bool has_memory;
static struct asking asking;
static struct order order;

/**
 * words_of() - a command line, as another administrator is told of it
 * @name: name of the command
 * @argc: how many arguments
 * @argv: arguments
 *
 * Return: text to be freed, or NULL.
 */
char *words_of(const char *name, int argc, char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *f;
	int i;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	fputs(name, f);
	for (i = 0; i < argc; i++)
		fprintf(f, " %s", argv[i]);
	return fclose(f) ? NULL : text;
}

/**
 * take_node() - take an argument that is the number of a node
 * @command: name of the command
 * @arg: argument
 * @vnode: out
 *
 * Return: enum exit_code, EXIT_DONE to go on.
 */
int take_node(const char *command, const char *arg, unsigned int *vnode)
{
	uint64_t number;

	if (!parse_count(arg, MAX_VNODES - 1, &number))
		return usage_error_of(arg, "%s takes numbers of nodes, not",
				      command);
	*vnode = number;
	return EXIT_DONE;
}

/**
 * struct wishes - what is wanted of nodes
 * @list: by node, in the order in which they were named
 * @count: how many
 */
struct wishes {
	struct wish list[MAX_VNODES];
	unsigned int count;
};

/* Takes "2", "2-3,5", and with "=SIZE" if sized. */
static int take_wishes(const char *command, const char *arg, bool sized,
		       struct wishes *wishes)
{
	static bool named[MAX_VNODES];
	const char *equals = strchr(arg, '=');
	char *nodes;
	uint64_t kb = 0;
	unsigned int i;
	bool good;

	if (sized && (!equals || !parse_size(equals + 1, &kb)))
		return usage_error_of(arg, "%s takes NODE=SIZE, such as 2=512M, not",
				      command);
	nodes = sized ? strndup(arg, equals - arg) : strdup(arg);
	memset(named, 0, sizeof(named));
	good = nodes && text_nodes(nodes, named);
	free(nodes);
	if (!good)
		return usage_error_of(arg, "%s takes nodes such as 2, 2-3 or 1,3, not",
				      command);
	for (i = 0; i < MAX_VNODES; i++) {
		if (!named[i])
			continue;
		if (wishes->count == MAX_VNODES)
			return usage_error("%s: too many nodes", command);
		wishes->list[wishes->count++] = (struct wish){
			.vnode = i, .kb = kb,
		};
	}
	return EXIT_DONE;
}

/* Completes a wish by what is known of the domain. */
static void complete_wish(const struct domain *d, enum request_kind request,
			  struct wish *wish)
{
	if (wish->vnode >= d->nr_vnodes)
		return;
	if (request == REQUEST_EXPAND)
		wish->kb = has_memory ? memory_kb :
					d->vnodes[wish->vnode].capacity_kb;
	wish->moves_vcpus = request != REQUEST_NONE || !wish->kb ||
			    !domain_active(d, wish->vnode);
}

static int run_change(struct context *ctx, int argc, char **argv,
		      const char *command, enum request_kind request)
{
	bool sized = request == REQUEST_NONE;
	static struct wishes wishes;
	struct domain *d = NULL;
	int i, ret = EXIT_DONE;
	unsigned int w;
	char *words;

	if (argc < 2)
		return usage_error(sized ? "%s needs a domain and NODE=SIZE" :
				   "%s needs a domain and a node", command);
	for (i = 1; i < argc && !ret; i++)
		ret = take_wishes(command, argv[i], sized, &wishes);
	if (!ret)
		ret = target_domain(ctx, argc, argv, command, &d);
	if (ret)
		return ret;
	for (w = 0; w < wishes.count; w++)
		complete_wish(d, request, &wishes.list[w]);
	words = words_of(command, argc - 1, argv + 1);
	order.request = request;
	order.wishes = wishes.list;
	order.nr_wishes = wishes.count;
	order.words = words;
	ret = words ? ask_for(ctx, d, &order, &asking) : EXIT_ERROR;
	free(words);
	domain_free(d);
	return ret;
}

static int take_order_option(const char *name, const char *arg,
			     enum order_option option, uint64_t most)
{
	order.has_option[option] = true;
	return take_number(name, arg, " of seconds", 0, most,
			   &order.option[option]);
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	int ret;

	(void)ctx;
	if (take_waiting(name, arg, &ret))
		return ret;
	if (!strcmp(name, "wait-host"))
		return take_order_option(name, arg, ORDER_WAIT_S, 86400);
	if (!strcmp(name, "grace")) {
		ret = take_order_option(name, arg, ORDER_GRACE_MS, 600);
		order.option[ORDER_GRACE_MS] *= 1000;
		return ret;
	}
	if (!strcmp(name, "fragments")) {
		order.has_option[ORDER_SMALL] = true;
		order.option[ORDER_SMALL] = 1;
		return EXIT_DONE;
	}
	if (!strcmp(name, "dry-run"))
		asking.dry_run = true;
	else if (!strcmp(name, "partly"))
		asking.partly = true;
	else if (!parse_size(arg, &memory_kb) || !memory_kb)
		return usage_error_of(arg, "--%s is a size such as 512M or 4G, not",
				      name);
	else
		has_memory = true;
	return EXIT_DONE;
}

#define OPTION_GRACE \
	{ "grace", 'g', "S", "programs have S seconds to leave by themselves" }
#define OPTION_FRAGMENTS \
	{ "fragments", 'f', NULL, "take free memory in fragments below 2 MiB as well" }

static const struct option_desc shrink_options[] = {
	OPTION_GRACE,
	OPTION_FRAGMENTS,
	OPTION_NO_WAIT,
	OPTION_TIMEOUT,
	OPTION_DRY_RUN,
	OPTION_JSON("print JSON"),
	OPTION_VERBOSE,
	{ 0 },
};

static const struct option_desc expand_options[] = {
	{ "memory", 'm', "SIZE", "memory for each node, if not all it was built with" },
	OPTION_PARTLY,
	OPTION_WAIT_HOST,
	OPTION_NO_WAIT,
	OPTION_TIMEOUT,
	OPTION_DRY_RUN,
	OPTION_JSON("print JSON"),
	OPTION_VERBOSE,
	{ 0 },
};

static const struct option_desc set_options[] = {
	OPTION_PARTLY,
	OPTION_GRACE,
	OPTION_FRAGMENTS,
	OPTION_WAIT_HOST,
	OPTION_NO_WAIT,
	OPTION_TIMEOUT,
	OPTION_DRY_RUN,
	OPTION_JSON("print JSON"),
	OPTION_VERBOSE,
	{ 0 },
};

static int run_shrink(struct context *ctx, int argc, char **argv)
{
	return run_change(ctx, argc, argv, "shrink", REQUEST_SHRINK);
}

static int run_expand(struct context *ctx, int argc, char **argv)
{
	return run_change(ctx, argc, argv, "expand", REQUEST_EXPAND);
}

static int run_set(struct context *ctx, int argc, char **argv)
{
	return run_change(ctx, argc, argv, "set", REQUEST_NONE);
}

const struct command cmd_shrink = {
	.name = "shrink",
	.synopsis = "DOMAIN NODE...",
	.summary = "Take nodes from a domain, memory and vCPUs",
	.options = shrink_options,
	.max_args = MANY_ARGS,
	.option = option,
	.run = run_shrink,
};

const struct command cmd_expand = {
	.name = "expand",
	.synopsis = "DOMAIN NODE...",
	.summary = "Give nodes back to a domain, memory and vCPUs",
	.options = expand_options,
	.max_args = MANY_ARGS,
	.option = option,
	.run = run_expand,
};

const struct command cmd_set = {
	.name = "set",
	.synopsis = "DOMAIN NODE=SIZE...",
	.summary = "Set how much memory nodes of a domain have; 0 takes a node",
	.options = set_options,
	.note = "Sizes are in MiB, or end in K, M, G or T.",
	.max_args = MANY_ARGS,
	.option = option,
	.run = run_set,
};
