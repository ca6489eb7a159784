// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2) and pages that are not plain: locked, pinned, in use,
 * merged, zero, watched by userfaultfd, of hugetlbfs, of files, of devices, of
 * the kernel. Each has an outcome that is meant, and is counted as it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include "numa_util.h"
#include "kselftest_harness.h"

#define PAGES	64UL
#define LEN	(PAGES * PAGE)

FIXTURE(special)
{
	char *mem;
	uint64_t to;
};

FIXTURE_SETUP(special)
{
	const char *why = migrate_need(3);

	if (why)
		SKIP(return, "%s", why);
	self->to = 1ULL << numa.node[1];
	self->mem = region_new(LEN, false);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, LEN, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(self->mem, LEN, 1);
	ASSERT_EQ(0, bind_range(self->mem, LEN, MPOL_DEFAULT, 0));
	ASSERT_TRUE(all_on(self->mem, LEN, numa.node[0]));
}

FIXTURE_TEARDOWN(special)
{
}

static int evacuate(void *mem, size_t len, uint64_t to,
		    struct virtflex_migrate_args *sum)
{
	return migrate(mem, len, VIRTFLEX_MIGRATE_EVACUATE, to, sum);
}

TEST_F(special, locked_pages_move)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, mlock(self->mem, LEN));
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES, sum.moved);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	EXPECT_EQ((long)(LEN / KIB), smaps_kb(self->mem, LEN, "Locked"));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
}

TEST_F(special, locked_pages_follow_a_touch)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, mlock(self->mem, LEN));
	ASSERT_EQ(0, settle(self->mem));
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES, sum.marked);
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[2]));
}

/* Some of the pages registered with an io_uring, which pins them for long */
static int pin(char *mem, size_t len)
{
	struct io_uring_params params = { };
	struct iovec buffer = { .iov_base = mem, .iov_len = len };
	int ring = syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0)
		return -errno;
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
		    &buffer, 1)) {
		close(ring);
		return -errno;
	}
	return ring;
}

TEST_F(special, marked_pages_that_are_pinned_stay)
{
	struct virtflex_migrate_args sum;
	int ring;

	ASSERT_EQ(0, settle(self->mem));
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	EXPECT_EQ(PAGES, sum.marked);
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	/* that is no touch */
	ring = pin(self->mem, LEN);
	if (ring < 0)
		SKIP(return, "no io_uring: %s", strerror(-ring));
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[0]));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[0]));
	close(ring);
}

TEST_F(special, pinned_pages_stay)
{
	struct virtflex_migrate_args sum;
	int ring = pin(self->mem + 8 * PAGE, 16 * PAGE);
	size_t i;

	if (ring < 0)
		SKIP(return, "no io_uring: %s", strerror(-ring));
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(16, sum.pinned);
	EXPECT_EQ(PAGES - 16, sum.moved);
	for (i = 0; i < PAGES; i++)
		ASSERT_EQ(numa.node[i < 8 || i >= 24],
			  node_of(self->mem + i * PAGE));
	EXPECT_TRUE(filled(self->mem, LEN, 1));

	/* once let go of, they move */
	ASSERT_EQ(0, syscall(SYS_io_uring_register, ring,
			     IORING_UNREGISTER_BUFFERS, NULL, 0));
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	EXPECT_EQ(16, sum.moved);
	EXPECT_EQ(PAGES - 16, sum.in_place);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
	close(ring);
}

