// SPDX-License-Identifier: GPL-2.0-only
/*
 * epoll: topology changes in an event loop. Any number of other descriptors may
 * be in the same loop; here it is one for signals.
 *
 * Prints a line for each topology that it finds. Ends with SIGTERM or SIGINT, or
 * when the module is unloaded.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <virtflex.h>

static void show(const struct virtflex_topology *t)
{
	struct virtflex_nodemask active;
	char list[VIRTFLEX_NODEMASK_LEN];

	virtflex_topology_active(t, &active);
	virtflex_nodemask_format(&active, list, sizeof(list));
	printf("generation %llu, %s; active: %s\n",
	       (unsigned long long)t->generation, virtflex_state_name(t->state),
	       list);
	fflush(stdout);
}

/*
 * The descriptor stays ready until the watch has been read: what came meanwhile
 * is found next time, and of several topologies the last one.
 */
static int follow(struct virtflex_watch *watch)
{
	struct virtflex_topology *t;
	int ret = virtflex_watch_read(watch, &t);

	if (ret == 1) {
		show(t);
		virtflex_topology_free(t);
	}
	return ret < 0 ? ret : 0;
}

/* Signals that end the program come by a descriptor, as all else does. */
static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

static int add(int loop, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int run(struct virtflex_watch *watch)
{
	int loop = epoll_create1(EPOLL_CLOEXEC), signals = open_signals();
	struct epoll_event event;
	int ret;

	if (loop < 0 || signals < 0)
		return -errno;
	ret = add(loop, signals);
	if (!ret)
		ret = add(loop, virtflex_watch_fd(watch));
	while (!ret) {
		if (epoll_wait(loop, &event, 1, -1) < 0) {
			ret = errno == EINTR ? 0 : -errno;
			continue;
		}
		if (event.data.fd == signals)
			break;
		ret = follow(watch);
	}
	close(signals);
	close(loop);
	return ret;
}

int main(void)
{
	struct virtflex_watch *watch;
	struct virtflex *vf;
	int ret;

	ret = virtflex_open(&vf, NULL);
	if (!ret) {
		ret = virtflex_watch_open(vf, &watch);
		virtflex_close(vf);
	}
	if (!ret) {
		ret = run(watch);
		virtflex_watch_close(watch);
	}
	if (ret)
		fprintf(stderr, "epoll: %s%s\n", strerror(-ret),
			ret == -ENOENT ? "; modprobe virtflex?" : "");
	return ret ? 1 : 0;
}
