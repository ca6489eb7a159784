// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The descriptor for event loops, and waits that are cancelled. The topology is
 * an eventfd that has a text: ready for reading from the moment that another
 * generation is published until it is read, as /proc has it; all of poll(2),
 * epoll(7) and threads is real.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "test.h"

/* ---- the file ---- */

static struct {
	pthread_mutex_t lock;	/* guards all of it */
	int fd;			/* the last one opened; -1: none */
	unsigned int generation;
	char text[64];		/* what this read gives */
	size_t at;
	bool gone;
	bool missing;
} file = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static int eventfd_error;	/* of the next eventfd(2) of the library */
static int poll_error;		/* of the next poll(2) */
static int poll_signal;		/* that arrives in it */
static sem_t *about_to_sleep;	/* posted before a poll(2) that waits */

int __real_eventfd(unsigned int value, int flags);
int __wrap_eventfd(unsigned int value, int flags);
int __wrap_eventfd(unsigned int value, int flags)
{
	/* cancelling must not block, as in the handler of a signal */
	assert_int_equal(flags, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!eventfd_error)
		return __real_eventfd(value, flags);
	errno = eventfd_error;
	return -1;
}

int __real_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...)
{
	int fd;

	if (strcmp(name, VF_PROC_TOPOLOGY))
		return __real_open64(name, flags);
	assert_true(flags & O_CLOEXEC);
	if (file.missing) {
		errno = ENOENT;
		return -1;
	}
	fd = __real_eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_lock(&file.lock);
	file.fd = fd;
	pthread_mutex_unlock(&file.lock);
	return fd;
}

off64_t __real_lseek64(int fd, off64_t offset, int whence);
off64_t __wrap_lseek64(int fd, off64_t offset, int whence);
off64_t __wrap_lseek64(int fd, off64_t offset, int whence)
{
	if (fd != file.fd)
		return __real_lseek64(fd, offset, whence);
	assert_int_equal(offset, 0);
	assert_int_equal(whence, SEEK_SET);
	file.at = 0;
	return 0;
}

ssize_t __real_read(int fd, void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	eventfd_t count;
	ssize_t n;

	if (fd != file.fd)
		return __real_read(fd, buf, size);
	pthread_mutex_lock(&file.lock);
	if (file.gone) {
		pthread_mutex_unlock(&file.lock);
		errno = EIO;
		return -1;
	}
	if (!file.at) {
		if (__real_read(fd, &count, sizeof(count)) < 0)
			assert_int_equal(errno, EAGAIN);
		snprintf(file.text, sizeof(file.text),
			 "version 1\ngeneration %u\nstate stable\n",
			 file.generation);
	}
	n = strlen(file.text) - file.at;
	/* reads are cut short */
	if (n > 7)
		n = 7;
	assert_true(size >= (size_t)n);
	memcpy(buf, file.text + file.at, n);
	file.at += n;
	pthread_mutex_unlock(&file.lock);
	return n;
}

int __real_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
	if (nfds == 2 && poll_error) {
		if (poll_signal)
			raise(poll_signal);
		errno = poll_error;
		return -1;
	}
	if (nfds == 2 && about_to_sleep)
		sem_post(about_to_sleep);
	return __real_poll(fds, nfds, timeout_ms);
}

static void publish(unsigned int generation)
{
	pthread_mutex_lock(&file.lock);
	file.generation = generation;
	if (file.fd >= 0)
		assert_int_equal(eventfd_write(file.fd, 1), 0);
	pthread_mutex_unlock(&file.lock);
}

static bool is_ready(struct virtflex_watch *watch)
{
	struct pollfd pfd = {
		.fd = virtflex_watch_fd(watch), .events = POLLIN,
	};

	return __real_poll(&pfd, 1, 0) == 1;
}

/* ---- tests ---- */

static struct virtflex *vf;
static struct virtflex_watch *watch;
static unsigned int fds_before;

static int setup(void **state)
{
	(void)state;
	file.fd = -1;
	file.gone = false;
	file.missing = false;
	file.generation = 1;
	about_to_sleep = NULL;
	eventfd_error = 0;
	poll_error = 0;
	poll_signal = 0;
	fds_before = open_fds();
	if (virtflex_open(&vf, NULL))
		return -1;
	return virtflex_watch_open(vf, &watch);
}

static int teardown(void **state)
{
	(void)state;
	virtflex_watch_close(watch);
	virtflex_close(vf);
	file.fd = -1;
	return open_fds() == fds_before ? 0 : -1;
}

static void read_generation(int expected)
{
	struct virtflex_topology *t;

	assert_int_equal(virtflex_watch_read(watch, &t), 1);
	assert_int_equal(t->generation, expected);
	virtflex_topology_free(t);
	assert_int_equal(virtflex_watch_read(watch, &t), 0);
}

