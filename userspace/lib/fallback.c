// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What user space can do of virtflex_migrate(2) where the kernel has none.
 *
 * The policy of each mapping comes from numa_maps, present pages from the
 * pagemap (6.7 and later; before that, from asking for every address), and the
 * node of a page from a query with move_pages(2). Pages on a wrong node are
 * handed to move_pages(2), and asked for once more: its own report does not
 * tell the truth about pages after one that failed, nor about the second part
 * of a large folio.
 *
 * Work goes in batches, between which the budget is looked at. Addresses without
 * pages are work, too: a scan passes over so many at most, and 512 of them count
 * as a page.
 *
 * The home node of a policy, set_mempolicy_home_node(2), is not in numa_maps nor
 * anywhere else a process could read it of another: nearest is always nearest to
 * where the page is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* Of <linux/mempolicy.h>: flags of move_pages(2). */
#ifndef MPOL_MF_MOVE
#define MPOL_MF_MOVE		2
#define MPOL_MF_MOVE_ALL	4
#endif

/* Units (pages, or 2 MiB pages) of a batch: some ms of work. */
#define BATCH_UNITS		512
#define SCAN_REGIONS		64
/*
 * Addresses of a scan. Their page tables are walked in one go, during which no
 * budget is looked at and others wait who want to map something there: some
 * 100 us for 65536 entries.
 */
#define SCAN_BYTES		(256UL << 20)
/* This many base pages of addresses without pages count as one page. */
#define EMPTY_PAGES		512

/* A page that move_pages(2) said nothing about. */
#define STATUS_UNSET		INT_MIN

#define KNOWN_FLAGS	(VIRTFLEX_MIGRATE_POLICY | VIRTFLEX_MIGRATE_EVACUATE | \
			 VIRTFLEX_MIGRATE_NEXT_TOUCH | VIRTFLEX_MIGRATE_SHARED)
#define ROW_FLAGS	(VIRTFLEX_MIGRATE_POLICY | VIRTFLEX_MIGRATE_EVACUATE | \
			 VIRTFLEX_MIGRATE_NEXT_TOUCH)

/**
 * enum kind - what memory a page is made of: a node may have some kinds only
 * @KIND_BASE: a page
 * @KIND_HUGE: 2 MiB in one piece
 * @KIND_HUGETLB: one of a pool
 * @KIND_GIGANTIC: one of a pool of larger ones
 */
enum kind {
	KIND_BASE,
	KIND_HUGE,
	KIND_HUGETLB,
	KIND_GIGANTIC,
	NR_KINDS,
};

/**
 * struct unit - a page as it is moved: whole
 * @addr: an address in it
 * @pages: base pages of it that are in the range
 * @ilx: its index for interleaving
 * @policy: index of its policy
 * @kind: kind of memory
 * @any_turn: it was placed without an index, and may be on any of the nodes of
 *	its interleave policy
 * @node: where it is
 * @target: where it belongs
 * @status: what move_pages(2) said last
 */
struct unit {
	uint64_t addr;
	uint64_t pages;
	uint64_t ilx;
	unsigned int policy;
	enum kind kind;
	bool any_turn;
	int node;
	int target;
	int status;
};

/**
 * struct rule - a policy, given the active nodes
 * @policy: index of the policy
 * @valid: the rest is that of @policy
 * @right: nodes of the policy that are active; if none is, the nearest to them
 * @stand_in: none is
 * @slots: length of the policy's turn of interleaving: a node has as many slots
 *	in it as its weight
 * @right_slots: slots of @right
 */
struct rule {
	unsigned int policy;
	bool valid;
	struct virtflex_nodemask right;
	bool stand_in;
	unsigned int slots;
	unsigned int right_slots;
};

/**
 * struct vf_walk - a walk through a process, over one or more calls
 * @vf: where to read
 * @os: how to ask the kernel
 * @pidfd: process, or VIRTFLEX_PIDFD_SELF
 * @pid: the same; 0 is the caller's
 * @tid: a thread of it that has not exited: the one to name to move_pages(2)
 * @pagemap_fd: its pagemap, -1 if the kernel cannot scan one
 * @flags: rows to do, and MPOL_MF_MOVE or MPOL_MF_MOVE_ALL in @move_flags
 * @move_flags: for move_pages(2)
 * @online: nodes that are online
 * @active: nodes that pages may be on
 * @full: nodes of these that had no room for a kind of memory
 * @maps: mappings as they were when the walk began
 * @vma: index of the mapping the walk is at
 * @distances: from each node to each, 0 if not known
 * @weights: of weighted interleaving
 * @tmpfs: devices that are tmpfs, read once one is needed
 * @nr_tmpfs: number of @tmpfs
 * @has_tmpfs: @tmpfs was read
 * @nr_nodes: one more than the highest node that is online
 * @rule: for the policy asked for last
 * @again: pages that were busy, for another try at the end of the step
 * @nr_again: length of @again
 * @again_pages: base pages of these
 * @units: pages at work
 * @addrs: of move_pages(2)
 * @nodes: the same
 * @status: the same
 */
struct vf_walk {
	const struct virtflex *vf;
	const struct vf_os *os;
	int pidfd;
	pid_t pid;
	pid_t tid;
	int pagemap_fd;
	uint64_t flags;
	int move_flags;
	struct virtflex_nodemask online;
	struct virtflex_nodemask active;
	struct virtflex_nodemask full[NR_KINDS];
	struct vf_maps maps;
	size_t vma;
	unsigned char *distances;
	unsigned char weights[VIRTFLEX_MAX_NODES];
	uint64_t *tmpfs;
	size_t nr_tmpfs;
	bool has_tmpfs;
	unsigned int nr_nodes;
	struct rule rule;
	struct unit again[2 * BATCH_UNITS];
	unsigned int nr_again;
	uint64_t again_pages;
	struct unit units[BATCH_UNITS];
	void *addrs[BATCH_UNITS];
	int nodes[BATCH_UNITS];
	int status[BATCH_UNITS];
};

