// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the threads of a process run. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define NODE_DIR	"/sys/devices/system/node"

/* Field of /proc/PID/stat: the state is the first one after the name. */
#define FIELD_STATE	3
#define FIELD_PROCESSOR	39

#define MAX_NAME	63

/**
 * struct cpu_nodes - node of each CPU
 * @node: the node that a range of CPUs is added to
 * @nodes: node of each CPU; -1 where nothing is known
 */
struct cpu_nodes {
	int node;
	short nodes[VF_MAX_CPUS];
};

static int add_cpus(unsigned int first, unsigned int last, void *data)
{
	struct cpu_nodes *cpus = data;

	for (; first <= last; first++)
		cpus->nodes[first] = cpus->node;
	return 0;
}

/*
 * The kernel's own, with the module and without. Where it says nothing, nothing
 * is known.
 */
static int read_cpu_nodes(const struct virtflex *vf, struct cpu_nodes *cpus)
{
	struct virtflex_nodemask online;
	struct vf_span line;
	unsigned int node;
	char path[64];
	int ret;

	memset(cpus->nodes, -1, sizeof(cpus->nodes));
	ret = vf_read_nodelist(vf, NODE_DIR "/online", &online);
	if (ret)
		return ret == -ENOMEM ? ret : 0;
	virtflex_for_each_node(node, &online) {
		snprintf(path, sizeof(path), NODE_DIR "/node%u/cpulist", node);
		ret = vf_read_line(vf, path, &line);
		if (ret == -ENOMEM)
			return ret;
		if (ret)
			continue;
		cpus->node = node;
		/* a node may have none */
		vf_parse_list(line, VF_MAX_CPUS, true, add_cpus, cpus);
		free((char *)line.p);
	}
	return 0;
}

/* The name may have anything in it, parentheses and newlines, too. */
static int parse_stat(struct vf_span text, const struct cpu_nodes *cpus,
		      struct virtflex_thread *thread, struct vf_span *name)
{
	const char *open, *close;
	struct vf_span field = { 0 };
	uint64_t cpu;
	int i;

	open = memchr(text.p, '(', text.len);
	close = memrchr(text.p, ')', text.len);
	if (!open || !close || close < open)
		return -EBADMSG;
	*name = (struct vf_span){ open + 1, close - open - 1 };
	if (name->len > MAX_NAME)
		name->len = MAX_NAME;
	text.len -= close + 1 - text.p;
	text.p = close + 1;
	for (i = FIELD_STATE; i <= FIELD_PROCESSOR; i++) {
		if (!vf_next_field(&text, &field))
			return -EBADMSG;
		if (i == FIELD_STATE)
			thread->state = *field.p;
	}
	if (vf_parse_u64(field, &cpu) || cpu >= VF_MAX_CPUS)
		return -EBADMSG;
	thread->cpu = cpu;
	thread->node = cpus->nodes[cpu];
	return 0;
}

/* -ESRCH: it has exited */
static int read_thread(const struct virtflex *vf, pid_t pid, pid_t tid,
		       const struct cpu_nodes *cpus,
		       struct virtflex_thread **threadp)
{
	struct virtflex_thread *thread;
	struct vf_span name;
	char path[64], *text, *copy;
	size_t len;
	int ret;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	else
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	ret = vf_read_file(vf, path, VF_MAX_SYSFS_BYTES, &text, &len);
	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;
	/* one allocation: the thread, and its name */
	thread = malloc(sizeof(*thread) + MAX_NAME + 1);
	ret = -ENOMEM;
	if (thread)
		ret = parse_stat((struct vf_span){ text, len }, cpus, thread,
				 &name);
	if (ret) {
		free(thread);
		free(text);
		return ret;
	}
	copy = (char *)(thread + 1);
	memcpy(copy, name.p, name.len);
	copy[name.len] = 0;
	free(text);
	thread->tid = tid;
	thread->name = copy;
	*threadp = thread;
	return 0;
}

static int add_thread(struct virtflex_threads *threads,
		      struct virtflex_thread ***all, size_t *size,
		      struct virtflex_thread *thread)
{
	struct virtflex_thread **bigger;

	if (threads->nr_threads == *size) {
		*size = *size ? *size * 2 : 16;
		bigger = reallocarray(*all, *size, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		*all = bigger;
		threads->threads = (const struct virtflex_thread *const *)bigger;
	}
	(*all)[threads->nr_threads++] = thread;
	if (thread->node >= 0)
		virtflex_node_set(&threads->nodes, thread->node);
	return 0;
}

static int list_threads(const struct virtflex *vf, pid_t pid, DIR *dir,
			const struct cpu_nodes *cpus,
			struct virtflex_threads *threads)
{
	struct virtflex_thread **all = NULL, *thread;
	size_t size = 0;
	pid_t tid;
	int ret;

	while ((tid = vf_threads_next(dir))) {
		ret = read_thread(vf, pid, tid, cpus, &thread);
		if (ret == -ESRCH)
			continue;
		if (ret)
			return ret;
		/* a main thread that has exited stays until all have */
		if (strchr("ZXx", thread->state)) {
			free(thread);
			continue;
		}
		ret = add_thread(threads, &all, &size, thread);
		if (ret) {
			free(thread);
			return ret;
		}
	}
	return threads->nr_threads ? 0 : -ESRCH;
}

VF_EXPORT int virtflex_threads_read(struct virtflex *vf, pid_t pid,
				    struct virtflex_threads **threadsp)
{
	struct virtflex_threads *threads;
	struct cpu_nodes *cpus;
	DIR *dir;
	int ret;

	if (!vf || !threadsp || pid < 0)
		return -EINVAL;
	ret = vf_threads_open(vf, pid, &dir);
	if (ret)
		return ret;
	threads = calloc(1, sizeof(*threads));
	cpus = malloc(sizeof(*cpus));
	ret = -ENOMEM;
	if (threads && cpus)
		ret = read_cpu_nodes(vf, cpus);
	if (!ret)
		ret = list_threads(vf, pid, dir, cpus, threads);
	free(cpus);
	closedir(dir);
	if (ret)
		virtflex_threads_free(threads);
	else
		*threadsp = threads;
	return ret;
}

VF_EXPORT void virtflex_threads_free(struct virtflex_threads *threads)
{
	size_t i;

	if (!threads)
		return;
	for (i = 0; i < threads->nr_threads; i++)
		free((void *)threads->threads[i]);
	free((void *)threads->threads);
	free(threads);
}
