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

/*
 * Each wait opens the file for itself: what an open file has read is state of
 * that file, and threads that share a handle must not take news from each
 * other.
 */
VF_EXPORT int virtflex_wait(struct virtflex *vf, uint64_t generation,
			    int timeout_ms, struct virtflex_topology **topology)
{
	struct virtflex_topology *t;
	struct pollfd pfd = { .events = POLLIN | POLLPRI };
	int64_t deadline = 0, left = -1;
	int ret;

	if (!vf)
		return -EINVAL;
	pfd.fd = vf_open(vf, VF_PROC_TOPOLOGY, O_RDONLY);
	if (pfd.fd < 0)
		return pfd.fd;
	if (timeout_ms >= 0)
		deadline = now_ms() + timeout_ms;
	for (;;) {
		ret = vf_topology_read_fd(pfd.fd, &t);
		if (ret)
			break;
		if (t->generation != generation) {
			if (topology)
				*topology = t;
			else
				virtflex_topology_free(t);
			break;
		}
		virtflex_topology_free(t);
		if (vf->has_sysroot) {
			/* a plain file is always ready: this would spin */
			ret = -EOPNOTSUPP;
			break;
		}
		if (timeout_ms >= 0) {
			left = deadline - now_ms();
			if (left < 0)
				left = 0;
		}
		ret = poll(&pfd, 1, (int)left);
		if (ret < 0) {
			ret = -errno;
			break;
		}
		if (!ret) {
			ret = -ETIMEDOUT;
			break;
		}
		if (pfd.revents & (POLLHUP | POLLNVAL)) {
			ret = -ENODEV;
			break;
		}
	}
	close(pfd.fd);
	return ret;
}
