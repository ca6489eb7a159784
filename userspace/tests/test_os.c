// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the fallback asks of the kernel, where the kernel answers otherwise. */
#include <errno.h>
#include <poll.h>

#include "test.h"

#define PIDFD	5

static int answers[2];	/* errno; 0: nothing; 1: the process has exited */
static unsigned int calls;

int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	assert_int_equal(nr, 1);
	assert_int_equal(fds->fd, PIDFD);
	assert_int_equal(timeout, 0);
	assert_in_range(calls, 0, ARRAY_SIZE(answers) - 1);
	if (answers[calls] > 1) {
		errno = answers[calls++];
		return -1;
	}
	fds->revents = answers[calls] ? POLLIN : 0;
	return answers[calls++];
}

/* A signal that comes just then says nothing of the process. */
static void alive(void **state)
{
	static const struct {
		int answers[2];
		int ret;
	} cases[] = {
		{ { 0 }, 0 },
		{ { 1 }, -ESRCH },
		{ { EINTR, 0 }, 0 },
		{ { EINTR, 1 }, -ESRCH },
		{ { ENOMEM, 0 }, -ENOMEM },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		answers[0] = cases[i].answers[0];
		answers[1] = cases[i].answers[1];
		calls = 0;
		assert_int_equal(vf_os_kernel.alive(PIDFD), cases[i].ret);
	}
	calls = 2;
	assert_int_equal(vf_os_kernel.alive(VIRTFLEX_PIDFD_SELF), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alive),
	};

	return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