TEST_F(special, pinned_huge_pages_stay_whole)
{
	struct virtflex_migrate_args sum;
	char *mem = region_new(4 * HUGE_PAGE, true);
	int ring;

	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, bind_range(mem, 4 * HUGE_PAGE, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(mem, 4 * HUGE_PAGE, 2);
	ASSERT_EQ(0, bind_range(mem, 4 * HUGE_PAGE, MPOL_DEFAULT, 0));
	if (smaps_kb(mem, 4 * HUGE_PAGE, "AnonHugePages") !=
	    (long)(4 * HUGE_PAGE / KIB))
		SKIP(return, "no 2 MiB pages to be had");
	/* one base page of the second one */
	ring = pin(mem + HUGE_PAGE + 5 * PAGE, PAGE);
	if (ring < 0)
		SKIP(return, "no io_uring: %s", strerror(-ring));
	ASSERT_EQ(0, evacuate(mem, 4 * HUGE_PAGE, self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(HUGE_PAGES, sum.pinned);
	EXPECT_EQ(3 * HUGE_PAGES, sum.moved);
	EXPECT_TRUE(part_on(mem + HUGE_PAGE, HUGE_PAGE, numa.node[0]));
	EXPECT_TRUE(part_on(mem + 2 * HUGE_PAGE, 2 * HUGE_PAGE, numa.node[1]));
	EXPECT_EQ(4 * HUGE_PAGE / KIB,
		  smaps_kb(mem, 4 * HUGE_PAGE, "AnonHugePages"));
	EXPECT_TRUE(filled(mem, 4 * HUGE_PAGE, 2));
	close(ring);
}

TEST_F(special, pages_in_a_pipe_are_busy)
{
	struct iovec part = { .iov_base = self->mem, .iov_len = 8 * PAGE };
	struct virtflex_migrate_args sum;
	char buf[PAGE];
	int pipes[2], i;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(8 * PAGE, vmsplice(pipes[1], &part, 1, 0));
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(8, sum.busy);
	EXPECT_EQ(PAGES - 8, sum.moved);
	EXPECT_TRUE(part_on(self->mem, 8 * PAGE, numa.node[0]));
	/* the reader gets what was there, and a later call moves them */
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(PAGE, read(pipes[0], buf, PAGE));
		ASSERT_EQ(0, memcmp(buf, self->mem + i * PAGE, PAGE));
	}
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	EXPECT_EQ(8, sum.moved);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
}

FIXTURE(ksm)
{
	char *mem;
};

#define KSM	"/sys/kernel/mm/ksm/"

FIXTURE_SETUP(ksm)
{
	const char *why = migrate_need(2);
	uint64_t until;
	size_t i;

	if (why)
		SKIP(return, "%s", why);
	if (write_file(KSM "merge_across_nodes", "1") ||
	    write_file(KSM "sleep_millisecs", "1") ||
	    write_file(KSM "pages_to_scan", "2000") ||
	    write_file(KSM "run", "1"))
		SKIP(return, "no KSM");
	self->mem = region_new(LEN, false);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, LEN, MPOL_BIND,
				1ULL << numa.node[0]));
	for (i = 0; i < PAGES; i++)
		memset(self->mem + i * PAGE, 0x5a, PAGE);
	ASSERT_EQ(0, bind_range(self->mem, LEN, MPOL_DEFAULT, 0));
	ASSERT_EQ(0, madvise(self->mem, LEN, MADV_MERGEABLE));
	/* KSM has no event to wait for; it takes two rounds */
	until = now_ms() + 20000;
	while (read_long("/proc/self/ksm_merging_pages", 0) < (long)PAGES &&
	       now_ms() < until)
		usleep(10000);
	write_file(KSM "run", "0");
	if (read_long("/proc/self/ksm_merging_pages", 0) < (long)PAGES)
		SKIP(return, "KSM did not merge in time");
}

FIXTURE_TEARDOWN(ksm)
{
	write_file(KSM "run", "0");
}

static bool all_merged(const char *mem)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		if (mem[i] != 0x5a)
			return false;
	return true;
}

TEST_F(ksm, merged_pages_count_as_shared)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, evacuate(self->mem, LEN, 1ULL << numa.node[1], &sum));
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES, sum.scanned);
	EXPECT_EQ(PAGES, sum.shared);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[0]));
	EXPECT_TRUE(all_merged(self->mem));
}

TEST_F(ksm, merged_pages_move_as_shared_ones)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_EVACUATE |
			     VIRTFLEX_MIGRATE_SHARED, 1ULL << numa.node[1],
			     &sum));
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES, sum.scanned);
	EXPECT_GT(sum.moved, 0);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	EXPECT_TRUE(all_merged(self->mem));
	/* still one page */
	EXPECT_GE(read_long("/proc/self/ksm_merging_pages", 0), PAGES);
}

