/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands of virtflex share. */
#ifndef CLI_H
#define CLI_H

#include "shared.h"
#include "virtflex.h"

/**
 * enum virtflex_exit - more of enum exit_code
 * @EXIT_SKIPPED: the self-test could not run here
 * @EXIT_OWN_FAILURE: a program was not even tried to be run, where other statuses
 *	are the program's
 * @EXIT_CANNOT_RUN: it is there, and cannot be run
 * @EXIT_NOT_FOUND: it is not there
 *
 * EXIT_INCOMPLETE: pages that should have moved did not, a case of the self-test failed,
 * or something that is needed is missing.
 */
enum virtflex_exit {
	EXIT_SKIPPED = 4,
	EXIT_OWN_FAILURE = 125,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

extern const struct command cmd_topology;
extern const struct command cmd_watch;
extern const struct command cmd_pages;
extern const struct command cmd_migrate;
extern const struct command cmd_top;
extern const struct command cmd_doctor;
extern const struct command cmd_run;

/* What to do where the module is not loaded. */
#define LOAD_MODULE	"modprobe virtflex, or insmod virtflex.ko"

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
void error_topology(const struct context *ctx, int err);
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
