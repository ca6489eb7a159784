// SPDX-License-Identifier: GPL-2.0-only
/* Options that the programs have in common. */
#include <fnmatch.h>
#include <string.h>

#include "daemon.h"

/* A week: whoever wants longer ones has mistyped it. */
#define MOST_SECONDS	(7 * 24 * 3600)

struct settings settings = { .connect = "qemu:///system" };

/**
 * daemon_option() - take an option that the programs have in common
 * @name: name of the option
 * @arg: its argument
 * @status: out: enum exit_code, EXIT_DONE to go on
 *
 * Return: whether it is one of them.
 */
bool daemon_option(const char *name, const char *arg, int *status)
{
	*status = EXIT_DONE;
	if (!strcmp(name, "connect"))
		settings.connect = arg;
	else if (!strcmp(name, "domains"))
		settings.domains = arg;
	else if (!strcmp(name, "metrics"))
		settings.metrics = arg;
	else if (!strcmp(name, "record"))
		settings.record = arg;
	else if (!strcmp(name, "once"))
		settings.once = true;
	else if (!strcmp(name, "dry-run"))
		settings.dry_run = true;
	else if (!strcmp(name, "verbose"))
		settings.verbose = true;
	else
		return false;
	if (arg && !*arg)
		*status = usage_error("--%s needs an argument", name);
	return true;
}

/**
 * daemon_interval() - take the argument that is left: the interval
 * @ctx: context
 * @argc: how many arguments
 * @argv: arguments
 *
 * Return: enum exit_code, EXIT_DONE to go on.
 */
int daemon_interval(struct context *ctx, int argc, char **argv)
{
	settings.json = ctx->json;
	if (!argc)
		return usage_error("%s needs an interval in seconds, such as: %s 12",
				   program_name(), program_name());
	if (!parse_count(argv[0], MOST_SECONDS, &settings.seconds) ||
	    !settings.seconds)
		return usage_error_of(argv[0],
				      "the interval is a number of seconds from 1 to %d, not",
				      MOST_SECONDS);
	return EXIT_DONE;
}

/**
 * daemon_may_change() - is a guest one of those that --domains names, and that are changed
 *	at all?
 * @guest: guest
 *
 * Return: whether it is.
 */
bool daemon_may_change(const struct guest *guest)
{
	if (guest->untouched)
		return false;
	return !settings.domains ||
	       !fnmatch(settings.domains, guest->name, 0);
}
