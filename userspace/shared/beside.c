// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are written beside their place and put there whole: nobody reads half of one, and what
 * was there stays where that fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared.h"

static void forget(struct beside *b)
{
	free(b->name);
	free(b->place);
	b->name = NULL;
	b->place = NULL;
}

/* A device would be lost: what is put in its place is a file. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	return stat(path, &st) || S_ISREG(st.st_mode);
}

/* Of a link, where it leads to, also if that is not there yet; NULL if there is no memory */
static char *place_of(const char *path)
{
	char target[PATH_MAX], *place = realpath(path, NULL), *next;
	const char *name = strrchr(path, '/');
	ssize_t length = -1;
	struct stat st;

	if (place)
		return place;
	/* A pipe below /dev/fd is there without a name; links in a circle are another error. */
	if (stat(path, &st) && errno == ENOENT)
		length = readlink(path, target, sizeof(target));
	if (length <= 0 || length == sizeof(target))
		return strdup(path);
	name = name && *target != '/' ? name + 1 : path;
	if (asprintf(&next, "%.*s%.*s", (int)(name - path), path, (int)length, target) < 0)
		return NULL;
	place = place_of(next);
	free(next);
	return place;
}

static FILE *open_beside(struct beside *b)
{
	int fd = mkostemp(b->name, O_CLOEXEC);
	FILE *f = fd >= 0 && !fchmod(fd, 0644) ? fdopen(fd, "w") : NULL;

	if (f || fd < 0)
		return f;
	b->why = strerror(errno);
	close(fd);
	unlink(b->name);
	return NULL;
}

/**
 * beside_begin() - begin to write a file
 * @b: out; what is to be in it is written to @b->f, and errno is left to that
 * @path: its place; of a link, where that leads to
 *
 * Return: whether it can be written, and is for beside_end(); if not, @b->why says why.
 */
bool beside_begin(struct beside *b, const char *path)
{
	*b = (struct beside){ .place = place_of(path) };
	if (!b->place || asprintf(&b->name, "%s.XXXXXX", b->place) < 0) {
		b->name = NULL;
		b->why = strerror(ENOMEM);
	} else if (!is_replaceable(b->place)) {
		b->why = "it is no regular file";
	} else {
		b->f = open_beside(b);
		if (!b->f && !b->why)
			b->why = strerror(errno);
	}
	if (!b->f)
		forget(b);
	errno = 0;
	return b->f;
}

/**
 * beside_end() - put a file in its place, or drop it
 * @b: file
 * @whole: whether all of it was written, as far as the caller knows; if not, errno says why
 *
 * Return: whether it is in its place; if not, @b->why says why.
 */
bool beside_end(struct beside *b, bool whole)
{
	whole = !fflush(b->f) && !ferror(b->f) && whole;
	if (!whole)
		b->why = strerror(errno ? errno : EIO);
	if (fclose(b->f) && whole) {
		b->why = strerror(errno);
		whole = false;
	}
	if (whole && rename(b->name, b->place)) {
		b->why = strerror(errno);
		whole = false;
	}
	if (!whole)
		unlink(b->name);
	forget(b);
	return whole;
}
