// SPDX-License-Identifier: GPL-2.0
/*
 * The module goes and comes back under open files, mappings, sleepers in
 * poll(2) and epoll, and readers that never stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "topology_file.h"
#include "kselftest_harness.h"

#define WAIT_MS		10000
#define ROUNDS		10
#define HANGUP		(POLLHUP | POLLERR)

FIXTURE(reload)
{
	int cpu;
};

FIXTURE_SETUP(reload)
{
	if (!module_loaded())
		SKIP(return, "the virtflex module is not loaded");
	if (!module_file())
		SKIP(return, "no virtflex.ko to load again");
	self->cpu = spare_cpu();
}

FIXTURE_TEARDOWN(reload)
{
	if (self->cpu > 0)
		cpu_online(self->cpu, true);
	if (!module_loaded())
		module_insert();
}

/* An open file may be read by someone just now: then unloading has to wait. */
static int remove_patiently(void)
{
	uint64_t until = now_ms() + WAIT_MS;
	int err;

	do
		err = module_remove();
	while ((err == -EAGAIN || err == -EBUSY) && now_ms() < until);
	return err;
}

TEST_F(reload, in_a_loop)
{
	struct topology topo;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, module_remove());
		ASSERT_EQ(-1, access("/proc/virtflex", F_OK));
		ASSERT_EQ(0, module_insert());
		ASSERT_EQ(NULL, topology_read(&topo));
		ASSERT_EQ(1, topo.generation);
	}
}

TEST_F(reload, twice_is_refused)
{
	EXPECT_EQ(-EEXIST, module_insert());
	EXPECT_TRUE(module_loaded());
}

TEST_F(reload, open_files)
{
	char text[TOPOLOGY_SIZE];
	int fd[8], i;

	for (i = 0; i < 8; i++) {
		fd[i] = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
		ASSERT_GE(fd[i], 0);
		/* unread, in the middle, at the end */
		if (i % 3)
			ASSERT_GT(topology_text(fd[i], i % 3 == 1 ? 8 : 4096,
						text), 0);
	}
	ASSERT_EQ(0, module_remove());
	for (i = 0; i < 8; i++) {
		EXPECT_LE(read(fd[i], text, sizeof(text)), 0);
		EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
					   fd[i], 0));
	}
	ASSERT_EQ(0, module_insert());
	/* a file of the old module does not come back to life */
	for (i = 0; i < 8; i++) {
		EXPECT_LE(pread(fd[i], text, sizeof(text), 0), 0);
		close(fd[i]);
	}
}

/*
 * A child that sleeps in poll() or epoll_wait() and exits 0 when it hears that
 * the module is gone: a hangup, or, as epoll polls again when the sleeper runs,
 * what /proc says of a file that is gone, of which nothing can be read.
 */
static pid_t sleeper(bool epolls)
{
	char text[TOPOLOGY_SIZE];
	int ready[2], fd, epoll;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (pid) {
		close(ready[1]);
		if (read(ready[0], text, 1) != 1)
			pid = -1;
		close(ready[0]);
		return pid;
	}
	fd = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
	if (topology_text(fd, TOPOLOGY_SIZE, text) <= 0)
		_exit(2);
	if (epolls) {
		struct epoll_event event = { .events = EPOLLIN };

		epoll = epoll_create1(EPOLL_CLOEXEC);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ||
		    write(ready[1], "r", 1) != 1)
			_exit(3);
		if (epoll_wait(epoll, &event, 1, WAIT_MS) == 1 &&
		    ((event.events & HANGUP) == HANGUP ||
		     (event.events & EPOLLIN && read(fd, text, 1) < 0)))
			_exit(0);
		printf("# epoll: %#x\n", event.events);
	} else {
		struct pollfd poller = { .fd = fd, .events = POLLIN };

		if (write(ready[1], "r", 1) != 1)
			_exit(3);
		if (poll(&poller, 1, WAIT_MS) == 1 &&
		    (poller.revents & HANGUP) == HANGUP)
			_exit(0);
		printf("# poll: %#x\n", poller.revents);
	}
	fflush(stdout);
	_exit(1);
}

