// SPDX-License-Identifier: GPL-2.0-only
/* Options of a command line, by the table of the command. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define MAX_OPTIONS	24
/* What getopt gives for an option without a letter: this and its index. */
#define NO_LETTER	0x100

/**
 * struct parser - options in the form that getopt takes
 * @longs: long ones
 * @letters: short ones
 * @count: how many
 */
struct parser {
	struct option longs[MAX_OPTIONS + 1];
	char letters[2 * MAX_OPTIONS + 3];
	unsigned int count;
};

static const struct option_desc help_option = { "help", 'h', NULL, "" };

static void add_option(struct parser *p, const struct option_desc *o)
{
	struct option *to = &p->longs[p->count];

	if (p->count == MAX_OPTIONS)
		abort();
	to->name = o->name;
	to->has_arg = o->arg ? required_argument : no_argument;
	to->val = o->letter ? o->letter : NO_LETTER + (int)p->count;
	p->count++;
	if (o->letter) {
		char text[] = { o->letter, o->arg ? ':' : 0, 0 };

		strcat(p->letters, text);
	}
}

static const struct option *by_value(const struct parser *p, int value)
{
	unsigned int i;

	for (i = 0; i < p->count; i++)
		if (p->longs[i].val == value)
			return &p->longs[i];
	return NULL;
}

/* Names that begin so, for one that could be several. */
static unsigned int could_be(const struct parser *p, const char *name,
			     size_t len, char *list, size_t size)
{
	unsigned int i, count = 0;
	size_t used = 0;

	for (i = 0; i < p->count && used < size; i++)
		if (!strncmp(p->longs[i].name, name, len))
			used += snprintf(list + used, size - used, "%s--%s",
					 count++ ? " or " : "",
					 p->longs[i].name);
	return count;
}

/* getopt says that there is something wrong, and one has to find out what. */
static int wrong_option(const struct command *cmd, const struct parser *p,
			const char *word)
{
	const struct option *o = by_value(p, optopt);
	char list[256];
	int len;

	if (optopt && !o)
		return usage_error("%s has no option -%c", cmd->name, optopt);
	if (o)
		return usage_error("--%s takes no argument", o->name);
	len = strcspn(word, "=");
	if (could_be(p, word + 2, len - 2, list, sizeof(list)) > 1)
		return usage_error("%s: %.*s could be %s", cmd->name, len, word,
				   list);
	return usage_error("%s has no option %.*s", cmd->name, len, word);
}

static int take_option(const struct command *cmd, struct context *ctx,
		       const char *name)
{
	if (!strcmp(name, "json")) {
		ctx->json = true;
	} else if (!strcmp(name, "raw")) {
		ctx->raw = true;
	} else if (!strcmp(name, "noheadings")) {
		ctx->noheadings = true;
	} else if (!strcmp(name, "output")) {
		ctx->columns = optarg;
	} else if (!strcmp(name, "sysroot")) {
		ctx->sysroot = optarg;
		if (!*optarg)
			return usage_error("--sysroot needs a directory");
	} else {
		return cmd->option(ctx, name, optarg);
	}
	return EXIT_DONE;
}

/**
 * take_options() - take the options of a command line
 * @cmd: command
 * @ctx: what they are put into
 * @argc: length of @argv
 * @argv: name of the command, and what follows; arguments are put last, unless
 *	options end at the first of them, and optind is the first of them
 * @help: set if the help text was asked for, and nothing else counts
 *
 * Return: enum exit_code, EXIT_DONE to go on.
 */
int take_options(const struct command *cmd, struct context *ctx, int argc,
		 char **argv, bool *help)
{
	struct parser p = { .count = 0 };
	const struct option_desc *o;
	const struct option *taken;
	int c, ret;

	/* + ends them at the first argument, : tells which one lacks its own */
	strcpy(p.letters, cmd->in_order ? "+:" : ":");
	for (o = cmd->options; o->name; o++)
		add_option(&p, o);
	add_option(&p, &help_option);
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, p.letters, p.longs, NULL)) != -1) {
		if (c == '?')
			return wrong_option(cmd, &p, argv[optind - 1]);
		taken = by_value(&p, c == ':' ? optopt : c);
		if (c == ':')
			return usage_error("--%s needs an argument",
					   taken->name);
		if (!strcmp(taken->name, "help")) {
			*help = true;
			return EXIT_DONE;
		}
		ret = take_option(cmd, ctx, taken->name);
		if (ret)
			return ret;
	}
	if (ctx->json && (ctx->raw || ctx->noheadings))
		return usage_error("%s: either --json or --%s", cmd->name,
				   ctx->raw ? "raw" : "noheadings");
	if (argc - optind > cmd->max_args)
		return usage_error_of(argv[optind + cmd->max_args],
				      "%s: too many arguments:", cmd->name);
	return EXIT_DONE;
}
