/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables and JSON of one description: a column says how to get the value of a
 * row, and what it is called.
 */
#ifndef TABLE_H
#define TABLE_H

#include "shared.h"

/**
 * enum value_type - what a value is
 * @VALUE_NONE: there is none: "-", null
 * @VALUE_NUMBER: number
 * @VALUE_SIZE: size in KiB; for people with its unit
 * @VALUE_PAGES: pages of 4 KiB; for people as a size
 * @VALUE_TEXT: text
 * @VALUE_LIST: ascending numbers: "0-1,4", an array
 * @VALUE_ARRAY: numbers: "10,20", an array
 * @VALUE_BAR: a bar; for programs percent of a whole one
 */
enum value_type {
	VALUE_NONE,
	VALUE_NUMBER,
	VALUE_SIZE,
	VALUE_PAGES,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_ARRAY,
	VALUE_BAR,
};

/**
 * struct value - a value of a row
 * @type: what it is, VALUE_NONE unless set
 * @number: number, size, or length of a bar
 * @full: what the whole bar stands for
 * @text: text
 * @numbers: of a list or an array
 * @count: length of @numbers
 * @color: one of the colours of shared.h; NULL for none
 */
struct value {
	enum value_type type;
	uint64_t number;
	uint64_t full;
	const char *text;
	const unsigned int *numbers;
	unsigned int count;
	const char *color;
};

/**
 * enum column_flags - how a column is shown
 * @COLUMN_RIGHT: aligned to the right
 * @COLUMN_EXTRA: in a table only if asked for
 * @COLUMN_PEOPLE: with --raw only if asked for
 * @COLUMN_RAW: without --raw only if asked for
 * @COLUMN_ABOVE: in JSON it is a key of the object around the rows
 */
enum column_flags {
	COLUMN_RIGHT = 1 << 0,
	COLUMN_EXTRA = 1 << 1,
	COLUMN_PEOPLE = 1 << 2,
	COLUMN_RAW = 1 << 3,
	COLUMN_ABOVE = 1 << 4,
};

/**
 * struct column - a column of a table
 * @heading: in a table, and for --output; NULL ends a description
 * @key: in JSON; NULL for what is not there
 * @help: what it shows, a line
 * @flags: enum column_flags
 * @get: fills in the value of a row, which is all zero before
 */
struct column {
	const char *heading;
	const char *key;
	const char *help;
	unsigned int flags;
	void (*get)(const void *row, struct value *value);
};

struct table;

int check_columns(const struct context *ctx, const char *command,
		  const struct column *columns);
struct table *table_new(const struct context *ctx,
			const struct column *columns);
void table_add(struct table *t, const void *row);
void table_free(struct table *t);
int table_print(struct table *t, FILE *f);
int rows_print(const struct context *ctx, const struct column *columns,
	       const char *key, const void *const *rows, unsigned int count);
struct json_object *row_json(const struct context *ctx,
			     const struct column *columns, const void *row);

#endif /* TABLE_H */