/* ---- the kernel ------------------------------------------------------- */

static long kernel_move_pages(pid_t pid, unsigned long count, void **pages,
			      const int *nodes, int *status, int flags)
{
	long ret = syscall(SYS_move_pages, pid, count, pages, nodes, status,
			   flags);

	return ret < 0 ? -errno : ret;
}

/* Of <linux/fs.h> 6.7, which older headers do not have. */
struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_IOCTL	_IOWR('f', 16, struct scan_arg)
#define SCAN_FILE	0x04
#define SCAN_PRESENT	0x08
#define SCAN_HUGE	0x40

static int kernel_scan(int pagemap_fd, uint64_t start, uint64_t end,
		       struct vf_region *regions, unsigned int nr_regions,
		       uint64_t *next)
{
	struct scan_region vec[SCAN_REGIONS];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)vec,
		.vec_len = nr_regions < SCAN_REGIONS ? nr_regions :
						       SCAN_REGIONS,
		.category_mask = SCAN_PRESENT,
		.return_mask = SCAN_PRESENT | SCAN_HUGE | SCAN_FILE,
	};
	int n, i;

	n = ioctl(pagemap_fd, SCAN_IOCTL, &arg);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		regions[i].start = vec[i].start;
		regions[i].end = vec[i].end;
		regions[i].huge = vec[i].categories & SCAN_HUGE;
		regions[i].file = vec[i].categories & SCAN_FILE;
	}
	*next = arg.walk_end;
	return n;
}

static uint64_t kernel_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int kernel_alive(int pidfd)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	if (pidfd == VIRTFLEX_PIDFD_SELF)
		return 0;
	return poll(&pfd, 1, 0) == 0 ? 0 : -ESRCH;
}

const struct vf_os vf_os_kernel = {
	.move_pages = kernel_move_pages,
	.scan = kernel_scan,
	.now_ns = kernel_now_ns,
	.alive = kernel_alive,
};

/* ---- what there is ---------------------------------------------------- */

static int read_nodelist(const struct virtflex *vf, const char *path,
			 struct virtflex_nodemask *mask)
{
	size_t len;
	char *text;
	int ret;

	ret = vf_read_file(vf, path, VF_MAX_SYSFS_BYTES, &text, &len);
	if (ret)
		return ret;
	while (len && text[len - 1] == '\n')
		len--;
	ret = vf_parse_nodelist((struct vf_span){ text, len }, mask);
	free(text);
	return ret;
}

/* Number in a file such as .../weighted_interleave/node0; 0 if there is none. */
static unsigned int read_small_number(const struct virtflex *vf,
				      const char *path)
{
	uint64_t value = 0;
	size_t len;
	char *text;

	if (vf_read_file(vf, path, VF_MAX_SYSFS_BYTES, &text, &len))
		return 0;
	while (len && text[len - 1] == '\n')
		len--;
	if (vf_parse_u64((struct vf_span){ text, len }, &value) || value > 255)
		value = 0;
	free(text);
	return value;
}

/* Field of a file of "key: value" lines, such as /proc/PID/status. */
static bool find_key(struct vf_span text, const char *key, struct vf_span *value)
{
	struct vf_span line;

	while (vf_next_line(&text, &line)) {
		if (!vf_span_skip(&line, key))
			continue;
		while (vf_span_skip(&line, "\t") || vf_span_skip(&line, " "))
			;
		return vf_next_field(&line, value);
	}
	return false;
}