TEST_F(ksm, merged_pages_are_not_marked)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_NEXT_TOUCH |
			     VIRTFLEX_MIGRATE_SHARED, numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES, sum.in_place);
	EXPECT_TRUE(all_merged(self->mem));
}

static void read_all(const char *mem, size_t len)
{
	size_t at;

	for (at = 0; at < len; at += PAGE)
		(void)*(const volatile char *)(mem + at);
}

TEST_F(special, the_zero_page_is_unmovable)
{
	struct virtflex_migrate_args sum;
	char *mem = region_new(LEN, false);

	ASSERT_NE(NULL, mem);
	read_all(mem, LEN);
	ASSERT_EQ(-EFAULT, node_of(mem));
	/* from any node, by any row */
	ASSERT_EQ(0, migrate(mem, LEN, 0, self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES, sum.unmovable);
	ASSERT_EQ(0, bind_range(mem, LEN, MPOL_BIND, self->to));
	ASSERT_EQ(0, migrate(mem, LEN, 0, numa_mask(), &sum));
	EXPECT_EQ(PAGES, sum.unmovable);
	EXPECT_EQ(-EFAULT, node_of(mem));
	/* and what is written then is a page on its right node */
	fill(mem, LEN, 3);
	EXPECT_TRUE(all_on(mem, LEN, numa.node[1]));
}

TEST_F(special, the_huge_zero_page_is_unmovable)
{
	struct virtflex_migrate_args sum;
	char *mem = region_new(2 * HUGE_PAGE, true);

	ASSERT_NE(NULL, mem);
	read_all(mem, 2 * HUGE_PAGE);
	ASSERT_EQ(0, migrate(mem, 2 * HUGE_PAGE, 0, self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(2 * HUGE_PAGES, sum.unmovable);
	EXPECT_EQ(0, mem[HUGE_PAGE + 7]);
}

static int uffd_new(void)
{
	struct uffdio_api api = { .api = UFFD_API,
				  .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (uffd < 0)
		return -errno;
	return ioctl(uffd, UFFDIO_API, &api) ? -errno : uffd;
}

static int uffd_register(int uffd, void *mem, size_t len, int mode)
{
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)mem, .len = len },
		.mode = mode,
	};

	return ioctl(uffd, UFFDIO_REGISTER, &range) ? -errno : 0;
}

static bool uffd_event(int uffd)
{
	struct pollfd poller = { .fd = uffd, .events = POLLIN };

	return poll(&poller, 1, 0) != 0;
}

TEST_F(special, userfaultfd_missing)
{
	struct virtflex_migrate_args sum;
	int uffd = uffd_new();

	if (uffd < 0)
		SKIP(return, "no userfaultfd: %s", strerror(-uffd));
	/* the second half is missing: faults there would wait for us */
	ASSERT_EQ(0, madvise(self->mem + LEN / 2, LEN / 2, MADV_DONTNEED));
	ASSERT_EQ(0, uffd_register(uffd, self->mem, LEN,
				   UFFDIO_REGISTER_MODE_MISSING));
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES / 2, sum.scanned);
	EXPECT_EQ(PAGES / 2, sum.moved);
	EXPECT_TRUE(part_on(self->mem, LEN / 2, numa.node[1]));
	EXPECT_EQ(-ENOENT, node_of(self->mem + LEN / 2));
	EXPECT_FALSE(uffd_event(uffd));
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES / 2, sum.scanned);
	EXPECT_TRUE(filled(self->mem, LEN / 2, 1));
	EXPECT_FALSE(uffd_event(uffd));
	close(uffd);
}

/* Bit 57 of a page's entry in pagemap: write-protected by userfaultfd */
static bool uffd_protected(int pagemap, const void *page)
{
	uint64_t entry;

	if (pread(pagemap, &entry, sizeof(entry),
		  (uintptr_t)page / PAGE * sizeof(entry)) != sizeof(entry))
		return false;
	return entry >> 57 & 1;
}

