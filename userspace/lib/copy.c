// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory of the caller, of which only he says that it is there: the kernel
 * copies it, and finds an address wrong where the library would crash.
 */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

static int result(ssize_t copied, size_t size)
{
	if (copied < 0)
		return -errno;
	return (size_t)copied == size ? 0 : -EFAULT;
}

/* Not every sandbox allows the call, though it is about the caller itself. */
static bool is_refused(int err)
{
	return err == -ENOSYS || err == -EPERM;
}

/**
 * vf_copy_from() - copy from an address that may be wrong
 * @to: where to
 * @from: address
 * @size: bytes
 *
 * Return: 0 or -EFAULT.
 */
int vf_copy_from(void *to, const void *from, size_t size)
{
	struct iovec here = { to, size }, there = { (void *)from, size };
	int ret;

	ret = result(process_vm_readv(getpid(), &here, 1, &there, 1, 0), size);
	if (is_refused(ret)) {
		memcpy(to, from, size);
		ret = 0;
	}
	return ret;
}

/**
 * vf_copy_to() - copy to an address that may be wrong
 * @to: address
 * @from: where from
 * @size: bytes
 *
 * Return: 0 or -EFAULT.
 */
int vf_copy_to(void *to, const void *from, size_t size)
{
	struct iovec here = { (void *)from, size }, there = { to, size };
	int ret;

	ret = result(process_vm_writev(getpid(), &here, 1, &there, 1, 0), size);
	if (is_refused(ret)) {
		memcpy(to, from, size);
		ret = 0;
	}
	return ret;
}
