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

static int refuse(const char *program, const char *connect, int fd)
{
	char text[32] = "";
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	if (length > 0)
		text[strcspn(text, "\n")] = 0;
	error("another %s is at work on %s%s%s; stop it first", program, connect,
	      length > 0 ? ", process " : "", text);
	return EXIT_ERROR;
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
	char name[128], path[512], pid[32];
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
		refuse(program, connect, *fd);
		close(*fd);
		*fd = -1;
		return EXIT_ERROR;
	}
	length = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(*fd, 0) || pwrite(*fd, pid, length, 0) != length)
		error("cannot write %s: %s", path, strerror(errno));
	return EXIT_DONE;
}