TEST_F(special, userfaultfd_write_protected)
{
	struct uffdio_writeprotect protect = {
		.range = { .start = (uintptr_t)self->mem, .len = LEN },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	struct virtflex_migrate_args sum;
	int uffd = uffd_new(), pagemap, round;
	size_t i;

	if (uffd < 0)
		SKIP(return, "no userfaultfd: %s", strerror(-uffd));
	if (uffd_register(uffd, self->mem, LEN, UFFDIO_REGISTER_MODE_WP))
		SKIP(return, "no write protection by userfaultfd");
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_WRITEPROTECT, &protect));
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ASSERT_GE(pagemap, 0);
	for (round = 0; round < 2; round++) {
		uint64_t flags = round ? VIRTFLEX_MIGRATE_NEXT_TOUCH :
					 VIRTFLEX_MIGRATE_EVACUATE;
		uint64_t active = round ? numa_mask() : self->to;

		ASSERT_EQ(0, migrate(self->mem, LEN, flags, active, &sum));
		EXPECT_TRUE(adds_up(&sum));
		EXPECT_EQ(PAGES, round ? sum.marked + sum.in_place : sum.moved);
		EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
		/* reading is allowed, and no event, also where a page moves by it */
		EXPECT_TRUE(filled(self->mem, LEN, 1));
		for (i = 0; i < PAGES; i++)
			ASSERT_TRUE(uffd_protected(pagemap,
						   self->mem + i * PAGE));
		EXPECT_FALSE(uffd_event(uffd));
	}
	close(pagemap);
	close(uffd);
}

FIXTURE(hugetlb)
{
	char *mem;
};

FIXTURE_SETUP(hugetlb)
{
	const char *why = migrate_need(2);

	if (why)
		SKIP(return, "%s", why);
	if (hugetlb_reserve(numa.node[0], 4) ||
	    hugetlb_reserve(numa.node[1], 4))
		SKIP(return, "no hugetlb pages to be had");
	self->mem = mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, 2 * HUGE_PAGE, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(self->mem, 2 * HUGE_PAGE, 4);
	ASSERT_EQ(0, bind_range(self->mem, 2 * HUGE_PAGE, MPOL_DEFAULT, 0));
}

FIXTURE_TEARDOWN(hugetlb)
{
	munmap(self->mem, 2 * HUGE_PAGE);
	hugetlb_reserve(numa.node[0], 0);
	hugetlb_reserve(numa.node[1], 0);
}

TEST_F(hugetlb, leaves_inactive_nodes)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, evacuate(self->mem, 2 * HUGE_PAGE, 1ULL << numa.node[1],
			      &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(2 * HUGE_PAGES, sum.moved);
	EXPECT_TRUE(all_on(self->mem, 2 * HUGE_PAGE, numa.node[1]));
	EXPECT_TRUE(filled(self->mem, 2 * HUGE_PAGE, 4));
}

TEST_F(hugetlb, is_not_marked)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, 2 * HUGE_PAGE,
			     VIRTFLEX_MIGRATE_NEXT_TOUCH, numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(2 * HUGE_PAGES, sum.in_place);
	ASSERT_EQ(0, run_on_node(numa.node[1]));
	EXPECT_TRUE(filled(self->mem, 2 * HUGE_PAGE, 4));
	EXPECT_TRUE(all_on(self->mem, 2 * HUGE_PAGE, numa.node[0]));
}

TEST_F(special, shared_memory_of_one_process_moves)
{
	int fd = memfd_create("special", MFD_CLOEXEC);
	struct virtflex_migrate_args sum;
	char *mem;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ftruncate(fd, LEN));
	mem = region_new_file(LEN, fd, false);
	close(fd);
	ASSERT_NE(NULL, mem);
	/* its pages are where their writer is: keep him on node 0 */
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	fill(mem, LEN, 5);
	ASSERT_EQ(0, evacuate(mem, LEN, self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES, sum.moved);
	EXPECT_TRUE(all_on(mem, LEN, numa.node[1]));
	EXPECT_TRUE(filled(mem, LEN, 5));
}