static void ready_until_read(void **state)
{
	(void)state;
	assert_true(is_ready(watch));
	assert_true(is_ready(watch));
	read_generation(1);
	assert_false(is_ready(watch));
	publish(2);
	assert_true(is_ready(watch));
	read_generation(2);
	assert_false(is_ready(watch));
	/* not wanted */
	publish(3);
	assert_int_equal(virtflex_watch_read(watch, NULL), 1);
	assert_int_equal(virtflex_watch_read(watch, NULL), 0);
}

/* Several at once: the last one is never missed. */
static void last_of_several(void **state)
{
	(void)state;
	read_generation(1);
	publish(2);
	publish(3);
	publish(4);
	assert_true(is_ready(watch));
	read_generation(4);
	assert_false(is_ready(watch));
	/* the module was loaded again: generations start over */
	publish(1);
	read_generation(1);
}

static void in_an_event_loop(void **state)
{
	struct epoll_event event = { .events = EPOLLIN }, got;
	int loop = epoll_create1(EPOLL_CLOEXEC), i;

	(void)state;
	assert_int_equal(epoll_ctl(loop, EPOLL_CTL_ADD,
				   virtflex_watch_fd(watch), &event), 0);
	for (i = 1; i <= 10; i++) {
		publish(i);
		assert_int_equal(epoll_wait(loop, &got, 1, 0), 1);
		assert_int_equal(got.events, EPOLLIN);
		read_generation(i);
		assert_int_equal(epoll_wait(loop, &got, 1, 0), 0);
	}
	close(loop);
}

static void wait_after_wait(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	assert_int_equal(virtflex_watch_wait(watch, -1, &t), 0);
	assert_int_equal(t->generation, 1);
	virtflex_topology_free(t);
	assert_int_equal(virtflex_watch_wait(watch, 0, &t), -ETIMEDOUT);
	publish(2);
	assert_int_equal(virtflex_watch_wait(watch, 0, NULL), 0);
	assert_int_equal(virtflex_watch_wait(watch, 0, NULL), -ETIMEDOUT);
	/* reading takes note, too */
	publish(3);
	read_generation(3);
	assert_int_equal(virtflex_watch_wait(watch, 0, NULL), -ETIMEDOUT);
}

struct waiter {
	pthread_t thread;
	sem_t asleep;
	uint64_t generation;
	int ret;
};

static void *wait_for_news(void *data)
{
	struct waiter *w = data;
	struct virtflex_topology *t;

	while (!(w->ret = virtflex_watch_wait(watch, -1, &t))) {
		w->generation = t->generation;
		virtflex_topology_free(t);
	}
	return NULL;
}

static void start_waiter(struct waiter *w)
{
	memset(w, 0, sizeof(*w));
	sem_init(&w->asleep, 0, 0);
	about_to_sleep = &w->asleep;
	assert_int_equal(pthread_create(&w->thread, NULL, wait_for_news, w), 0);
	sem_wait(&w->asleep);
}

static void woken_by_news(void **state)
{
	struct waiter w;

	(void)state;
	start_waiter(&w);
	publish(2);
	/* it has seen that, and sleeps again */
	sem_wait(&w.asleep);
	publish(3);
	sem_wait(&w.asleep);
	virtflex_watch_cancel(watch);
	pthread_join(w.thread, NULL);
	assert_int_equal(w.ret, -ECANCELED);
	assert_int_equal(w.generation, 3);
	sem_destroy(&w.asleep);
}

static void error_wait_ECANCELED(void **state)
{
	struct waiter w;

	(void)state;
	start_waiter(&w);
	errno = 77;
	assert_int_equal(virtflex_watch_cancel(watch), 0);
	assert_int_equal(errno, 77);
	pthread_join(w.thread, NULL);
	assert_int_equal(w.ret, -ECANCELED);
	sem_destroy(&w.asleep);
	/* for good, whether or not there is news, and how often it is said */
	publish(2);
	assert_int_equal(virtflex_watch_cancel(watch), 0);
	assert_int_equal(virtflex_watch_wait(watch, -1, NULL), -ECANCELED);
	assert_int_equal(virtflex_watch_wait(watch, 0, NULL), -ECANCELED);
	/* reading is not affected */
	read_generation(2);
}

static void on_signal(int sig)
{
	(void)sig;
	virtflex_watch_cancel(watch);
}

static void cancelled_by_a_signal(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, before;

	(void)state;
	sigaction(SIGUSR1, &action, &before);
	raise(SIGUSR1);
	sigaction(SIGUSR1, &before, NULL);
	assert_int_equal(virtflex_watch_wait(watch, -1, NULL), -ECANCELED);
}

