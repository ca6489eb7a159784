// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The threads of a process. They share its memory, but each has a policy of its
 * own for mappings that have none, and only one that has not exited shows the
 * memory in /proc.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/*
 * Reading numa_maps costs a walk of the page tables of what is read. No more
 * than this is spent on finding out whether threads share their policy: other
 * threads, and pages before and in the mapping that is asked for, of all of
 * these together.
 */
#define MAX_OTHERS	4096
#define MAX_PAGES	(UINT64_C(4) << 20)

/* Longest address and policy of a line of numa_maps, and what follows. */
#define HEAD_LEN	128
/* The kernel adds mappings until as much is there as was asked for. */
#define READ_LEN	32

/**
 * vf_threads_open() - begin to list the threads of a process
 * @vf: where to read
 * @pid: process; 0 for the caller's
 * @dir: set to what vf_threads_next() and closedir(3) take
 *
 * Return: 0; -ESRCH: there are none; or another negative errno.
 */
int vf_threads_open(const struct virtflex *vf, pid_t pid, DIR **dir)
{
	char path[64];
	int fd;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/task", pid);
	else
		snprintf(path, sizeof(path), "/proc/self/task");
	fd = vf_open(vf, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	*dir = fdopendir(fd);
	if (*dir)
		return 0;
	close(fd);
	return -ENOMEM;
}

/**
 * vf_threads_next() - the next thread
 * @dir: of vf_threads_open()
 *
 * Return: its number; 0 after the last one.
 */
pid_t vf_threads_next(DIR *dir)
{
	struct dirent *entry;
	struct vf_span name;
	uint64_t tid;

	while ((entry = readdir(dir))) {
		name = (struct vf_span){ entry->d_name, strlen(entry->d_name) };
		if (!vf_parse_u64(name, &tid) && tid && tid <= INT32_MAX)
			return tid;
	}
	return 0;
}

static void thread_path(pid_t pid, pid_t tid, char *path, size_t size)
{
	if (pid)
		snprintf(path, size, "/proc/%d/task/%d/numa_maps", pid, tid);
	else
		snprintf(path, size, "/proc/self/task/%d/numa_maps", tid);
}

/* What a thread says of its policy: that of the maps, another, or nothing. */
enum answer { SAME, DIFFERS, UNKNOWN };

/**
 * struct probe - reading the beginning of a thread's numa_maps
 * @maps: mappings, as another thread sees them
 * @at: index of the mapping that the reading is at
 * @last: index of the mapping to be asked for
 * @head: beginning of a line
 * @len: length of @head
 * @done: the line's policy was compared
 * @any: something was read
 */
struct probe {
	const struct vf_maps *maps;
	size_t at;
	size_t last;
	char head[HEAD_LEN];
	size_t len;
	bool done;
	bool any;
};

/*
 * Compare the policy of a line, if all of it is there.
 *
 * Return: 1: go on; an enum answer in @answer: 0; or -EBADMSG.
 */
static int probe_line(struct probe *p, bool ended, enum answer *answer)
{
	struct vf_span line = { p->head, p->len };
	const struct vf_vma *vmas = p->maps->vmas;
	struct vf_policy policy;
	struct vf_span text;
	uint64_t start;
	int ret;

	ret = vf_parse_numa_head(&line, &start, &text);
	if (!ended && !line.len)
		return 1;
	if (ret)
		return ret;
	p->done = true;
	while (p->at < p->last && vmas[p->at].start < start)
		p->at++;
	if (vmas[p->at].start != start) {
		*answer = UNKNOWN;
		return start < vmas[p->last].start;
	}
	vf_parse_policy(text, &policy);
	if (memcmp(&policy, &p->maps->policies[vmas[p->at].policy],
		   sizeof(policy))) {
		*answer = DIFFERS;
		return 0;
	}
	*answer = SAME;
	return p->at < p->last;
}

/*
 * Ask a thread for its policies up to that of mapping @last. The lines are read
 * in short pieces: the next one may be of gigabytes.
 *
 * Return: 0; -ESRCH: the thread has exited; or another negative errno.
 */
static int ask_thread(const struct virtflex *vf, const char *path,
		      const struct vf_maps *maps, size_t last,
		      enum answer *answer)
{
	struct probe p = { .maps = maps, .last = last };
	char text[READ_LEN];
	ssize_t n, i;
	int fd, ret;

	*answer = UNKNOWN;
	fd = vf_open(vf, path, O_RDONLY);
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	do {
		ret = 1;
		n = read(fd, text, sizeof(text));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			ret = n ? -errno : p.any ? 0 : -ESRCH;
			*answer = UNKNOWN;
			break;
		}
		p.any = true;
		for (i = 0; i < n && ret == 1; i++) {
			if (text[i] != '\n') {
				if (p.len < sizeof(p.head))
					p.head[p.len++] = text[i];
				continue;
			}
			if (!p.done)
				ret = probe_line(&p, true, answer);
			p.len = 0;
			p.done = false;
		}
		if (ret == 1 && p.len && !p.done)
			ret = probe_line(&p, false, answer);
	} while (ret == 1);
	close(fd);
	return ret;
}

