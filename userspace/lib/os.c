// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the fallback asks of the kernel: see struct vf_os. */
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* Regions of a scan that are asked for at once, at most. */
#define SCAN_REGIONS		64

static long kernel_move_pages(pid_t pid, unsigned long count, void **pages,
			      const int *nodes, int *status, int flags)
{
	long ret = syscall(SYS_move_pages, pid, count, pages, nodes, status,
			   flags);

	return ret < 0 ? -errno : ret;
}

/* Of <linux/fs.h> 6.7, which older headers do not have. */
struct scan_region {
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

#define SCAN_IOCTL	_IOWR('f', 16, struct scan_arg)
#define SCAN_FILE	0x04
#define SCAN_PRESENT	0x08
#define SCAN_HUGE	0x40

static int kernel_scan(int pagemap_fd, uint64_t start, uint64_t end,
		       struct vf_region *regions, unsigned int nr_regions,
		       uint64_t *next)
{
	/* what reads the program by its instructions does not see it written */
	struct scan_region vec[SCAN_REGIONS] = { 0 };
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)vec,
		.vec_len = nr_regions < SCAN_REGIONS ? nr_regions :
						       SCAN_REGIONS,
		.category_mask = SCAN_PRESENT,
		.return_mask = SCAN_PRESENT | SCAN_HUGE | SCAN_FILE,
	};
	int n, i;

	n = ioctl(pagemap_fd, SCAN_IOCTL, &arg);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		regions[i].start = vec[i].start;
		regions[i].end = vec[i].end;
		regions[i].huge = vec[i].categories & SCAN_HUGE;
		regions[i].file = vec[i].categories & SCAN_FILE;
	}
	*next = arg.walk_end;
	return n;
}

/* Bit 63 of an entry of the pagemap: the page is present. */
#define ENTRY_PRESENT	(UINT64_C(1) << 63)

static int kernel_present(int pagemap_fd, uint64_t addr)
{
	uint64_t entry;
	ssize_t n;

	n = pread(pagemap_fd, &entry, sizeof(entry),
		  addr / VF_PAGE_BYTES * sizeof(entry));
	if (n < 0)
		return -errno;
	/* nothing is read of memory that is gone */
	return n == sizeof(entry) && (entry & ENTRY_PRESENT);
}

static uint64_t kernel_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int kernel_alive(int pidfd)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	int ret;

	if (pidfd == VIRTFLEX_PIDFD_SELF)
		return 0;
	/* a signal ends it although there is nothing to wait for */
	do {
		ret = poll(&pfd, 1, 0);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	return ret ? -ESRCH : 0;
}

const struct vf_os vf_os_kernel = {
	.move_pages = kernel_move_pages,
	.scan = kernel_scan,
	.present = kernel_present,
	.now_ns = kernel_now_ns,
	.alive = kernel_alive,
};
