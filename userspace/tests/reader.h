/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests of readers: a handle below a directory of each test's own. They are
 * linked with --wrap=read, so that a file may be of a module that is gone, and a
 * signal may come while it is read.
 */
#ifndef READER_H
#define READER_H

#include <errno.h>

#include "test.h"

static char *root;
static struct virtflex *vf;
static bool gone;
static unsigned int interrupts;	/* reads until one succeeds */

static int setup(void **state)
{
	(void)state;
	gone = false;
	interrupts = 0;
	root = root_make();
	return virtflex_open(&vf, root);
}

static int teardown(void **state)
{
	(void)state;
	virtflex_close(vf);
	root_remove(root);
	return 0;
}

/* procfs says so of a file whose owner is gone. */
ssize_t __real_read(int fd, void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	if (!gone && !interrupts)
		return __real_read(fd, buf, size);
	errno = gone ? EIO : EINTR;
	interrupts -= !gone;
	return -1;
}

#endif /* READER_H */
