// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/virtflex/topology: its grammar, its truth, and how readers learn of a
 * new one. What makes a new topology here is a CPU going off and on by /sys,
 * since that needs no host.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "topology_file.h"
#include "kselftest_harness.h"

#define WAIT_MS		10000
#define READY		(POLLIN | POLLPRI)

FIXTURE(topology)
{
	int fd;
	int cpu;
	struct topology topo;
	char text[TOPOLOGY_SIZE];
};

FIXTURE_SETUP(topology)
{
	const char *wrong;

	if (!module_loaded())
		SKIP(return, "the virtflex module is not loaded");
	self->cpu = spare_cpu();
	self->fd = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(self->fd, 0);
	wrong = topology_read(&self->topo);
	ASSERT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
}

FIXTURE_TEARDOWN(topology)
{
	if (self->cpu > 0)
		topology_cpu_back(self->cpu);
	close(self->fd);
}

static int poll_ms(int fd, int ms)
{
	struct pollfd poller = { .fd = fd, .events = READY };
	int ret = poll(&poller, 1, ms);

	return ret <= 0 ? ret : poller.revents;
}

TEST_F(topology, grammar)
{
	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, self->text), 0);
	/* setup has parsed it; the parser itself must know bad from good */
	EXPECT_NE(NULL, topology_parse("", &self->topo));
	EXPECT_NE(NULL, topology_parse("version 2\n", &self->topo));
	EXPECT_NE(NULL, topology_parse("version 1\ngeneration 0\nstate stable\n"
				       "node 0 active - 0 1 1 1 10 -\n",
				       &self->topo));
	EXPECT_NE(NULL, topology_parse("version 1\ngeneration 1\nstate odd\n"
				       "node 0 active - 0 1 1 1 10 -\n",
				       &self->topo));
	EXPECT_NE(NULL, topology_parse("version 1\ngeneration 1\nstate stable\n"
				       "node 0 active - 1,0 1 1 1 10 -\n",
				       &self->topo));
	EXPECT_NE(NULL, topology_parse("version 1\ngeneration 1\nstate stable\n"
				       "node 0 active - 0 1 1 1 10,20 -\n",
				       &self->topo));
	EXPECT_EQ(NULL, topology_parse("version 1\ngeneration 1\nstate stable\n"
				       "# x\nnode 0 active - 0-1,4 1 1 1 10 -\n",
				       &self->topo));
	EXPECT_EQ(-1, self->topo.node[0].vnode);
	EXPECT_NE(NULL, topology_parse("version 1\ngeneration 1\nstate stable\n"
				       "node 0 active - 0 1 1 1 10\n",
				       &self->topo));
	EXPECT_NE(NULL, topology_parse("version 1\ngeneration 1\nstate stable\n"
				       "node 0 active - 0 1 1 1 10 - 1\n",
				       &self->topo));
}

TEST_F(topology, world_readable)
{
	struct dirent *entry;
	struct stat st;
	int status;
	pid_t pid;
	DIR *dir;

	ASSERT_EQ(0, stat(TOPOLOGY, &st));
	EXPECT_EQ(0444, st.st_mode & 07777);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct topology topo;

		_exit(setgid(65534) || setuid(65534) || topology_read(&topo));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);

	/* and nothing else of virtflex is there, but counters */
	dir = opendir("/proc/virtflex");
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir)))
		EXPECT_TRUE(entry->d_name[0] == '.' ||
			    !strcmp(entry->d_name, "counters") ||
			    !strcmp(entry->d_name, "topology"));
	closedir(dir);
	ASSERT_EQ(0, stat("/proc/virtflex/counters", &st));
	EXPECT_EQ(0444, st.st_mode & 07777);
}

TEST_F(topology, not_writable)
{
	int fd = open(TOPOLOGY, O_WRONLY | O_CLOEXEC);

	/* root may pass the mode; the file has no write all the same */
	if (fd >= 0) {
		EXPECT_EQ(-1, write(fd, "x", 1));
		close(fd);
	}
}

TEST_F(topology, nodes_are_those_of_sysfs)
{
	int i;

	ASSERT_EQ(NULL, numa_need(1));
	/* a node without memory may be listed as well, one with memory must */
	for (i = 0; i < numa.nr; i++) {
		int at;

		for (at = 0; at < self->topo.nr; at++)
			if (self->topo.node[at].id == numa.node[i])
				break;
		EXPECT_LT(at, self->topo.nr)
			TH_LOG("node %d is missing", numa.node[i]);
	}
}

TEST_F(topology, cpus_are_those_of_sysfs)
{
	char path[128], list[512];
	int i;

	for (i = 0; i < self->topo.nr; i++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%d/cpulist",
			 self->topo.node[i].id);
		ASSERT_GE(read_file(path, list, sizeof(list)), 0);
		EXPECT_STREQ(*list ? list : "-", self->topo.node[i].cpus);
	}
}

