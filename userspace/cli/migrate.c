// SPDX-License-Identifier: GPL-2.0-only
/* virtflex migrate: make the pages of processes follow the topology. */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"
#include "table.h"

/* What arguments are that are no numbers. */
#define RANGE_IS	"--range is START-END, hexadecimal, whole pages, not"
#define NODES_IS	"--nodes is a list of nodes up to %d such as 0-1,3, not"
#define METHOD_IS	"--method is virtflex_migrate or move_pages, not"

static struct virtflex_migrate_args wanted;
static struct virtflex_nodemask nodes;
static unsigned int wanted_method, nr_threads;
static bool want_self_test;
static const char *user;

/**
 * struct row - a line of the table
 * @p: process
 * @method: how its pages were migrated
 * @args: the report
 * @stayed: what stayed, and why
 */
struct row {
	struct process p;
	unsigned int method;
	struct virtflex_migrate_args args;
	char stayed[160];
};

static void get_pid(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_NUMBER;
	v->number = r->p.pid;
}

static void get_command(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_TEXT;
	v->text = r->p.name;
}

static void get_method(const void *row, struct value *v)
{
	const struct row *r = row;

	v->type = VALUE_TEXT;
	v->text = virtflex_method_name(r->method);
}

static void get_stayed(const void *row, struct value *v)
{
	const struct row *r = row;

	if (!*r->stayed)
		return;
	v->type = VALUE_TEXT;
	v->text = r->stayed;
	v->color = YELLOW;
}

#define GET_COUNT(field)						\
static void get_##field(const void *row, struct value *v)		\
{									\
	v->type = VALUE_PAGES;						\
	v->number = ((const struct row *)row)->args.field;		\
}

GET_COUNT(scanned)
GET_COUNT(in_place)
GET_COUNT(moved)
GET_COUNT(marked)
GET_COUNT(busy)
GET_COUNT(pinned)
GET_COUNT(nomem)
GET_COUNT(shared)
GET_COUNT(unmovable)

#define EXTRA	(COLUMN_RIGHT | COLUMN_EXTRA)

static const struct column columns[] = {
	{ "PID", "pid", "process", COLUMN_RIGHT, get_pid },
	{ "COMMAND", "command", "its name", 0, get_command },
	{ "METHOD", "method", "virtflex_migrate or move_pages", COLUMN_EXTRA,
	  get_method },
	{ "SCANNED", "scanned", "pages looked at", COLUMN_RIGHT, get_scanned },
	{ "IN-PLACE", "in_place", "pages that were where they belong",
	  COLUMN_RIGHT, get_in_place },
	{ "MOVED", "moved", "pages that moved", COLUMN_RIGHT, get_moved },
	{ "NEXT-TOUCH", "marked", "pages that will move at their next touch",
	  COLUMN_RIGHT, get_marked },
	{ "STAYED", NULL, "pages that stayed, and why", COLUMN_PEOPLE,
	  get_stayed },
	{ "BUSY", "busy", "stayed: in use by the kernel just now", EXTRA,
	  get_busy },
	{ "PINNED", "pinned", "stayed: pinned for DMA", EXTRA, get_pinned },
	{ "NOMEM", "nomem", "stayed: no memory where they belong", EXTRA,
	  get_nomem },
	{ "SHARED", "shared", "stayed: other processes map them", EXTRA,
	  get_shared },
	{ "UNMOVABLE", "unmovable", "stayed: they have no other place", EXTRA,
	  get_unmovable },
	{ 0 },
};

/*
 * Why they stayed: "busy 4 KiB, pinned 2.00 MiB", for programs "busy=1,pinned=512",
 * in pages.
 */
