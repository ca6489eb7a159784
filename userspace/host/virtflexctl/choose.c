// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflexctl without a command: the domains, and on a terminal what to do with one of
 * them. What is chosen becomes a command line, which is shown and then run as if it had
 * been typed.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctl.h"
#include "exits.h"

#define MAX_WORDS	64

/**
 * struct action - what can be done with a domain
 * @command: command that does it; NULL to leave
 * @option: option it is run with, or NULL
 * @questions: what is asked for, in the order of its arguments after the domain
 * @changes: whether it is run only if that is confirmed
 * @ends_change: whether it is offered only while a change is going on
 */
struct action {
	const struct command *command;
	const char *option;
	const char *questions[2];
	bool changes;
	bool ends_change;
};

static const struct action actions[] = {
	{ .command = &cmd_show },
	{
		.command = &cmd_shrink, .changes = true,
		.questions = { "Nodes to take, such as 2 or 2-3 (Enter goes back):" },
	},
	{
		.command = &cmd_expand, .changes = true,
		.questions = { "Nodes to give back, such as 2 or 2-3 (Enter goes back):" },
	},
	{
		.command = &cmd_move, .changes = true,
		.questions = {
			"Node to move (Enter goes back):",
			"Physical node that its memory is to come from (Enter goes back):",
		},
	},
	{ .command = &cmd_pin, .changes = true },
	{ .command = &cmd_watch, .option = "--once" },
	{ .command = &cmd_cancel, .changes = true, .ends_change = true },
	{ .command = &cmd_list },
	{ .command = NULL },
};

#define NR_ACTIONS	(sizeof(actions) / sizeof(*actions))

/**
 * enum next - what comes after an action
 * @NEXT_ACTION: another one for the same domain
 * @NEXT_DOMAIN: the domains again
 * @NEXT_NOTHING: the end
 */
enum next {
	NEXT_ACTION,
	NEXT_DOMAIN,
	NEXT_NOTHING,
};

/**
 * struct line - a command line in the making
 * @argv: its words
 * @argc: how many
 */
struct line {
	char *argv[MAX_WORDS + 1];
	int argc;
};

static bool add_word(struct line *l, const char *word)
{
	if (l->argc == MAX_WORDS) {
		error("a line has up to %d words", MAX_WORDS);
		return false;
	}
	l->argv[l->argc++] = (char *)word;
	return true;
}

/* Return: whether there are any, and all of them fit. */
static bool add_words(struct line *l, char *text)
{
	int before = l->argc;
	char *word, *save;

	for (word = strtok_r(text, " \t", &save); word;
	     word = strtok_r(NULL, " \t", &save))
		if (!add_word(l, word))
			return false;
	return l->argc > before;
}

static void print_line(const struct line *l)
{
	int i;

	fputs("\n   ", stdout);
	for (i = 0; i < l->argc; i++) {
		putchar(' ');
		print_clean(stdout, l->argv[i]);
	}
	fputs("\n\n", stdout);
}

/* Return: what is typed, without blanks around it, to be freed; NULL at the end of input. */
static char *ask(const char *question)
{
	char *line = NULL, *start;
	size_t size = 0, len;

	printf("%s ", question);
	flush_output();
	if (getline(&line, &size, stdin) < 0) {
		putchar('\n');
		free(line);
		return NULL;
	}
	start = line + strspn(line, " \t\n");
	for (len = strlen(start); len && strchr(" \t\n", start[len - 1]); len--)
		;
	memmove(line, start, len);
	line[len] = 0;
	return line;
}

static bool confirmed(void)
{
	char *answer = ask("Do this? [y/N]");
	bool yes = answer && (!strcasecmp(answer, "y") ||
			      !strcasecmp(answer, "yes"));

	free(answer);
	return yes;
}

/* Each command connects to the host by itself. */
static void leave_host(struct context *ctx)
{
	host_close(ctx->host);
	ctx->host = NULL;
}

/* An interrupt of the command is one of ours; other errors the command has said. */
static void run_line(struct line *l)
{
	int status;

	l->argv[l->argc] = NULL;
	status = program_run(l->argc, l->argv);
	if (status == 128 + SIGINT)
		raise(SIGINT);
	else if (status > 128)
		error("%s was ended by signal %d", l->argv[1], status - 128);
}

static void run_command(const struct command *command, const char *arg)
{
	struct line l = { .argv = { (char *)program_name() }, .argc = 1 };

	add_word(&l, command->name);
	if (arg)
		add_word(&l, arg);
	run_line(&l);
}

/* A name that is one word in a shell, and neither an option nor a number. */
static bool is_plain(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+";

	return *name && !strchr("-0123456789", *name) &&
	       strspn(name, letters) == strlen(name);
}

