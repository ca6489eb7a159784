/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands of virtflex share. */
#ifndef CLI_H
#define CLI_H

#include <json.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "virtflex.h"

/**
 * enum exit_code - exit status of the command, part of its interface
 * @EXIT_DONE: done as asked
 * @EXIT_ERROR: could not be done; why is on standard error
 * @EXIT_USAGE: the command line is wrong
 * @EXIT_INCOMPLETE: pages that should have moved did not, a case of the
 *	self-test failed, or something that is needed is missing
 * @EXIT_SKIPPED: the self-test could not run here
 * @EXIT_TIMEOUT: nothing happened in the time given
 * @EXIT_OWN_FAILURE: a program was not even tried to be run, where other statuses
 *	are the program's
 * @EXIT_CANNOT_RUN: it is there, and cannot be run
 * @EXIT_NOT_FOUND: it is not there
 */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_ERROR = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3,
	EXIT_SKIPPED = 4,
	EXIT_TIMEOUT = 5,
	EXIT_OWN_FAILURE = 125,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

#define PAGE_KB	4

/**
 * struct context - what all commands need
 * @vf: handle, below @sysroot
 * @sysroot: directory to read below; NULL for this machine
 * @columns: columns asked for; NULL for those that are shown unless asked
 * @json: whether to print JSON
 * @raw: whether tables are for programs
 * @noheadings: whether tables have no line of headings
 */
struct context {
	struct virtflex *vf;
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

extern const struct command cmd_topology;
extern const struct command cmd_watch;
extern const struct command cmd_pages;
extern const struct command cmd_migrate;
extern const struct command cmd_top;
extern const struct command cmd_doctor;
extern const struct command cmd_run;

/* options.c */
int take_options(const struct command *cmd, struct context *ctx, int argc,
		 char **argv, bool *help);

/* help.c */
void help_all(const struct command *const *commands, unsigned int nr_commands);
void help_command(const struct command *cmd);

/* What to do where the module is not loaded. */
#define LOAD_MODULE	"modprobe virtflex, or insmod virtflex.ko"

/* message.c */
void error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int usage_error_of(const char *arg, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *quote(const char *arg);
void set_help(const char *command);
void error_topology(const struct context *ctx, int err);
void flush_output(void);
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
struct json_object *json_text(const char *text);

/* number.c */
bool parse_count(const char *text, uint64_t max, uint64_t *value);
int take_number(const char *option, const char *arg, const char *of,
		uint64_t least, uint64_t most, uint64_t *value);
bool parse_range(const char *text, uint64_t *start, uint64_t *end);
const char *size_text(uint64_t kb, char *buf, size_t size);
char *list_text(const unsigned int *numbers, unsigned int count, bool ranges);
struct json_object *json_u64(uint64_t value);

/* table.c, with table.h */
int print_json(struct json_object *object, int flags);
#define JSON_PAGE	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED)
#define JSON_LINE	JSON_C_TO_STRING_SPACED

/* file.c */
const char *root_of(const struct context *ctx);
bool check_root(const struct context *ctx);
char *read_text(const struct context *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
FILE *open_text(const struct context *ctx, const char *path);
bool find_number(const char *text, const char *word, uint64_t *value);

/* process.c */

/**
 * enum process_kind - what is behind a PID
 * @PROCESS_ALIVE: a process with memory, as far as can be seen
 * @PROCESS_GONE: nothing
 * @PROCESS_HIDDEN: something that /proc does not show
 * @PROCESS_THREAD: a thread that is not the main one
 * @PROCESS_KERNEL: a thread of the kernel
 * @PROCESS_ENDED: a process that has ended, and whose parent has not asked how
 */
enum process_kind {
	PROCESS_ALIVE,
	PROCESS_GONE,
	PROCESS_HIDDEN,
	PROCESS_THREAD,
	PROCESS_KERNEL,
	PROCESS_ENDED,
};

/**
 * struct process - a process, as /proc shows it
 * @pid: its number
 * @kind: what it is
 * @leader: of a thread, its process
 * @uid: effective user
 * @nr_threads: how many threads it has
 * @name: its name, as it is
 */
struct process {
	unsigned int pid;
	enum process_kind kind;
	unsigned int leader;
	unsigned int uid;
	unsigned int nr_threads;
	char name[64];
};

/**
 * struct processes - those that a command is about
 * @list: numbers
 * @count: how many
 * @searched: found by the command, not named: one that has ended is no error
 */
struct processes {
	unsigned int *list;
	unsigned int count;
	bool searched;
};

void process_read(const struct context *ctx, unsigned int pid,
		  struct process *p);
void print_process(const struct process *p);
int process_error(const struct context *ctx, unsigned int pid, int err);

/* processes.c */
int processes_of(const struct context *ctx, const char *user,
		 struct processes *all);
int processes_wanted(const char *command, const struct context *ctx, int argc,
		     char **argv, const char *user, struct processes *all);

/* capability.c */
bool has_capability(unsigned int cap);

/* topology.c */
const char *node_state_color(unsigned int state);
void print_state(const struct virtflex_topology *t, const char *between);
struct json_object *topology_json(const struct context *ctx,
				  const struct virtflex_topology *t);

/* adaptor.c */
#define ADAPTOR_NAME	"libvirtflex-omp.so"
#define TEAM_NAME	"libvirtflex-omp-team.so"
int beside_library(const char *name, char **path);

/* selftest.c */
int self_test(struct context *ctx, unsigned int method);

#endif /* CLI_H */
