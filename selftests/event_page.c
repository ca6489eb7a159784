// SPDX-License-Identifier: GPL-2.0
/*
 * The event page: mmap() of /proc/virtflex/topology. What may be mapped, that
 * it says what the file says, that a reader under a writer sees whole states
 * only, and what happens to it when the module goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/wait.h>
#include "topology_file.h"
#include "kselftest_harness.h"

#define WAIT_MS		10000

FIXTURE(page)
{
	int fd;
	int cpu;
	const struct virtflex_event *event;
};

FIXTURE_SETUP(page)
{
	if (!module_loaded())
		SKIP(return, "the virtflex module is not loaded");
	self->cpu = spare_cpu();
	self->fd = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(self->fd, 0);
	self->event = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->event);
}

FIXTURE_TEARDOWN(page)
{
	if (self->cpu > 0)
		topology_cpu_back(self->cpu);
	close(self->fd);
}

/* One consistent reading, as the header tells a program to do it */
static uint32_t read_event(const struct virtflex_event *event,
			   struct virtflex_event *copy)
{
	uint32_t seq;

	do {
		do
			seq = __atomic_load_n(&event->seq, __ATOMIC_ACQUIRE);
		while (seq & 1);
		*copy = *event;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&event->seq, __ATOMIC_RELAXED) != seq);
	return seq;
}

/* Returns 0 or the errno with which the mapping is refused. */
static int map_errno(int fd, size_t len, int prot, int flags, off_t offset)
{
	void *map = mmap(NULL, len, prot, flags, fd, offset);

	if (map == MAP_FAILED)
		return errno;
	munmap(map, len);
	return 0;
}

