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
 * @commands: commands
 * @nr_commands: how many
 */
void help_all(const struct command *const *commands, unsigned int nr_commands)
{
	static const struct option_desc options[] = {
		{ "help", 'h', NULL, "this text; after a command, its options" },
		{ "version", 'V', NULL, "print the version" },
	};
	unsigned int i;

	puts("Usage: virtflex COMMAND [OPTION]...\n"
	     "       virtflex help [COMMAND]\n\n"
	     "The NUMA topology of this machine, which may change while it runs.\n");
	for (i = 0; i < nr_commands; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	putchar('\n');
	for (i = 0; i < sizeof(options) / sizeof(*options); i++)
		help_option(&options[i]);
	puts("\nExit status: 0 done, 1 error, 2 usage, 3 pages did not move that\n"
	     "should have, or something is missing, 4 self-test could not run,\n"
	     "5 timeout; of run, the program's. See virtflex(1).");
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
	const struct option_desc *o;

	printf("Usage: virtflex %s [OPTION]...%s%s\n\n%s.\n\n", cmd->name,
	       *cmd->synopsis ? " " : "", cmd->synopsis, cmd->summary);
	for (o = cmd->options; o->name; o++)
		help_option(o);
	help_option(&help);
	if (cmd->note)
		printf("\n%s\n", cmd->note);
	help_columns(NULL, cmd->columns[0]);
	help_columns(cmd->others, cmd->columns[1]);
	if (has_extra(cmd->columns[0]))
		puts("\nThose with * are shown if asked for by --output.");
	printf("\nSee virtflex-%s(1).\n", cmd->name);
}
