// SPDX-License-Identifier: GPL-2.0-only
/* virtflexd explain: the last decisions, with the numbers that led to them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node.h"
#include "virtflexd.h"

#define STATE_DIR	"/var/lib/virtflex"
#define STATE_FILE	"virtflexd.json"

static uint64_t most = 20;

/**
 * state_path() - where it is kept what outlives virtflexd; its directory is made
 *
 * Return: path.
 */
const char *state_path(void)
{
	static char path[512];
	const char *dir = getenv("STATE_DIRECTORY");

	if (!dir || !*dir || strlen(dir) > sizeof(path) - sizeof(STATE_FILE) - 1)
		dir = STATE_DIR;
	/* what cannot be made is missed when the file is written */
	mkdir(dir, 0755);
	snprintf(path, sizeof(path), "%s/" STATE_FILE, dir);
	return path;
}

static void print_time(struct json_object *decision)
{
	struct json_object *o;
	char text[32] = "?";
	struct tm tm;
	time_t at;

	if (json_object_object_get_ex(decision, "time", &o)) {
		at = json_object_get_int64(o);
		if (localtime_r(&at, &tm))
			strftime(text, sizeof(text), "%F %T", &tm);
	}
	printf("%s  ", text);
}

static int print_decisions(bool json)
{
	struct json_object *all = node_state.decisions, *o, *list;
	size_t count = all ? json_object_array_length(all) : 0, i;

	list = json_object_new_array();
	for (i = count > most ? count - most : 0; i < count; i++) {
		o = json_object_array_get_idx(all, i);
		if (json) {
			json_object_array_add(list, json_object_get(o));
			continue;
		}
		print_time(o);
		decision_print(stdout, o);
	}
	if (json)
		return print_json(list, JSON_PAGE);
	json_object_put(list);
	if (!count)
		puts("nothing was decided yet");
	return EXIT_DONE;
}

static int run(struct context *ctx, int argc, char **argv)
{
	const char *path = node_settings.state;
	struct why why = { "" };
	int ret;

	(void)argc;
	(void)argv;
	if (!path)
		path = state_path();
	if (access(path, R_OK)) {
		error("%s: %s; virtflexd writes it", path, strerror(errno));
		return EXIT_ERROR;
	}
	if (!state_read(path, clock_now(), &why)) {
		error("%s", why.text);
		return EXIT_ERROR;
	}
	ret = print_decisions(ctx->json);
	state_forget();
	return ret;
}

static int take_option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	if (!strcmp(name, "state")) {
		node_settings.state = arg;
		return EXIT_DONE;
	}
	return take_number(name, arg, " of decisions", 1, MOST_DECISIONS, &most);
}

static const struct option_desc options[] = {
	{ "number", 'n', "N", "the last N decisions (20)" },
	{ "state", 0, "FILE", "where virtflexd run has kept them" },
	OPTION_JSON("print JSON"),
	{ 0 },
};

const struct command cmd_explain = {
	.name = "explain",
	.synopsis = "",
	.summary = "The last decisions on nodes, with the numbers that led to them",
	.options = options,
	.option = take_option,
	.run = run,
};
