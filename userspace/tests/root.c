// SPDX-License-Identifier: LGPL-2.1-or-later
/* A directory to read /proc and /sys below, made for one test. */
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

/**
 * root_make() - make an empty directory
 *
 * Return: its path, for root_remove().
 */
char *root_make(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	assert_true(asprintf(&path, "%s/virtflex-test-XXXXXX",
			     tmp ? tmp : "/tmp") > 0);
	assert_non_null(mkdtemp(path));
	return path;
}

/**
 * root_write() - write a file, and the directories above it
 * @root: directory
 * @path: absolute path below it
 * @text: what to write
 */
void root_write(const char *root, const char *path, const char *text)
{
	char full[512], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = full + strlen(root) + 1; (slash = strchr(slash, '/'));
	     *slash++ = '/') {
		*slash = 0;
		mkdir(full, 0755);
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/**
 * root_grow() - make a file longer, with zero bytes
 * @root: directory
 * @path: absolute path below it
 * @size: bytes it is to have
 */
void root_grow(const char *root, const char *path, size_t size)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(truncate(full, size), 0);
}

/**
 * open_fds() - how many descriptors does this process have?
 *
 * Return: their number.
 */
unsigned int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/**
 * root_remove() - remove a directory and what is in it
 * @root: directory
 */
void root_remove(char *root)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(root);
}
