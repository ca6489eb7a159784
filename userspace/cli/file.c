// SPDX-License-Identifier: GPL-2.0-only
/* Files of /proc, /sys and /dev, below the sysroot if there is one. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Longer than any file that is read whole; of others the beginning will do. */
#define MAX_TEXT	16384

/**
 * root_of() - what stands before the paths of files
 * @ctx: context
 *
 * Return: the sysroot, or "".
 */
const char *root_of(const struct context *ctx)
{
	return ctx->sysroot ? ctx->sysroot : "";
}

/**
 * check_root() - say what is wrong with the sysroot
 * @ctx: context
 *
 * Return: whether it is a directory, or there is none.
 */
bool check_root(const struct context *ctx)
{
	int fd;

	if (!ctx->sysroot)
		return true;
	fd = open(ctx->sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		error("--sysroot %s: %s", ctx->sysroot, strerror(errno));
	else
		close(fd);
	return fd >= 0;
}

static int open_path(const struct context *ctx, const char *fmt, va_list args)
{
	char *path, *full;
	int fd;

	if (vasprintf(&path, fmt, args) < 0)
		return -1;
	if (asprintf(&full, "%s%s", root_of(ctx), path) < 0)
		full = NULL;
	free(path);
	fd = full ? open(full, O_RDONLY | O_CLOEXEC) : -1;
	free(full);
	return fd;
}

/**
 * read_text() - read the beginning of a file
 * @ctx: context
 * @fmt: its path, as for printf(3)
 *
 * Return: text to be freed, without a newline at its end; NULL if it cannot be
 * read, and errno says why.
 */
char *read_text(const struct context *ctx, const char *fmt, ...)
{
	size_t len = 0;
	va_list args;
	char *text;
	ssize_t n;
	int fd;

	va_start(args, fmt);
	fd = open_path(ctx, fmt, args);
	va_end(args);
	if (fd < 0)
		return NULL;
	text = malloc(MAX_TEXT);
	do {
		n = text ? read(fd, text + len, MAX_TEXT - 1 - len) : -1;
		len += n > 0 ? n : 0;
	} while ((n > 0 && len < MAX_TEXT - 1) || (n < 0 && errno == EINTR));
	close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	if (len && text[len - 1] == '\n')
		len--;
	text[len] = 0;
	return text;
}

/**
 * open_text() - open a file to read it line by line
 * @ctx: context
 * @path: its path
 *
 * Return: stream, or NULL.
 */
FILE *open_text(const struct context *ctx, const char *path)
{
	char *full;
	FILE *f;

	if (asprintf(&full, "%s%s", root_of(ctx), path) < 0)
		return NULL;
	f = fopen(full, "re");
	free(full);
	return f;
}

/**
 * find_number() - a number that follows a word
 * @text: text; NULL has none
 * @word: word
 * @value: where to store it
 *
 * Return: whether it is there, at the beginning of a line or after a blank.
 */
bool find_number(const char *text, const char *word, uint64_t *value)
{
	const char *p = text;
	size_t len = strlen(word);
	char *end;

	while (p && (p = strstr(p, word))) {
		if ((p == text || p[-1] == ' ' || p[-1] == '\n') &&
		    (p[len] == ' ' || p[len] == '\t')) {
			errno = 0;
			*value = strtoull(p + len, &end, 10);
			return !errno && end != p + len;
		}
		p += len;
	}
	return false;
}
