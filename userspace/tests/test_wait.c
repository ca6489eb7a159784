// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting. open(2) and poll(2) are replaced: the file is one the test writes,
 * and each poll does what the test says happens meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#define TEXT(generation) \
	"version 1\ngeneration " #generation "\nstate stable\n"

/* What happens in the next poll(2). */
struct event {
	const char *text;	/* the file becomes this */
	short revents;
	int ret;		/* returned, with this as errno if negative */
	int timeout_ms;		/* expected, roughly */
	unsigned int takes_ms;
};

static const struct event *next_event;
static unsigned int polls, opens;
static char path[32] = "/tmp/virtflex-wait-XXXXXX";

static void set_text(const char *text)
{
	int fd = creat(path, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

int __real_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...)
{
	int mode;
	va_list args;

	if (!strcmp(name, VF_PROC_TOPOLOGY)) {
		opens++;
		name = path;
	}
	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, int) : 0;
	va_end(args);
	return __real_open64(name, flags, mode);
}

int __wrap_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t nfds, int timeout_ms)
{
	const struct event *e = next_event++;

	assert_int_equal(nfds, 1);
	assert_int_equal(fds->events, POLLIN | POLLPRI);
	if (e->timeout_ms <= 0)
		assert_int_equal(timeout_ms, e->timeout_ms);
	else
		assert_in_range(timeout_ms, 0, e->timeout_ms);
	polls++;
	usleep(e->takes_ms * 1000);
	if (e->text)
		set_text(e->text);
	fds->revents = e->revents;
	if (e->ret < 0) {
		errno = -e->ret;
		return -1;
	}
	return e->ret;
}

static int wait_for(uint64_t generation, int timeout_ms,
		    const struct event *events, struct virtflex_topology **t)
{
	struct virtflex *vf;
	int ret;

	next_event = events;
	polls = 0;
	opens = 0;
	assert_int_equal(virtflex_open(&vf, NULL), 0);
	ret = virtflex_wait(vf, generation, timeout_ms, t);
	assert_int_equal(opens, 1);
	virtflex_close(vf);
	return ret;
}

static void news_already(void **state)
{
	struct virtflex_topology *t;

	(void)state;
	set_text(TEXT(4));
	assert_int_equal(wait_for(3, -1, NULL, &t), 0);
	assert_int_equal(t->generation, 4);
	virtflex_topology_free(t);
	assert_int_equal(polls, 0);
	/* the module was loaded again: generations start over */
	assert_int_equal(wait_for(9, -1, NULL, NULL), 0);
	assert_int_equal(polls, 0);
}

static void news_while_asleep(void **state)
{
	static const struct event events[] = {
		/* nothing new, as after a signal that stopped the process */
		{ .revents = POLLIN, .ret = 1, .timeout_ms = 5000,
		  .takes_ms = 3 },
		/* it is for all of the wait */
		{ .text = TEXT(5), .revents = POLLIN | POLLPRI, .ret = 1,
		  .timeout_ms = 4998 },
	};
	struct virtflex_topology *t;

	(void)state;
	set_text(TEXT(4));
	assert_int_equal(wait_for(4, 5000, events, &t), 0);
	assert_int_equal(t->generation, 5);
	virtflex_topology_free(t);
	assert_int_equal(polls, 2);
}

static void nothing_comes(void **state)
{
	static const struct event forever = { .ret = -EINTR, .timeout_ms = -1 };
	static const struct event timeout = { .ret = 0, .timeout_ms = 20 };
	static const struct event at_once = { .ret = 0, .timeout_ms = 0 };

	(void)state;
	set_text(TEXT(4));
	assert_int_equal(wait_for(4, 20, &timeout, NULL), -ETIMEDOUT);
	assert_int_equal(wait_for(4, 0, &at_once, NULL), -ETIMEDOUT);
	assert_int_equal(wait_for(4, -1, &forever, NULL), -EINTR);
}

static void unloaded(void **state)
{
	static const struct event hup = {
		.revents = POLLHUP | POLLERR, .ret = 1, .timeout_ms = -1
	};
	static const struct event broken = {
		.text = "version 1\n", .revents = POLLIN, .ret = 1,
		.timeout_ms = -1
	};

	(void)state;
	set_text(TEXT(4));
	assert_int_equal(wait_for(4, -1, &hup, NULL), -ENODEV);
	assert_int_equal(wait_for(4, -1, &broken, NULL), -EBADMSG);
	assert_int_equal(polls, 1);
	unlink(path);
	assert_int_equal(wait_for(4, -1, NULL, NULL), -ENOENT);
}

/* Below a sysroot files are plain, poll(2) would return at once for ever. */
static void below_a_sysroot(void **state)
{
	char *root = root_make();
	struct virtflex *vf;

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY, TEXT(4));
	assert_int_equal(virtflex_open(&vf, root), 0);
	assert_int_equal(virtflex_wait(vf, 0, -1, NULL), 0);
	assert_int_equal(virtflex_wait(vf, 4, -1, NULL), -EOPNOTSUPP);
	virtflex_close(vf);
	root_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(news_already),
		cmocka_unit_test(news_while_asleep),
		cmocka_unit_test(nothing_comes),
		cmocka_unit_test(unloaded),
		cmocka_unit_test(below_a_sysroot),
	};
	int fd = mkstemp(path), ret;

	if (fd < 0)
		return 1;
	close(fd);
	ret = cmocka_run_group_tests_name("wait", tests, NULL, NULL);
	unlink(path);
	return ret;
}
