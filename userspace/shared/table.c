// SPDX-License-Identifier: GPL-2.0-only
/* Tables, drawn by libsmartcols, and objects of JSON of the same description. */
#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "table.h"

#define BAR_WIDTH	20
#define MAX_COLUMNS	64

/**
 * struct table - a table in the making
 * @scols: what is drawn
 * @columns: what is shown, in order
 * @nr_columns: how many
 * @raw: for programs
 * @failed: there was no memory for something
 */
struct table {
	struct libscols_table *scols;
	const struct column *columns[MAX_COLUMNS];
	unsigned int nr_columns;
	bool raw;
	bool failed;
};

static const struct column *find_column(const struct column *columns,
					const char *name, size_t len)
{
	for (; columns->heading; columns++)
		if (!strncasecmp(columns->heading, name, len) &&
		    !columns->heading[len])
			return columns;
	return NULL;
}

/* The next column that a list names, and the list after it. */
static const struct column *next_column(const struct column *columns,
					const char **list, size_t *len)
{
	const char *name = *list;

	*len = strcspn(name, ",");
	*list += *len + (name[*len] == ',');
	return find_column(columns, name, *len);
}

/**
 * check_columns() - look at what columns were asked for
 * @ctx: context
 * @command: name of the command
 * @columns: those that there are
 *
 * Return: EXIT_DONE or EXIT_USAGE.
 */
int check_columns(const struct context *ctx, const char *command,
		  const struct column *columns)
{
	const char *name, *list = ctx->columns;
	const struct column *column;
	unsigned int count = 0;
	size_t len;

	if (!list)
		return EXIT_DONE;
	do {
		name = list;
		column = next_column(columns, &list, &len);
		if (!column)
			return usage_error("%s has no column \"%.*s\"", command,
					   (int)len, name);
		if (ctx->json && !column->key)
			return usage_error("%s: JSON has no %s", command,
					   column->heading);
		if (++count > MAX_COLUMNS)
			return usage_error("--output takes up to %d columns",
					   MAX_COLUMNS);
	} while (*list || name[len]);
	return EXIT_DONE;
}

/* Columns that were asked for, or those that nobody has to ask for. */
static unsigned int choose(const struct context *ctx,
			   const struct column *columns, unsigned int without,
			   const struct column **chosen)
{
	const char *list = ctx->columns;
	unsigned int count = 0;
	size_t len;

	while (list && *list && count < MAX_COLUMNS)
		chosen[count++] = next_column(columns, &list, &len);
	for (; !ctx->columns && columns->heading; columns++)
		if (!(columns->flags & without))
			chosen[count++] = columns;
	return count;
}

/**
 * table_new() - begin a table
 * @ctx: how it is to look
 * @columns: its description
 *
 * Return: table, for table_print(); NULL if there is no memory.
 */
struct table *table_new(const struct context *ctx,
			const struct column *columns)
{
	struct table *t = calloc(1, sizeof(*t));
	unsigned int i;
	int flags;

	if (!t)
		return NULL;
	t->scols = scols_new_table();
	if (!t->scols) {
		free(t);
		return NULL;
	}
	t->raw = ctx->raw;
	t->nr_columns = choose(ctx, columns, COLUMN_EXTRA |
			       (ctx->raw ? COLUMN_PEOPLE : COLUMN_RAW),
			       t->columns);
	scols_table_enable_raw(t->scols, ctx->raw);
	scols_table_enable_noheadings(t->scols, ctx->noheadings);
	scols_table_enable_colors(t->scols, *paint(PLAIN));
	for (i = 0; i < t->nr_columns; i++) {
		flags = t->columns[i]->flags & COLUMN_RIGHT ? SCOLS_FL_RIGHT :
							      0;
		if (!scols_table_new_column(t->scols, t->columns[i]->heading, 0,
					    flags))
			t->failed = true;
	}
	return t;
}

static char *number_text(uint64_t number)
{
	char *text;

	return asprintf(&text, "%llu", (unsigned long long)number) < 0 ? NULL :
									 text;
}

static uint64_t percent(uint64_t value, uint64_t full)
{
	if (value >= full)
		return full ? 100 : 0;
	return (double)value / full * 100 + 0.5;
}

static char *value_text(const struct value *v, bool raw)
{
	char size[24];

	switch (v->type) {
	case VALUE_NUMBER:
		return number_text(v->number);
	case VALUE_SIZE:
	case VALUE_PAGES:
		if (raw)
			return number_text(v->number);
		return strdup(size_text(v->type == VALUE_PAGES ?
						v->number * PAGE_KB :
						v->number,
					size, sizeof(size)));
	case VALUE_TEXT:
		return clean_text(v->text, has_utf8());
	case VALUE_LIST:
	case VALUE_ARRAY:
		return list_text(v->numbers, v->count, v->type == VALUE_LIST);
	case VALUE_BAR:
		if (raw)
			return number_text(percent(v->number, v->full));
		return bar_text(v->number, v->full, BAR_WIDTH);
	default:
		return strdup("-");
	}
}

