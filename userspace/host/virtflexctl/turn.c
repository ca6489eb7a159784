// SPDX-License-Identifier: GPL-2.0-only
/* Where the next domain of --policy round-robin goes: kept in a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "text.h"

static const char *const dirs[] = { "/var", "/var/lib", "/var/lib/virtflex" };

#define TURN	"/var/lib/virtflex/round-robin"

static void make_dirs(const char *root)
{
	unsigned int i;
	char *path;

	/* What cannot be made is missed when the file is opened. */
	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		if (asprintf(&path, "%s%s", root, dirs[i]) < 0)
			return;
		mkdir(path, 0755);
		free(path);
	}
}

/**
 * turn_take() - whose turn it is; another command waits until turn_pass()
 * @root: directory to keep it below; "" for this host
 * @pnode: out: physical node to try first
 *
 * Return: descriptor for turn_pass(), or -1: why is said.
 */
int turn_take(const char *root, unsigned int *pnode)
{
	char *path, text[16] = "";
	uint64_t number;
	int fd;

	if (asprintf(&path, "%s" TURN, root) < 0)
		return -1;
	make_dirs(root);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || flock(fd, LOCK_EX) ||
	    read(fd, text, sizeof(text) - 1) < 0) {
		error("%s: %s; --policy round-robin keeps its turn in this file: are you root?",
		      path, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	free(path);
	text[strcspn(text, "\n")] = 0;
	*pnode = text_number(text, UINT16_MAX, &number) ? number : 0;
	return fd;
}

/**
 * turn_pass() - say whose turn is next
 * @fd: what turn_take() gave
 * @pnode: physical node
 *
 * Return: whether it is kept; if not, why is said.
 */
bool turn_pass(int fd, unsigned int pnode)
{
	bool kept = !ftruncate(fd, 0) && !lseek(fd, 0, SEEK_SET) &&
		    dprintf(fd, "%u\n", pnode) > 0;

	if (!kept)
		error(TURN ": %s", strerror(errno));
	close(fd);
	return kept;
}
