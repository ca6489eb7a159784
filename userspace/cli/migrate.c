// SPDX-License-Identifier: GPL-2.0-only
/* virtflex migrate: make the pages of a process follow the topology. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"

#define PAGE_KB			4
/* No call holds its caller, or the process's mmap_lock, longer than asked. */
#define DEFAULT_BUDGET_MS	20

static struct virtflex_migrate_args args;
static struct virtflex_nodemask nodes;
static unsigned int wanted_method, method;
static bool want_self_test, has_budget;

/**
 * struct count_desc - a count of the report
 * @name: as in struct virtflex_migrate_args
 * @text: for people
 * @offset: in struct virtflex_migrate_args
 */
static const struct count_desc {
	const char *name;
	const char *text;
	size_t offset;
} counts[] = {
#define COUNT(field, text) \
	{ #field, text, offsetof(struct virtflex_migrate_args, field) }
	COUNT(scanned, "scanned"),
	COUNT(in_place, "in place"),
	COUNT(moved, "moved"),
	COUNT(marked, "move at next touch"),
	COUNT(busy, "stayed: busy"),
	COUNT(pinned, "stayed: pinned"),
	COUNT(nomem, "stayed: no memory"),
	COUNT(shared, "stayed: shared"),
	COUNT(unmovable, "stayed: unmovable"),
#undef COUNT
};

#define NR_COUNTS (sizeof(counts) / sizeof(*counts))

static uint64_t count_of(const struct virtflex_migrate_args *a, unsigned int i)
{
	uint64_t value;

	memcpy(&value, (const char *)a + counts[i].offset, sizeof(value));
	return value;
}

static struct json_object *report_json(uint64_t pid)
{
	struct json_object *root = json_object_new_object();
	unsigned int i;

	json_object_object_add(root, "pid", json_u64(pid));
	json_object_object_add(root, "method",
			       json_object_new_string(method_text(method)));
	for (i = 0; i < NR_COUNTS; i++)
		json_object_object_add(root, counts[i].name,
				       json_u64(count_of(&args, i)));
	return root;
}

static void print_report(uint64_t pid)
{
	unsigned int i;
	char size[24];
	uint64_t n;

	printf("process %llu, by %s(2)\n", (unsigned long long)pid,
	       method_text(method));
	for (i = 0; i < NR_COUNTS; i++) {
		n = count_of(&args, i);
		/* where all is well, there is nothing to read about the rest */
		if (!n && !strncmp(counts[i].text, "stayed", 6))
			continue;
		printf("  %-18s %10llu pages %10s\n", counts[i].text,
		       (unsigned long long)n,
		       size_text(n * PAGE_KB, size, sizeof(size)));
	}
	if (method == VIRTFLEX_METHOD_MOVE_PAGES)
		printf("%s: pages do not move at their next touch.\n",
		       wanted_method == method ?
			       "move_pages was asked for" :
			       "No virtflex_migrate(2) here");
}

/**
 * struct progress - how far a migration is
 * @total_pages: what it is about, more or less; 0 if not known
 * @calls: calls made
 */
struct progress {
	uint64_t total_pages;
	uint64_t calls;
};

static int show_progress(const struct virtflex_migrate_args *a, void *data)
{
	struct progress *p = data;
	unsigned int percent = 0;
	char moved[24];

	p->calls++;
	if (p->total_pages)
		percent = a->scanned >= p->total_pages ?
				  100 : a->scanned * 100 / p->total_pages;
	fprintf(stderr, "\r%3u %%, %s moved, %llu calls   ", percent,
		size_text(a->moved * PAGE_KB, moved, sizeof(moved)),
		(unsigned long long)p->calls);
	fflush(stderr);
	return 0;
}

static int report_error(int err, const char *pid)
{
	switch (err) {
	case -ESRCH:
		error("process %s has ended, or is a kernel thread", pid);
		break;
	case -EPERM:
		error("process %s is not yours, or --shared lacks CAP_SYS_NICE; try as root",
		      pid);
		break;
	case -EINVAL:
		if (args.nodemask)
			error("arguments refused: does --nodes name nodes with memory only?");
		else
			error("arguments refused: does any active node have memory?");
		break;
	case -EACCES:
		error("the cpuset of process %s allows none of these nodes",
		      pid);
		break;
	case -EAGAIN:
		error("threads of process %s exit before it can be looked at; try again",
		      pid);
		break;
	case -ENOSYS:
		if (wanted_method)
			error("this kernel has no %s(2)",
			      method_text(wanted_method));
		else
			error("this kernel has neither virtflex_migrate(2) nor move_pages(2)");
		break;
	default:
		error("process %s: %s", pid, strerror(-err));
	}
	return EXIT_ERROR;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct progress progress = { 0 };
	struct virtflex_pages *pages;
	bool tell = on_terminal(stderr);
	uint64_t pid;
	int pidfd, ret;

	if (want_self_test) {
		if (argc)
			return usage_error("--self-test takes no PID");
		return self_test(ctx, wanted_method);
	}
	if (argc < 1)
		return usage_error("migrate needs a PID or --self-test");
	if (!parse_count(argv[0], INT_MAX, &pid) || !pid)
		return usage_error("%s is no PID", argv[0]);
	pidfd = syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (pidfd < 0 && errno == ESRCH) {
		error("there is no process %s", argv[0]);
		return EXIT_ERROR;
	}
	/* which of the two depends on the kernel */
	if (pidfd < 0 && (errno == EINVAL || errno == ENOENT)) {
		error("%s is a thread, not a process", argv[0]);
		return EXIT_ERROR;
	}
	if (pidfd < 0)
		return report_error(-errno, argv[0]);
	if (!has_budget)
		args.budget_ns = DEFAULT_BUDGET_MS * 1000000ULL;
	if (tell && !virtflex_pages_read(ctx->vf, pid, &pages)) {
		progress.total_pages = pages->total_pages;
		virtflex_pages_free(pages);
	}
	method = wanted_method;
	ret = virtflex_migrate_all(ctx->vf, pidfd, &args, sizeof(args), &method,
				   tell ? show_progress : NULL, &progress);
	if (progress.calls)
		fputs("\r\033[K", stderr);
	close(pidfd);
	if (ret) {
		report_error(ret, argv[0]);
		if (args.scanned)
			error("before that, %llu of %llu pages had been moved",
			      (unsigned long long)args.moved,
			      (unsigned long long)args.scanned);
		return EXIT_ERROR;
	}
	if (ctx->json) {
		ret = print_json(report_json(pid), JSON_C_TO_STRING_PRETTY |
				 JSON_C_TO_STRING_SPACED);
		if (ret)
			return ret;
	} else {
		print_report(pid);
	}
	/* shared pages stay because --shared was not asked for */
	return args.busy || args.pinned || args.nomem ? EXIT_INCOMPLETE :
							EXIT_DONE;
}

static bool parse_range(const char *text)
{
	unsigned long long start, end;
	char *rest;

	errno = 0;
	start = strtoull(text, &rest, 16);
	if (rest == text || *rest != '-')
		return false;
	text = rest + 1;
	end = strtoull(text, &rest, 16);
	if (rest == text || *rest || errno || !end || end < start ||
	    (start | end) % (PAGE_KB << 10))
		return false;
	args.start = start;
	args.end = end;
	return true;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	uint64_t value;

	(void)ctx;
	if (!strcmp(name, "self-test")) {
		want_self_test = true;
	} else if (!strcmp(name, "policy")) {
		args.flags |= VIRTFLEX_MIGRATE_POLICY;
	} else if (!strcmp(name, "evacuate")) {
		args.flags |= VIRTFLEX_MIGRATE_EVACUATE;
	} else if (!strcmp(name, "next-touch")) {
		args.flags |= VIRTFLEX_MIGRATE_NEXT_TOUCH;
	} else if (!strcmp(name, "shared")) {
		args.flags |= VIRTFLEX_MIGRATE_SHARED;
	} else if (!strcmp(name, "range")) {
		if (!parse_range(arg))
			return usage_error("--range is START-END, hexadecimal, whole pages, not %s",
					   arg);
	} else if (!strcmp(name, "nodes")) {
		if (virtflex_nodemask_parse(arg, &nodes))
			return usage_error("--nodes is a list such as 0-1,3, not %s",
					   arg);
		args.nodemask = (uintptr_t)&nodes;
	} else if (!strcmp(name, "method")) {
		if (!strcmp(arg, "virtflex_migrate"))
			wanted_method = VIRTFLEX_METHOD_SYSCALL;
		else if (!strcmp(arg, "move_pages"))
			wanted_method = VIRTFLEX_METHOD_MOVE_PAGES;
		else
			return usage_error("--method is virtflex_migrate or move_pages, not %s",
					   arg);
	} else if (!strcmp(name, "budget-pages")) {
		if (!parse_count(arg, UINT64_MAX, &value) || !value)
			return usage_error("--budget-pages is a number from 1, not %s",
					   arg);
		args.budget_pages = value;
		has_budget = true;
	} else {
		if (!parse_count(arg, UINT64_MAX / 1000000, &value) || !value)
			return usage_error("--budget-ms is a number from 1, not %s",
					   arg);
		args.budget_ns = value * 1000000;
		has_budget = true;
	}
	return EXIT_DONE;
}

static const struct option_desc options[] = {
	{ "range", "START-END", "only these addresses, hexadecimal as in /proc/PID/maps" },
	{ "nodes", "LIST", "take these nodes as the active ones" },
	{ "policy", NULL, "move pages under an explicit memory policy" },
	{ "evacuate", NULL, "move other pages off nodes that are not active" },
	{ "next-touch", NULL, "let other pages move to who touches them next" },
	{ "shared", NULL, "also pages that other processes map" },
	{ "budget-pages", "N", "examine N pages in each call" },
	{ "budget-ms", "N", "take N milliseconds for each call (20)" },
	{ "method", "NAME", "virtflex_migrate or move_pages, and nothing else" },
	{ "self-test", NULL, "misplace memory of my own and see it moved" },
	{ "json", NULL, "print JSON" },
	{ 0 },
};

const struct command cmd_migrate = {
	.name = "migrate",
	.synopsis = "PID|--self-test",
	.summary = "Move the pages of a process to the nodes they belong on",
	.options = options,
	.max_args = 1,
	.option = option,
	.run = run,
};
