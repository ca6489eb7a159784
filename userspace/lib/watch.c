// SPDX-License-Identifier: LGPL-2.1-or-later
/* A descriptor for event loops, and waits that can be cancelled. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "internal.h"

/**
 * struct virtflex_watch - see virtflex.h
 * @fd: /proc/virtflex/topology; the kernel remembers what was read of it
 * @cancel_fd: an eventfd, ready once the watch is cancelled, and for good
 * @generation: of the topology that was read last; 0: none
 */
struct virtflex_watch {
	int fd;
	int cancel_fd;
	uint64_t generation;
};

VF_EXPORT int virtflex_watch_open(struct virtflex *vf,
				  struct virtflex_watch **watchp)
{
	struct virtflex_watch *watch;
	int ret;

	if (!vf || !watchp)
		return -EINVAL;
	if (vf->has_sysroot)
		return -EOPNOTSUPP;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->fd = vf_open(vf, VF_PROC_TOPOLOGY, O_RDONLY);
	if (watch->fd < 0) {
		ret = watch->fd;
		goto err_free;
	}
	watch->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->cancel_fd < 0) {
		ret = -errno;
		goto err_close;
	}
	*watchp = watch;
	return 0;
err_close:
	close(watch->fd);
err_free:
	free(watch);
	return ret;
}

VF_EXPORT void virtflex_watch_close(struct virtflex_watch *watch)
{
	if (!watch)
		return;
	close(watch->fd);
	close(watch->cancel_fd);
	free(watch);
}

VF_EXPORT int virtflex_watch_fd(const struct virtflex_watch *watch)
{
	return watch ? watch->fd : -EINVAL;
}

static void take_note(struct virtflex_watch *watch, struct virtflex_topology *t,
		      struct virtflex_topology **topology)
{
	watch->generation = t->generation;
	if (topology)
		*topology = t;
	else
		virtflex_topology_free(t);
}

VF_EXPORT int virtflex_watch_read(struct virtflex_watch *watch,
				  struct virtflex_topology **topology)
{
	struct virtflex_topology *t;
	int ret;

	if (!watch)
		return -EINVAL;
	ret = vf_topology_read_fd(watch->fd, &t);
	if (ret)
		return ret;
	if (t->generation == watch->generation) {
		virtflex_topology_free(t);
		return 0;
	}
	take_note(watch, t, topology);
	return 1;
}

static bool is_cancelled(const struct virtflex_watch *watch)
{
	struct pollfd pfd = { .fd = watch->cancel_fd, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}

VF_EXPORT int virtflex_watch_wait(struct virtflex_watch *watch, int timeout_ms,
				  struct virtflex_topology **topology)
{
	struct virtflex_topology *t;
	int ret;

	if (!watch)
		return -EINVAL;
	/* news must not keep a loop going that was cancelled */
	if (is_cancelled(watch))
		return -ECANCELED;
	ret = vf_wait(watch->fd, watch->cancel_fd, watch->generation,
		      timeout_ms, &t);
	if (!ret)
		take_note(watch, t, topology);
	/* its handler may have cancelled this very wait */
	if (ret == -EINTR && is_cancelled(watch))
		return -ECANCELED;
	return ret;
}

VF_EXPORT int virtflex_watch_cancel(struct virtflex_watch *watch)
{
	int saved = errno;

	if (!watch)
		return -EINVAL;
	/* fails only if it is full, and so ready anyway */
	eventfd_write(watch->cancel_fd, 1);
	errno = saved;
	return 0;
}
