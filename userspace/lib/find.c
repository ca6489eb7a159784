// SPDX-License-Identifier: LGPL-2.1-or-later
/* Processes in /proc: which one a pidfd is, and which thread shows the memory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

/**
 * vf_find_process() - which process is this?
 * @vf: where to read
 * @pidfd: pidfd, or VIRTFLEX_PIDFD_SELF
 * @pid: where to store its number; 0 for the caller
 *
 * Return: 0; -EBADF: it is no pidfd; -ESRCH: it has exited; or another negative
 * errno.
 */
int vf_find_process(const struct virtflex *vf, int pidfd, pid_t *pid)
{
	struct vf_span value;
	uint64_t number;
	char path[64], *text;
	size_t len;
	int ret;

	*pid = 0;
	if (pidfd == VIRTFLEX_PIDFD_SELF)
		return 0;
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", pidfd);
	ret = vf_read_file(vf, path, VF_MAX_SYSFS_BYTES, &text, &len);
	if (ret)
		return ret == -ENOENT ? -EBADF : ret;
	ret = -EBADF;
	if (vf_find_key((struct vf_span){ text, len }, "Pid:", &value)) {
		/* "-1": it has exited; "0": of another PID namespace */
		if (vf_parse_u64(value, &number) || !number || number > INT_MAX)
			ret = -ESRCH;
		else
			ret = 0;
	}
	if (!ret)
		*pid = number;
	free(text);
	return ret;
}

/* -ESRCH: there is no such thread, or it has exited and shows no memory. */
static int read_memory(const struct virtflex *vf, const char *dir,
		       const char *name, char **text, size_t *len)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ret = vf_read_file(vf, path, VF_MAX_MAPS_BYTES, text, len);
	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;
	if (*len)
		return 0;
	free(*text);
	*text = NULL;
	return -ESRCH;
}

/* No such process, or no such file of any process? */
static bool has_file(const struct virtflex *vf, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/thread-self/%s", name);
	fd = vf_open(vf, path, O_RDONLY);
	if (fd >= 0)
		close(fd);
	return fd != -ENOENT || vf->has_sysroot;
}

/**
 * vf_find_memory() - read a file that shows the memory of a process
 * @vf: where to read
 * @pid: process; 0 for the caller
 * @name: file, such as numa_maps, which is empty where there is no memory
 * @dir: where to store the directory that it was read in
 * @text: where to store its text, to be freed; after an error it is as it was, or
 *	NULL
 * @len: where to store its length
 *
 * Any thread that has not exited shows the memory of its process.
 *
 * Return: 0; -ESRCH: there is no such process, or no memory, because it has
 * ended or is the kernel's; -EAGAIN: its threads exit before they can be read;
 * -ENOSYS: the kernel has no such file; or another negative errno.
 */
int vf_find_memory(const struct virtflex *vf, pid_t pid, const char *name,
		   char dir[VF_PROC_DIR_LEN], char **text, size_t *len)
{
	unsigned int looks = 0;
	DIR *threads;
	pid_t tid;
	int ret;

	if (pid)
		snprintf(dir, VF_PROC_DIR_LEN, "/proc/%d", pid);
	else
		snprintf(dir, VF_PROC_DIR_LEN, "/proc/thread-self");
	ret = read_memory(vf, dir, name, text, len);
	if (ret != -ESRCH)
		return ret;
	if (!has_file(vf, name))
		return -ENOSYS;
	if (!pid)
		return ret;
	do {
		ret = vf_threads_open(vf, pid, &threads);
		if (ret)
			break;
		ret = -ESRCH;
		while (ret && (tid = vf_threads_next(threads))) {
			/* a main thread that has exited stays until all have */
			if (tid == pid)
				continue;
			snprintf(dir, VF_PROC_DIR_LEN, "/proc/%d/task/%d", pid,
				 tid);
			ret = read_memory(vf, dir, name, text, len);
			if (ret == -ESRCH)
				ret = -EAGAIN;
		}
		closedir(threads);
	} while (ret == -EAGAIN && ++looks < VF_MAX_LOOKS);
	return ret;
}
