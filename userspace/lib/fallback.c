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
 * Work goes in batches, between which the budget is looked at.
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

/* A page that move_pages(2) said nothing about. */
#define STATUS_UNSET		INT_MIN

#define KNOWN_FLAGS	(VIRTFLEX_MIGRATE_POLICY | VIRTFLEX_MIGRATE_EVACUATE | \
			 VIRTFLEX_MIGRATE_NEXT_TOUCH | VIRTFLEX_MIGRATE_SHARED)
#define ROW_FLAGS	(VIRTFLEX_MIGRATE_POLICY | VIRTFLEX_MIGRATE_EVACUATE | \
			 VIRTFLEX_MIGRATE_NEXT_TOUCH)

/**
 * struct unit - a page as it is moved: whole
 * @addr: an address in it
 * @pages: base pages of it that are in the range
 * @ilx: its index for interleaving
 * @node: where it is
 * @target: where it belongs
 * @status: what move_pages(2) said last
 */
struct unit {
	uint64_t addr;
	uint64_t pages;
	uint64_t ilx;
	int node;
	int target;
	int status;
};

/**
 * struct vf_walk - a walk through a process, over one or more calls
 * @vf: where to read
 * @os: how to ask the kernel
 * @pidfd: process, or VIRTFLEX_PIDFD_SELF
 * @pid: the same for move_pages(2); 0 is the caller
 * @pagemap_fd: its pagemap, -1 if the kernel cannot scan one
 * @flags: rows to do, and MPOL_MF_MOVE or MPOL_MF_MOVE_ALL in @move_flags
 * @move_flags: for move_pages(2)
 * @active: nodes that pages may be on
 * @full: nodes of these that had no room
 * @maps: mappings as they were when the walk began
 * @vma: index of the mapping the walk is at
 * @distances: from each node to each, 0 if not known
 * @weights: of weighted interleaving
 * @tmpfs: devices that are tmpfs, read once one is needed
 * @nr_tmpfs: number of @tmpfs
 * @has_tmpfs: @tmpfs was read
 * @nr_nodes: one more than the highest node with memory
 */
struct vf_walk {
	const struct virtflex *vf;
	const struct vf_os *os;
	int pidfd;
	pid_t pid;
	int pagemap_fd;
	uint64_t flags;
	int move_flags;
	struct virtflex_nodemask active;
	struct virtflex_nodemask full;
	struct vf_maps maps;
	size_t vma;
	unsigned char *distances;
	unsigned char weights[VIRTFLEX_MAX_NODES];
	uint64_t *tmpfs;
	size_t nr_tmpfs;
	bool has_tmpfs;
	unsigned int nr_nodes;
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
		.return_mask = SCAN_PRESENT | SCAN_HUGE,
	};
	int n, i;

	n = ioctl(pagemap_fd, SCAN_IOCTL, &arg);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		regions[i].start = vec[i].start;
		regions[i].end = vec[i].end;
		regions[i].huge = vec[i].categories & SCAN_HUGE;
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

