// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflexctl: in dom0, the nodes of Xen's domains, which may come and go while they run.
 */
#include "ctl.h"

bool verbose;

static const struct command *const commands[] = {
	&cmd_list,
	&cmd_show,
	&cmd_publish,
	&cmd_shrink,
	&cmd_expand,
	&cmd_set,
	&cmd_replace,
	&cmd_move,
	&cmd_cancel,
	&cmd_watch,
	&cmd_pin,
	&cmd_unpin,
	&cmd_balance,
	&cmd_config,
	NULL,
};

static void close_host(struct context *ctx)
{
	host_close(ctx->host);
}

/* Commands open the host once they need it: a wrong command line is wrong anywhere. */
static const struct program virtflexctl = {
	.name = "virtflexctl",
	.summary = "The NUMA nodes of Xen's domains, which may come and go while they run.\n"
		   "Without a command: lists the domains, and on a terminal asks what to do.",
	.statuses = "Exit status: 0 done, 1 error, 2 usage, 3 carried out in part, 4 refused,\n"
		    "5 timeout, 6 domain gone, 7 guest without virtflex, 8 another change is\n"
		    "going on.",
	.commands = commands,
	.close = close_host,
	.bare = &cmd_choose,
	.manual = "virtflexctl(8)",
};

int main(int argc, char **argv)
{
	return program_main(&virtflexctl, argc, argv);
}
