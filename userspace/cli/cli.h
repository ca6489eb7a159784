/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands of virtflex share. */
#ifndef CLI_H
#define CLI_H

#include <json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "virtflex.h"

/**
 * enum exit_code - exit status of the command, part of its interface
 * @EXIT_DONE: done as asked
 * @EXIT_ERROR: could not be done; why is on standard error
 * @EXIT_USAGE: the command line is wrong
 * @EXIT_INCOMPLETE: pages that should have moved did not, or a case of the
 *	self-test failed
 * @EXIT_SKIPPED: the self-test could not run here
 * @EXIT_TIMEOUT: nothing happened in the time given
 */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_ERROR = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3,
	EXIT_SKIPPED = 4,
	EXIT_TIMEOUT = 5,
};

/**
 * struct option_desc - an option of a command
 * @name: without the dashes; NULL ends a table
 * @arg: name of its argument; NULL if it has none
 * @help: what it does, a line
 */
struct option_desc {
	const char *name;
	const char *arg;
	const char *help;
};

/**
 * struct context - what all commands need
 * @vf: handle, below @sysroot
 * @sysroot: directory to read below; NULL for this machine
 * @json: whether to print JSON
 */
struct context {
	struct virtflex *vf;
	const char *sysroot;
	bool json;
};

/**
 * struct command - a subcommand
 * @name: what people type
 * @synopsis: its arguments besides options; "" if there are none
 * @summary: what it does, a line
 * @options: its own options; --help is every command's
 * @max_args: most arguments besides options
 * @option: takes an option: its name and argument; returns an enum exit_code,
 *	EXIT_DONE to go on
 * @run: does it; returns an enum exit_code
 */
struct command {
	const char *name;
	const char *synopsis;
	const char *summary;
	const struct option_desc *options;
	int max_args;
	int (*option)(struct context *ctx, const char *name, const char *arg);
	int (*run)(struct context *ctx, int argc, char **argv);
};

extern const struct command cmd_topology;
extern const struct command cmd_watch;
extern const struct command cmd_migrate;
extern const struct command cmd_pages;

/* selftest.c */
int self_test(struct context *ctx, unsigned int method);

/* output.c */
void error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void error_topology(int err);
bool on_terminal(FILE *f);
const char *paint(const char *color);
#define BOLD	"1"
#define DIM	"2"
#define RED	"31"
#define GREEN	"32"
#define YELLOW	"33"
#define PLAIN	"0"
void print_bar(uint64_t value, uint64_t full, unsigned int width, bool pad);
void print_clean(FILE *f, const char *text);
const char *size_text(uint64_t kb, char *buf, size_t size);
int print_json(struct json_object *object, int flags);
struct json_object *json_u64(uint64_t value);
bool parse_count(const char *text, uint64_t max, uint64_t *value);

#define MAX_WHY	120
const char *method_text(unsigned int method);

/* topology.c */
const char *state_text(unsigned int state);
const char *node_state_text(unsigned int state);
const char *node_state_color(unsigned int state);
const struct virtflex_node *find_node(const struct virtflex_topology *t,
				      unsigned int id);
char *list_text(const unsigned int *numbers, unsigned int count);
struct json_object *topology_json(const struct virtflex_topology *t);

#endif /* CLI_H */