TEST_F_TIMEOUT(reload, sleepers, 60)
{
	int round, i, status;
	pid_t pid[8];

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 8; i++) {
			pid[i] = sleeper(i & 1);
			ASSERT_GT(pid[i], 0);
		}
		ASSERT_EQ(0, remove_patiently());
		for (i = 0; i < 8; i++) {
			ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
			EXPECT_EQ(0, status)
				TH_LOG("%s", i & 1 ? "epoll" : "poll");
		}
		ASSERT_EQ(0, module_insert());
	}
}

/* Files watched by an epoll nobody waits in just now */
TEST_F(reload, idle_epoll)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC), fd[4], i;
	char text[TOPOLOGY_SIZE];

	ASSERT_GE(epoll, 0);
	for (i = 0; i < 4; i++) {
		fd[i] = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
		ASSERT_GT(topology_text(fd[i], TOPOLOGY_SIZE, text), 0);
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd[i], &event));
	}
	ASSERT_EQ(0, module_remove());
	close(fd[0]);
	EXPECT_GE(epoll_wait(epoll, &event, 1, 0), 0);
	ASSERT_EQ(0, module_insert());
	close(fd[1]);
	close(epoll);
	close(fd[2]);
	close(fd[3]);
}

TEST_F(reload, mappings)
{
	const struct virtflex_event *old[ROUNDS];
	uint64_t generation[ROUNDS];
	int i, j, fd;

	for (i = 0; i < ROUNDS; i++) {
		fd = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
		ASSERT_GE(fd, 0);
		old[i] = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
		ASSERT_NE(MAP_FAILED, old[i]);
		close(fd);
		generation[i] = old[i]->generation;
		ASSERT_EQ(VIRTFLEX_EVENT_VERSION, old[i]->version);
		ASSERT_EQ(0, module_remove());
		for (j = 0; j <= i; j++) {
			ASSERT_EQ(0, old[j]->version);
			ASSERT_EQ(generation[j] + 1, old[j]->generation);
		}
		ASSERT_EQ(0, module_insert());
	}
	for (i = 0; i < ROUNDS; i++)
		EXPECT_EQ(0, munmap((void *)old[i], PAGE));
}

/* Opens, reads, polls, maps; whatever it gets, it is whole. */
static void hammer(int kind)
{
	for (;;) {
		struct pollfd poller = { .events = POLLIN };
		const struct virtflex_event *event;
		struct topology topo;
		char text[TOPOLOGY_SIZE];
		int fd = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
		ssize_t size;

		if (fd < 0)
			continue;
		switch (kind) {
		case 0:
			size = topology_text(fd, 64, text);
			/* the end may come early; a wrong text may not */
			if (size > 0 && topology_parse(text, &topo) &&
			    pread(fd, text, 1, 0) == 1)
				_exit(1);
			break;
		case 1:
			poller.fd = fd;
			poll(&poller, 1, 1);
			break;
		case 2:
			event = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
			if (event == MAP_FAILED)
				break;
			if (event->version > VIRTFLEX_EVENT_VERSION)
				_exit(2);
			munmap((void *)event, PAGE);
			break;
		}
		close(fd);
	}
}

TEST_F_TIMEOUT(reload, under_readers, 120)
{
	int i, status;
	pid_t pid[4];

	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		ASSERT_GE(pid[i], 0);
		if (!pid[i])
			hammer(i % 3);
	}
	for (i = 0; i < 2 * ROUNDS; i++) {
		ASSERT_EQ(0, remove_patiently());
		ASSERT_EQ(0, module_insert());
	}
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, waitpid(pid[i], &status, WNOHANG))
			TH_LOG("reader %d ended with %#x", i, status);
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
}

TEST_F_TIMEOUT(reload, under_cpu_hotplug, 120)
{
	int status = -1, rounds = 0;
	pid_t pid;

	if (self->cpu < 0)
		SKIP(return, "no CPU can go offline");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		int times = 6;

		while (times--)
			if (cpu_online(self->cpu, false) ||
			    cpu_online(self->cpu, true))
				_exit(1);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct topology topo;

		ASSERT_EQ(0, remove_patiently());
		ASSERT_EQ(0, module_insert());
		ASSERT_EQ(NULL, topology_read(&topo));
		rounds++;
	}
	EXPECT_EQ(0, status);
	EXPECT_GT(rounds, 0);
}

TEST_HARNESS_MAIN
