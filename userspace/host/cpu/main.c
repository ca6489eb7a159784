// SPDX-License-Identifier: GPL-2.0-only
/*
 * vcpu_scheduler: pins vCPUs so that physical CPUs carry about the same, with as few changes
 * as that takes.
 */
#include <string.h>

#include "cpu.h"

#define MOST_POINTS	1000

static const struct policy *const policies[] = { &cpu_policy, NULL };

static int take_option(struct context *ctx, const char *name, const char *arg)
{
	uint64_t value;
	int ret;

	(void)ctx;
	if (!strcmp(name, "min"))
		return daemon_unused(name, arg,
				     "it is memory of guests, for memory_coordinator; "
				     "the least gain of a change is --gain");
	if (daemon_option(name, arg, &ret))
		return ret;
	if (!strcmp(name, "pin-floating")) {
		cpu_settings.pin_floating = true;
		return EXIT_DONE;
	}
	if (!strcmp(name, "reserve"))
		return take_cpus(name, arg, &cpu_settings.reserved);
	ret = take_number(name, arg, " of points", 1, MOST_POINTS, &value);
	if (!ret)
		cpu_settings.least_gain = value * POINT;
	return ret;
}

static int run(struct context *ctx, int argc, char **argv)
{
	int ret = daemon_interval(ctx, argc, argv);

	return ret ? ret : daemon_run(policies);
}

static const struct option_desc options[] = {
	OPTION_CPUS,
	{ "reserve", 0, "LIST", "physical CPUs that are kept for the host (none)" },
	OPTION_MIN_UNUSED,
	{ "gain", 0, "POINTS", "least gain that changes are made for (5)" },
	{ "pin-floating", 0, NULL, "pin vCPUs that are not pinned, if they wait in vain" },
	OPTION_CONNECT,
	OPTION_DOMAINS,
	OPTION_ONCE,
	OPTION_DRY_RUN,
	OPTION_METRICS,
	OPTION_RECORD,
	OPTION_VERBOSE,
	OPTION_JSON_LINES,
	{ 0 },
};

static const struct command cmd_vcpu_scheduler = {
	.name = "vcpu_scheduler",
	.synopsis = "SECONDS",
	.summary = "Pin vCPUs so that physical CPUs carry about the same",
	.options = options,
	.note = "A point is one percent of a physical CPU.",
	.max_args = 1,
	.option = take_option,
	.run = run,
};

static const struct program vcpu_scheduler = {
	.name = "vcpu_scheduler",
	.bare = &cmd_vcpu_scheduler,
	.manual = "vcpu_scheduler(8)",
};

int main(int argc, char **argv)
{
	return program_main(&vcpu_scheduler, argc, argv);
}
