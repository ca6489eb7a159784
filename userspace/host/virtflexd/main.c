// SPDX-License-Identifier: GPL-2.0-only
/* virtflexd: keeps a host of virtflex guests in balance: CPUs, memory, and whole nodes. */
#include "virtflexd.h"

static const struct command *const commands[] = {
	&cmd_run,
	&cmd_explain,
	&cmd_report,
	NULL,
};

static const struct program virtflexd = {
	.name = "virtflexd",
	.summary = "Keeps a host in balance: CPUs, memory, and who has which node.\n"
		   "virtflexd SECONDS is virtflexd run SECONDS.",
	.statuses = "Exit status: 0 done, 1 error, 2 usage.",
	.commands = commands,
	.bare = &cmd_run,
	.usual = &cmd_run,
	.manual = "virtflexd(8)",
};

int main(int argc, char **argv)
{
	return program_main(&virtflexd, argc, argv);
}
