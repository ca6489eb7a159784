// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflex top: nodes, and where threads and pages of processes are, again and
 * again. A new topology is shown at once.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "view.h"

#define DEFAULT_DELAY_S	2

static uint64_t count, delay_s = DEFAULT_DELAY_S;
static bool has_count, has_delay;
static const char *user;

static int show(struct view *v, bool first)
{
	char *text = NULL;
	size_t size;
	FILE *f;
	int ret;

	if (v->ctx->json)
		return view_print_json(v);
	f = open_memstream(&text, &size);
	if (!f) {
		error("%s", strerror(errno));
		return EXIT_ERROR;
	}
	if (!first && !on_terminal(stdout))
		fputc('\n', f);
	ret = view_print(v, f);
	fclose(f);
	if (!ret)
		screen_draw(text);
	free(text);
	return ret;
}

/* Of a user's processes none may be looked at: one says why for all of them. */
static int complain_of_user(const struct view *v)
{
	const struct process_sample *p = v->now.processes;
	unsigned int i, hidden = sample_nr_hidden(&v->now);

	for (i = 0; i < v->now.nr_processes; i++)
		if (!p[i].err)
			return EXIT_DONE;
	for (i = 0; hidden && i < v->now.nr_processes; i++) {
		if (p[i].err == -ESRCH)
			continue;
		process_error(v->ctx, p[i].p.pid, p[i].err);
		error("none of the %u processes of %s%s%s can be looked at",
		      hidden, quote(user), user, quote(user));
		return EXIT_ERROR;
	}
	return EXIT_DONE;
}

/* The first look says of each process that cannot be shown why. */
static int complain(const struct view *v, const struct processes *wanted)
{
	const struct process_sample *p = v->now.processes;
	unsigned int i;
	int ret = EXIT_DONE;

	if (wanted->searched)
		return complain_of_user(v);
	for (i = 0; i < v->now.nr_processes; i++)
		if (p[i].err)
			ret = process_error(v->ctx, p[i].p.pid, p[i].err);
	return ret;
}

static bool any_left(const struct view *v)
{
	unsigned int i;

	for (i = 0; i < v->now.nr_processes; i++)
		if (!v->now.processes[i].err)
			return true;
	return !v->now.nr_processes;
}

/* New processes of a user are shown as they come. */
static int take(struct view *v, struct processes *wanted)
{
	struct processes found = { 0 };
	int ret;

	if (user) {
		ret = processes_of(v->ctx, user, &found);
		if (ret) {
			free(found.list);
			return ret;
		}
		free(wanted->list);
		*wanted = found;
	}
	sample_free(&v->before);
	v->before = v->now;
	ret = sample_take(v->ctx, wanted, &v->now);
	if (ret)
		error("%s", strerror(-ret));
	return ret ? EXIT_ERROR : EXIT_DONE;
}

/* Without the module there is nothing to watch, until it is there. */
static int watch_fd(const struct context *ctx, struct virtflex_watch **watch)
{
	int ret;

	if (!*watch && virtflex_watch_open(ctx->vf, watch))
		*watch = NULL;
	if (!*watch)
		return -1;
	ret = virtflex_watch_read(*watch, NULL);
	if (ret >= 0)
		return virtflex_watch_fd(*watch);
	virtflex_watch_close(*watch);
	*watch = NULL;
	return -1;
}

static int loop(struct view *v, struct processes *wanted)
{
	struct virtflex_watch *watch = NULL;
	uint64_t updates = 0;
	int fd, ret;

	for (;;) {
		fd = watch_fd(v->ctx, &watch);
		if (updates) {
			ret = take(v, wanted);
			if (ret)
				break;
		}
		ret = show(v, !updates);
		updates++;
		if (ret || ferror(stdout) || (has_count && updates >= count))
			break;
		/* named ones that have all ended will not come back */
		if (!user && !any_left(v))
			break;
		if (screen_pause(fd, delay_s * 1000) == SCREEN_END)
			break;
	}
	virtflex_watch_close(watch);
	return ret;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct processes wanted = { 0 };
	struct view v = { .ctx = ctx };
	bool once;
	int ret;

	/* below a sysroot nothing changes by itself */
	if (ctx->sysroot && !has_count && !has_delay) {
		has_count = true;
		count = 1;
	}
	/* what is shown once is to be seen afterwards */
	once = has_count && count == 1;
	ret = processes_wanted("top", ctx, argc, argv, user, &wanted);
	if (!ret)
		ret = take(&v, &wanted);
	if (!ret)
		ret = complain(&v, &wanted);
	if (!ret) {
		ret = screen_open(!ctx->json && !once && on_terminal(stdout));
		if (ret) {
			error("%s", strerror(-ret));
			ret = EXIT_ERROR;
		} else {
			ret = loop(&v, &wanted);
			screen_close();
		}
	}
	sample_free(&v.now);
	sample_free(&v.before);
	free(wanted.list);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	if (!strcmp(name, "all-of")) {
		user = arg;
		return EXIT_DONE;
	}
	if (!strcmp(name, "count")) {
		has_count = true;
		return take_number(name, arg, "", 1, UINT64_MAX, &count);
	}
	has_delay = true;
	return take_number(name, arg, " of seconds", 1, INT_MAX / 1000,
			   &delay_s);
}

static const struct option_desc options[] = {
	{ "all-of", 'a', "USER", "all processes of a user" },
	{ "delay", 'd', "S", "show it anew after S seconds (2)" },
	{ "count", 'c', "N", "end after it was shown N times" },
	OPTION_JSON("print JSON, a line each time"),
	OPTION_SYSROOT(", once"),
	{ 0 },
};

const struct command cmd_top = {
	.name = "top",
	.synopsis = "[PID]...|--all-of USER",
	.summary = "Show nodes, and threads and pages of processes, again and again",
	.options = options,
	.columns = { view_columns, view_process_columns },
	.others = "processes",
	.max_args = MANY_ARGS,
	.option = option,
	.run = run,
};
