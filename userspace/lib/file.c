// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whole files below the sysroot. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
	char full[PATH_MAX];
	int len, fd;

	len = snprintf(full, sizeof(full), "%s%s", vf->sysroot, path);
	if (len >= (int)sizeof(full))
		return -ENAMETOOLONG;
	fd = open(full, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
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

/**
 * vf_read_line() - read a file of one line below the sysroot
 * @vf: handle
 * @path: absolute path
 * @line: where to store the line without its end; its text is to be freed
 *
 * Return: 0 or a negative errno.
 */
int vf_read_line(const struct virtflex *vf, const char *path,
		 struct vf_span *line)
{
	size_t len;
	char *text;
	int ret;

	ret = vf_read_file(vf, path, VF_MAX_SYSFS_BYTES, &text, &len);
	if (ret)
		return ret;
	while (len && text[len - 1] == '\n')
		len--;
	*line = (struct vf_span){ text, len };
	return 0;
}

/**
 * vf_read_nodelist() - read a file that is a list of nodes
 * @vf: handle
 * @path: absolute path
 * @mask: where to store the set
 *
 * Return: 0 or a negative errno.
 */
int vf_read_nodelist(const struct virtflex *vf, const char *path,
		     struct virtflex_nodemask *mask)
{
	struct vf_span line;
	int ret;

	ret = vf_read_line(vf, path, &line);
	if (ret)
		return ret;
	ret = vf_parse_nodelist(line, mask);
	free((char *)line.p);
	return ret;
}
