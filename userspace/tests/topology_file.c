// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Preloaded into a program that is not built for tests: it takes the file
 * "topology" of the directory in TOPOLOGY_DIR for /proc/virtflex/topology, with
 * the ways of that: ready for reading as long as there is something that was not
 * read, and an error once the file is gone. Whoever puts another file in its
 * place publishes it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define MAX_TEXT	65536

#define MAX_FD		1024

/* What was read of the topology through a descriptor, which is one of inotify. */
static struct reader {
	size_t at, len;
	char text[MAX_TEXT];
} *readers[MAX_FD];
static unsigned int nr_open;	/* atomic */

/*
 * One that this thread has closed, and its number. To close one of inotify takes the
 * kernel seconds where threads come and go all the time, and the library reads again
 * and again. Of the thread: others may have another table. It is closed as the thread
 * ends.
 */
static __thread struct reader *spare;
static __thread int spare_fd;
static pthread_key_t spare_key;

static void drop_spare(void *data)
{
	int (*next)(int fd) = dlsym(RTLD_NEXT, "close");

	(void)data;
	if (!spare)
		return;
	free(spare);
	spare = NULL;
	next(spare_fd);
}

__attribute__((constructor)) static void make_key(void)
{
	pthread_key_create(&spare_key, drop_spare);
}

static struct reader *reader_of(int fd)
{
	return fd >= 0 && fd < MAX_FD ? readers[fd] : NULL;
}

static void file_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", getenv("TOPOLOGY_DIR"), name);
}

/* One that has a reader, or -1. */
static int take_reader(void)
{
	int fd = spare_fd;
	char path[512];

	if (spare) {
		readers[fd] = spare;
		spare = NULL;
		return fd;
	}
	file_path(path, sizeof(path), "");
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || fd >= MAX_FD ||
	    inotify_add_watch(fd, path, IN_MOVED_TO | IN_CREATE | IN_DELETE) < 0)
		return -1;
	readers[fd] = calloc(1, sizeof(struct reader));
	return fd;
}

/* Nobody has read it yet: an event has to be there from the beginning. */
static int open_topology(void)
{
	int fd, topology_fd = take_reader();
	char path[512];

	if (topology_fd < 0)
		return -1;
	/* for others that have it open this would be an event */
	if (__atomic_fetch_add(&nr_open, 1, __ATOMIC_RELAXED))
		return topology_fd;
	file_path(path, sizeof(path), "opened");
	unlink(path);
	fd = creat(path, 0600);
	if (fd >= 0)
		close(fd);
	return topology_fd;
}

int open64(const char *name, int flags, ...)
{
	int (*next)(const char *name, int flags, ...) =
		dlsym(RTLD_NEXT, "open64");
	va_list args;
	int mode;

	if (!strcmp(name, "/proc/virtflex/topology"))
		return open_topology();
	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, int) : 0;
	va_end(args);
	return next(name, flags, mode);
}

int access(const char *name, int how)
{
	int (*next)(const char *name, int how) = dlsym(RTLD_NEXT, "access");
	char path[512];

	if (strcmp(name, "/proc/virtflex/topology"))
		return next(name, how);
	file_path(path, sizeof(path), "topology");
	return next(path, how);
}

off64_t lseek64(int fd, off64_t offset, int whence)
{
	off64_t (*next)(int fd, off64_t offset, int whence) =
		dlsym(RTLD_NEXT, "lseek64");

	struct reader *r = reader_of(fd);

	if (!r)
		return next(fd, offset, whence);
	r->at = 0;
	return 0;
}

int close(int fd)
{
	int (*next)(int fd) = dlsym(RTLD_NEXT, "close");
	struct reader *r = reader_of(fd);

	if (!r)
		return next(fd);
	readers[fd] = NULL;
	__atomic_sub_fetch(&nr_open, 1, __ATOMIC_RELAXED);
	if (spare) {
		free(r);
		return next(fd);
	}
	r->at = 0;
	spare = r;
	spare_fd = fd;
	pthread_setspecific(spare_key, r);
	return 0;
}

ssize_t read(int fd, void *buf, size_t size)
{
	ssize_t (*next)(int fd, void *buf, size_t size) =
		dlsym(RTLD_NEXT, "read");
	char events[4096], path[512];
	ssize_t n;
	struct reader *r = reader_of(fd);
	int file;

	if (!r)
		return next(fd, buf, size);
	if (!r->at) {
		/* first: what is published from here on is an event again */
		while (next(fd, events, sizeof(events)) > 0)
			;
		file_path(path, sizeof(path), "topology");
		file = open64(path, O_RDONLY);
		n = file < 0 ? -1 : next(file, r->text, sizeof(r->text));
		if (file >= 0)
			close(file);
		if (n < 0) {
			errno = EIO;
			return -1;
		}
		r->len = n;
	}
	if (size > r->len - r->at)
		size = r->len - r->at;
	memcpy(buf, r->text + r->at, size);
	r->at += size;
	return size;
}