static void set_stayed(struct row *row, bool raw)
{
	const struct {
		const char *why;
		uint64_t pages;
	} counts[] = {
		{ "busy", row->args.busy },
		{ "pinned", row->args.pinned },
		{ raw ? "nomem" : "no memory", row->args.nomem },
		{ "shared", row->args.shared },
		{ "unmovable", row->args.unmovable },
	};
	size_t used = 0;
	unsigned int i;
	char size[24];

	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		if (!counts[i].pages)
			continue;
		size_text(counts[i].pages * PAGE_KB, size, sizeof(size));
		if (raw)
			snprintf(size, sizeof(size), "%llu",
				 (unsigned long long)counts[i].pages);
		used += snprintf(row->stayed + used,
				 sizeof(row->stayed) - used, "%s%s%s%s",
				 used ? raw ? "," : ", " : "", counts[i].why,
				 raw ? "=" : " ", size);
	}
}

/**
 * struct progress - how far a migration is
 * @tell: whether to tell of it
 * @of: which process of how many: nothing, or "3 of 40: "
 * @p: process
 * @total_pages: what it is about, more or less; 0 if not known
 * @calls: calls made
 */
struct progress {
	bool tell;
	char of[32];
	const struct process *p;
	uint64_t total_pages;
	uint64_t calls;
};

/* Written over the last one: what is wider than the terminal would begin another. */
static void tell_progress(const struct virtflex_migrate_args *a,
			  const struct progress *p)
{
	char *name = clean_text(p->p->name, has_utf8());
	char text[256], moved[24];
	unsigned int percent = 0;

	if (p->total_pages)
		percent = a->scanned >= p->total_pages ?
				  100 : a->scanned * 100 / p->total_pages;
	snprintf(text, sizeof(text), "%s%u %s %3u %%, %s moved, %llu call%s",
		 p->of, p->p->pid, name ? name : "?", percent,
		 size_text(a->moved * PAGE_KB, moved, sizeof(moved)),
		 (unsigned long long)p->calls, p->calls == 1 ? "" : "s");
	free(name);
	cut_text(text, terminal_width(stderr) - 1);
	fprintf(stderr, "\r%s\033[K", text);
	fflush(stderr);
}

static int show_progress(const struct virtflex_migrate_args *a, void *data)
{
	struct progress *p = data;

	p->calls++;
	if (p->tell)
		tell_progress(a, p);
	return interrupted();
}

static void start_progress(struct context *ctx, struct progress *progress,
			   const struct process *p, unsigned int nr,
			   unsigned int count)
{
	struct virtflex_pages *pages;

	memset(progress, 0, sizeof(*progress));
	progress->p = p;
	progress->tell = on_terminal(stderr);
	if (!progress->tell)
		return;
	if (count > 1)
		snprintf(progress->of, sizeof(progress->of), "%u of %u: ",
			 nr + 1, count);
	if (virtflex_pages_read(ctx->vf, p->pid, &pages))
		return;
	progress->total_pages = pages->total_pages;
	virtflex_pages_free(pages);
}

static int report_error(struct context *ctx, unsigned int pid, int err)
{
	switch (err) {
	case -EINVAL:
		if (wanted.nodemask)
			error("arguments refused: does --nodes name nodes with memory only?");
		else
			error("arguments refused: does any active node have memory?");
		return EXIT_ERROR;
	case -EACCES:
		error("the cpuset of process %u allows none of these nodes, or security refuses it",
		      pid);
		return EXIT_ERROR;
	case -EPERM:
		if (wanted.flags & VIRTFLEX_MIGRATE_SHARED &&
		    !has_capability(CAP_SYS_NICE)) {
			error("--shared needs CAP_SYS_NICE");
			return EXIT_ERROR;
		}
		break;
	case -ENOSYS:
		if (wanted_method)
			error("this kernel has no %s(2)",
			      virtflex_method_name(wanted_method));
		else
			error("this kernel has neither virtflex_migrate(2) nor move_pages(2)");
		return EXIT_ERROR;
	default:
		break;
	}
	return process_error(ctx, pid, err);
}

