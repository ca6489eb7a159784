// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program with subcommands, or with one command, which has the program's name. One file
 * per command; each describes itself in a struct command, of which the help text is made
 * and options are taken.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared.h"
#include "virtflex.h"

static const struct program *program;

/**
 * program_name() - what people type
 *
 * Return: name.
 */
const char *program_name(void)
{
	return program->name;
}

/**
 * program_manual() - the manual page of all of it
 *
 * Return: name and section; NULL if each subcommand has a page of its own.
 */
const char *program_manual(void)
{
	return program->manual;
}

/**
 * program_is_alone() - has the program no subcommands?
 *
 * Return: whether its command line is that of its one command.
 */
bool program_is_alone(void)
{
	return !program->commands;
}

static const struct command *find_command(const char *name)
{
	const struct command *const *cmd;

	for (cmd = program->commands; *cmd; cmd++)
		if (!strcmp(name, (*cmd)->name))
			return *cmd;
	return NULL;
}

static int run_command(const struct command *cmd, int argc, char **argv)
{
	struct context ctx = { 0 };
	bool help = false;
	int ret;

	set_help(program_is_alone() ? "" : cmd->name);
	ret = take_options(cmd, &ctx, argc, argv, &help);
	if (help)
		help_command(cmd);
	if (ret || help)
		return ret;
	ret = program->open ? program->open(&ctx) : EXIT_DONE;
	if (ret)
		return ret;
	ret = cmd->run(&ctx, argc - optind, argv + optind);
	if (program->close)
		program->close(&ctx);
	return ret;
}

static int show_version(void)
{
	printf("%s " VIRTFLEX_VERSION "\n", program->name);
	return EXIT_DONE;
}

static bool is_version(const char *arg)
{
	return !strcmp(arg, "--version") || !strcmp(arg, "-V");
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
		help_all(program);
	}
	return EXIT_DONE;
}

/* Of a program that has a usual command: what begins like its argument is one. */
static bool may_be_argument(const char *word)
{
	return *word == '-' || isdigit((unsigned char)*word);
}

static int no_command(const char *name)
{
	const struct command *const *cmd;
	char names[256] = "help";
	size_t len = strlen(names);

	for (cmd = program->commands; program->usual && *cmd && len < sizeof(names); cmd++)
		len += snprintf(names + len, sizeof(names) - len, ", %s", (*cmd)->name);
	if (!program->usual)
		return usage_error_of(name, "there is no command");
	return usage_error_of(name, "there are the commands %s, and not", names);
}

/* @asked is the command that was asked for, if it is known. */
static int run(int argc, char **argv, const struct command **asked)
{
	const struct command *cmd;
	const char *name;

	if (program_is_alone()) {
		if (argc == 2 && is_version(argv[1]))
			return show_version();
		*asked = program->bare;
		return run_command(program->bare, argc, argv);
	}
	if (argc < 2) {
		if (!program->bare)
			return usage_error("no command");
		*asked = program->bare;
		return run_command(program->bare, argc, argv);
	}
	name = argv[1];
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		return run_help(0, NULL);
	if (!strcmp(name, "help"))
		return run_help(argc - 2, argv + 2);
	if (is_version(name))
		return show_version();
	cmd = find_command(name);
	if (!cmd && program->usual && may_be_argument(name)) {
		*asked = program->usual;
		return run_command(program->usual, argc, argv);
	}
	if (*name == '-')
		return usage_error("%s has no option %s before the command",
				   program->name, name);
	if (!cmd)
		return no_command(name);
	*asked = cmd;
	return run_command(cmd, argc - 1, argv + 1);
}

/* Runs a command line, and sees to it that its output has arrived. */
static int run_line(int argc, char **argv)
{
	const struct command *cmd = NULL;
	int ret;

	ret = finish_output(run(argc, argv, &cmd));
	if (cmd && cmd->own_failure && (ret == EXIT_ERROR || ret == EXIT_USAGE))
		ret = cmd->own_failure;
	return end_interrupted(ret);
}

/**
 * program_run() - run a command line of this program in a process of its own
 * @argc: length of @argv
 * @argv: name of the program, and what follows
 *
 * For a command that runs others: options that were taken and signals that were caught
 * end with the process. An interrupt from the terminal is for it alone meanwhile.
 *
 * Return: its exit status; 128 and the number of the signal if one has ended it.
 */
int program_run(int argc, char **argv)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int status = 0;
	pid_t child;

	flush_output();
	sigaction(SIGINT, &ignore, &before);
	child = fork();
	if (!child) {
		sigaction(SIGINT, &before, NULL);
		/* what is left of the terminal's input stays the caller's */
		_exit(run_line(argc, argv));
	}
	if (child < 0)
		error("cannot start a process: %s", strerror(errno));
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &before, NULL);
	if (child < 0)
		return EXIT_ERROR;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/**
 * program_main() - main() of a program
 * @what: the program
 * @argc: of main()
 * @argv: of main()
 *
 * Return: exit status.
 */
int program_main(const struct program *what, int argc, char **argv)
{
	program = what;
	set_locale();
	return run_line(argc, argv);
}