/* A process of its own, or the calling thread, whose policy then counts. */
static void proc_path(const struct vf_walk *w, const char *name, char *path,
		      size_t size)
{
	if (w->pid)
		snprintf(path, size, "/proc/%d/%s", w->pid, name);
	else
		snprintf(path, size, "/proc/thread-self/%s", name);
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

static int read_active(struct vf_walk *w, uint64_t nodemask)
{
	struct virtflex_nodemask allowed;
	struct virtflex_topology *t;
	struct vf_span value;
	char path[64], *text;
	size_t len;
	int ret, i;

	ret = read_nodelist(w->vf, "/sys/devices/system/node/has_memory",
			    &w->active);
	if (ret)
		return ret == -ENOENT ? -ENOSYS : ret;
	for (i = 0; i < VIRTFLEX_MAX_NODES; i++)
		if (virtflex_node_isset(&w->active, i))
			w->nr_nodes = i + 1;
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
	struct virtflex_nodemask online;
	struct vf_span rest, field;
	unsigned int from, to;
	char path[64], *text;
	uint64_t distance;
	size_t len;
	int ret;

	w->distances = calloc((size_t)w->nr_nodes, w->nr_nodes);
	if (!w->distances)
		return -ENOMEM;
	ret = read_nodelist(w->vf, "/sys/devices/system/node/online", &online);
	if (ret)
		return 0; /* nearest is then any */
	for (from = 0; from < w->nr_nodes; from++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%u/distance", from);
		if (vf_read_file(w->vf, path, VF_MAX_SYSFS_BYTES, &text, &len))
			continue;
		while (len && text[len - 1] == '\n')
			len--;
		rest = (struct vf_span){ text, len };
		for (to = 0; to < w->nr_nodes; to++) {
			if (!virtflex_node_isset(&online, to))
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

/* Nearest node of a set that is not full; -1 if there is none. */
static int nearest(const struct vf_walk *w, unsigned int from,
		   const struct virtflex_nodemask *set)
{
	unsigned int node, best = UINT_MAX, d;
	int ret = -1;

	for (node = 0; node < w->nr_nodes; node++) {
		if (!virtflex_node_isset(set, node) ||
		    virtflex_node_isset(&w->full, node))
			continue;
		d = distance(w, from, node);
		if (d < best) {
			best = d;
			ret = node;
		}
	}
	return ret;
}

/* The active nodes nearest to nodes of which none is active. */
static void stand_in(const struct vf_walk *w,
		     const struct virtflex_nodemask *nodes,
		     struct virtflex_nodemask *out)
{
	unsigned int from, to, best = UINT_MAX, d;

	for (from = 0; from < VIRTFLEX_MAX_NODES; from++) {
		if (!virtflex_node_isset(nodes, from))
			continue;
		for (to = 0; to < w->nr_nodes; to++) {
			if (!virtflex_node_isset(&w->active, to))
				continue;
			d = distance(w, from, to);
			if (d < best) {
				best = d;
				memset(out, 0, sizeof(*out));
			}
			if (d == best)
				virtflex_node_set(out, to);
		}
	}
}

/* As the kernel does: a page's index, modulo the nodes or their weights. */
static int interleave(const struct vf_walk *w,
		      const struct virtflex_nodemask *set, uint64_t ilx,
		      bool weighted)
{
	unsigned int node, total = 0, weight;
	uint64_t left;

	for (node = 0; node < VIRTFLEX_MAX_NODES; node++)
		if (virtflex_node_isset(set, node))
			total += weighted ? w->weights[node] : 1;
	left = ilx % total;
	for (node = 0; node < VIRTFLEX_MAX_NODES; node++) {
		if (!virtflex_node_isset(set, node))
			continue;
		weight = weighted ? w->weights[node] : 1;
		if (left < weight)
			return node;
		left -= weight;
	}
	return -1;
}

enum where { IN_PLACE, ELSEWHERE, NO_ROOM };

/* Where a page belongs: sets @u->target when that is elsewhere. */
static enum where choose(const struct vf_walk *w, const struct vf_policy *pol,
			 struct unit *u)
{
	struct virtflex_nodemask allowed;

	if (pol->mode == VF_POLICY_UNKNOWN)
		return IN_PLACE;
	if (pol->mode == VF_POLICY_DEFAULT) {
		if (!(w->flags & VIRTFLEX_MIGRATE_EVACUATE) ||
		    virtflex_node_isset(&w->active, u->node))
			return IN_PLACE;
		u->target = nearest(w, u->node, &w->active);
		return u->target < 0 ? NO_ROOM : ELSEWHERE;
	}
	if (!(w->flags & VIRTFLEX_MIGRATE_POLICY))
		return IN_PLACE;

	allowed = pol->nodes;
	vf_nodemask_and(&allowed, &w->active);
	if (vf_nodemask_empty(&allowed))
		stand_in(w, &pol->nodes, &allowed);
	switch (pol->mode) {
	case VF_POLICY_INTERLEAVE:
	case VF_POLICY_WEIGHTED:
		u->target = interleave(w, &allowed, u->ilx,
				       pol->mode == VF_POLICY_WEIGHTED);
		if (u->target == u->node)
			return IN_PLACE;
		return virtflex_node_isset(&w->full, u->target) ? NO_ROOM :
								  ELSEWHERE;
	default:
		if (virtflex_node_isset(&allowed, u->node))
			return IN_PLACE;
		u->target = nearest(w, u->node, &allowed);
		return u->target < 0 ? NO_ROOM : ELSEWHERE;
	}
}

/*
 * Files in memory spread their interleaving by inode number. This is only for
 * interleaved mappings, few as they are.
 */
static int interleave_bias(struct vf_walk *w, const struct vf_vma *vma,
			   uint64_t *bias)
{
	size_t i;
	int ret;

	*bias = 0;
	if (!vma->ino || vma->page_bytes != VF_PAGE_BYTES)
		return 0;
	if (!w->has_tmpfs) {
		ret = read_tmpfs(w);
		if (ret)
			return ret;
	}
	for (i = 0; i < w->nr_tmpfs && w->tmpfs[i] != vma->dev; i++)
		;
	if (vma->kernel_shm || i < w->nr_tmpfs)
		*bias = vma->ino;
	return 0;
}

static uint64_t unit_ilx(const struct vf_vma *vma, uint64_t addr,
			 uint64_t bytes)
{
	uint64_t offset = vma->offset;

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
	ret = w->os->move_pages(w->pid, count, w->addrs, NULL, w->status, 0);
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

	ret = w->os->alive(w->pidfd);
	if (ret)
		return ret;
	for (i = 0; i < count; i++) {
		w->addrs[i] = (void *)(uintptr_t)w->units[first + i].addr;
		w->nodes[i] = target;
		w->status[i] = STATUS_UNSET;
	}
	moved = w->os->move_pages(w->pid, count, w->addrs, w->nodes, w->status,
				  w->move_flags);
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

static void count_unit(const struct unit *u, struct virtflex_migrate_args *args)
{
	if (u->node == u->target)
		args->moved += u->pages;
	else if (u->status == -EACCES)
		args->shared += u->pages;
	else if (u->node == -EFAULT || u->status == -EFAULT)
		args->unmovable += u->pages;
	else if (u->node >= 0)
		args->busy += u->pages;
	/* else it went away meanwhile */
}

static int by_target(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Units found are at the start of w->units. Report on each. */
static int do_batch(struct vf_walk *w, const struct vf_vma *vma,
		    unsigned int count, struct virtflex_migrate_args *args)
{
	const struct vf_policy *pol = &w->maps.policies[vma->policy];
	unsigned int i, n, first, misplaced;
	struct unit *u;
	int ret;

	ret = query(w, 0, count);
	if (ret)
		return ret;
	misplaced = 0;
	for (i = 0; i < count; i++) {
		u = &w->units[i];
		if (u->node == -EFAULT || (vma->special && u->node >= 0))
			args->unmovable += u->pages; /* the zero page */
		else if (u->node >= 0)
			w->units[misplaced++] = *u;
	}

	/*
	 * Each round moves units to the best node with room. A node that had
	 * none is full from then on, so there are no more rounds than nodes.
	 */
	for (count = misplaced; count; count = misplaced) {
		n = 0;
		for (i = 0; i < count; i++) {
			u = &w->units[i];
			switch (choose(w, pol, u)) {
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
		misplaced = 0;
		for (first = 0; first < n; first = i) {
			int target = w->units[first].target;

			for (i = first; i < n; i++)
				if (w->units[i].target != target)
					break;
			ret = move_units(w, first, i - first);
			if (ret && ret != -ENOMEM)
				return ret;
			for (u = &w->units[first]; u < &w->units[i]; u++) {
				if (ret && u->node >= 0 && u->node != target &&
				    (u->status >= 0 ||
				     u->status == STATUS_UNSET))
					w->units[misplaced++] = *u;
				else
					count_unit(u, args);
			}
			if (ret)
				virtflex_node_set(&w->full, target);
		}
	}
	return 0;
}

/*
 * Fill w->units with pages of @vma from @from on, not more than @max_pages in
 * all but at least one, and set @next to where to go on.
 */
static int collect(struct vf_walk *w, const struct vf_vma *vma, uint64_t from,
		   uint64_t end, uint64_t max_pages, uint64_t bias,
		   uint64_t *next)
{
	struct vf_region regions[SCAN_REGIONS];
	uint64_t addr, bytes, stop, pages = 0;
	unsigned int n = 0;
	int nr_regions, i;

	nr_regions = -ENOTTY;
	if (w->pagemap_fd >= 0)
		nr_regions = w->os->scan(w->pagemap_fd, from, end, regions,
					 SCAN_REGIONS, next);
	if (nr_regions == -ENOTTY || nr_regions == -EINVAL) {
		/* an older kernel: ask for every address */
		if (w->pagemap_fd >= 0)
			close(w->pagemap_fd);
		w->pagemap_fd = -1;
		regions[0] = (struct vf_region){ from, end, false };
		nr_regions = 1;
		*next = end;
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
			w->units[n].addr = addr;
			w->units[n].pages = (stop - addr) / VF_PAGE_BYTES;
			w->units[n].ilx = unit_ilx(vma, addr, bytes) + bias;
			w->units[n].target = -1;
			w->units[n].status = STATUS_UNSET;
			pages += w->units[n].pages;
			n++;
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
	struct vf_walk *w;
	char path[64];
	int ret, dummy;
	void *none;

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
	/* moving nothing: may we? */
	ret = os->move_pages(w->pid, 0, &none, &dummy, &dummy, w->move_flags);
	if (ret == -EINVAL)
		ret = -ESRCH; /* a kernel thread, or exiting */
	if (ret < 0)
		goto err;
	ret = read_active(w, args->nodemask);
	if (ret)
		goto err;
	ret = read_distances(w);
	if (ret)
		goto err;
	read_weights(w);
	ret = read_maps(w);
	if (ret)
		goto err;
	proc_path(w, "pagemap", path, sizeof(path));
	w->pagemap_fd = vf_open(vf, path, O_RDONLY);
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
	if (w->pagemap_fd >= 0)
		close(w->pagemap_fd);
	vf_maps_free(&w->maps);
	free(w->distances);
	free(w->tmpfs);
	free(w);
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
	uint64_t end = args->end ? args->end : VF_TASK_END;
	uint64_t began = w->os->now_ns(), at, stop, next, left, bias;
	const struct vf_vma *vma;
	bool progress = false;
	int ret, count;

	args->cursor = args->start;
	for (; w->vma < w->maps.nr_vmas; w->vma++) {
		vma = &w->maps.vmas[w->vma];
		if (vma->start >= end)
			break;
		at = vma->start > args->cursor ? vma->start : args->cursor;
		stop = vma->end < end ? vma->end : end;
		if (!vma->present || at >= stop)
			continue;
		ret = interleave_bias(w, vma, &bias);
		if (ret)
			return ret;
		for (; at < stop; at = next) {
			args->cursor = at;
			left = UINT64_MAX;
			if (args->budget_pages) {
				if (args->scanned >= args->budget_pages)
					goto more;
				left = args->budget_pages - args->scanned;
			}
			if (args->budget_ns && progress &&
			    w->os->now_ns() - began >= args->budget_ns)
				goto more;
			count = collect(w, vma, at, stop, left, bias, &next);
			if (next <= at)
				next = stop;
			ret = count < 0 ? count :
			      count ? do_batch(w, vma, count, args) : 0;
			args->scanned = args->in_place + args->moved +
					args->marked + args->busy +
					args->pinned + args->nomem +
					args->shared + args->unmovable;
			if (ret)
				return ret;
			progress = true;
		}
		args->cursor = stop;
	}
	args->cursor = end;
	return 0;
more:
	return 1;
}
