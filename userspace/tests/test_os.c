// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the fallback asks of the kernel, where the kernel answers otherwise. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "test.h"

#define PIDFD	5
#define PAGEMAP	6

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

/* ---- the pagemap, of <linux/fs.h> and Documentation/admin-guide/mm ---- */

#define IS_FILE		0x04
#define IS_PRESENT	0x08
#define IS_SWAPPED	0x10
#define IS_HUGE		0x40

struct region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

/* What there is; a kernel goes on until @vec is full. */
static const struct region memory[] = {
	{ 0x1000, 0x3000, IS_PRESENT },
	{ 0x3000, 0x4000, IS_PRESENT | IS_FILE },
	{ 0x5000, 0x6000, IS_SWAPPED },
	{ 0x200000, 0x400000, IS_PRESENT | IS_HUGE },
	{ 0x400000, 0x600000, IS_PRESENT | IS_HUGE | IS_FILE },
};

static int ioctl_error;

int __wrap_ioctl(int fd, unsigned long request, struct scan_arg *arg);
int __wrap_ioctl(int fd, unsigned long request, struct scan_arg *arg)
{
	struct region *vec = (void *)(uintptr_t)arg->vec;
	unsigned int i;
	int n = 0;

	assert_int_equal(fd, PAGEMAP);
	assert_int_equal(request, 0xc0606610);	/* PAGEMAP_SCAN */
	assert_int_equal(arg->size, sizeof(*arg));
	assert_int_equal(arg->flags | arg->max_pages | arg->category_inverted |
			 arg->category_anyof_mask, 0);
	errno = ioctl_error;
	if (ioctl_error)
		return -1;
	arg->walk_end = arg->end;
	for (i = 0; i < ARRAY_SIZE(memory); i++) {
		if (memory[i].start < arg->start || memory[i].end > arg->end ||
		    (memory[i].categories & arg->category_mask) !=
		    arg->category_mask)
			continue;
		if ((unsigned int)n == arg->vec_len) {
			arg->walk_end = memory[i].start;
			break;
		}
		vec[n] = memory[i];
		vec[n++].categories &= arg->return_mask;
	}
	return n;
}

static void scanned(void **state)
{
	struct vf_region regions[8];
	uint64_t next;
	int i;

	(void)state;
	assert_int_equal(vf_os_kernel.scan(PAGEMAP, 0x1000, 0x800000, regions,
					   8, &next), 4);
	assert_true(next == 0x800000);
	for (i = 0; i < 4; i++) {
		assert_int_equal(regions[i].file, i % 2);
		assert_int_equal(regions[i].huge, i / 2);
	}
	assert_true(regions[0].start == 0x1000 && regions[0].end == 0x3000);
	assert_true(regions[3].start == 0x400000 && regions[3].end == 0x600000);
	/* in parts */
	assert_int_equal(vf_os_kernel.scan(PAGEMAP, 0x1000, 0x800000, regions,
					   2, &next), 2);
	assert_true(next == 0x200000);
	/* without, and when the memory is gone */
	for (i = 0; i < 2; i++) {
		ioctl_error = i ? ESRCH : ENOTTY;
		assert_int_equal(vf_os_kernel.scan(PAGEMAP, 0x1000, 0x2000,
						   regions, 8, &next),
				 -ioctl_error);
	}
}

static uint64_t entry;
static ssize_t entry_size;	/* what is read of it, or an errno negated */

ssize_t __wrap_pread64(int fd, void *buf, size_t size, off64_t offset);
ssize_t __wrap_pread64(int fd, void *buf, size_t size, off64_t offset)
{
	assert_int_equal(fd, PAGEMAP);
	assert_int_equal(size, sizeof(entry));
	assert_int_equal(offset, 0x7f000 * 8);
	if (entry_size < 0) {
		errno = -entry_size;
		return -1;
	}
	memcpy(buf, &entry, entry_size);
	return entry_size;
}

static void present(void **state)
{
	static const struct {
		uint64_t entry;
		ssize_t size;
		int ret;
	} cases[] = {
		{ UINT64_C(1) << 63 | 77, 8, 1 },
		{ UINT64_C(1) << 62 | 77, 8, 0 },	/* swapped */
		{ 0, 8, 0 },
		{ UINT64_MAX, 0, 0 },	/* the memory is gone */
		{ UINT64_MAX, -EIO, -EIO },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		entry = cases[i].entry;
		entry_size = cases[i].size;
		assert_int_equal(vf_os_kernel.present(PAGEMAP, 0x7f000fff),
				 cases[i].ret);
	}
}

static void time_goes_on(void **state)
{
	struct timespec at;
	uint64_t before, after;

	(void)state;
	before = vf_os_kernel.now_ns();
	clock_gettime(CLOCK_MONOTONIC, &at);
	after = vf_os_kernel.now_ns();
	assert_in_range(at.tv_sec * UINT64_C(1000000000) + at.tv_nsec, before,
			after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alive),
		cmocka_unit_test(scanned),
		cmocka_unit_test(present),
		cmocka_unit_test(time_goes_on),
	};

	return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
