// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two of a kind on one host would undo each other's changes. A lock on a file says that
 * one is at work; it is gone when the program is, however that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "daemon.h"

/* A URI as part of a file's name */
static void as_name(const char *uri, char *name, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && uri[i]; i++)
		name[i] = strchr("/:@? ", uri[i]) ? '-' : uri[i];
	name[i] = 0;
}

/* systemd may say where (RuntimeDirectory=). */
static const char *runtime_dir(void)
{
	const char *dir = getenv("RUNTIME_DIRECTORY");

	if (dir && *dir)
		return dir;
	if (!geteuid())
		return "/run";
	dir = getenv("XDG_RUNTIME_DIR");
	return dir && *dir ? dir : "/tmp";
}

/* Who has it says so in the file: its process and its name, a line each. */
static void say_who(const char *program, const char *connect, int fd)
{
	const char *name = program;
	char text[64] = "", *end;
	bool other;

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		text[0] = 0;
	end = text + strcspn(text, "\n");
	if (*end) {
		*end++ = 0;
		end[strcspn(end, "\n")] = 0;
		if (*end)
			name = end;
	}
	other = strcmp(name, program_name());
	error("%s%s is at work on %s%s%s%s; stop it first", other ? "" : "another ", name,
	      connect, *text ? ", process " : "", text,
	      other ? ", and changes what this would change" : "");
}

/**
 * lock_take() - see to it that there is only one of a kind
 * @program: name of the program
 * @connect: host that it works on
 * @fd: out: to be closed at the end; -1 if there is none
 *
 * Return: EXIT_DONE, or EXIT_ERROR, having said why.
 */
int lock_take(const char *program, const char *connect, int *fd)
{
	char name[128], path[512], text[64];
	int length;

	as_name(connect, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/%s-%s-%u.lock", runtime_dir(),
		 program, name, (unsigned int)geteuid());
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0) {
		error("cannot open %s: %s; is there another user's?", path,
		      strerror(errno));
		return EXIT_ERROR;
	}
	if (flock(*fd, LOCK_EX | LOCK_NB)) {
		say_who(program, connect, *fd);
		close(*fd);
		*fd = -1;
		return EXIT_ERROR;
	}
	length = snprintf(text, sizeof(text), "%d\n%s\n", (int)getpid(), program_name());
	if (ftruncate(*fd, 0) || pwrite(*fd, text, length, 0) != length)
		error("cannot write %s: %s", path, strerror(errno));
	return EXIT_DONE;
}
