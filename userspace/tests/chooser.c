// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflexctl without a command (choose.c), with commands that only say how they were
 * run, and one domain, 7, called guest, or as DOMAIN_NAME says. CHANGING: a change of it
 * is going on. STATUS: of shrink.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "exits.h"

bool verbose;

static const char *domain_name(void)
{
	const char *name = getenv("DOMAIN_NAME");

	return name ? name : "guest";
}

int list_domains(struct context *ctx, unsigned int *count)
{
	(void)ctx;
	*count = 1;
	printf("7 %s\n", domain_name());
	return EXIT_DONE;
}

int target_domain(struct context *ctx, int argc, char **argv,
		  const char *command, struct domain **d)
{
	(void)ctx;
	(void)argc;
	(void)command;
	if (strcmp(argv[0], domain_name()) && strcmp(argv[0], "7")) {
		error("there is no domain %s", argv[0]);
		return EXIT_GONE;
	}
	*d = domain_new(7, domain_name(), 4, 8);
	(*d)->request = getenv("CHANGING") ? REQUEST_SHRINK : REQUEST_NONE;
	return EXIT_DONE;
}

void host_close(struct host *host)
{
	(void)host;
}

static int say(const char *name, int argc, char **argv)
{
	int i;

	printf("<%s", name);
	for (i = 0; i < argc; i++)
		printf(" %s", argv[i]);
	puts(">");
	return EXIT_DONE;
}

static bool once;

static int take_once(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	(void)name;
	(void)arg;
	once = true;
	return EXIT_DONE;
}

static const struct option_desc none[] = { { 0 } };
static const struct option_desc watch_options[] = {
	{ "once", '1', NULL, "" },
	{ 0 },
};

#define COMMAND(name)	COMMAND_OF(name, #name)
#define COMMAND_OF(id, text) \
	static int run_##id(struct context *ctx, int argc, char **argv) \
	{ \
		(void)ctx; \
		return say(text, argc, argv); \
	} \
	const struct command cmd_##id = { \
		.name = text, .summary = "Say " text, .options = none, \
		.max_args = MANY_ARGS, .run = run_##id, \
	}

COMMAND(show);
COMMAND(expand);
COMMAND(move);
COMMAND(pin);
COMMAND(cancel);
COMMAND(list);
COMMAND(balance);

static int run_shrink(struct context *ctx, int argc, char **argv)
{
	const char *status = getenv("STATUS");

	(void)ctx;
	say("shrink", argc, argv);
	return status ? atoi(status) : EXIT_DONE;
}

const struct command cmd_shrink = {
	.name = "shrink", .summary = "Say shrink", .options = none,
	.max_args = MANY_ARGS, .run = run_shrink,
};

/* Until it is interrupted; says when it is ready for that. */
static int run_watch(struct context *ctx, int argc, char **argv)
{
	unsigned int i;

	(void)ctx;
	catch_interrupts();
	say(once ? "watch --once" : "watch", argc, argv);
	flush_output();
	while (!interrupted())
		usleep(10000);
	/* who started it waits for this; a hangup does not end it */
	for (i = 0; i < 30; i++)
		usleep(10000);
	puts("<watch is over>");
	return EXIT_DONE;
}

const struct command cmd_watch = {
	.name = "watch", .summary = "Say watch", .options = watch_options,
	.max_args = 1, .option = take_once, .run = run_watch,
};

static const struct command *const commands[] = {
	&cmd_show, &cmd_shrink, &cmd_expand, &cmd_move, &cmd_pin, &cmd_watch,
	&cmd_cancel, &cmd_list, &cmd_balance, NULL,
};

static int open_nothing(struct context *ctx)
{
	(void)ctx;
	return EXIT_DONE;
}

static void close_nothing(struct context *ctx)
{
	(void)ctx;
}

static const struct program chooser = {
	.name = "virtflexctl",
	.summary = "",
	.statuses = "",
	.commands = commands,
	.open = open_nothing,
	.close = close_nothing,
	.bare = &cmd_choose,
	.manual = "virtflexctl(8)",
};

int main(int argc, char **argv)
{
	return program_main(&chooser, argc, argv);
}
