// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sleeping until the topology is another one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Sleep until the file has news. 0, or a negative errno. */
static int sleep_until(int fd, int cancel_fd, int timeout_ms)
{
	struct pollfd pfds[] = {
		{ .fd = fd, .events = POLLIN | POLLPRI },
		{ .fd = cancel_fd, .events = POLLIN },
	};
	int ret;

	ret = poll(pfds, cancel_fd < 0 ? 1 : 2, timeout_ms);
	if (ret < 0)
		return -errno;
	if (!ret)
		return -ETIMEDOUT;
	if (pfds[1].revents)
		return -ECANCELED;
	return pfds[0].revents & (POLLHUP | POLLNVAL) ? -ENODEV : 0;
}

/**
 * vf_wait() - sleep until there is another topology
 * @fd: /proc/virtflex/topology
 * @cancel_fd: what ends the wait once it is ready for reading; -1: nothing
 * @generation: the generation that is known already
 * @timeout_ms: longest time to sleep; -1: no limit
 * @topology: where to store it
 *
 * Return: as virtflex_watch_wait().
 */
int vf_wait(int fd, int cancel_fd, uint64_t generation, int timeout_ms,
	    struct virtflex_topology **topology)
{
	struct virtflex_topology *t;
	int64_t deadline = 0, left = -1;
	int ret;

	if (timeout_ms >= 0)
		deadline = now_ms() + timeout_ms;
	for (;;) {
		ret = vf_topology_read_fd(fd, &t);
		if (ret)
			return ret;
		if (t->generation != generation)
			break;
		virtflex_topology_free(t);
		if (timeout_ms >= 0) {
			left = deadline - now_ms();
			if (left < 0)
				left = 0;
		}
		ret = sleep_until(fd, cancel_fd, (int)left);
		if (ret)
			return ret;
	}
	*topology = t;
	return 0;
}

/* Below a sysroot nothing changes: a plain file is always ready. */
static int do_not_wait(int fd, uint64_t generation,
		       struct virtflex_topology **topology)
{
	int ret;

	ret = vf_topology_read_fd(fd, topology);
	if (ret || (*topology)->generation != generation)
		return ret;
	virtflex_topology_free(*topology);
	return -EOPNOTSUPP;
}

/*
 * Each wait opens the file for itself: what an open file has read is state of
 * that file, and threads that share a handle must not take news from each
 * other.
 */
VF_EXPORT int virtflex_wait(struct virtflex *vf, uint64_t generation,
			    int timeout_ms, struct virtflex_topology **topology)
{
	struct virtflex_topology *t;
	int fd, ret;

	if (!vf)
		return -EINVAL;
	fd = vf_open(vf, VF_PROC_TOPOLOGY, O_RDONLY);
	if (fd < 0)
		return fd;
	ret = vf->has_sysroot ? do_not_wait(fd, generation, &t) :
				vf_wait(fd, -1, generation, timeout_ms, &t);
	close(fd);
	if (ret)
		return ret;
	if (topology)
		*topology = t;
	else
		virtflex_topology_free(t);
	return 0;
}
