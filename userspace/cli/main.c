// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflex: the NUMA topology of this machine as it is now, and pages that
 * follow it. One file per subcommand; each describes itself in a struct command,
 * of which the help text is made and options are taken.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli.h"

static const struct command *const commands[] = {
	&cmd_topology,
	&cmd_watch,
	&cmd_pages,
	&cmd_migrate,
	&cmd_top,
	&cmd_run,
	&cmd_doctor,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

static const struct command *find_command(const char *name)
{
	unsigned int i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i];
	return NULL;
}

static int run_command(const struct command *cmd, int argc, char **argv)
{
	struct context ctx = { 0 };
	bool help = false;
	int ret;

	set_help(cmd->name);
	ret = take_options(cmd, &ctx, argc, argv, &help);
	if (help)
		help_command(cmd);
	if (ret || help)
		return ret;
	if (!check_root(&ctx))
		return EXIT_ERROR;
	ret = virtflex_open(&ctx.vf, ctx.sysroot);
	if (ret) {
		error("%s", strerror(-ret));
		return EXIT_ERROR;
	}
	ret = cmd->run(&ctx, argc - optind, argv + optind);
	virtflex_close(ctx.vf);
	return ret;
}

static int run_help(int argc, char **argv)
{
	const struct command *cmd;

	if (argc > 1)
		return usage_error_of(argv[1], "help: too many arguments:");
	if (argc && strcmp(argv[0], "help")) {
		cmd = find_command(argv[0]);
		if (!cmd)
			return usage_error_of(argv[0], "there is no command");
		help_command(cmd);
	} else {
		help_all(commands, NR_COMMANDS);
	}
	return EXIT_DONE;
}

/* @asked is the command that was asked for, if it is known. */
static int run(int argc, char **argv, const struct command **asked)
{
	const struct command *cmd;
	const char *name;

	if (argc < 2)
		return usage_error("no command");
	name = argv[1];
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		return run_help(0, NULL);
	if (!strcmp(name, "help"))
		return run_help(argc - 2, argv + 2);
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts("virtflex " VIRTFLEX_VERSION);
		return EXIT_DONE;
	}
	if (*name == '-')
		return usage_error("virtflex has no option %s before the command",
				   name);
	cmd = find_command(name);
	if (!cmd)
		return usage_error_of(name, "there is no command");
	*asked = cmd;
	return run_command(cmd, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	const struct command *cmd = NULL;
	int ret;

	set_locale();
	ret = finish_output(run(argc, argv, &cmd));
	if (cmd && cmd->own_failure && (ret == EXIT_ERROR || ret == EXIT_USAGE))
		ret = cmd->own_failure;
	return end_interrupted(ret);
}
