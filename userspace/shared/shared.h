/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs share: subcommands and their options, messages, numbers, terminals. */
#ifndef SHARED_H
#define SHARED_H

#include <json.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * enum exit_code - exit status of a program, part of its interface
 * @EXIT_DONE: done as asked
 * @EXIT_ERROR: could not be done; why is on standard error
 * @EXIT_USAGE: the command line is wrong
 * @EXIT_INCOMPLETE: done in part
 * @EXIT_TIMEOUT: nothing happened in the time given
 *
 * 4, and 6 and on, are of the program.
 */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_ERROR = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3,
	EXIT_TIMEOUT = 5,
};

#define PAGE_KB	4

struct virtflex;
struct host;

/**
 * struct context - what all commands need
 * @vf: of virtflex: handle, below @sysroot
 * @host: of virtflexctl: the host
 * @sysroot: directory to read below; NULL for this machine
 * @columns: columns asked for; NULL for those that are shown unless asked
 * @json: whether to print JSON
 * @raw: whether tables are for programs
 * @noheadings: whether tables have no line of headings
 */
struct context {
	struct virtflex *vf;
	struct host *host;
	const char *sysroot;
	const char *columns;
	bool json;
	bool raw;
	bool noheadings;
};

/**
 * struct option_desc - an option of a command
 * @name: without the dashes; NULL ends a table
 * @letter: the short one; 0 if there is none
 * @arg: name of its argument; NULL if it has none
 * @help: what it does, a line
 */
struct option_desc {
	const char *name;
	char letter;
	const char *arg;
	const char *help;
};

/* Options that several commands have; options.c takes them. */
#define OPTION_JSON(help)	{ "json", 'J', NULL, help }
#define OPTION_SYSROOT(more) \
	{ "sysroot", 0, "DIR", "read /proc and /sys below DIR" more }
#define OPTION_OUTPUT \
	{ "output", 'o', "COLUMNS", "show these columns, joined by commas" }
#define OPTION_NOHEADINGS \
	{ "noheadings", 'n', NULL, "no line of headings" }
#define OPTION_RAW \
	{ "raw", 'r', NULL, "for programs: numbers as in JSON, a blank between" }

/* For struct command.max_args */
#define MANY_ARGS	INT_MAX

struct column;

/**
 * struct command - a subcommand
 * @name: what people type
 * @synopsis: its arguments besides options; "" if there are none
 * @summary: what it does, a line
 * @options: its own options; --help is every command's
 * @note: what to know of them, a line; NULL for nothing
 * @columns: columns of its table, and those of another one; NULL if it has none
 * @others: what the other one is about
 * @max_args: most arguments besides options
 * @in_order: whether options end at the first argument: what follows is not ours
 * @own_failure: instead of EXIT_ERROR and EXIT_USAGE; 0 for these
 * @option: takes an option: its name and argument; returns an enum exit_code,
 *	EXIT_DONE to go on
 * @run: does it; returns an enum exit_code
 */
struct command {
	const char *name;
	const char *synopsis;
	const char *summary;
	const struct option_desc *options;
	const char *note;
	const struct column *columns[2];
	const char *others;
	int max_args;
	bool in_order;
	int own_failure;
	int (*option)(struct context *ctx, const char *name, const char *arg);
	int (*run)(struct context *ctx, int argc, char **argv);
};

/**
 * struct program - a program
 * @name: what people type
 * @summary: what it is about, a line or more
 * @statuses: its exit statuses, in words
 * @commands: subcommands; NULL ends them, or stands for none: then @bare is the one
 *	command, and has the name of the program
 * @open: gets what they need, after options were taken; returns an enum exit_code; or NULL
 * @close: undoes it; or NULL
 * @bare: subcommand of a command line without one; NULL if that is an error
 * @usual: subcommand of a command line that begins with none; NULL if that is an error
 * @manual: its manual page; NULL if each subcommand has one of its own in section 1
 */
struct program {
	const char *name;
	const char *summary;
	const char *statuses;
	const struct command *const *commands;
	int (*open)(struct context *ctx);
	void (*close)(struct context *ctx);
	const struct command *bare;
	const struct command *usual;
	const char *manual;
};

/* program.c */
int program_main(const struct program *program, int argc, char **argv);
int program_run(int argc, char **argv);
const char *program_name(void);
const char *program_manual(void);
bool program_is_alone(void);

/* options.c */
int take_options(const struct command *cmd, struct context *ctx, int argc,
		 char **argv, bool *help);

/* help.c */
void help_all(const struct program *program);
void help_command(const struct command *cmd);

/* message.c */
void error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int usage_error_of(const char *arg, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *quote(const char *arg);
void set_help(const char *command);
void flush_output(void);
bool output_retry(bool say);
int finish_output(int status);

/* terminal.c */
void set_locale(void);
bool on_terminal(FILE *f);
bool has_utf8(void);
const char *paint(const char *color);
#define BOLD	"1"
#define DIM	"2"
#define RED	"31"
#define GREEN	"32"
#define YELLOW	"33"
#define PLAIN	"0"
char *bar_text(uint64_t value, uint64_t full, unsigned int width);

unsigned int terminal_width(FILE *f);
void cut_text(char *text, unsigned int width);

/* interrupt.c */
void catch_interrupts(void);
bool interrupted(void);
int end_interrupted(int status);

/* clean.c */
char *clean_text(const char *text, bool utf8);
void print_clean(FILE *f, const char *text);
char *valid_text(const char *text);
struct json_object *json_text(const char *text);

/* beside.c */
/**
 * struct beside - a file that is written beside its place
 * @f: what is written to
 * @why: what went wrong
 * @place: where it is to be
 * @name: what it is called until then
 */
struct beside {
	FILE *f;
	const char *why;
	char *place;
	char *name;
};

bool beside_begin(struct beside *b, const char *path);
bool beside_end(struct beside *b, bool whole);

/* number.c */
bool parse_count(const char *text, uint64_t max, uint64_t *value);
int take_number(const char *option, const char *arg, const char *of,
		uint64_t least, uint64_t most, uint64_t *value);
bool parse_size(const char *text, uint64_t *kb);
bool parse_range(const char *text, uint64_t *start, uint64_t *end);
const char *size_text(uint64_t kb, char *buf, size_t size);
char *list_text(const unsigned int *numbers, unsigned int count, bool ranges);
struct json_object *json_u64(uint64_t value);
struct json_object *json_numbers(const unsigned int *numbers,
				 unsigned int count);

/* table.c, with table.h */
int print_json(struct json_object *object, int flags);
#define JSON_PAGE	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED)
#define JSON_LINE	JSON_C_TO_STRING_SPACED

#endif /* SHARED_H */
