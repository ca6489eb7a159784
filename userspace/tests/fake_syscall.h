/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virtflex_migrate(2) as a test has it, for programs that are linked with
 * --wrap=syscall. Other system calls are the kernel's.
 */
#ifndef FAKE_SYSCALL_H
#define FAKE_SYSCALL_H

#include <errno.h>
#include <sys/syscall.h>

#include "test.h"

static bool has_syscall;

/* What the test has in its place */
static long fake_migrate(int pidfd, struct virtflex_migrate_args *args,
			 size_t size);

long __real_syscall(long nr, ...);
long __wrap_syscall(long nr, ...);
long __wrap_syscall(long nr, ...)
{
	unsigned long a[6];
	va_list list;
	int i;

	va_start(list, nr);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(list, unsigned long);
	va_end(list);
	if (nr != VIRTFLEX_MIGRATE_NR)
		return __real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (has_syscall)
		return fake_migrate((int)a[0], (void *)a[1], a[2]);
	errno = ENOSYS;
	return -1;
}

#endif /* FAKE_SYSCALL_H */
