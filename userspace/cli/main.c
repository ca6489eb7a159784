// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflex: the NUMA topology of this machine as it is now, and pages and programs
 * that follow it.
 */
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
	NULL,
};

static int open_machine(struct context *ctx)
{
	int ret;

	if (!check_root(ctx))
		return EXIT_ERROR;
	ret = virtflex_open(&ctx->vf, ctx->sysroot);
	if (!ret)
		return EXIT_DONE;
	error("%s", strerror(-ret));
	return EXIT_ERROR;
}

static void close_machine(struct context *ctx)
{
	virtflex_close(ctx->vf);
}

static const struct program virtflex = {
	.name = "virtflex",
	.summary = "The NUMA topology of this machine, which may change while it runs.",
	.statuses = "Exit status: 0 done, 1 error, 2 usage, 3 pages did not move that\n"
		    "should have, or something is missing, 4 self-test could not run,\n"
		    "5 timeout; of run, the program's.",
	.commands = commands,
	.open = open_machine,
	.close = close_machine,
};

int main(int argc, char **argv)
{
	return program_main(&virtflex, argc, argv);
}
