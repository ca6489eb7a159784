// SPDX-License-Identifier: GPL-2.0-only
/* Processes that a command line is about: those named, or all of a user. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static bool add_process(struct processes *all, unsigned int pid)
{
	unsigned int *list;

	list = reallocarray(all->list, all->count + 1, sizeof(*list));
	if (!list) {
		error("%s", strerror(ENOMEM));
		return false;
	}
	all->list = list;
	list[all->count++] = pid;
	return true;
}

/* Returns an enum exit_code, EXIT_DONE to go on. */
static int processes_named(int argc, char **argv, struct processes *all)
{
	uint64_t pid;
	int i;

	for (i = 0; i < argc; i++) {
		if (!parse_count(argv[i], INT_MAX, &pid) || !pid)
			return usage_error("%s%s%s is no PID", quote(argv[i]),
					   argv[i], quote(argv[i]));
		if (!add_process(all, pid))
			return EXIT_ERROR;
	}
	return EXIT_DONE;
}

static bool find_user(const char *user, unsigned int *uid)
{
	struct passwd *pw = getpwnam(user);
	uint64_t number;

	if (pw) {
		*uid = pw->pw_uid;
		return true;
	}
	if (!parse_count(user, UINT_MAX - 1, &number))
		return false;
	*uid = number;
	return true;
}

/**
 * processes_of() - find the processes of a user
 * @ctx: context
 * @user: name or number; it is the effective user of a process that counts
 * @all: where to store them, without this one, those that have ended and the
 *	kernel's own threads; its list is to be freed, also after an error
 *
 * Return: enum exit_code, EXIT_DONE to go on.
 */
int processes_of(const struct context *ctx, const char *user,
		 struct processes *all)
{
	struct dirent *entry;
	struct process p;
	unsigned int uid;
	uint64_t pid;
	char *path;
	DIR *dir;

	if (!find_user(user, &uid)) {
		error("there is no user %s%s%s", quote(user), user,
		      quote(user));
		return EXIT_ERROR;
	}
	if (asprintf(&path, "%s/proc", root_of(ctx)) < 0)
		path = NULL;
	dir = path ? opendir(path) : NULL;
	if (!dir)
		error("%s: %s", path ? path : "/proc", strerror(errno));
	free(path);
	all->searched = true;
	while (dir && (entry = readdir(dir))) {
		if (!parse_count(entry->d_name, INT_MAX, &pid) || !pid ||
		    (!ctx->sysroot && pid == (uint64_t)getpid()))
			continue;
		process_read(ctx, pid, &p);
		if (p.kind != PROCESS_ALIVE || p.uid != uid)
			continue;
		if (!add_process(all, pid)) {
			closedir(dir);
			return EXIT_ERROR;
		}
	}
	if (dir)
		closedir(dir);
	return dir ? EXIT_DONE : EXIT_ERROR;
}

/**
 * processes_wanted() - find the processes that a command line is about
 * @command: name of the command
 * @ctx: context
 * @argc: length of @argv
 * @argv: PIDs
 * @user: user whose processes are meant; NULL if none was given
 * @all: where to store them; its list is to be freed, also after an error
 *
 * Return: enum exit_code, EXIT_DONE to go on.
 */
int processes_wanted(const char *command, const struct context *ctx, int argc,
		     char **argv, const char *user, struct processes *all)
{
	if (user && argc)
		return usage_error("%s: either PIDs or --all-of", command);
	if (user)
		return processes_of(ctx, user, all);
	return processes_named(argc, argv, all);
}
