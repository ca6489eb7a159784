/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands of virtflexctl share. */
#ifndef CTL_H
#define CTL_H

#include "shared.h"
#include "xen.h"

extern const struct command cmd_choose;
extern const struct command cmd_list;
extern const struct command cmd_show;
extern const struct command cmd_publish;
extern const struct command cmd_shrink;
extern const struct command cmd_expand;
extern const struct command cmd_set;
extern const struct command cmd_replace;
extern const struct command cmd_move;
extern const struct command cmd_cancel;
extern const struct command cmd_pin;
extern const struct command cmd_unpin;
extern const struct command cmd_balance;
extern const struct command cmd_config;
extern const struct command cmd_watch;

/**
 * struct waiting - how a command waits for the guest
 * @no_wait: not at all
 * @timeout_s: most seconds; 0 for no end
 * @withdrawn: for the end of a change that is withdrawn
 */
struct waiting {
	bool no_wait;
	uint64_t timeout_s;
	bool withdrawn;
};

/**
 * struct asking - how a command asks for a change
 * @dry_run: it does not, and prints what it would write
 * @partly: it takes what memory the host has, if that is less
 * @quiet: how it ended is said only if not well
 * @into: for JSON, array of what is printed together; NULL for an object of its own
 */
struct asking {
	bool dry_run;
	bool partly;
	bool quiet;
	struct json_object *into;
};

/**
 * struct moving - a move of a node's memory to another physical node
 * @ctx: context
 * @before: domain as it was before, with its physical nodes
 * @vnode: the node
 * @pnode: the physical node
 * @words: the command, for whoever comes meanwhile
 */
struct moving {
	struct context *ctx;
	const struct domain *before;
	unsigned int vnode;
	int pnode;
	const char *words;
};

/* Options of commands that ask, and that wait */
#define OPTION_DRY_RUN \
	{ "dry-run", 'N', NULL, "print what would be written, and write nothing" }
#define OPTION_PARTLY \
	{ "partly", 'p', NULL, "take what memory the host has, if it is less" }
#define OPTION_WAIT_HOST \
	{ "wait-host", 0, "S", "wait up to S seconds for memory the host lacks" }
#define OPTION_NO_WAIT \
	{ "no-wait", 'W', NULL, "do not wait for the guest" }
#define OPTION_TIMEOUT \
	{ "timeout", 't', "S", "wait no longer than S seconds for the guest" }
#define OPTION_VERBOSE \
	{ "verbose", 'v', NULL, "say each step" }

/* target.c */
int need_host(struct context *ctx);
int target_domain(struct context *ctx, int argc, char **argv,
		  const char *command, struct domain **d);

/* list.c */
int list_domains(struct context *ctx, unsigned int *count);

/* ask.c */
int ask_for(struct context *ctx, struct domain *d, struct order *order,
	    const struct asking *asking);

/* dry_run.c */
void dry_run_begin(struct context *ctx, bool dry_run);
void dry_run_end(struct context *ctx, struct json_object *object);

/* change.c */
char *words_of(const char *name, int argc, char **argv);
int take_node(const char *command, const char *arg, unsigned int *vnode);

/* wait.c */
bool take_waiting(const char *name, const char *arg, int *ret);
int wait_for_answer(struct context *ctx, struct domain *d, const char *id,
		    enum outcome *outcome);
bool wait_until_listening(struct context *ctx, struct domain *d, double seconds);
bool wait_for_event(struct host *host, double seconds);
double seconds_now(void);
extern struct waiting waiting;

/* turn.c */
int turn_take(const char *root, unsigned int *pnode);
bool turn_pass(int fd, unsigned int pnode);

/* main.c */
extern bool verbose;

/* move.c */
int move_ask(const struct moving *m, struct order *order);

/* leave.c */
int move_by_leaving(const struct moving *m, uint64_t *kept_kb);

/* state.c */
const char *domain_state(const struct domain *d, const char **color);

/* outcome.c */
int report_outcome(struct context *ctx, const struct domain *before,
		   struct domain *d, const char *id, enum outcome outcome,
		   double seconds, struct json_object *into);
struct json_object *domain_json(const struct domain *d);
int put_json(struct json_object *object, struct json_object *into);

#endif /* CTL_H */