TEST_F(topology, distances_are_those_of_sysfs)
{
	int i, j;

	for (i = 0; i < self->topo.nr; i++)
		for (j = 0; j < self->topo.nr; j++)
			EXPECT_EQ(numa_distance(self->topo.node[i].id,
						self->topo.node[j].id),
				  self->topo.node[i].distance[j]);
}

TEST_F(topology, memory_is_what_the_kernel_has)
{
	int i;

	for (i = 0; i < self->topo.nr; i++) {
		struct topology_node *node = &self->topo.node[i];

		EXPECT_EQ(node_zones_kb(node->id, "present"),
			  (long)node->current_kb);
		EXPECT_LE(node->target_kb, node->capacity_kb);
	}
}

TEST_F(topology, without_xen_it_is_the_kernels_own)
{
	int i;

	if (!access("/proc/xen/xenbus", F_OK) ||
	    !access("/dev/xen/xenbus", F_OK))
		SKIP(return, "this is a Xen guest");
	EXPECT_EQ(VIRTFLEX_STABLE, self->topo.state);
	for (i = 0; i < self->topo.nr; i++) {
		struct topology_node *node = &self->topo.node[i];

		EXPECT_EQ(node->current_kb ? NODE_ACTIVE : NODE_INACTIVE,
			  node->state);
		EXPECT_EQ(-1, node->pnode);
		EXPECT_EQ(node->current_kb, node->target_kb);
		EXPECT_EQ(node->current_kb, node->capacity_kb);
	}
}

/* Child that takes a CPU off and on, so many times */
static pid_t toggle(int cpu, int times)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	while (times--)
		if (cpu_online(cpu, false) || cpu_online(cpu, true))
			_exit(1);
	_exit(0);
}

TEST_F_TIMEOUT(topology, read_in_pieces_is_never_torn, 120)
{
	static const size_t steps[] = { 1, 7, 64, 4096 };
	char (*seen)[TOPOLOGY_SIZE];
	uint64_t first = self->topo.generation, last = 0;
	int status, reads = 0;
	pid_t pid, done = 0;

	if (self->cpu < 0)
		SKIP(return, "no CPU can go offline");
	seen = calloc(32, sizeof(*seen));
	ASSERT_NE(NULL, seen);
	pid = toggle(self->cpu, 6);
	ASSERT_GE(pid, 0);
	/* go on until the writer has ended, and once more */
	do {
		const char *wrong;

		if (!done)
			done = waitpid(pid, &status, WNOHANG);
		else
			done = -1;
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		ASSERT_GT(topology_text(self->fd, steps[reads++ % 4],
					self->text), 0);
		wrong = topology_parse(self->text, &self->topo);
		ASSERT_EQ(NULL, wrong)
			TH_LOG("%s in:\n%s", wrong, self->text);
		ASSERT_GE(self->topo.generation, last);
		last = self->topo.generation;
		/* a generation has one text */
		if (last - first < 32) {
			if (!*seen[last - first])
				strcpy(seen[last - first], self->text);
			ASSERT_STREQ(seen[last - first], self->text);
		}
	} while (done >= 0);
	EXPECT_EQ(0, status);
	/* changes that come close together may be published as one */
	EXPECT_GE(last, first + 2);
	TH_LOG("%d reads, generations %ju to %ju", reads, (uintmax_t)first,
	       (uintmax_t)last);
	free(seen);
}

TEST_F(topology, seek)
{
	char again[TOPOLOGY_SIZE];
	ssize_t size, half;

	size = topology_text(self->fd, TOPOLOGY_SIZE, self->text);
	ASSERT_GT(size, 0);
	/* at its end it stays ended */
	EXPECT_EQ(0, read(self->fd, again, sizeof(again)));
	/* back to the middle */
	half = size / 2;
	ASSERT_EQ(half, lseek(self->fd, half, SEEK_SET));
	EXPECT_EQ(size - half, topology_text(self->fd, 5, again));
	EXPECT_STREQ(self->text + half, again);
	/* back to the start */
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(size, topology_text(self->fd, 5, again));
	EXPECT_STREQ(self->text, again);
	/* pread leaves the position alone */
	EXPECT_EQ(10, pread(self->fd, again, 10, 0));
	EXPECT_EQ(0, memcmp(again, self->text, 10));
	EXPECT_EQ(0, read(self->fd, again, sizeof(again)));
	/* far beyond the end there is nothing */
	if (lseek(self->fd, 1 << 20, SEEK_SET) >= 0)
		EXPECT_EQ(0, read(self->fd, again, sizeof(again)));
}

TEST_F(topology, poll_until_read)
{
	/* a file just opened has not read the topology there is */
	EXPECT_EQ(READY, poll_ms(self->fd, 0));
	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, self->text), 0);
	EXPECT_EQ(0, poll_ms(self->fd, 0));
}