/**
 * table_add() - add a row
 * @t: table
 * @row: what the columns of the table's description take
 */
void table_add(struct table *t, const void *row)
{
	struct libscols_line *line = scols_table_new_line(t->scols, NULL);
	unsigned int i;
	char *text, seq[16];

	for (i = 0; line && i < t->nr_columns; i++) {
		struct value v = { 0 };

		t->columns[i]->get(row, &v);
		text = value_text(&v, t->raw);
		if (!text || scols_line_refer_data(line, i, text)) {
			free(text);
			t->failed = true;
			continue;
		}
		if (!v.color)
			continue;
		snprintf(seq, sizeof(seq), "\033[%sm", v.color);
		scols_cell_set_color(scols_line_get_cell(line, i), seq);
	}
	if (!line)
		t->failed = true;
}

/**
 * table_free() - free a table that is not printed
 * @t: table, or NULL
 */
void table_free(struct table *t)
{
	if (t)
		scols_unref_table(t->scols);
	free(t);
}

/**
 * table_print() - print a table, and free it
 * @t: table, or NULL if there was no memory for it
 * @f: where to print it
 *
 * Return: enum exit_code.
 */
int table_print(struct table *t, FILE *f)
{
	bool failed = !t || t->failed;

	if (!failed) {
		scols_table_set_stream(t->scols, f);
		failed = scols_print_table(t->scols) == -ENOMEM;
	}
	if (failed)
		error("%s", strerror(ENOMEM));
	table_free(t);
	return failed ? EXIT_ERROR : EXIT_DONE;
}

static struct json_object *value_json(const struct value *v)
{
	switch (v->type) {
	case VALUE_NUMBER:
	case VALUE_SIZE:
	case VALUE_PAGES:
		return json_u64(v->number);
	case VALUE_TEXT:
		return json_text(v->text);
	case VALUE_LIST:
	case VALUE_ARRAY:
		return json_numbers(v->numbers, v->count);
	default:
		return NULL;
	}
}

/**
 * row_json() - a row as an object
 * @ctx: which columns were asked for
 * @columns: description
 * @row: row
 *
 * Return: object, of all columns that have a key of the row unless some were asked
 * for.
 */
struct json_object *row_json(const struct context *ctx,
			     const struct column *columns, const void *row)
{
	struct json_object *object = json_object_new_object();
	const struct column *chosen[MAX_COLUMNS];
	unsigned int count, i;

	count = choose(ctx, columns, 0, chosen);
	for (i = 0; i < count; i++) {
		struct value v = { 0 };

		if (!chosen[i]->key || chosen[i]->flags & COLUMN_ABOVE)
			continue;
		chosen[i]->get(row, &v);
		json_object_object_add(object, chosen[i]->key, value_json(&v));
	}
	return object;
}

/**
 * rows_print() - print rows, as a table or as JSON
 * @ctx: how they are to look
 * @columns: description
 * @key: of the array that they are in JSON
 * @rows: rows
 * @count: how many
 *
 * Return: enum exit_code.
 */
int rows_print(const struct context *ctx, const struct column *columns,
	       const char *key, const void *const *rows, unsigned int count)
{
	struct json_object *root, *array;
	struct table *table;
	unsigned int i;

	if (ctx->json) {
		root = json_object_new_object();
		array = json_object_new_array();
		json_object_object_add(root, key, array);
		for (i = 0; i < count; i++)
			json_object_array_add(array,
					      row_json(ctx, columns, rows[i]));
		return print_json(root, JSON_PAGE);
	}
	table = table_new(ctx, columns);
	for (i = 0; table && i < count; i++)
		table_add(table, rows[i]);
	return table_print(table, stdout);
}

/*
 * json-c leaves DEL and the control characters of C1 as they are, which JSON
 * allows and a terminal acts upon. They are only in strings.
 */
static void put_escaped(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p; p++) {
		if (*p == 0x7f)
			fputs("\\u007f", stdout);
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			printf("\\u%04x", *++p);
		else
			putchar(*p);
	}
	putchar('\n');
}

/**
 * print_json() - print an object and a newline, and free it
 * @object: object, or NULL if there was no memory for it
 * @flags: JSON_PAGE, or JSON_LINE for a line
 *
 * Return: enum exit_code.
 */
int print_json(struct json_object *object, int flags)
{
	const char *text = NULL;

	if (object)
		text = json_object_to_json_string_ext(object,
						      flags |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		put_escaped(text);
	else
		error("%s", strerror(ENOMEM));
	json_object_put(object);
	flush_output();
	return text ? EXIT_DONE : EXIT_ERROR;
}