TEST_F(special, memory_without_access)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, mprotect(self->mem, LEN, PROT_NONE));
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES, sum.in_place);
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	EXPECT_EQ(PAGES, sum.moved);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	ASSERT_EQ(0, mprotect(self->mem, LEN, PROT_READ));
	EXPECT_TRUE(filled(self->mem, LEN, 1));
}

TEST_F(special, memory_without_access_stays_so)
{
	struct virtflex_migrate_args sum;
	int status;
	pid_t pid;

	ASSERT_EQ(0, mprotect(self->mem, LEN, PROT_NONE));
	ASSERT_EQ(0, migrate(self->mem, LEN, 0, numa_mask(), &sum));
	ASSERT_EQ(0, evacuate(self->mem, LEN, self->to, &sum));
	EXPECT_EQ(PAGES, sum.moved);
	EXPECT_TRUE(all_on(self->mem, LEN, numa.node[1]));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		read_all(self->mem, PAGE);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

TEST_F(special, read_only_memory_stays_so)
{
	struct virtflex_migrate_args sum;
	int status;
	pid_t pid;

	ASSERT_EQ(0, mprotect(self->mem, LEN, PROT_READ));
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	EXPECT_EQ(PAGES, sum.marked);
	EXPECT_TRUE(filled(self->mem, LEN, 1));
	ASSERT_EQ(0, migrate(self->mem, LEN, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask(), &sum));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		self->mem[0] = 1;
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	EXPECT_TRUE(filled(self->mem, LEN, 1));
}

/* Start and end of a mapping by its name in /proc/self/maps */
static size_t mapping(const char *name, char **start)
{
	unsigned long from, to;
	char line[512];
	size_t len = 0;
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && !len && fgets(line, sizeof(line), maps))
		if (strstr(line, name) &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2) {
			*start = (char *)from;
			len = to - from;
		}
	if (maps)
		fclose(maps);
	return len;
}

TEST_F(special, device_mappings_are_skipped)
{
	struct virtflex_migrate_args sum;
	size_t len;
	char *mem;

	/* the variables of the vDSO are a VM_PFNMAP mapping */
	len = mapping("[vvar]", &mem);
	if (!len)
		SKIP(return, "no vvar mapping");
	read_all(mem, PAGE);
	ASSERT_EQ(0, migrate(mem, len, 0, self->to, &sum));
	EXPECT_EQ(0, sum.scanned);
}