TEST_F(page, readable_alone)
{
	int fd = self->fd;

	EXPECT_EQ(0, map_errno(fd, PAGE, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(0, map_errno(fd, 1, PROT_READ, MAP_SHARED, 0));
}

TEST_F(page, error_EPERM_writable)
{
	int fd;

	EXPECT_EQ(EPERM, map_errno(self->fd, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE, 0));
	/* root may get past the mode of the file, but no further */
	fd = open(TOPOLOGY, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	EXPECT_EQ(EPERM, map_errno(fd, PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED, 0));
	EXPECT_EQ(EPERM, map_errno(fd, PAGE, PROT_WRITE, MAP_SHARED, 0));
	close(fd);
}

TEST_F(page, not_writable_later)
{
	void *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0);
	int fd = open(TOPOLOGY, O_RDWR | O_CLOEXEC);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(-1, mprotect(map, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	if (fd < 0)
		return;
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		EXPECT_EQ(-1, mprotect(map, PAGE, PROT_READ | PROT_WRITE));
	close(fd);
}

TEST_F(page, error_EINVAL_size)
{
	EXPECT_EQ(EINVAL, map_errno(self->fd, 2 * PAGE, PROT_READ, MAP_SHARED,
				    0));
	EXPECT_EQ(EINVAL, map_errno(self->fd, HUGE_PAGE, PROT_READ, MAP_SHARED,
				    0));
}

TEST_F(page, error_EINVAL_offset)
{
	EXPECT_EQ(EINVAL, map_errno(self->fd, PAGE, PROT_READ, MAP_SHARED,
				    PAGE));
	EXPECT_EQ(EINVAL, map_errno(self->fd, PAGE, PROT_READ, MAP_SHARED,
				    1L << 40));
}

TEST_F(page, does_not_grow)
{
	void *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(MAP_FAILED, mremap(map, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
}

TEST_F(page, layout)
{
	struct virtflex_event copy;

	EXPECT_EQ(0, offsetof(struct virtflex_event, version));
	EXPECT_EQ(4, offsetof(struct virtflex_event, seq));
	EXPECT_EQ(8, offsetof(struct virtflex_event, generation));
	EXPECT_EQ(16, offsetof(struct virtflex_event, state));
	EXPECT_EQ(24, offsetof(struct virtflex_event, active));
	EXPECT_EQ(24 + VIRTFLEX_MAX_NODES / 8, sizeof(struct virtflex_event));
	read_event(self->event, &copy);
	EXPECT_EQ(VIRTFLEX_EVENT_VERSION, copy.version);
	EXPECT_EQ(0, copy.reserved);
}

TEST_F(page, rest_of_page_is_zero)
{
	const char *bytes = (const char *)self->event;
	size_t i;

	/* no byte of the kernel's beyond what the header describes */
	for (i = sizeof(*self->event); i < PAGE; i++)
		ASSERT_EQ(0, bytes[i]);
}

TEST_F(page, says_what_the_file_says)
{
	struct virtflex_event copy;
	struct topology topo;
	size_t i;

	do {
		ASSERT_EQ(NULL, topology_read(&topo));
		read_event(self->event, &copy);
	} while (topology_generation() != topo.generation);
	EXPECT_EQ(topo.generation, copy.generation);
	EXPECT_EQ(topo.state, copy.state);
	EXPECT_EQ(topology_active(&topo), copy.active.bits[0]);
	for (i = 1; i < VIRTFLEX_MAX_NODES / 64; i++)
		EXPECT_EQ(0, copy.active.bits[i]);
}

TEST_F(page, follows_a_change)
{
	struct virtflex_event before, after;
	struct pollfd poller = { .fd = self->fd, .events = POLLIN };
	char text[TOPOLOGY_SIZE];
	uint32_t seq, seq_after;

	if (self->cpu < 0)
		SKIP(return, "no CPU can go offline");
	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, text), 0);
	seq = read_event(self->event, &before);
	ASSERT_EQ(0, cpu_online(self->cpu, false));
	ASSERT_EQ(1, poll(&poller, 1, WAIT_MS));
	seq_after = read_event(self->event, &after);
	EXPECT_GT(after.generation, before.generation);
	EXPECT_NE(seq, seq_after);
	EXPECT_EQ(topology_generation(), after.generation);
}

TEST_F_TIMEOUT(page, is_consistent_under_a_writer, 120)
{
	struct virtflex_event copy, last;
	unsigned long reads = 0, changes = 0;
	uint32_t seq, last_seq;
	int status = -1;
	pid_t pid;

	if (self->cpu < 0)
		SKIP(return, "no CPU can go offline");
	last_seq = read_event(self->event, &last);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		int times = 8;

		while (times--)
			if (cpu_online(self->cpu, false) ||
			    cpu_online(self->cpu, true))
				_exit(1);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		seq = read_event(self->event, &copy);
		reads++;
		ASSERT_EQ(VIRTFLEX_EVENT_VERSION, copy.version);
		ASSERT_LE(copy.state, VIRTFLEX_FAILED);
		ASSERT_GE(copy.generation, last.generation);
		if (seq == last_seq) {
			ASSERT_EQ(0, memcmp(&copy, &last, sizeof(copy)));
			continue;
		}
		/* another sequence, another generation or state */
		ASSERT_NE(0, memcmp(&copy.generation, &last.generation,
				    sizeof(copy) - 8));
		changes++;
		last = copy;
		last_seq = seq;
	}
	EXPECT_EQ(0, status);
	EXPECT_GT(changes, 0);
	TH_LOG("%lu reads, %lu changes seen", reads, changes);
}

TEST_F(page, inherited_by_a_child)
{
	int status;
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(self->event->version != VIRTFLEX_EVENT_VERSION);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(page, stays_when_the_module_goes)
{
	const struct virtflex_event *untouched, *again;
	uint64_t generation = self->event->generation;
	int fd;

	if (!module_file())
		SKIP(return, "no virtflex.ko to load again");
	/* one mapping that was read, one that is read only afterwards */
	untouched = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, untouched);
	ASSERT_EQ(0, module_remove());
	EXPECT_EQ(0, self->event->version);
	EXPECT_EQ(generation + 1, self->event->generation);
	EXPECT_EQ(0, untouched->version);
	EXPECT_EQ(generation + 1, untouched->generation);

	/* the next module starts anew, on a page of its own */
	ASSERT_EQ(0, module_insert());
	fd = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	again = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	ASSERT_NE(MAP_FAILED, again);
	EXPECT_EQ(VIRTFLEX_EVENT_VERSION, again->version);
	EXPECT_EQ(1, again->generation);
	EXPECT_EQ(0, self->event->version);
	EXPECT_EQ(generation + 1, self->event->generation);
}

TEST_HARNESS_MAIN
