// SPDX-License-Identifier: GPL-2.0-only
/* virtflex doctor: what is there, what is missing, and what to do about it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "cli.h"
#include "table.h"

/**
 * struct row - a line of the table
 * @check: what was looked at
 * @f: what was found
 */
struct row {
	const struct check *check;
	struct finding f;
};

static void get_check(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_TEXT;
	v->text = r->check->name;
}

static void get_state(const void *row, struct value *v)
{
	static const char *const words[] = { "ok", "missing", "unused" };
	static const char *const colors[] = { GREEN, RED, DIM };
	const struct row *r = row;

	v->type = VALUE_TEXT;
	v->text = words[r->f.state];
	v->color = colors[r->f.state];
}

static void get_what(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_TEXT;
	v->text = r->check->what;
}

static void get_found(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = r->f.found ? VALUE_TEXT : VALUE_NONE;
	v->text = r->f.found;
}

static void get_remedy(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = r->f.remedy ? VALUE_TEXT : VALUE_NONE;
	v->text = r->f.remedy;
}

static const struct column columns[] = {
	{ "CHECK", "check", "what was looked at", 0, get_check },
	{ "STATE", "state", "ok, missing, or unused: not needed here", 0,
	  get_state },
	{ "FOUND", "found", "what there is", 0, get_found },
	{ "WHAT", "what", "what the check is about", COLUMN_EXTRA, get_what },
	{ "REMEDY", "remedy", "what to do about it", COLUMN_EXTRA,
	  get_remedy },
	{ 0 },
};

static bool is_wanted(const struct check *c, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		if (!strcmp(argv[i], c->name))
			return true;
	return !argc;
}

static int check_names(int argc, char **argv)
{
	const struct check *c;
	int i;

	for (i = 0; i < argc; i++) {
		for (c = checks; c->name && strcmp(c->name, argv[i]); c++)
			;
		if (!c->name)
			return usage_error_of(argv[i], "there is no check");
	}
	return EXIT_DONE;
}

static int print_rows(const struct context *ctx, const struct row *rows,
		      unsigned int count)
{
	struct table *table = table_new(ctx, columns);
	const char *title = "\n";
	unsigned int i;
	int ret;

	for (i = 0; table && i < count; i++)
		table_add(table, &rows[i]);
	ret = table_print(table, stdout);
	if (ctx->raw || ctx->columns)
		return ret;
	for (i = 0; i < count; i++) {
		if (!rows[i].f.remedy)
			continue;
		printf("%s%s: %s\n", title, rows[i].check->name,
		       rows[i].f.remedy);
		title = "";
	}
	return ret;
}

static int print_rows_json(const struct context *ctx, const struct row *rows,
			   unsigned int count, bool missing)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array();
	unsigned int i;

	json_object_object_add(root, "complete",
			       json_object_new_boolean(!missing));
	json_object_object_add(root, "checks", list);
	for (i = 0; i < count; i++)
		json_object_array_add(list, row_json(ctx, columns, &rows[i]));
	return print_json(root, JSON_PAGE);
}

static int run(struct context *ctx, int argc, char **argv)
{
	unsigned int count = 0, i;
	const struct check *c;
	bool missing = false;
	struct row *rows;
	int ret;

	ret = check_columns(ctx, "doctor", columns);
	if (!ret)
		ret = check_names(argc, argv);
	if (ret)
		return ret;
	for (c = checks; c->name; c++)
		count++;
	rows = calloc(count, sizeof(*rows));
	if (!rows) {
		error("%s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	count = 0;
	for (c = checks; c->name; c++) {
		if (!is_wanted(c, argc, argv))
			continue;
		rows[count].check = c;
		c->run(ctx, &rows[count].f);
		missing |= rows[count++].f.state == CHECK_MISSING;
	}
	if (ctx->json)
		ret = print_rows_json(ctx, rows, count, missing);
	else
		ret = print_rows(ctx, rows, count);
	for (i = 0; i < count; i++)
		free(rows[i].f.found);
	free(rows);
	if (ret)
		return ret;
	return missing ? EXIT_INCOMPLETE : EXIT_DONE;
}

static const struct option_desc options[] = {
	OPTION_OUTPUT,
	OPTION_NOHEADINGS,
	OPTION_RAW,
	OPTION_JSON("print JSON"),
	OPTION_SYSROOT(""),
	{ 0 },
};

const struct command cmd_doctor = {
	.name = "doctor",
	.synopsis = "[CHECK]...",
	.summary = "Show what virtflex needs, what is missing, and what to do about it",
	.options = options,
	.columns = { columns },
	.max_args = MANY_ARGS,
	.run = run,
};
