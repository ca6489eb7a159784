// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_coordinator: gives each guest the memory that it needs and some headroom, as far as
 * the host has it.
 */
#include <string.h>

#include "coordinator.h"

static const struct policy *const policies[] = { &memory_policy, NULL };

static int take_option(struct context *ctx, const char *name, const char *arg)
{
	int ret;

	(void)ctx;
	if (!strcmp(name, "cpus"))
		return daemon_unused(name, arg,
				     "it is where vCPUs may be pinned to, for vcpu_scheduler");
	if (daemon_option(name, arg, &ret))
		return ret;
	memory_settings.has_reserve = true;
	return take_size(name, arg, &memory_settings.reserve_kb);
}

static int run(struct context *ctx, int argc, char **argv)
{
	int ret = daemon_interval(ctx, argc, argv);

	return ret ? ret : daemon_run(policies);
}

static const struct option_desc options[] = {
	{ "reserve", 0, "SIZE", "what the host keeps (a tenth; 256M to 4G)" },
	OPTION_MIN,
	OPTION_CPUS_UNUSED,
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

static const struct command cmd_memory_coordinator = {
	.name = "memory_coordinator",
	.synopsis = "SECONDS",
	.summary = "Give each guest the memory that it needs, as far as the host has it",
	.options = options,
	.note = "SIZE is in MiB, or ends in K, M, G or T.",
	.max_args = 1,
	.option = take_option,
	.run = run,
};

static const struct program memory_coordinator = {
	.name = "memory_coordinator",
	.bare = &cmd_memory_coordinator,
	.manual = "memory_coordinator(8)",
};

int main(int argc, char **argv)
{
	return program_main(&memory_coordinator, argc, argv);
}