/* Return: what names the domain in a command line, to be freed; NULL if it is not there. */
static char *look_at(struct context *ctx, char *domain, bool *changing)
{
	struct domain *d = NULL;
	char *arg = NULL;
	int ret;

	ret = target_domain(ctx, 1, &domain, program_name(), &d);
	if (!ret && asprintf(&arg, "%u", d->id) < 0)
		arg = NULL;
	if (arg && is_plain(d->name)) {
		free(arg);
		arg = strdup(d->name);
	}
	if (!ret)
		*changing = d->request != REQUEST_NONE;
	domain_free(d);
	leave_host(ctx);
	return arg;
}

static const char *name_of(const struct action *action)
{
	return action->command ? action->command->name : "quit";
}

/* Prints what can be done. Return: how many are offered. */
static unsigned int offer(bool changing, const struct action **offered)
{
	unsigned int i, count = 0;
	const struct action *action;

	putchar('\n');
	for (i = 0; i < NR_ACTIONS; i++) {
		action = &actions[i];
		if (action->ends_change && !changing)
			continue;
		offered[count++] = action;
		printf("  %u  %-7s %s\n", count, name_of(action),
		       action->command ? action->command->summary : "Leave");
	}
	return count;
}

/* By number, name, or the beginning of one name. */
static const struct action *find(const struct action **offered,
				 unsigned int count, const char *answer)
{
	const struct action *found = NULL;
	unsigned int i, beginnings = 0;
	uint64_t number;

	if (parse_count(answer, count, &number) && number)
		return offered[number - 1];
	for (i = 0; i < count; i++) {
		if (strncasecmp(name_of(offered[i]), answer, strlen(answer)))
			continue;
		found = offered[i];
		beginnings++;
	}
	if (beginnings == 1)
		return found;
	error("choose a number from 1 to %u, or a name such as show", count);
	return NULL;
}

static void run_action(const struct action *action, const char *domain)
{
	struct line l = { .argv = { (char *)program_name() }, .argc = 1 };
	char *answers[2] = { NULL, NULL };
	unsigned int i;
	bool whole;

	add_word(&l, action->command->name);
	if (action->option)
		add_word(&l, action->option);
	whole = add_word(&l, domain);
	for (i = 0; i < 2 && action->questions[i] && whole; i++) {
		/* The second question is for a physical node. */
		if (i)
			run_command(&cmd_balance, NULL);
		answers[i] = ask(action->questions[i]);
		whole = answers[i] && add_words(&l, answers[i]);
	}
	if (whole) {
		print_line(&l);
		if (!action->changes || confirmed())
			run_line(&l);
	}
	for (i = 0; i < 2; i++)
		free(answers[i]);
}

static enum next choose_action(struct context *ctx, char *domain)
{
	const struct action *offered[NR_ACTIONS], *action = NULL;
	enum next next = NEXT_NOTHING;
	bool changing = false;
	unsigned int count;
	char *arg, *answer;

	arg = look_at(ctx, domain, &changing);
	if (!arg)
		return NEXT_DOMAIN;
	count = offer(changing, offered);
	answer = ask("What to do, by number or name (Enter leaves):");
	if (answer && *answer) {
		action = find(offered, count, answer);
		next = NEXT_ACTION;
	}
	free(answer);
	if (action && !action->command)
		next = NEXT_NOTHING;
	else if (action && action->command == &cmd_list)
		next = NEXT_DOMAIN;
	else if (action)
		run_action(action, arg);
	free(arg);
	return feof(stdin) ? NEXT_NOTHING : next;
}

static enum next choose_actions(struct context *ctx, char *domain)
{
	bool changing;
	char *arg = look_at(ctx, domain, &changing);
	enum next next = NEXT_DOMAIN;

	if (!arg)
		return next;
	putchar('\n');
	run_command(&cmd_show, arg);
	do {
		next = choose_action(ctx, arg);
	} while (next == NEXT_ACTION);
	free(arg);
	return next;
}

static int run(struct context *ctx, int argc, char **argv)
{
	bool asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	enum next next = NEXT_NOTHING;
	unsigned int count;
	char *domain;
	int ret;

	(void)argc;
	(void)argv;
	do {
		ret = list_domains(ctx, &count);
		if (ret || !count || !asks)
			return ret;
		leave_host(ctx);
		domain = ask("\nDomain, by ID or name (Enter leaves):");
		next = domain && *domain ? choose_actions(ctx, domain) :
					   NEXT_NOTHING;
		free(domain);
	} while (next == NEXT_DOMAIN);
	return EXIT_DONE;
}

static const struct option_desc options[] = {
	{ 0 },
};

/* Nobody types its name: what is wrong refers to the help of this one. */
const struct command cmd_choose = {
	.name = "list",
	.synopsis = "",
	.summary = "Show domains, and on a terminal choose what to do with one",
	.options = options,
	.run = run,
};
