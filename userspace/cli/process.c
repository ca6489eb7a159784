// SPDX-License-Identifier: GPL-2.0-only
/* A process: what is behind a number, and why it is refused. */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Of the kernel's <linux/sched.h>; the flags are in /proc/PID/stat. */
#define PF_KTHREAD	0x00200000

/*
 * What stands in place of a number: for one that /proc has nothing of, whether
 * there is one all the same.
 */
static enum process_kind without_stat(const struct context *ctx,
				      unsigned int pid)
{
	char *text = read_text(ctx, "/proc/%u/numa_maps", pid);

	free(text);
	/* a dump need not have all files of a process */
	if (text)
		return PROCESS_ALIVE;
	if (ctx->sysroot || (kill(pid, 0) && errno == ESRCH))
		return PROCESS_GONE;
	return PROCESS_HIDDEN;
}

static void read_status(const struct context *ctx, struct process *p)
{
	char *text = read_text(ctx, "/proc/%u/status", p->pid), *line;
	uint64_t leader;

	if (find_number(text, "Tgid:", &leader))
		p->leader = leader;
	/* real, effective, ... */
	line = text ? strstr(text, "\nUid:") : NULL;
	if (line && sscanf(line + 5, "%*u %u", &p->uid) != 1)
		p->uid = 0;
	free(text);
}

/* What stat says: "2 (kthreadd) S 0 0 ...". A name may have parentheses too. */
static bool parse_stat(const char *text, struct process *p, char *state,
		       unsigned int *flags)
{
	const char *name = strchr(text, '('), *end = strrchr(text, ')');
	size_t len;

	if (!name || !end ||
	    sscanf(end + 1, " %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u",
		   state, flags, &p->nr_threads) != 3)
		return false;
	len = end - ++name;
	if (len >= sizeof(p->name))
		len = sizeof(p->name) - 1;
	memcpy(p->name, name, len);
	return true;
}

/**
 * process_read() - look at what is behind a number
 * @ctx: context
 * @pid: number
 * @p: where to store what it is
 */
void process_read(const struct context *ctx, unsigned int pid,
		  struct process *p)
{
	char *text = read_text(ctx, "/proc/%u/stat", pid), state;
	unsigned int flags;

	memset(p, 0, sizeof(*p));
	p->pid = pid;
	p->leader = pid;
	if (!text) {
		p->kind = without_stat(ctx, pid);
		return;
	}
	if (parse_stat(text, p, &state, &flags)) {
		read_status(ctx, p);
		if (p->leader != pid)
			p->kind = PROCESS_THREAD;
		else if (flags & PF_KTHREAD)
			p->kind = PROCESS_KERNEL;
		else if (strchr("ZXx", state) && p->nr_threads < 2)
			p->kind = PROCESS_ENDED;
	}
	free(text);
}

/**
 * print_process() - print number and name of a process
 * @p: process
 */
void print_process(const struct process *p)
{
	printf("process %u", p->pid);
	if (!*p->name)
		return;
	printf(" (");
	print_clean(stdout, p->name);
	putchar(')');
}

static int not_allowed(const struct context *ctx, unsigned int pid)
{
	if (ctx->sysroot)
		error("%s/proc/%u cannot be read: %s", ctx->sysroot, pid,
		      strerror(EACCES));
	else if (geteuid())
		error("process %u is not yours; try as its user or as root",
		      pid);
	else if (has_capability(CAP_SYS_PTRACE))
		error("process %u has capabilities that root lacks here", pid);
	else
		error("process %u needs CAP_SYS_PTRACE, which root lacks here",
		      pid);
	return EXIT_ERROR;
}

/**
 * process_error() - say why the pages of a process are out of reach
 * @ctx: context
 * @pid: number
 * @err: negative errno of the library, or of pidfd_open(2)
 *
 * Return: EXIT_ERROR.
 */
int process_error(const struct context *ctx, unsigned int pid, int err)
{
	struct process p;

	if (err == -EACCES || err == -EPERM)
		return not_allowed(ctx, pid);
	process_read(ctx, pid, &p);
	switch (p.kind) {
	case PROCESS_GONE:
		error("there is no process %u%s%s", pid,
		      ctx->sysroot ? " below " : "", root_of(ctx));
		return EXIT_ERROR;
	case PROCESS_HIDDEN:
		error("/proc does not show process %u: it is not mounted, or with hidepid",
		      pid);
		return EXIT_ERROR;
	case PROCESS_THREAD:
		error("%u is a thread of process %u", pid, p.leader);
		return EXIT_ERROR;
	case PROCESS_KERNEL:
		error("process %u is a kernel thread, which has no pages of its own",
		      pid);
		return EXIT_ERROR;
	default:
		break;
	}
	switch (err) {
	case -ESRCH:
		error("process %u has ended", pid);
		break;
	case -EAGAIN:
		error("threads of process %u exit before it can be looked at; try again",
		      pid);
		break;
	case -ENOSYS:
		error("this kernel has no /proc/PID/numa_maps: it was built without CONFIG_NUMA");
		break;
	case -EBADMSG:
		error("%s/proc/%u/numa_maps cannot be understood: update virtflex",
		      root_of(ctx), pid);
		break;
	default:
		error("process %u: %s", pid, strerror(-err));
	}
	return EXIT_ERROR;
}