TEST_F(topology, poll_wakes)
{
	uint64_t before = self->topo.generation;
	const char *wrong;
	int other, status;
	pid_t pid;

	if (self->cpu < 0)
		SKIP(return, "no CPU can go offline");
	other = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(other, 0);
	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, self->text), 0);
	ASSERT_GT(topology_text(other, TOPOLOGY_SIZE, self->text), 0);
	ASSERT_EQ(0, poll_ms(self->fd, 0));

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(cpu_online(self->cpu, false));
	EXPECT_EQ(READY, poll_ms(self->fd, WAIT_MS));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	/* each open file has its own notice, and keeps it until it has read */
	EXPECT_EQ(READY, poll_ms(other, WAIT_MS));
	EXPECT_EQ(READY, poll_ms(self->fd, 0));

	/* reading elsewhere than from the start takes no notice */
	EXPECT_GE(pread(self->fd, self->text, 4, 8), 0);
	EXPECT_EQ(READY, poll_ms(self->fd, 0));

	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, self->text), 0);
	wrong = topology_parse(self->text, &self->topo);
	ASSERT_EQ(NULL, wrong);
	EXPECT_GT(self->topo.generation, before);
	EXPECT_EQ(0, poll_ms(self->fd, 0));
	EXPECT_EQ(READY, poll_ms(other, 0));
	close(other);
}

TEST_F(topology, cpu_list_follows)
{
	char path[128], list[512];
	int i;

	if (self->cpu < 0)
		SKIP(return, "no CPU can go offline");
	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, self->text), 0);
	ASSERT_EQ(0, cpu_online(self->cpu, false));
	ASSERT_EQ(READY, poll_ms(self->fd, WAIT_MS));
	ASSERT_EQ(NULL, topology_read(&self->topo));
	for (i = 0; i < self->topo.nr; i++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%d/cpulist",
			 self->topo.node[i].id);
		ASSERT_GE(read_file(path, list, sizeof(list)), 0);
		EXPECT_STREQ(*list ? list : "-", self->topo.node[i].cpus);
	}
}

TEST_F(topology, select_wakes)
{
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
	fd_set in, except;

	if (self->cpu < 0)
		SKIP(return, "no CPU can go offline");
	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, self->text), 0);
	FD_ZERO(&in);
	FD_SET(self->fd, &in);
	except = in;
	ASSERT_EQ(0, cpu_online(self->cpu, false));
	EXPECT_EQ(2, select(self->fd + 1, &in, NULL, &except, &limit));
	EXPECT_TRUE(FD_ISSET(self->fd, &in));
	EXPECT_TRUE(FD_ISSET(self->fd, &except));
}

TEST_F(topology, epoll_wakes)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLPRI | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (self->cpu < 0)
		SKIP(return, "no CPU can go offline");
	ASSERT_GE(epoll, 0);
	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, self->text), 0);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	ASSERT_EQ(0, cpu_online(self->cpu, false));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, WAIT_MS));
	EXPECT_EQ(EPOLLIN | EPOLLPRI, event.events);
	close(epoll);
}

/* How often a task of ours has gone to sleep so far */
static long sleeps_of(pid_t pid)
{
	char path[64], line[256];
	long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "voluntary_ctxt_switches: %ld", &count);
	if (file)
		fclose(file);
	return count;
}

/* Wait until a child sleeps in a system call; it has nothing to do but that. */
static bool sleeps(pid_t pid)
{
	uint64_t until = now_ms() + WAIT_MS;
	char path[64], call[512];

	/* it has a number when the child is off its CPU; its stat would say so before */
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	while (now_ms() < until) {
		if (read_file(path, call, sizeof(call)) <= 0)
			return false;
		if (atol(call) > 0)
			return true;
		sched_yield();
	}
	return false;
}

TEST_F(topology, a_waiter_sleeps)
{
	long before, after;
	int status, i;
	pid_t pid;

	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, self->text), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(poll_ms(self->fd, WAIT_MS) == 0);
	ASSERT_TRUE(sleeps(pid));
	before = sleeps_of(pid);
	/* whatever runs meanwhile, the waiter does not */
	for (i = 0; i < 100; i++)
		sleeps_of(getpid());
	after = sleeps_of(pid);
	EXPECT_GT(before, 0);
	EXPECT_EQ(before, after);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

TEST_F(topology, unload_hangs_up)
{
	int status;
	pid_t pid;

	if (!module_file())
		SKIP(return, "no virtflex.ko to load again");
	ASSERT_GT(topology_text(self->fd, TOPOLOGY_SIZE, self->text), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		int events = poll_ms(self->fd, WAIT_MS);

		if ((events & (POLLHUP | POLLERR)) == (POLLHUP | POLLERR))
			_exit(0);
		printf("# events %#x\n", events);
		fflush(stdout);
		_exit(1);
	}
	ASSERT_TRUE(sleeps(pid));
	ASSERT_EQ(0, module_remove());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(module_loaded());
	/* what is left of the file gives nothing */
	EXPECT_LE(pread(self->fd, self->text, 4096, 0), 0);
	ASSERT_EQ(0, module_insert());
	EXPECT_EQ(NULL, topology_read(&self->topo));
	EXPECT_EQ(1, self->topo.generation);
}

TEST_HARNESS_MAIN