TEST_F(special, the_vdso_is_unmovable)
{
	struct virtflex_migrate_args sum;
	size_t len;
	char *mem;

	len = mapping("[vdso]", &mem);
	if (!len)
		SKIP(return, "no vDSO");
	read_all(mem, len);
	ASSERT_EQ(0, migrate(mem, len, VIRTFLEX_MIGRATE_SHARED, self->to,
			     &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(len / PAGE, sum.unmovable);
}

TEST_F(special, the_event_page_stays)
{
	struct virtflex_migrate_args sum;
	const struct virtflex_event *event;
	int fd = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		SKIP(return, "the virtflex module is not loaded");
	event = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	ASSERT_NE(MAP_FAILED, event);
	EXPECT_EQ(VIRTFLEX_EVENT_VERSION, event->version);
	ASSERT_EQ(0, migrate((void *)event, PAGE, VIRTFLEX_MIGRATE_SHARED,
			     self->to, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(0, sum.moved + sum.marked);
	EXPECT_EQ(VIRTFLEX_EVENT_VERSION, event->version);
}

TEST_F(special, secret_memory_is_unmovable)
{
	struct virtflex_migrate_args sum;
	int fd = syscall(SYS_memfd_secret, O_CLOEXEC);
	char *mem;

	if (fd < 0)
		SKIP(return, "no memfd_secret: %s", strerror(errno));
	ASSERT_EQ(0, ftruncate(fd, LEN));
	mem = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	fill(mem, LEN, 6);
	ASSERT_EQ(0, migrate(mem, LEN, VIRTFLEX_MIGRATE_SHARED, self->to,
			     &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(PAGES, sum.unmovable);
	EXPECT_TRUE(filled(mem, LEN, 6));
}

/* Text of a program that others run too: ours is run by our parent. */
TEST_F(special, program_text_is_shared)
{
	struct virtflex_migrate_args sum;
	char *mem = (char *)((uintptr_t)&read_all & ~(PAGE - 1));
	int node;

	read_all(mem, PAGE);
	node = node_of(mem);
	ASSERT_GE(node, 0);
	ASSERT_EQ(0, evacuate(mem, PAGE, 1ULL << numa.node[node ==
			      numa.node[0]], &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(1, sum.shared);
	EXPECT_EQ(node, node_of(mem));
}

/*
 * 2 MiB pages that are mapped in part are split when they move, and what is
 * mapped of them moves page by page, on to a node that has not enough for all.
 */
#define SPLIT		3
/* room for two of the new huge pages, and beside them not for half of one */
#define LEFT_KB		((long)((2 * HUGE_PAGE + 64 * PAGE) / KIB))
#define MIN_FREE	"/proc/sys/vm/min_free_kbytes"

FIXTURE(split)
{
	char *mem;
	long min_free;
};

static int set_min_free(long kb)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", kb);
	return write_file(MIN_FREE, text);
}

FIXTURE_SETUP(split)
{
	const char *why = migrate_need(2);
	int node, cpu;

	if (why)
		SKIP(return, "%s", why);
	node = numa.node[1];
	cpu = spare_cpu();
	self->min_free = read_long(MIN_FREE, 0);
	self->mem = region_new(SPLIT * HUGE_PAGE, true);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, bind_range(self->mem, SPLIT * HUGE_PAGE, MPOL_BIND,
				1ULL << numa.node[0]));
	fill(self->mem, SPLIT * HUGE_PAGE, 7);
	ASSERT_EQ(0, bind_range(self->mem, SPLIT * HUGE_PAGE, MPOL_DEFAULT,
				0));
	if (smaps_kb(self->mem, SPLIT * HUGE_PAGE, "AnonHugePages") !=
	    (long)(SPLIT * HUGE_PAGE / KIB))
		SKIP(return, "no 2 MiB pages to be had");
	/*
	 * CPUs have free pages of the node in lists of their own, but for one
	 * that has just come: from there the memory is moved.
	 */
	if (node_fill_pool(node, node_min_kb(node) + 2 * LEFT_KB) < 0)
		SKIP(return, "no pool to fill a node with");
	if (cpu < 0 || cpu_online(cpu, false) || cpu_online(cpu, true))
		SKIP(return, "no CPU to switch off");
	ASSERT_EQ(0, run_on_cpu(cpu));
}

FIXTURE_TEARDOWN(split)
{
	set_min_free(self->min_free);
	hugetlb_reserve(numa.node[1], 0);
}

TEST_F(split, parts_without_memory_count_as_nomem)
{
	size_t mapped = SPLIT * HUGE_PAGES / 2;
	struct virtflex_migrate_args sum;
	int node = numa.node[1], i;
	long nodes[NODES];

	/* the watermark comes to the memory: what is just right is left */
	ASSERT_EQ(0, set_min_free(self->min_free *
				  (node_exact_free_kb(node) - LEFT_KB) /
				  node_min_kb(node)));
	/* Only now: reclaim splits such pages, too. */
	for (i = 0; i < SPLIT; i++)
		ASSERT_EQ(0, madvise(self->mem + i * HUGE_PAGE, HUGE_PAGE / 2,
				     MADV_DONTNEED));
	ASSERT_EQ(0, migrate(self->mem, SPLIT * HUGE_PAGE,
			     VIRTFLEX_MIGRATE_EVACUATE, 1ULL << numa.node[1],
			     &sum));
	print_counts(&sum);
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(mapped, sum.scanned);
	ASSERT_EQ(0, count_query(0, self->mem, SPLIT * HUGE_PAGE, nodes));
	EXPECT_EQ(mapped, nodes[numa.node[0]] + nodes[numa.node[1]]);
	EXPECT_GT(nodes[numa.node[0]], 0);
	EXPECT_EQ(nodes[numa.node[1]], sum.moved);
	EXPECT_EQ(nodes[numa.node[0]], sum.nomem);
	EXPECT_EQ(0, sum.busy);
}

TEST_HARNESS_MAIN
