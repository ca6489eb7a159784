// SPDX-License-Identifier: GPL-2.0-only
/* Options that the programs have in common. */
#include <fnmatch.h>
#include <string.h>

#include "daemon.h"

/* A week: whoever wants longer ones has mistyped it. */
#define MOST_SECONDS	(7 * 24 * 3600)

struct settings settings = { .floor_kb = 128 * 1024 };

/**
 * take_cpus() - take an option that is a list of physical CPUs
 * @name: name of the option
 * @arg: its argument
 * @set: out
 *
 * Return: enum exit_code, EXIT_DONE to go on.
 */
int take_cpus(const char *name, const char *arg, cpu_set_t *set)
{
	if (cpulist_parse(arg, set))
		return EXIT_DONE;
	return usage_error_of(arg, "--%s takes physical CPUs such as 2-7 or 0,4, not",
			      name);
}

/**
 * take_size() - take an option that is an amount of memory
 * @name: name of the option
 * @arg: its argument
 * @kb: out: KiB
 *
 * Return: enum exit_code, EXIT_DONE to go on.
 */
int take_size(const char *name, const char *arg, uint64_t *kb)
{
	if (parse_size(arg, kb))
		return EXIT_DONE;
	return usage_error_of(arg, "--%s is a size such as 512M or 4G, not", name);
}

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
	if (!strcmp(name, "cpus")) {
		settings.has_cpus = true;
		*status = take_cpus(name, arg, &settings.cpus);
		return true;
	}
	if (!strcmp(name, "min")) {
		*status = take_size(name, arg, &settings.floor_kb);
		return true;
	}
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
 * daemon_unused() - take an option that has no meaning for a program
 * @name: name of the option
 * @arg: its argument, which is to be right all the same
 * @why: what it is for, and what there is instead
 *
 * Return: enum exit_code, EXIT_DONE to go on.
 */
int daemon_unused(const char *name, const char *arg, const char *why)
{
	int ret;

	daemon_option(name, arg, &ret);
	if (!ret)
		error("--%s has no meaning here: %s", name, why);
	return ret;
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
	if (!settings.connect)
		settings.connect = host_default();
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
