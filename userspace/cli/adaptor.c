// SPDX-License-Identifier: GPL-2.0-only
/* Where the OpenMP adaptor is: beside the library that this command uses. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/**
 * beside_library() - path of a file beside the library, whether it is there or not
 * @name: its name
 * @path: where to store it, to be freed
 *
 * A path of the loader's that begins with / stays as it is, so that a link can stand
 * for a directory that cannot be named. Others would be wrong for a program that
 * changes its directory.
 *
 * Return: 0 or a negative errno.
 */
int beside_library(const char *name, char **path)
{
	Dl_info library;
	char *dir, *full, *end;
	int ret;

	if (!dladdr((void *)virtflex_open, &library) || !library.dli_fname ||
	    !strchr(library.dli_fname, '/'))
		return -ENOENT;
	dir = strdup(library.dli_fname);
	if (!dir)
		return -ENOMEM;
	end = strrchr(dir, '/');
	end[end == dir] = '\0';
	if (*dir != '/') {
		full = realpath(dir, NULL);
		ret = -errno;
		free(dir);
		if (!full)
			return ret;
		dir = full;
	}
	ret = asprintf(path, "%s/%s", strcmp(dir, "/") ? dir : "", name) < 0 ?
	      -ENOMEM : 0;
	free(dir);
	return ret;
}
