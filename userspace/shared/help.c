// SPDX-License-Identifier: GPL-2.0-only
/* Help texts, of what commands say of themselves. */
#include "table.h"

static void help_option(const struct option_desc *o)
{
	char left[40], letter[6] = "    ";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name,
		 o->arg ? " " : "", o->arg ? o->arg : "");
	printf("  %-26s %s\n", left, o->help);
}

/**
 * help_all() - print which commands there are
 * @program: whose
 */
void help_all(const struct program *program)
{
	static const struct option_desc options[] = {
		{ "help", 'h', NULL, "this text; after a command, its options" },
		{ "version", 'V', NULL, "print the version" },
	};
	const struct command *const *cmd;
	unsigned int i;

	printf("Usage: %s COMMAND [OPTION]...\n"
	       "       %s help [COMMAND]\n\n"
	       "%s\n\n", program->name, program->name, program->summary);
	for (cmd = program->commands; *cmd; cmd++)
		printf("  %-9s %s\n", (*cmd)->name, (*cmd)->summary);
	putchar('\n');
	for (i = 0; i < sizeof(options) / sizeof(*options); i++)
		help_option(&options[i]);
	printf("\n%s See ", program->statuses);
	if (program->manual)
		printf("%s.\n", program->manual);
	else
		printf("%s(1).\n", program->name);
}

static bool has_extra(const struct column *c)
{
	for (; c && c->heading; c++)
		if (c->flags & COLUMN_EXTRA)
			return true;
	return false;
}

static void help_columns(const char *of, const struct column *c)
{
	if (!c)
		return;
	printf("\nColumns%s%s:\n", of ? " of " : "", of ? of : "");
	for (; c->heading; c++)
		printf("  %c %-24s %s%s\n", c->flags & COLUMN_EXTRA ? '*' : ' ',
		       c->heading, c->help, c->key ? "" : "; not in JSON");
}

/**
 * help_command() - print what a command takes
 * @cmd: command
 */
void help_command(const struct command *cmd)
{
	static const struct option_desc help = {
		"help", 'h', NULL, "this text"
	};
	static const struct option_desc version = {
		"version", 'V', NULL, "print the version"
	};
	const struct option_desc *o;

	printf("Usage: %s%s%s [OPTION]...%s%s\n\n%s.\n\n", program_name(),
	       program_is_alone() ? "" : " ",
	       program_is_alone() ? "" : cmd->name, *cmd->synopsis ? " " : "",
	       cmd->synopsis, cmd->summary);
	for (o = cmd->options; o->name; o++)
		help_option(o);
	help_option(&help);
	if (program_is_alone())
		help_option(&version);
	if (cmd->note)
		printf("\n%s\n", cmd->note);
	help_columns(NULL, cmd->columns[0]);
	help_columns(cmd->others, cmd->columns[1]);
	if (has_extra(cmd->columns[0]))
		puts("\nThose with * are shown if asked for by --output.");
	if (program_manual())
		printf("\nSee %s.\n", program_manual());
	else
		printf("\nSee %s-%s(1).\n", program_name(), cmd->name);
}
