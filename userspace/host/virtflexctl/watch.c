// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl watch: what a guest says, as it says it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "exits.h"

static bool once;

static void print_now(const struct context *ctx, const struct domain *d)
{
	struct json_object *object;
	char clock[16];
	time_t now = time(NULL);
	struct tm tm;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	if (ctx->json) {
		object = json_object_new_object();
		json_object_object_add(object, "domain", json_u64(d->id));
		json_object_object_add(object, "name", json_text(d->name));
		json_object_object_add(object, "time", json_u64(now));
		json_object_object_add(object, "status", json_text(d->status));
		json_object_object_add(object, "error", d->error && *d->error ?
				       json_text(d->error) : NULL);
		print_json(object, JSON_LINE);
		return;
	}
	printf("%s %s: ", clock, d->name);
	print_clean(stdout, d->status);
	putchar('\n');
	flush_output();
}

static int run(struct context *ctx, int argc, char **argv)
{
	char path[48], *last = NULL;
	struct domain *d = NULL;
	bool over;
	int ret;

	ret = target_domain(ctx, argc, argv, "watch", &d);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/local/domain/%u/numa", d->id);
	if (!xs_watch(ctx->host->xs, path, "watch")) {
		error("%s: xenstore: %s; is xenstored running?", d->name,
		      strerror(errno));
		ret = EXIT_ERROR;
	}
	catch_interrupts();
	while (!ret && !interrupted()) {
		over = d->request == REQUEST_NONE;
		store_read_answer(ctx->host, d);
		if (d->status && *d->status &&
		    (!last || strcmp(last, d->status))) {
			free(last);
			last = strdup(d->status);
			print_now(ctx, d);
		}
		/* The last word may have come between the two values. */
		over &= d->request == REQUEST_NONE;
		if (!domain_alive(ctx->host, d->id)) {
			error("%s: the domain is gone", d->name);
			ret = EXIT_GONE;
		} else if (!wait_for_event(ctx->host, once && d->request ==
					   REQUEST_NONE ? 0 : 1)) {
			ret = EXIT_ERROR;
		} else if (once && over) {
			break;
		}
	}
	free(last);
	domain_free(d);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	(void)name;
	(void)arg;
	once = true;
	return EXIT_DONE;
}

static const struct option_desc options[] = {
	{ "once", '1', NULL, "end when no change is going on" },
	OPTION_JSON("print JSON, a line for each"),
	{ 0 },
};

const struct command cmd_watch = {
	.name = "watch",
	.synopsis = "DOMAIN",
	.summary = "Show what the guest says, as it says it",
	.options = options,
	.max_args = 1,
	.option = option,
	.run = run,
};