/* The report, or a negative errno with what there is of it. */
static int migrate(struct context *ctx, struct row *row, unsigned int nr,
		   unsigned int count)
{
	struct progress progress;
	int pidfd, ret;

	if (row->p.kind != PROCESS_ALIVE && row->p.kind != PROCESS_HIDDEN)
		return -ESRCH;
	pidfd = syscall(SYS_pidfd_open, (pid_t)row->p.pid, 0);
	if (pidfd < 0)
		return -errno;
	start_progress(ctx, &progress, &row->p, nr, count);
	ret = virtflex_migrate_threads(ctx->vf, pidfd, &row->args,
				       sizeof(row->args), &row->method,
				       show_progress, &progress, nr_threads);
	if (progress.tell && progress.calls)
		fputs("\r\033[K", stderr);
	close(pidfd);
	return ret;
}

/* What the method means for who reads the table. */
static void print_method(unsigned int method)
{
	printf("\nby %s(2)", virtflex_method_name(method));
	if (method != VIRTFLEX_METHOD_SYSCALL)
		printf(", %s: pages do not move at their next touch",
		       wanted_method == method ?
			       "which was asked for" :
			       "as there is no virtflex_migrate(2) here");
	putchar('\n');
}

static int migrate_all(struct context *ctx, const struct processes *all)
{
	struct table *table = ctx->json ? NULL : table_new(ctx, columns);
	unsigned int i, method = VIRTFLEX_METHOD_ANY;
	bool failed = false, incomplete = false;
	int ret;

	catch_interrupts();
	for (i = 0; i < all->count && !interrupted(); i++) {
		struct row row = { .args = wanted, .method = wanted_method };

		process_read(ctx, all->list[i], &row.p);
		ret = migrate(ctx, &row, i, all->count);
		if (ret == -ESRCH && all->searched)
			continue;
		if (ret == -ECANCELED) {
			/* what was done is in the report */
			error("interrupted: process %u is done before address %llx only",
			      row.p.pid, row.args.cursor);
			failed = true;
		} else if (ret < 0) {
			report_error(ctx, row.p.pid, ret);
			if (row.args.scanned)
				error("before that, %llu of %llu pages had been moved",
				      (unsigned long long)row.args.moved,
				      (unsigned long long)row.args.scanned);
			failed = true;
			continue;
		}
		/* shared pages stay because --shared was not asked for */
		if (row.args.busy || row.args.pinned || row.args.nomem)
			incomplete = true;
		method = row.method;
		set_stayed(&row, ctx->raw);
		if (ctx->json)
			print_json(row_json(ctx, columns, &row), JSON_LINE);
		else if (table)
			table_add(table, &row);
	}
	if (i < all->count) {
		error("interrupted: %u of %u processes were not begun",
		      all->count - i, all->count);
		failed = true;
	}
	/* where nothing was done, what is wrong has been said */
	if (table && !method && failed)
		table_free(table);
	else if (!ctx->json && table_print(table, stdout))
		failed = true;
	if (method && !ctx->json && !ctx->raw && !ctx->columns)
		print_method(method);
	if (failed)
		return EXIT_ERROR;
	return incomplete ? EXIT_INCOMPLETE : EXIT_DONE;
}

/* It has pages, nodes and a table of its own. */
static int run_self_test(struct context *ctx, int argc)
{
	static const struct virtflex_migrate_args nothing;

	if (argc || user)
		return usage_error("--self-test takes no process");
	if (memcmp(&wanted, &nothing, sizeof(wanted)) || nr_threads ||
	    ctx->columns || ctx->noheadings || ctx->raw)
		return usage_error("--self-test takes --method and --json only");
	return self_test(ctx, wanted_method);
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct processes all = { 0 };
	int ret;

	ret = check_columns(ctx, "migrate", columns);
	if (ret)
		return ret;
	if (want_self_test)
		return run_self_test(ctx, argc);
	if (!argc && !user)
		return usage_error("migrate needs a PID, --all-of or --self-test");
	ret = processes_wanted("migrate", ctx, argc, argv, user, &all);
	if (!ret)
		ret = migrate_all(ctx, &all);
	free(all.list);
	return ret;
}

