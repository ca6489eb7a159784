// SPDX-License-Identifier: GPL-2.0-only
/*
 * uring: topology changes in a loop of io_uring. A poll request waits for each;
 * other requests may be in the same ring, as the one for signals is here.
 *
 * Prints a line for each topology that it finds. Ends with SIGTERM or SIGINT, or
 * when the module is unloaded.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <virtflex.h>

#define ENTRIES	8

static void show(const struct virtflex_topology *t)
{
	unsigned int i;

	printf("generation %llu, %s;", (unsigned long long)t->generation,
	       virtflex_state_name(t->state));
	for (i = 0; i < t->nr_nodes; i++)
		printf(" node %u %s", t->nodes[i]->id,
		       virtflex_node_state_name(t->nodes[i]->state));
	putchar('\n');
	fflush(stdout);
}

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

/*
 * Once: the request looks whether the descriptor is ready already, and is made
 * anew after each reading, so that nothing is lost between two of them.
 */
static int poll_once(struct io_uring *ring, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	int ret;

	if (!sqe)
		return -EBUSY;
	io_uring_prep_poll_add(sqe, fd, POLLIN);
	io_uring_sqe_set_data64(sqe, (unsigned int)fd);
	ret = io_uring_submit(ring);
	return ret < 0 ? ret : 0;
}

static int follow(struct io_uring *ring, struct virtflex_watch *watch)
{
	struct virtflex_topology *t;
	int ret = virtflex_watch_read(watch, &t);

	if (ret == 1) {
		show(t);
		virtflex_topology_free(t);
	}
	return ret < 0 ? ret : poll_once(ring, virtflex_watch_fd(watch));
}

static int run(struct io_uring *ring, struct virtflex_watch *watch, int signals)
{
	struct io_uring_cqe *cqe;
	int ret, fd, result;

	ret = poll_once(ring, signals);
	if (!ret)
		ret = poll_once(ring, virtflex_watch_fd(watch));
	while (!ret) {
		ret = io_uring_wait_cqe(ring, &cqe);
		if (ret) {
			ret = ret == -EINTR ? 0 : ret;
			continue;
		}
		fd = (int)io_uring_cqe_get_data64(cqe);
		result = cqe->res;
		io_uring_cqe_seen(ring, cqe);
		if (fd == signals)
			break;
		ret = result < 0 ? result : follow(ring, watch);
	}
	return ret;
}

int main(void)
{
	struct virtflex_watch *watch;
	struct io_uring ring;
	struct virtflex *vf;
	int ret, signals;

	ret = io_uring_queue_init(ENTRIES, &ring, 0);
	if (ret) {
		fprintf(stderr, "uring: no io_uring here: %s\n",
			strerror(-ret));
		return 4;
	}
	ret = virtflex_open(&vf, NULL);
	if (!ret) {
		ret = virtflex_watch_open(vf, &watch);
		virtflex_close(vf);
	}
	if (!ret) {
		signals = open_signals();
		ret = signals < 0 ? -errno : run(&ring, watch, signals);
		if (signals >= 0)
			close(signals);
		/* its request goes with the ring, and then the descriptor */
		io_uring_queue_exit(&ring);
		virtflex_watch_close(watch);
	} else {
		io_uring_queue_exit(&ring);
	}
	if (ret)
		fprintf(stderr, "uring: %s%s\n", strerror(-ret),
			ret == -ENOENT ? "; modprobe virtflex?" : "");
	return ret ? 1 : 0;
}
