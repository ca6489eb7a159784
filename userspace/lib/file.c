// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whole files below the sysroot. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/**
 * vf_open() - open a file below the sysroot
 * @vf: handle
 * @path: absolute path
 * @flags: as for open(2); closed on exec in any case
 *
 * Return: file descriptor or a negative errno.
 */
int vf_open(const struct virtflex *vf, const char *path, int flags)
{
	char *full;
	int fd;

	if (asprintf(&full, "%s%s", vf->sysroot, path) < 0)
		return -ENOMEM;
	fd = open(full, flags | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(full);
	return fd;
}

/**
 * vf_read_fd() - read a file from where it is to its end
 * @fd: file
 * @max: longest text to take
 * @textp: where to store the text, to be freed; a zero byte follows it
 * @lenp: where to store its length
 *
 * Return: 0, -EFBIG if there is more than @max, or another negative errno.
 */
int vf_read_fd(int fd, size_t max, char **textp, size_t *lenp)
{
	size_t size = 16384, len = 0;
	char *text, *bigger;
	ssize_t n;
	int ret;

	text = malloc(size);
	if (!text)
		return -ENOMEM;
	for (;;) {
		n = read(fd, text + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			ret = -errno;
			goto err;
		}
		if (!n)
			break;
		len += n;
		if (len > max) {
			ret = -EFBIG;
			goto err;
		}
		if (size - 1 - len)
			continue;
		size *= 2;
		bigger = realloc(text, size);
		if (!bigger) {
			ret = -ENOMEM;
			goto err;
		}
		text = bigger;
	}
	text[len] = 0;
	*textp = text;
	*lenp = len;
	return 0;
err:
	free(text);
	return ret;
}

/**
 * vf_read_file() - read a whole file below the sysroot
 * @vf: handle
 * @path: absolute path
 * @max: longest text to take
 * @text: where to store the text, to be freed
 * @len: where to store its length
 *
 * Return: 0 or a negative errno.
 */
int vf_read_file(const struct virtflex *vf, const char *path, size_t max,
		 char **text, size_t *len)
{
	int fd = vf_open(vf, path, O_RDONLY);
	int ret;

	if (fd < 0)
		return fd;
	ret = vf_read_fd(fd, max, text, len);
	close(fd);
	return ret;
}