static int number_option(const char *name, const char *arg)
{
	const char *of = "";
	uint64_t most, value;
	int ret;

	if (!strcmp(name, "threads")) {
		most = VIRTFLEX_MAX_THREADS;
	} else if (!strcmp(name, "budget-pages")) {
		most = UINT64_MAX;
	} else {
		most = UINT64_MAX / 1000000;
		of = " of milliseconds";
	}
	ret = take_number(name, arg, of, 1, most, &value);
	if (ret)
		return ret;
	if (!strcmp(name, "threads"))
		nr_threads = value;
	else if (!strcmp(name, "budget-pages"))
		wanted.budget_pages = value;
	else
		wanted.budget_ns = value * 1000000;
	return EXIT_DONE;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	if (!strcmp(name, "self-test")) {
		want_self_test = true;
	} else if (!strcmp(name, "all-of")) {
		user = arg;
	} else if (!strcmp(name, "policy")) {
		wanted.flags |= VIRTFLEX_MIGRATE_POLICY;
	} else if (!strcmp(name, "evacuate")) {
		wanted.flags |= VIRTFLEX_MIGRATE_EVACUATE;
	} else if (!strcmp(name, "next-touch")) {
		wanted.flags |= VIRTFLEX_MIGRATE_NEXT_TOUCH;
	} else if (!strcmp(name, "shared")) {
		wanted.flags |= VIRTFLEX_MIGRATE_SHARED;
	} else if (!strcmp(name, "range")) {
		uint64_t start, end;

		if (!parse_range(arg, &start, &end))
			return usage_error_of(arg, RANGE_IS);
		wanted.start = start;
		wanted.end = end;
	} else if (!strcmp(name, "nodes")) {
		if (virtflex_nodemask_parse(arg, &nodes))
			return usage_error_of(arg, NODES_IS,
					      VIRTFLEX_MAX_NODES - 1);
		wanted.nodemask = (uintptr_t)&nodes;
	} else if (!strcmp(name, "method")) {
		if (!strcmp(arg, "virtflex_migrate"))
			wanted_method = VIRTFLEX_METHOD_SYSCALL;
		else if (!strcmp(arg, "move_pages"))
			wanted_method = VIRTFLEX_METHOD_MOVE_PAGES;
		else
			return usage_error_of(arg, METHOD_IS);
	} else {
		return number_option(name, arg);
	}
	return EXIT_DONE;
}

static const struct option_desc options[] = {
	{ "all-of", 'a', "USER", "all processes of a user" },
	{ "range", 0, "START-END", "only these addresses, as in /proc/PID/maps" },
	{ "nodes", 0, "LIST", "take these nodes as the active ones" },
	{ "policy", 0, NULL, "move pages under an explicit memory policy" },
	{ "evacuate", 0, NULL, "move other pages off nodes that are not active" },
	{ "next-touch", 0, NULL, "let other pages move to who touches them next" },
	{ "shared", 0, NULL, "also pages that other processes map" },
	{ "budget-pages", 0, "N", "examine N pages in each call" },
	{ "budget-ms", 0, "N", "take N milliseconds for each call (20)" },
	{ "threads", 0, "N", "work on N parts of a process at once" },
	{ "method", 0, "NAME", "virtflex_migrate or move_pages, and nothing else" },
	{ "self-test", 0, NULL, "misplace memory of my own and see it moved" },
	OPTION_OUTPUT,
	OPTION_NOHEADINGS,
	OPTION_RAW,
	OPTION_JSON("print JSON, a line for each process"),
	{ 0 },
};

const struct command cmd_migrate = {
	.name = "migrate",
	.synopsis = "PID...|--all-of USER|--self-test",
	.summary = "Move the pages of processes to the nodes they belong on",
	.options = options,
	.note = "Without --policy, --evacuate and --next-touch all three apply.",
	.columns = { columns },
	.max_args = MANY_ARGS,
	.option = option,
	.run = run,
};