/* The wait that is going on, in the thread that has the signal. */
static void cancelled_while_asleep(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, before;

	(void)state;
	read_generation(1);
	sigaction(SIGUSR1, &action, &before);
	poll_error = EINTR;
	poll_signal = SIGUSR1;
	assert_int_equal(virtflex_watch_wait(watch, -1, NULL), -ECANCELED);
	sigaction(SIGUSR1, &before, NULL);
}

/* A wait without a watch is not ended, and takes no news from it. */
static void two_of_them(void **state)
{
	struct virtflex_watch *other;
	int first = file.fd;

	(void)state;
	assert_int_equal(virtflex_watch_open(vf, &other), 0);
	assert_int_not_equal(virtflex_watch_fd(other), first);
	virtflex_watch_cancel(watch);
	assert_int_equal(virtflex_watch_wait(other, 0, NULL), 0);
	assert_int_equal(virtflex_watch_wait(other, 0, NULL), -ETIMEDOUT);
	virtflex_watch_close(other);
}

static void error_wait_EINTR(void **state)
{
	(void)state;
	read_generation(1);
	poll_error = EINTR;
	assert_int_equal(virtflex_watch_wait(watch, -1, NULL), -EINTR);
}

static void error_wait_EINVAL(void **state)
{
	struct virtflex_watch *other;

	(void)state;
	assert_int_equal(virtflex_wait(NULL, 0, 0, NULL), -EINVAL);
	assert_int_equal(virtflex_watch_open(NULL, &other), -EINVAL);
	assert_int_equal(virtflex_watch_open(vf, NULL), -EINVAL);
	assert_int_equal(virtflex_watch_fd(NULL), -EINVAL);
	assert_int_equal(virtflex_watch_read(NULL, NULL), -EINVAL);
	assert_int_equal(virtflex_watch_wait(NULL, 0, NULL), -EINVAL);
	assert_int_equal(virtflex_watch_cancel(NULL), -EINVAL);
	virtflex_watch_close(NULL);
}

static void error_wait_EMFILE(void **state)
{
	struct virtflex_watch *other;
	unsigned int fds = open_fds();

	(void)state;
	eventfd_error = EMFILE;
	assert_int_equal(virtflex_watch_open(vf, &other), -EMFILE);
	assert_int_equal(open_fds(), fds);
}

static void error_wait_ENODEV(void **state)
{
	(void)state;
	file.gone = true;
	assert_int_equal(virtflex_watch_read(watch, NULL), -ENODEV);
	assert_int_equal(virtflex_watch_wait(watch, -1, NULL), -ENODEV);
	assert_int_equal(virtflex_wait(vf, 1, -1, NULL), -ENODEV);
}

static void error_wait_ENOENT(void **state)
{
	struct virtflex_watch *other;

	(void)state;
	file.missing = true;
	assert_int_equal(virtflex_watch_open(vf, &other), -ENOENT);
	assert_int_equal(virtflex_wait(vf, 0, -1, NULL), -ENOENT);
}

static void error_wait_EOPNOTSUPP(void **state)
{
	struct virtflex_watch *other;
	struct virtflex *below;
	char *root = root_make();

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY,
		   "version 1\ngeneration 4\nstate stable\n");
	assert_int_equal(virtflex_open(&below, root), 0);
	assert_int_equal(virtflex_watch_open(below, &other), -EOPNOTSUPP);
	assert_int_equal(virtflex_wait(below, 4, -1, NULL), -EOPNOTSUPP);
	virtflex_close(below);
	root_remove(root);
}

static void error_wait_ETIMEDOUT(void **state)
{
	(void)state;
	read_generation(1);
	assert_int_equal(virtflex_watch_wait(watch, 1, NULL), -ETIMEDOUT);
	assert_int_equal(virtflex_wait(vf, 1, 0, NULL), -ETIMEDOUT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(ready_until_read),
		TEST(last_of_several),
		TEST(in_an_event_loop),
		TEST(wait_after_wait),
		TEST(woken_by_news),
		TEST(cancelled_by_a_signal),
		TEST(cancelled_while_asleep),
		TEST(two_of_them),
		TEST(error_wait_ECANCELED),
		TEST(error_wait_EINTR),
		TEST(error_wait_EINVAL),
		TEST(error_wait_EMFILE),
		TEST(error_wait_ENODEV),
		TEST(error_wait_ENOENT),
		TEST(error_wait_EOPNOTSUPP),
		TEST(error_wait_ETIMEDOUT),
	};
#undef TEST

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
