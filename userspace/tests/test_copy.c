// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory of the caller, copied by the kernel, or without it where it refuses. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "test.h"

static int refusal;	/* errno of the call; 0: it copies */
static size_t left_out;	/* bytes that it does not copy */

static ssize_t copy(pid_t pid, const struct iovec *to, const struct iovec *from)
{
	size_t size = to->iov_len;

	assert_int_equal(pid, getpid());
	assert_int_equal(from->iov_len, size);
	errno = refusal;
	if (refusal)
		return -1;
	memcpy(to->iov_base, from->iov_base, size - left_out);
	return size - left_out;
}

ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local,
				unsigned long nr_local,
				const struct iovec *remote,
				unsigned long nr_remote, unsigned long flags);
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *local,
				unsigned long nr_local,
				const struct iovec *remote,
				unsigned long nr_remote, unsigned long flags)
{
	assert_true(nr_local == 1 && nr_remote == 1 && !flags);
	return copy(pid, local, remote);
}

ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *local,
				 unsigned long nr_local,
				 const struct iovec *remote,
				 unsigned long nr_remote, unsigned long flags);
ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *local,
				 unsigned long nr_local,
				 const struct iovec *remote,
				 unsigned long nr_remote, unsigned long flags)
{
	assert_true(nr_local == 1 && nr_remote == 1 && !flags);
	return copy(pid, remote, local);
}

static const char text[] = "as it is";

/* Both ways give @expected; and the text, if that is 0. */
static void assert_copied(int expected)
{
	char to[sizeof(text)];

	memset(to, 0, sizeof(to));
	assert_int_equal(vf_copy_from(to, text, sizeof(text)), expected);
	if (!expected)
		assert_memory_equal(to, text, sizeof(text));
	memset(to, 0, sizeof(to));
	assert_int_equal(vf_copy_to(to, text, sizeof(text)), expected);
	if (!expected)
		assert_memory_equal(to, text, sizeof(text));
}

static int setup(void **state)
{
	(void)state;
	refusal = 0;
	left_out = 0;
	return 0;
}

static void by_the_kernel(void **state)
{
	(void)state;
	assert_copied(0);
}

/* A kernel that was built without the call, and a sandbox. */
static void without_the_kernel(void **state)
{
	static const int refusals[] = { ENOSYS, EPERM };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		refusal = refusals[i];
		assert_copied(0);
	}
}

/* The rest of it is not there. */
static void in_part(void **state)
{
	(void)state;
	left_out = 1;
	assert_copied(-EFAULT);
}

static void not_at_all(void **state)
{
	static const int refusals[] = { EFAULT, ENOMEM };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		refusal = refusals[i];
		assert_copied(-refusals[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(by_the_kernel, setup),
		cmocka_unit_test_setup(without_the_kernel, setup),
		cmocka_unit_test_setup(in_part, setup),
		cmocka_unit_test_setup(not_at_all, setup),
	};

	return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
