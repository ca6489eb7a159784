// SPDX-License-Identifier: GPL-2.0-only
/* virtflexd run: all three policies, each interval. */
#include <signal.h>
#include <string.h>

#include "coordinator.h"
#include "cpu.h"
#include "node.h"
#include "virtflexd.h"

/* Nodes last: what CPUs and memory can be had without them is had at once. */
static const struct policy *const policies[] = {
	&cpu_policy,
	&memory_policy,
	&node_policy,
	NULL,
};

static int take_option(struct context *ctx, const char *name, const char *arg)
{
	int ret;

	(void)ctx;
	if (daemon_option(name, arg, &ret))
		return ret;
	if (!strcmp(name, "policy"))
		node_settings.policy = arg;
	else if (!strcmp(name, "state"))
		node_settings.state = arg;
	else
		memory_settings.has_reserve = true;
	if (strcmp(name, "reserve"))
		return *arg ? EXIT_DONE :
			      usage_error("--%s needs an argument", name);
	return take_size(name, arg, &memory_settings.reserve_kb);
}

static int read_policy(void)
{
	struct why why = { "" };

	if (!node_settings.policy ||
	    rules_read(node_settings.policy, &node_rules, &why))
		return EXIT_DONE;
	error("%s", why.text);
	return EXIT_ERROR;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct sigaction again = { .sa_handler = node_reread, .sa_flags = SA_RESTART };
	int ret;

	if (!settings.connect)
		settings.connect = "xen";
	ret = daemon_interval(ctx, argc, argv);
	if (!ret)
		ret = read_policy();
	if (ret)
		return ret;
	if (!node_settings.state && !host_file(settings.connect))
		node_settings.state = state_path();
	/* daemon_run() leaves what is taken already as it is */
	sigaction(SIGHUP, &again, NULL);
	ret = daemon_run(policies);
	state_forget();
	rules_free(&node_rules);
	return ret;
}

static const struct option_desc options[] = {
	{ "policy", 'p', "FILE", "what guests are to have, and when a node moves" },
	{ "reserve", 0, "SIZE", "memory that the host keeps (a tenth; 256M to 4G)" },
	OPTION_MIN,
	OPTION_CPUS,
	{ "connect", 'c', "URI", "host (xen), replay:FILE or record:FILE" },
	{ "state", 0, "FILE", "where it is kept what outlives the program" },
	OPTION_DOMAINS,
	OPTION_ONCE,
	OPTION_DRY_RUN,
	OPTION_METRICS,
	OPTION_RECORD,
	OPTION_VERBOSE,
	OPTION_JSON_LINES,
	{ 0 },
};

const struct command cmd_run = {
	.name = "run",
	.synopsis = "SECONDS",
	.summary = "Keep the host in balance",
	.options = options,
	.note = "SIZE is in MiB, or ends in K, M, G or T. SIGHUP: the policy file is read again.",
	.max_args = 1,
	.option = take_option,
	.run = run,
};
