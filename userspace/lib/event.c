// SPDX-License-Identifier: LGPL-2.1-or-later
/* The event page: the generation for one load, the rest under a sequence count. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

/* Tries before the writer is given the CPU, and before giving up. */
#define EVENT_TRIES_AT_ONCE	1000
#define EVENT_TRIES		100000

static int event_version(const struct virtflex_event *event)
{
	switch (__atomic_load_n(&event->version, __ATOMIC_ACQUIRE)) {
	case VIRTFLEX_EVENT_VERSION:
		return 0;
	case 0:
		return -ENODEV;
	default:
		return -EPROTONOSUPPORT;
	}
}

VF_EXPORT int virtflex_event_map(struct virtflex *vf,
				 const struct virtflex_event **event)
{
	void *page;
	int fd, ret;

	if (!vf || !event)
		return -EINVAL;
	if (vf->has_sysroot)
		return -ENODEV;
	fd = vf_open(vf, VF_PROC_TOPOLOGY, O_RDONLY);
	if (fd < 0)
		return fd;
	page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, fd, 0);
	ret = page == MAP_FAILED ? -errno : 0;
	close(fd);
	if (ret == -EIO)
		return -ENODEV; /* procfs: the file's owner is gone */
	if (ret)
		return ret;
	ret = event_version(page);
	if (ret) {
		virtflex_event_unmap(page);
		return ret;
	}
	*event = page;
	return 0;
}

VF_EXPORT void virtflex_event_unmap(const struct virtflex_event *event)
{
	if (event)
		munmap((void *)event, sysconf(_SC_PAGESIZE));
}

VF_EXPORT int virtflex_event_read(const struct virtflex_event *event,
				  uint64_t *generation, unsigned int *state,
				  struct virtflex_nodemask *active)
{
	struct virtflex_nodemask mask;
	uint64_t gen;
	unsigned int tries, st, i;
	uint32_t seq;
	int ret;

	if (!event)
		return -EINVAL;
	for (tries = 0; tries < EVENT_TRIES; tries++) {
		if (tries >= EVENT_TRIES_AT_ONCE)
			sched_yield();
		seq = __atomic_load_n(&event->seq, __ATOMIC_ACQUIRE);
		if (seq & 1)
			continue;
		/* none of these is to be done after the load behind them */
		ret = event_version(event);
		gen = __atomic_load_n(&event->generation, __ATOMIC_ACQUIRE);
		st = __atomic_load_n(&event->state, __ATOMIC_ACQUIRE);
		for (i = 0; i < VIRTFLEX_MAX_NODES / 64; i++)
			mask.bits[i] = __atomic_load_n(&event->active.bits[i],
						       __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&event->seq, __ATOMIC_RELAXED) != seq)
			continue;
		if (ret)
			return ret;
		if (generation)
			*generation = gen;
		if (state)
			*state = st;
		if (active)
			*active = mask;
		return 0;
	}
	return -EAGAIN;
}