/*
 * The mapping to ask for: program text, which nobody gives a policy. Reading
 * comes to it after those at lower addresses.
 */
static size_t find_probe(const struct vf_maps *maps, uint64_t *pages)
{
	size_t i, probe = 0;

	for (i = 0; i < maps->nr_vmas && !maps->vmas[i].text; i++)
		;
	if (i < maps->nr_vmas)
		probe = i;
	*pages = 0;
	for (i = 0; i <= probe; i++)
		*pages += maps->vmas[i].pages;
	return probe;
}

/* Threads but @but: their number is in @nr, the first of them are in @tids. */
static int list_others(const struct virtflex *vf, pid_t pid, pid_t but,
		       pid_t *tids, size_t *nr)
{
	pid_t tid;
	DIR *dir;
	int ret;

	*nr = 0;
	ret = vf_threads_open(vf, pid, &dir);
	if (ret)
		return ret == -ESRCH ? 0 : ret;
	while (*nr <= MAX_OTHERS && (tid = vf_threads_next(dir)))
		if (tid != but)
			tids[(*nr)++] = tid;
	closedir(dir);
	return 0;
}

static int compare_all(const struct virtflex *vf, const char *path,
		       struct vf_maps *maps)
{
	size_t len;
	char *text;
	int ret;

	ret = vf_read_file(vf, path, VF_MAX_MAPS_BYTES, &text, &len);
	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;
	ret = len ? vf_maps_compare(maps, (struct vf_span){ text, len }) :
		    -ESRCH;
	free(text);
	return ret;
}

/**
 * vf_threads_compare() - keep the policies that all threads of a process share
 * @vf: where to read
 * @pid: process; 0 for the caller's
 * @seen_by: thread that saw @maps; 0 if it need not be left out
 * @maps: mappings; those whose policy is not that of all threads, or may not
 *	be, have the default policy afterwards
 *
 * Where a mapping says "default", the thread that saw it has no policy, and what
 * else it saw are policies of mappings: there is nothing to be read. Otherwise
 * others are asked for the policy of the program text, and the first of them
 * that differs for all of its mappings: the mappings that differ are those
 * without a policy of their own.
 *
 * The policy that all of them share, if there is one, is @maps->task_policy then.
 *
 * Return: 0 or a negative errno.
 */
int vf_threads_compare(const struct virtflex *vf, pid_t pid, pid_t seen_by,
		       struct vf_maps *maps)
{
	enum answer answer;
	char path[64];
	size_t nr, i, probe;
	uint64_t pages;
	pid_t *tids;
	int ret = 0;

	if (!maps->nr_vmas || maps->has_default)
		return 0;
	probe = find_probe(maps, &pages);
	if (maps->policies[maps->vmas[probe].policy].mode == VF_POLICY_DEFAULT)
		return 0;
	tids = calloc(MAX_OTHERS + 1, sizeof(*tids));
	if (!tids)
		return -ENOMEM;
	ret = list_others(vf, pid, seen_by, tids, &nr);
	if (ret)
		goto out;
	answer = nr > MAX_OTHERS || nr * pages > MAX_PAGES ? UNKNOWN : SAME;
	for (i = 0; i < nr && answer == SAME; i++) {
		thread_path(pid, tids[i], path, sizeof(path));
		ret = ask_thread(vf, path, maps, probe, &answer);
		if (!ret && answer == DIFFERS)
			ret = compare_all(vf, path, maps);
		/* it has exited, and has no policy */
		if (ret == -ESRCH)
			answer = SAME;
		else if (ret == -EACCES || ret == -EPERM)
			answer = UNKNOWN;
		else if (ret)
			goto out;
		ret = 0;
	}
	if (answer == UNKNOWN)
		ret = vf_maps_forget(maps, maps->vmas[probe].policy);
	maps->has_task_policy = answer == SAME;
	maps->task_policy = maps->vmas[probe].policy;
out:
	free(tids);
	return ret;
}
