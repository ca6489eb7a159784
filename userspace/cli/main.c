// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflex: the NUMA topology of this machine as it is now, and pages that
 * follow it. One file per subcommand; each describes itself in a struct command,
 * of which the help text is made and options are parsed.
 */
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define MAX_OPTIONS 24

static const struct command *const commands[] = {
	&cmd_topology,
	&cmd_watch,
	&cmd_migrate,
	&cmd_pages,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

static void help_option(const char *name, const char *arg, const char *text)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", name, arg ? " " : "",
		 arg ? arg : "");
	printf("  %-22s %s\n", left, text);
}

static int help(void)
{
	unsigned int i;

	puts("Usage: virtflex COMMAND [OPTION]...\n\n"
	     "The NUMA topology of this machine, which may change while it runs.\n");
	for (i = 0; i < NR_COMMANDS; i++)
		printf("  %-22s %s\n", commands[i]->name, commands[i]->summary);
	putchar('\n');
	help_option("help", NULL, "this text; after a command, its options");
	help_option("version", NULL, "print the version");
	puts("\nExit status: 0 done, 1 error, 2 usage, 3 pages did not move that\n"
	     "should have, 4 self-test could not run, 5 timeout.");
	return EXIT_DONE;
}

static int help_command(const struct command *cmd)
{
	const struct option_desc *o;

	printf("Usage: virtflex %s%s%s [OPTION]...\n\n%s.\n\n", cmd->name,
	       *cmd->synopsis ? " " : "", cmd->synopsis, cmd->summary);
	for (o = cmd->options; o->name; o++)
		help_option(o->name, o->arg, o->help);
	help_option("help", NULL, "this text");
	return EXIT_DONE;
}

static int run_command(const struct command *cmd, int argc, char **argv)
{
	struct option longs[MAX_OPTIONS + 2] = { 0 };
	struct context ctx = { 0 };
	int n, c, index, ret;
	const char *name;

	for (n = 0; n < MAX_OPTIONS && cmd->options[n].name; n++) {
		longs[n].name = cmd->options[n].name;
		longs[n].has_arg = cmd->options[n].arg ? required_argument :
							 no_argument;
		longs[n].val = 1;
	}
	longs[n].name = "help";
	longs[n].val = 1;

	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, ":", longs, &index)) != -1) {
		if (c == ':')
			return usage_error("%s needs an argument",
					   argv[optind - 1]);
		if (c != 1)
			return usage_error("%s has no option %s", cmd->name,
					   argv[optind - 1]);
		name = longs[index].name;
		if (!strcmp(name, "help"))
			return help_command(cmd);
		if (!strcmp(name, "json")) {
			ctx.json = true;
		} else if (!strcmp(name, "sysroot")) {
			ctx.sysroot = optarg;
			if (!*optarg)
				return usage_error("--sysroot needs a directory");
		} else {
			ret = cmd->option(&ctx, name, optarg);
			if (ret)
				return ret;
		}
	}
	if (argc - optind > cmd->max_args)
		return usage_error("%s: too many arguments: %s", cmd->name,
				   argv[optind + cmd->max_args]);
	ret = virtflex_open(&ctx.vf, ctx.sysroot);
	if (ret) {
		error("%s", strerror(-ret));
		return EXIT_ERROR;
	}
	ret = cmd->run(&ctx, argc - optind, argv + optind);
	virtflex_close(ctx.vf);
	if (fflush(stdout) || ferror(stdout)) {
		error("cannot write the output");
		return EXIT_ERROR;
	}
	return ret;
}

int main(int argc, char **argv)
{
	unsigned int i;

	setlocale(LC_CTYPE, "");
	if (argc < 2)
		return usage_error("no command");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return help();
	if (!strcmp(argv[1], "--version")) {
		puts("virtflex " VIRTFLEX_VERSION);
		return EXIT_DONE;
	}
	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return run_command(commands[i], argc - 1, argv + 1);
	return usage_error("there is no command %s", argv[1]);
}