static int pid_of_pidfd(const struct virtflex *vf, int pidfd, pid_t *pid)
{
	struct vf_span value;
	uint64_t number;
	char path[64], *text;
	size_t len;
	int ret;

	*pid = 0;
	if (pidfd == VIRTFLEX_PIDFD_SELF)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	ret = vf_read_file(vf, path, VF_MAX_SYSFS_BYTES, &text, &len);
	if (ret)
		return -EBADF;
	ret = -EBADF;
	if (find_key((struct vf_span){ text, len }, "Pid:", &value)) {
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

/* A thread that has not exited: of one that has, /proc shows no memory. */
static void proc_path(const struct vf_walk *w, const char *name, char *path,
		      size_t size)
{
	if (!w->pid)
		snprintf(path, size, "/proc/thread-self/%s", name);
	else if (w->tid == w->pid)
		snprintf(path, size, "/proc/%d/%s", w->pid, name);
	else
		snprintf(path, size, "/proc/%d/task/%d/%s", w->pid, w->tid,
			 name);
}

/* Errors of reading /proc/PID as move_pages(2) would give them. */
static int proc_error(int err)
{
	switch (err) {
	case -EACCES:
		return -EPERM;
	case -ENOENT:
		return -ESRCH;
	default:
		return err;
	}
}

/* Move nothing: is there memory behind this thread, and may we? */
static long try_thread(const struct vf_walk *w, pid_t tid)
{
	void *none = NULL;
	int dummy = 0;

	return w->os->move_pages(tid, 0, &none, &dummy, &dummy, w->move_flags);
}

/* move_pages(2): there is no such thread, or it has exited, or is the kernel's. */
static bool has_no_memory(long err)
{
	return err == -ESRCH || err == -EINVAL;
}

/*
 * Try the threads that are listed now, until there is one.
 *
 * Return: 0; -ESRCH: there is none, nor will be; -EAGAIN: the list was out of
 * date; or why one could not be used.
 */
static int try_threads(struct vf_walk *w)
{
	DIR *threads = vf_threads_open(w->vf, w->pid);
	int ret = -ESRCH;
	pid_t tid;
	long err;

	while (threads && (tid = vf_threads_next(threads))) {
		if (tid == w->pid)
			continue;
		w->tid = tid;
		err = try_thread(w, tid);
		if (!has_no_memory(err))
			ret = err;
		else if (ret == -ESRCH)
			ret = -EAGAIN;
		if (!ret)
			break;
	}
	if (threads)
		closedir(threads);
	return ret;
}

/*
 * Set w->tid to a thread by which the memory is got at: the main one, or else
 * any. A main thread that has exited keeps its number until the last one does.
 *
 * Return: 0; -ESRCH: the process has exited; -EAGAIN: its threads exit before
 * they can be used; or another negative errno.
 */
static int find_thread(struct vf_walk *w)
{
	unsigned int looks = 0;
	int ret, dead;
	long err;

	w->tid = w->pid;
	err = try_thread(w, w->pid);
	if (!has_no_memory(err) || !w->pid)
		return err == -EINVAL ? -ESRCH : err;
	do {
		ret = try_threads(w);
		/* the numbers were those of this process, not of a later one */
		dead = w->os->alive(w->pidfd);
		if (dead)
			return dead;
	} while (ret == -EAGAIN && ++looks < VF_MAX_LOOKS);
	return ret;
}

static bool thread_exists(const struct vf_walk *w)
{
	char path[64];
	int fd;

	proc_path(w, "", path, sizeof(path));
	fd = vf_open(w->vf, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* A thread's number may become another's before its process ends. */
static int check_thread(struct vf_walk *w)
{
	int ret = w->os->alive(w->pidfd);

	if (ret || w->tid == w->pid || thread_exists(w))
		return ret;
	return find_thread(w);
}

/* What w->addrs holds, with move_pages(2); a thread that exits is replaced. */
static long call_move_pages(struct vf_walk *w, unsigned int count,
			    const int *nodes)
{
	long ret;
	int err;

	for (;;) {
		ret = w->os->move_pages(w->tid, count, w->addrs, nodes,
					w->status, nodes ? w->move_flags : 0);
		if (!has_no_memory(ret) || !w->pid)
			return ret;
		err = find_thread(w);
		if (err)
			return err;
	}
}

/* Nodes with memory, and those without, which policies may name all the same. */
static int read_nodes(struct vf_walk *w)
{
	int ret, i;

	ret = read_nodelist(w->vf, "/sys/devices/system/node/has_memory",
			    &w->active);
	if (ret)
		return ret == -ENOENT ? -ENOSYS : ret;
	ret = read_nodelist(w->vf, "/sys/devices/system/node/online",
			    &w->online);
	if (ret)
		w->online = w->active;
	w->nr_nodes = 0;
	for (i = 0; i < VIRTFLEX_MAX_NODES; i++)
		if (virtflex_node_isset(&w->active, i) ||
		    virtflex_node_isset(&w->online, i))
			w->nr_nodes = i + 1;
	return 0;
}

static int read_active(struct vf_walk *w, uint64_t nodemask)
{
	struct virtflex_nodemask allowed;
	struct virtflex_topology *t;
	struct vf_span value;
	char path[64], *text;
	size_t len;
	int ret;

	ret = read_nodes(w);
	if (ret)
		return ret;
	if (nodemask) {
		/* each of them must be a node with memory */
		allowed = *(const struct virtflex_nodemask *)
				(uintptr_t)nodemask;
		vf_nodemask_and(&w->active, &allowed);
		if (vf_nodemask_empty(&allowed) ||
		    memcmp(&allowed, &w->active, sizeof(allowed)))
			return -EINVAL;
	} else {
		ret = virtflex_topology_read((struct virtflex *)w->vf, &t);
		if (!ret) {
			virtflex_topology_active(t, &allowed);
			virtflex_topology_free(t);
			vf_nodemask_and(&w->active, &allowed);
			if (vf_nodemask_empty(&w->active))
				return -EINVAL;
		} else if (ret != -ENOENT && ret != -ENODEV) {
			return ret;
		}
	}

	proc_path(w, "status", path, sizeof(path));
	ret = vf_read_file(w->vf, path, VF_MAX_SYSFS_BYTES, &text, &len);
	if (ret)
		return proc_error(ret);
	if (find_key((struct vf_span){ text, len },
		     "Mems_allowed_list:", &value) &&
	    !vf_parse_nodelist(value, &allowed))
		vf_nodemask_and(&w->active, &allowed);
	free(text);
	return vf_nodemask_empty(&w->active) ? -EACCES : 0;
}

/*
 * The k-th distance of a node is to the k-th node that is online, which need not
 * be node k.
 */
static int read_distances(struct vf_walk *w)
{
	struct vf_span rest, field;
	unsigned int from, to;
	char path[64], *text;
	uint64_t distance;
	size_t len;

	w->distances = calloc((size_t)w->nr_nodes, w->nr_nodes);
	if (!w->distances)
		return -ENOMEM;
	for (from = 0; from < w->nr_nodes; from++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%u/distance", from);
		if (vf_read_file(w->vf, path, VF_MAX_SYSFS_BYTES, &text, &len))
			continue;
		while (len && text[len - 1] == '\n')
			len--;
		rest = (struct vf_span){ text, len };
		for (to = 0; to < w->nr_nodes; to++) {
			if (!virtflex_node_isset(&w->online, to))
				continue;
			if (!vf_next_field(&rest, &field) ||
			    vf_parse_u64(field, &distance) || distance > 255)
				break;
			w->distances[from * w->nr_nodes + to] = distance;
		}
		free(text);
	}
	return 0;
}

static void read_weights(struct vf_walk *w)
{
	char path[80];
	unsigned int node, weight;

	for (node = 0; node < VIRTFLEX_MAX_NODES; node++) {
		weight = 0;
		snprintf(path, sizeof(path),
			 "/sys/kernel/mm/mempolicy/weighted_interleave/node%u",
			 node);
		if (node < w->nr_nodes)
			weight = read_small_number(w->vf, path);
		w->weights[node] = weight ? weight : 1;
	}
}

/* -ESRCH, too, when the thread has exited meanwhile, and shows no memory. */
static int read_maps(struct vf_walk *w)
{
	char *maps = NULL, *numa = NULL;
	size_t maps_len, numa_len;
	char path[64];
	int ret;

	proc_path(w, "numa_maps", path, sizeof(path));
	ret = vf_read_file(w->vf, path, VF_MAX_MAPS_BYTES, &numa, &numa_len);
	if (ret)
		return proc_error(ret);
	proc_path(w, "maps", path, sizeof(path));
	ret = vf_read_file(w->vf, path, VF_MAX_MAPS_BYTES, &maps, &maps_len);
	if (ret)
		ret = proc_error(ret);
	else
		ret = vf_maps_parse((struct vf_span){ maps, maps_len },
				    (struct vf_span){ numa, numa_len },
				    &w->maps);
	free(maps);
	free(numa);
	if (!ret && !w->maps.nr_vmas)
		ret = -ESRCH;
	return ret;
}

static int read_tmpfs(struct vf_walk *w)
{
	struct vf_span rest, line, field, type, part;
	uint64_t major, minor, *bigger;
	char path[64], *text;
	const char *colon;
	size_t len;
	int ret, i;

	w->has_tmpfs = true;
	proc_path(w, "mountinfo", path, sizeof(path));
	if (vf_read_file(w->vf, path, VF_MAX_MAPS_BYTES, &text, &len))
		return 0;
	ret = 0;
	rest = (struct vf_span){ text, len };
	while (vf_next_line(&rest, &line)) {
		/* id, parent, major:minor, ..., "-", type, source, options */
		for (i = 0; i < 3; i++)
			vf_next_field(&line, &field);
		while (vf_next_field(&line, &type) && !vf_span_is(type, "-"))
			;
		if (!vf_next_field(&line, &type) || !vf_span_is(type, "tmpfs"))
			continue;
		colon = memchr(field.p, ':', field.len);
		if (!colon)
			continue;
		part = (struct vf_span){ field.p, colon - field.p };
		if (vf_parse_u64(part, &major))
			continue;
		part = (struct vf_span){ colon + 1, field.len - part.len - 1 };
		if (vf_parse_u64(part, &minor))
			continue;
		bigger = reallocarray(w->tmpfs, w->nr_tmpfs + 1,
				      sizeof(*bigger));
		if (!bigger) {
			ret = -ENOMEM;
			break;
		}
		w->tmpfs = bigger;
		w->tmpfs[w->nr_tmpfs++] = major << 32 | minor;
	}
	free(text);
	return ret;
}

/* ---- where a page belongs --------------------------------------------- */

static unsigned int distance(const struct vf_walk *w, unsigned int from,
			     unsigned int to)
{
	if (from == to)
		return 0;
	if (from >= w->nr_nodes || to >= w->nr_nodes)
		return UINT_MAX - 1;
	return w->distances[from * w->nr_nodes + to];
}

/* Lowest node of a set from @node on; VIRTFLEX_MAX_NODES if there is none. */
static unsigned int next_node(const struct virtflex_nodemask *set,
			      unsigned int node)
{
	unsigned int i = node / 64;
	uint64_t bits;

	if (node >= VIRTFLEX_MAX_NODES)
		return VIRTFLEX_MAX_NODES;
	bits = set->bits[i] & (UINT64_MAX << node % 64);
	while (!bits) {
		if (++i == VIRTFLEX_MAX_NODES / 64)
			return VIRTFLEX_MAX_NODES;
		bits = set->bits[i];
	}
	return i * 64 + __builtin_ctzll(bits);
}

#define for_each_node(node, set)			\
	for ((node) = next_node(set, 0);		\
	     (node) < VIRTFLEX_MAX_NODES;		\
	     (node) = next_node(set, (node) + 1))

/* Nearest node of a set that is not full; -1 if there is none. */
static int nearest(const struct vf_walk *w, const struct unit *u,
		   const struct virtflex_nodemask *set)
{
	unsigned int node, best = UINT_MAX, d;
	int ret = -1;

	for_each_node(node, set) {
		if (virtflex_node_isset(&w->full[u->kind], node))
			continue;
		d = distance(w, u->node, node);
		if (d < best) {
			best = d;
			ret = node;
		}
	}
	return ret;
}

/* Distance of a node to the nearest of a set. */
static unsigned int distance_to_any(const struct vf_walk *w,
				    const struct virtflex_nodemask *set,
				    unsigned int to)
{
	unsigned int from, best = UINT_MAX, d;

	for_each_node(from, set) {
		d = distance(w, from, to);
		if (d < best)
			best = d;
	}
	return best;
}

/* The active nodes nearest to nodes of which none is active. */
static void stand_in(const struct vf_walk *w,
		     const struct virtflex_nodemask *nodes,
		     struct virtflex_nodemask *out)
{
	unsigned int to, best = UINT_MAX, d;

	for_each_node(to, &w->active) {
		d = distance_to_any(w, nodes, to);
		if (d < best) {
			best = d;
			memset(out, 0, sizeof(*out));
		}
		if (d == best)
			virtflex_node_set(out, to);
	}
}

/*
 * The same where these are full: the active node with room that is nearest to
 * @nodes, for a page on an active node only if that is an improvement. -1 if
 * there is none.
 */
static int next_stand_in(const struct vf_walk *w, const struct unit *u,
			 const struct virtflex_nodemask *nodes)
{
	unsigned int node, best = UINT_MAX, d;
	int ret = -1;

	if (virtflex_node_isset(&w->active, u->node))
		best = distance_to_any(w, nodes, u->node);
	for_each_node(node, &w->active) {
		if (virtflex_node_isset(&w->full[u->kind], node))
			continue;
		d = distance_to_any(w, nodes, node);
		if (d < best || (d == best && ret >= 0 &&
				 distance(w, u->node, node) <
				 distance(w, u->node, ret))) {
			best = d;
			ret = node;
		}
	}
	return ret;
}

static unsigned int weight(const struct vf_walk *w, const struct vf_policy *pol,
			   unsigned int node)
{
	return pol->mode == VF_POLICY_WEIGHTED ? w->weights[node] : 1;
}

static unsigned int count_slots(const struct vf_walk *w,
				const struct vf_policy *pol,
				const struct virtflex_nodemask *set)
{
	unsigned int node, slots = 0;

	for_each_node(node, set)
		slots += weight(w, pol, node);
	return slots;
}

/* Node of a slot: in the order of the nodes, each as often as its weight. */
static unsigned int node_of_slot(const struct vf_walk *w,
				 const struct vf_policy *pol,
				 const struct virtflex_nodemask *set,
				 unsigned int slot)
{
	unsigned int node;

	for_each_node(node, set) {
		if (slot < weight(w, pol, node))
			break;
		slot -= weight(w, pol, node);
	}
	return node;
}

/*
 * Node of a page by its index: that of all the policy's nodes, so that no page
 * on an active one has to move. What is on the others is numbered in the order
 * of the indices, turn by turn, and dealt to the slots of the active ones.
 */
static unsigned int interleave(const struct vf_walk *w,
			       const struct vf_policy *pol, uint64_t ilx)
{
	const struct rule *rule = &w->rule;
	unsigned int node, slot = ilx % rule->slots, before = 0, left = slot;
	uint64_t displaced;

	if (rule->stand_in)
		return node_of_slot(w, pol, &rule->right,
				    ilx % rule->right_slots);
	for_each_node(node, &pol->nodes) {
		bool active = virtflex_node_isset(&rule->right, node);
		unsigned int own = weight(w, pol, node);

		if (left < own) {
			if (active)
				return node;
			before += left;
			break;
		}
		left -= own;
		if (!active)
			before += own;
	}
	displaced = ilx / rule->slots * (rule->slots - rule->right_slots) +
		    before;
	return node_of_slot(w, pol, &rule->right,
			    displaced % rule->right_slots);
}

/* Policies come in runs: many pages have the same one. */
static void find_rule(struct vf_walk *w, unsigned int policy)
{
	const struct vf_policy *pol = &w->maps.policies[policy];
	struct rule *rule = &w->rule;

	if (rule->valid && rule->policy == policy)
		return;
	rule->policy = policy;
	rule->valid = true;
	rule->right = pol->nodes;
	vf_nodemask_and(&rule->right, &w->active);
	rule->stand_in = vf_nodemask_empty(&rule->right);
	if (rule->stand_in)
		stand_in(w, &pol->nodes, &rule->right);
	rule->slots = count_slots(w, pol, &pol->nodes);
	rule->right_slots = count_slots(w, pol, &rule->right);
}

enum where { IN_PLACE, ELSEWHERE, NO_ROOM };

/* Where a page belongs: sets @u->target when that is elsewhere. */
static enum where choose(struct vf_walk *w, struct unit *u)
{
	const struct vf_policy *pol = &w->maps.policies[u->policy];
	bool active = virtflex_node_isset(&w->active, u->node);
	struct virtflex_nodemask right;

	if (pol->mode == VF_POLICY_UNKNOWN)
		return IN_PLACE;
	if (pol->mode == VF_POLICY_DEFAULT) {
		if (!(w->flags & VIRTFLEX_MIGRATE_EVACUATE) || active)
			return IN_PLACE;
		u->target = nearest(w, u, &w->active);
		return u->target < 0 ? NO_ROOM : ELSEWHERE;
	}
	if (!(w->flags & VIRTFLEX_MIGRATE_POLICY))
		return IN_PLACE;

	find_rule(w, u->policy);
	right = w->rule.right;
	if ((pol->mode == VF_POLICY_INTERLEAVE ||
	     pol->mode == VF_POLICY_WEIGHTED) &&
	    !(u->any_turn && virtflex_node_isset(&right, u->node))) {
		memset(&right, 0, sizeof(right));
		virtflex_node_set(&right, interleave(w, pol, u->ilx));
	}
	if (virtflex_node_isset(&right, u->node))
		return IN_PLACE;
	u->target = nearest(w, u, &right);
	if (u->target < 0) {
		/*
		 * Full. Bind is strict, and comes near where it cannot be
		 * kept; the others must not keep a page on a node that goes.
		 */
		if (pol->mode == VF_POLICY_BIND && w->rule.stand_in)
			u->target = next_stand_in(w, u, &pol->nodes);
		else if (pol->mode != VF_POLICY_BIND && !active)
			u->target = nearest(w, u, &w->active);
	}
	return u->target < 0 ? NO_ROOM : ELSEWHERE;
}

/* Is a mapping one of a file in memory, of pages that are not hugetlb's? */
static int is_memory_file(struct vf_walk *w, const struct vf_vma *vma)
{
	size_t i;
	int ret;

	if (!vma->ino || vma->page_bytes != VF_PAGE_BYTES)
		return 0;
	if (!w->has_tmpfs) {
		ret = read_tmpfs(w);
		if (ret)
			return ret;
	}
	for (i = 0; i < w->nr_tmpfs && w->tmpfs[i] != vma->dev; i++)
		;
	return vma->kernel_shm || i < w->nr_tmpfs;
}

/*
 * The page cache is filled by the task's policy, which counts without an index:
 * whoever reads a file has no mapping in mind.
 */
static bool is_any_turn(const struct vf_walk *w, const struct vf_vma *vma,
			bool memory_file)
{
	return vma->ino && !memory_file && vma->page_bytes == VF_PAGE_BYTES &&
	       w->maps.has_task_policy && vma->policy == w->maps.task_policy;
}

/*
 * Index of a page for interleaving. Files in memory spread theirs by inode
 * number, and count in the file, the others in the mapping.
 */
static uint64_t unit_ilx(const struct vf_vma *vma, uint64_t addr,
			 uint64_t bytes, bool memory_file)
{
	uint64_t offset = vma->offset;

	if (memory_file)
		return vma->ino +
		       (offset + (addr & -bytes) - vma->start) / bytes;
	/* maps shows 0 for anonymous memory, which counts from address 0 */
	if (!vma->ino)
		offset = vma->start;
	/* the kernel divides one by one */
	return offset / bytes + ((addr & -bytes) - vma->start) / bytes;
}

/* ---- batches ---------------------------------------------------------- */

static int query(struct vf_walk *w, unsigned int first, unsigned int count)
{
	unsigned int i;
	long ret;

	for (i = 0; i < count; i++)
		w->addrs[i] = (void *)(uintptr_t)w->units[first + i].addr;
	ret = call_move_pages(w, count, NULL);
	if (ret < 0)
		return ret;
	for (i = 0; i < count; i++)
		w->units[first + i].node = w->status[i];
	return 0;
}

/*
 * Move units[first..first+count), all to one node, and see what became of them:
 * each unit's node and status are set. Of a list that failed in the middle, the
 * kernel does not say where: what has neither moved nor a reason is tried again
 * as long as that gets anywhere.
 *
 * Return: 0; -ENOMEM: the node has no room; or another error.
 */
static int move_units(struct vf_walk *w, unsigned int first, unsigned int count)
{
	int target = w->units[first].target;
	unsigned int i, done, left;
	long moved;
	int ret;

	ret = check_thread(w);
	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		w->addrs[i] = (void *)(uintptr_t)w->units[first + i].addr;
		w->nodes[i] = target;
		w->status[i] = STATUS_UNSET;
	}
	moved = call_move_pages(w, count, w->nodes);
	/* the node lost its memory since the walk began: no room there */
	if (moved == -ENODEV)
		moved = -ENOMEM;
	if (moved < 0 && moved != -ENOMEM)
		return moved;
	for (i = 0; i < count; i++)
		w->units[first + i].status = w->status[i];
	ret = query(w, first, count);
	if (ret)
		return ret;
	if (moved <= 0)
		return moved;

	/* gather what has neither moved nor a reason at the end */
	done = 0;
	for (i = 0; i < count; i++) {
		struct unit *u = &w->units[first + i], tmp;

		if (u->node == target || u->node < 0 ||
		    (u->status < 0 && u->status != STATUS_UNSET)) {
			tmp = w->units[first + done];
			w->units[first + done] = *u;
			*u = tmp;
			done++;
		}
	}
	left = count - done;
	first += done;
	if (!left)
		return 0;
	if (done)
		return move_units(w, first, left);
	/* a page that was not tried comes after one with a reason: none here */
	for (i = 0; i < left; i++)
		w->units[first + i].status = -EBUSY;
	return 0;
}

/* @last: pages that are busy have been tried again. */
static void count_unit(struct vf_walk *w, const struct unit *u, bool last,
		       struct virtflex_migrate_args *args)
{
	if (u->node == u->target) {
		args->moved += u->pages;
	} else if (u->status == -EACCES) {
		args->shared += u->pages;
	} else if (u->node == -EFAULT || u->status == -EFAULT) {
		args->unmovable += u->pages;
	} else if (u->node >= 0 && !last) {
		w->again[w->nr_again++] = *u;
		w->again_pages += u->pages;
	} else if (u->node >= 0) {
		args->busy += u->pages;
	}
	/* else it went away meanwhile */
}

/* Runs of what is moved with one call: a failure is one of its node and kind. */
static int by_target(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static void set_full(struct vf_walk *w, enum kind kind, int node)
{
	virtflex_node_set(&w->full[kind], node);
	/* where there is no page, there are no 512 next to each other */
	if (kind == KIND_BASE)
		virtflex_node_set(&w->full[KIND_HUGE], node);
}

/*
 * Move units[0..count), of which it is known where they are, to where they
 * belong, and report on each.
 *
 * Each round moves units to the best node with room. A node that had none is
 * full from then on, so there are no more rounds than nodes and kinds.
 */
static int place_units(struct vf_walk *w, unsigned int count, bool last,
		       struct virtflex_migrate_args *args)
{
	unsigned int i, n, first, left;
	struct unit *u;
	int ret;

	for (; count; count = left) {
		n = 0;
		for (i = 0; i < count; i++) {
			u = &w->units[i];
			switch (choose(w, u)) {
			case IN_PLACE:
				args->in_place += u->pages;
				break;
			case NO_ROOM:
				args->nomem += u->pages;
				break;
			case ELSEWHERE:
				w->units[n++] = *u;
				break;
			}
		}
		qsort(w->units, n, sizeof(*w->units), by_target);
		left = 0;
		for (first = 0; first < n; first = i) {
			int target = w->units[first].target;
			enum kind kind = w->units[first].kind;

			for (i = first; i < n; i++)
				if (w->units[i].target != target ||
				    w->units[i].kind != kind)
					break;
			ret = move_units(w, first, i - first);
			if (ret && ret != -ENOMEM)
				return ret;
			for (u = &w->units[first]; u < &w->units[i]; u++) {
				if (ret && u->node >= 0 && u->node != target &&
				    (u->status >= 0 ||
				     u->status == STATUS_UNSET))
					w->units[left++] = *u;
				else
					count_unit(w, u, last, args);
			}
			if (ret)
				set_full(w, kind, target);
		}
	}
	return 0;
}

/* What was busy is tried once more, after what came in between. */
static int try_again(struct vf_walk *w, struct virtflex_migrate_args *args)
{
	unsigned int count;
	int ret = 0;

	w->again_pages = 0;
	while (w->nr_again && !ret) {
		count = w->nr_again < BATCH_UNITS ? w->nr_again : BATCH_UNITS;
		w->nr_again -= count;
		memcpy(w->units, w->again + w->nr_again,
		       count * sizeof(*w->units));
		ret = place_units(w, count, true, args);
	}
	return ret;
}

/*
 * Units found are at the start of w->units. Report on each, unless the budget
 * ends before: @max_pages after which *@next is set to where to go on.
 */
static int do_batch(struct vf_walk *w, const struct vf_vma *vma,
		    unsigned int count, uint64_t max_pages, uint64_t *next,
		    struct virtflex_migrate_args *args)
{
	unsigned int i, present = 0;
	uint64_t pages = 0;
	struct unit *u;
	int ret;

	ret = query(w, 0, count);
	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		u = &w->units[i];
		if (pages >= max_pages) {
			*next = u->addr;
			break;
		}
		if (u->node == -EFAULT || (vma->special && u->node >= 0))
			args->unmovable += u->pages; /* the zero page */
		else if (u->node >= 0)
			w->units[present++] = *u;
		else
			continue;
		pages += u->pages;
	}
	return place_units(w, present, false, args);
}

/* End of the addresses to be scanned from @from on, between whole pages. */
static uint64_t scan_end(const struct vf_vma *vma, uint64_t from, uint64_t end,
			 uint64_t max_pages)
{
	uint64_t bytes = vma->page_bytes, length = SCAN_BYTES;

	if (bytes < VF_HUGE_BYTES)
		bytes = VF_HUGE_BYTES;
	if (max_pages < length / (EMPTY_PAGES * VF_PAGE_BYTES))
		length = max_pages * EMPTY_PAGES * VF_PAGE_BYTES;
	length = (length + bytes - 1) & -bytes;
	from &= -bytes;
	return end - from < length ? end : from + length;
}

/*
 * Fill w->units with pages of @vma from @from on, not more than @max_pages in
 * all but at least one, and set @next to where to go on. Without a scan, these
 * are addresses that may or may not have pages.
 */
static int collect(struct vf_walk *w, const struct vf_vma *vma, uint64_t from,
		   uint64_t end, uint64_t max_pages, bool memory_file,
		   uint64_t *next)
{
	struct vf_region regions[SCAN_REGIONS];
	bool any_turn = is_any_turn(w, vma, memory_file);
	uint64_t addr, bytes, stop, pages = 0;
	unsigned int n = 0;
	int nr_regions, i;
	struct unit *u;

	end = scan_end(vma, from, end, max_pages);
	nr_regions = -ENOTTY;
	if (w->pagemap_fd >= 0)
		nr_regions = w->os->scan(w->pagemap_fd, from, end, regions,
					 SCAN_REGIONS, next);
	if (nr_regions == -ENOTTY || nr_regions == -EINVAL) {
		/* an older kernel: ask for every address */
		if (w->pagemap_fd >= 0)
			close(w->pagemap_fd);
		w->pagemap_fd = -1;
		regions[0] = (struct vf_region){
			.start = from,
			.end = end,
			.file = true,
		};
		nr_regions = 1;
		*next = end;
		max_pages = UINT64_MAX;
	}
	if (nr_regions < 0)
		return nr_regions;
	for (i = 0; i < nr_regions; i++) {
		bytes = vma->page_bytes;
		if (regions[i].huge && bytes < VF_HUGE_BYTES)
			bytes = VF_HUGE_BYTES;
		for (addr = regions[i].start; addr < regions[i].end;
		     addr = stop) {
			if (n == BATCH_UNITS || (n && pages >= max_pages)) {
				*next = addr;
				return n;
			}
			stop = (addr & -bytes) + bytes;
			if (stop > regions[i].end)
				stop = regions[i].end;
			u = &w->units[n++];
			u->addr = addr;
			u->pages = (stop - addr) / VF_PAGE_BYTES;
			u->ilx = unit_ilx(vma, addr, bytes, memory_file);
			u->policy = vma->policy;
			u->kind = vma->page_bytes > VF_HUGE_BYTES ?
					  KIND_GIGANTIC :
				  vma->page_bytes > VF_PAGE_BYTES ?
					  KIND_HUGETLB :
				  bytes > VF_PAGE_BYTES ? KIND_HUGE : KIND_BASE;
			u->any_turn = any_turn && regions[i].file;
			u->target = -1;
			u->status = STATUS_UNSET;
			pages += u->pages;
		}
	}
	return n;
}

/* ---- the walk --------------------------------------------------------- */

static int check_args(const struct virtflex_migrate_args *args)
{
	if (args->flags & ~(uint64_t)KNOWN_FLAGS)
		return -EINVAL;
	if ((args->start | args->end) % VF_PAGE_BYTES)
		return -EINVAL;
	if (args->end && args->end < args->start)
		return -EINVAL;
	return 0;
}

/* Read what there is of the process, by the thread at hand. */
static int look_at_process(struct vf_walk *w,
			   const struct virtflex_migrate_args *args)
{
	char path[64];
	int ret;

	ret = read_active(w, args->nodemask);
	if (ret)
		return ret;
	ret = read_maps(w);
	if (ret)
		return ret;
	proc_path(w, "pagemap", path, sizeof(path));
	w->pagemap_fd = vf_open(w->vf, path, O_RDONLY);
	/* a kernel may have none */
	return w->pagemap_fd >= 0 || thread_exists(w) ? 0 : -ESRCH;
}

static void forget_process(struct vf_walk *w)
{
	vf_maps_free(&w->maps);
	if (w->pagemap_fd >= 0)
		close(w->pagemap_fd);
	w->pagemap_fd = -1;
}

/**
 * vf_walk_open() - begin a walk
 * @vf: where to read
 * @os: how to ask the kernel
 * @pidfd: process
 * @args: its range is that of the first step
 * @walkp: where to store the walk
 *
 * Return: 0 or a negative errno, as virtflex_migrate(2).
 */
int vf_walk_open(const struct virtflex *vf, const struct vf_os *os, int pidfd,
		 const struct virtflex_migrate_args *args,
		 struct vf_walk **walkp)
{
	unsigned int looks = 0;
	struct vf_walk *w;
	int ret;

	ret = check_args(args);
	if (ret)
		return ret;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->vf = vf;
	w->os = os;
	w->pidfd = pidfd;
	w->pagemap_fd = -1;
	w->flags = args->flags & ROW_FLAGS ? args->flags :
					     args->flags | ROW_FLAGS;
	w->move_flags = args->flags & VIRTFLEX_MIGRATE_SHARED ?
				MPOL_MF_MOVE_ALL : MPOL_MF_MOVE;
	ret = pid_of_pidfd(vf, pidfd, &w->pid);
	if (ret)
		goto err;
	do {
		forget_process(w);
		ret = find_thread(w);
		if (ret)
			goto err;
		ret = look_at_process(w, args);
	} while (ret == -ESRCH && ++looks < VF_MAX_LOOKS);
	/* it was there a moment ago, by a thread that has exited since */
	if (ret == -ESRCH)
		ret = -EAGAIN;
	if (ret)
		goto err;
	ret = vf_threads_compare(vf, w->pid, w->tid, &w->maps);
	if (ret)
		goto err;
	ret = read_distances(w);
	if (ret)
		goto err;
	read_weights(w);
	/* all of the above was of this process, and not of a later one */
	ret = os->alive(pidfd);
	if (ret)
		goto err;
	*walkp = w;
	return 0;
err:
	vf_walk_close(w);
	return ret;
}

/**
 * vf_walk_close() - end a walk
 * @w: walk, or NULL
 */
void vf_walk_close(struct vf_walk *w)
{
	if (!w)
		return;
	forget_process(w);
	free(w->distances);
	free(w->tmpfs);
	free(w);
}

/**
 * struct spent - what a step has used of its budgets
 * @budget_pages: most pages; 0: no limit
 * @deadline: time to end, if there is one
 * @empty: base pages of addresses without pages that were walked
 * @any: there was any work
 */
struct spent {
	uint64_t budget_pages;
	uint64_t deadline;
	uint64_t empty;
	bool any;
};

/* Pages that may be worked on now; 0: the step has to end. */
static uint64_t pages_left(const struct vf_walk *w, const struct spent *spent,
			   const struct virtflex_migrate_args *args)
{
	uint64_t pages = args->scanned + w->again_pages +
			 spent->empty / EMPTY_PAGES;

	if (spent->budget_pages && pages >= spent->budget_pages)
		return 0;
	if (spent->deadline && spent->any &&
	    w->os->now_ns() >= spent->deadline)
		return 0;
	return spent->budget_pages ? spent->budget_pages - pages : UINT64_MAX;
}

static void count_scanned(struct virtflex_migrate_args *args)
{
	args->scanned = args->in_place + args->moved + args->marked +
			args->busy + args->pinned + args->nomem +
			args->shared + args->unmovable;
}

/* Collect and place some pages of @vma from @at on, and set @next. */
static int walk_some(struct vf_walk *w, const struct vf_vma *vma, uint64_t at,
		     uint64_t stop, bool memory_file, uint64_t max_pages,
		     uint64_t *next, struct spent *spent,
		     struct virtflex_migrate_args *args)
{
	uint64_t before = args->scanned + w->again_pages, seen;
	int ret, count;

	count = collect(w, vma, at, stop, max_pages, memory_file, next);
	if (count < 0)
		return count;
	if (*next <= at)
		*next = stop;
	if (count) {
		ret = do_batch(w, vma, count, max_pages, next, args);
		if (ret)
			return ret;
	}
	count_scanned(args);
	seen = args->scanned + w->again_pages - before;
	if (seen < (*next - at) / VF_PAGE_BYTES)
		spent->empty += (*next - at) / VF_PAGE_BYTES - seen;
	spent->any = true;
	return 0;
}

/* 0: the range is done; 1: the budget is; or a negative errno. */
static int walk_range(struct vf_walk *w, struct spent *spent,
		      struct virtflex_migrate_args *args)
{
	uint64_t end = args->end ? args->end : VF_TASK_END;
	uint64_t at, stop, next, left;
	const struct vf_vma *vma;
	int memory_file, ret;

	for (; w->vma < w->maps.nr_vmas; w->vma++) {
		vma = &w->maps.vmas[w->vma];
		if (vma->start >= end)
			break;
		at = vma->start > args->cursor ? vma->start : args->cursor;
		stop = vma->end < end ? vma->end : end;
		/* costs nothing: its page tables are not looked at */
		if (!vma->present || at >= stop)
			continue;
		memory_file = is_memory_file(w, vma);
		if (memory_file < 0)
			return memory_file;
		for (; at < stop; at = next) {
			args->cursor = at;
			/* leave space for all of the next batch */
			if (w->nr_again > BATCH_UNITS) {
				ret = try_again(w, args);
				count_scanned(args);
				if (ret)
					return ret;
			}
			left = pages_left(w, spent, args);
			if (!left)
				return 1;
			ret = walk_some(w, vma, at, stop, memory_file, left,
					&next, spent, args);
			if (ret)
				return ret;
		}
		args->cursor = stop;
	}
	args->cursor = end;
	return 0;
}

/**
 * vf_walk_step() - go on until the end of the range or of the budget
 * @w: walk; each step's range must begin where the last one ended
 * @args: range and budget; the report is added to
 *
 * Return: 0: the range is done; 1: the budget is; or a negative errno.
 */
int vf_walk_step(struct vf_walk *w, struct virtflex_migrate_args *args)
{
	struct spent spent = { .budget_pages = args->budget_pages };
	int ret, err;

	if (args->budget_ns &&
	    __builtin_add_overflow(w->os->now_ns(), args->budget_ns,
				   &spent.deadline))
		spent.deadline = UINT64_MAX;
	args->cursor = args->start;
	ret = walk_range(w, &spent, args);
	if (ret < 0)
		return ret;
	err = try_again(w, args);
	count_scanned(args);
	return err ? err : ret;
}
