// SPDX-License-Identifier: GPL-2.0-only
/* The domain that a command is about. */
#include "ctl.h"
#include "exits.h"

/**
 * need_host() - connect to the host, if that was not done yet
 * @ctx: context
 *
 * Return: enum exit_code; what is wrong is said.
 */
int need_host(struct context *ctx)
{
	return ctx->host ? EXIT_DONE : host_open(&ctx->host, verbose);
}

/**
 * target_domain() - read the domain that the first argument names
 * @ctx: context
 * @argc: how many arguments
 * @argv: arguments
 * @command: name of the command
 * @d: out, for domain_free()
 *
 * Return: enum exit_code; what is wrong is said.
 */
int target_domain(struct context *ctx, int argc, char **argv,
		  const char *command, struct domain **d)
{
	unsigned int id;
	int ret;

	if (!argc)
		return usage_error("%s needs a domain: a name or a number", command);
	ret = need_host(ctx);
	if (!ret)
		ret = domain_find(ctx->host, argv[0], &id);
	if (!ret)
		ret = domain_read(ctx->host, id, d);
	if (ret || *d)
		return ret;
	error("domain %u has no virtual nodes: they come from vnuma= in its configuration; "
	      "see virtflexctl help config", id);
	return EXIT_REFUSED;
}
