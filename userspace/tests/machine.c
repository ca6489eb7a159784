// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The machine of machine.h. move_pages(2) has the kernel's ways: a list for one
 * node is queued until the node changes or a page is not queued; a page that
 * cannot move ends the call; nothing tells which it was.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"

#define MOVE_ALL	4

struct machine m;
char *root;
struct virtflex *vf;

const struct virtflex_nodemask first_three = { .bits = { 7 } };

/* ---- the kernel ---- */

static unsigned int head_of(unsigned int page)
{
	return m.huge[page] ? page & ~511u : page;
}

/* Migrate what is queued: 0, the number that failed, or -ENOMEM. */
static long flush(unsigned int *queue, unsigned int *nr, int node)
{
	unsigned int i, k, size;
	long failed = 0;

	for (i = 0; i < *nr; i++) {
		size = m.huge[queue[i]] ? 512 : 1;
		if (m.stuck[queue[i]]) {
			failed++;
			continue;
		}
		if (m.room[node] < (long)size) {
			*nr = 0;
			return -ENOMEM;
		}
		m.room[node] -= size;
		m.now_ns += size * m.page_ns;
		for (k = 0; k < size; k++)
			m.node[queue[i] + k] = node;
	}
	*nr = 0;
	return failed;
}

static int queue_page(unsigned int page, int node, int flags,
		      unsigned int *queue, unsigned int *nr)
{
	unsigned int head, i;

	if (page >= NR_PAGES || m.node[page] == ABSENT)
		return -ENOENT;
	if (m.node[page] == ZERO_PAGE || m.node[page] == UNMAPPED)
		return -EFAULT;
	if (m.node[page] == node)
		return 0;
	if (m.shared[page] && !(flags & MOVE_ALL))
		return -EACCES;
	head = head_of(page);
	for (i = 0; i < *nr; i++)
		if (queue[i] == head)
			return -EBUSY;
	if (m.busy[head]) {
		m.busy[head]--;
		return -EBUSY;
	}
	queue[(*nr)++] = head;
	return 1;
}

/* The memory of a process is that of any thread that has not exited. */
static long find_memory(pid_t pid)
{
	unsigned int i;

	if (m.exit_at && m.calls >= m.exit_at) {
		memmove(m.threads, m.threads + 1,
			sizeof(m.threads) - sizeof(*m.threads));
		m.exit_at = 0;
	}
	if (m.reuse_at && m.calls == m.reuse_at) {
		m.alive = -ESRCH;
		m.not_to_move = m.pid;
		return -ESRCH;
	}
	if (!m.pid) {
		assert_int_equal(pid, 0);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(m.threads) && m.threads[i]; i++)
		if (m.threads[i] == pid)
			return 0;
	/* the first thread stays, without memory, as long as others live */
	return pid == m.pid && m.threads[0] ? -EINVAL : -ESRCH;
}

static long fake_move_pages(pid_t pid, unsigned long count, void **pages,
			    const int *nodes, int *status, int flags)
{
	unsigned int queue[NR_PAGES], nr = 0, page;
	unsigned long i, k, start = 0;
	int current_node = -1;
	long ret;

	m.calls++;
	m.asked = pid;
	if (count > m.most_asked)
		m.most_asked = count;
	if (m.calls == m.unmap_at)
		place(0, NR_PAGES, UNMAPPED);
	/* to move nothing waits for all other CPUs as well */
	assert_true(count || !nodes);
	m.moves += nodes ? 1 : 0;
	m.now_ns += 1000 * count;
	/* where pages are is asked without any */
	if (!nodes && count)
		assert_int_equal(flags, 0);
	if (m.calls == m.happen_at && !nodes)
		m.happen();
	if (m.calls == m.fail_at)
		return m.failure;
	ret = find_memory(pid);
	if (ret)
		return ret;
	if (nodes && count && m.not_to_move)
		assert_int_not_equal(pid, m.not_to_move);
	if (count && m.fleeting)
		return -EINVAL;
	if (nodes && count && m.refused[nodes[0]])
		return m.refused[nodes[0]];
	if (m.denied)
		return m.denied;
	if (m.denied_all && flags & MOVE_ALL)
		return m.denied_all;
	for (i = 0; i < count; i++) {
		page = ((uintptr_t)pages[i] - BASE) / PAGE_SIZE;
		if (!nodes) {
			if (page >= NR_PAGES || m.node[page] == ABSENT ||
			    (m.not_to_move && pid == m.not_to_move))
				status[i] = -ENOENT;
			else
				status[i] = m.node[page] < 0 ? -EFAULT :
							       m.node[page];
			continue;
		}
		assert_in_range(nodes[i], 0, 3);
		if (current_node < 0) {
			current_node = nodes[i];
			start = i;
		}
		assert_int_equal(nodes[i], current_node);
		ret = queue_page(page, current_node, flags, queue, &nr);
		if (ret > 0)
			continue;
		status[i] = ret ? ret : current_node;
		if (nr) {
			ret = flush(queue, &nr, current_node);
			if (ret)
				return ret < 0 ? ret : ret + (long)(count - i) - 1;
			for (k = start; k < i; k++)
				status[k] = current_node;
		}
		current_node = -1;
	}
	if (nodes && nr) {
		ret = flush(queue, &nr, current_node);
		if (ret)
			return ret;
		for (k = start; k < count; k++)
			status[k] = current_node;
	}
	return 0;
}

static int fake_scan(int fd, uint64_t start, uint64_t end,
		     struct vf_region *regions, unsigned int nr_regions,
		     uint64_t *next)
{
	uint64_t page, first = (start - BASE) / PAGE_SIZE;
	uint64_t last = (end - BASE) / PAGE_SIZE;
	unsigned int n = 0;

	(void)fd;
	if (!m.can_scan)
		return -ENOTTY;
	m.scans++;
	if (m.exec_at && m.scans == m.exec_at) {
		m.exec();
		return -ESRCH;
	}
	if (last - first > m.longest_scan)
		m.longest_scan = last - first;
	for (page = first; page < last; page++) {
		m.now_ns += m.entry_ns;
		if (page >= NR_PAGES || m.node[page] == ABSENT ||
		    m.node[page] == UNMAPPED)
			continue;
		if (n && regions[n - 1].end == BASE + page * PAGE_SIZE &&
		    regions[n - 1].huge == m.huge[page] &&
		    regions[n - 1].file == m.file[page]) {
			regions[n - 1].end += PAGE_SIZE;
			continue;
		}
		if (n == nr_regions) {
			*next = BASE + page * PAGE_SIZE;
			return n;
		}
		regions[n].start = BASE + page * PAGE_SIZE;
		regions[n].end = regions[n].start + PAGE_SIZE;
		regions[n].file = m.file[page];
		regions[n++].huge = m.huge[page];
	}
	*next = end;
	return n;
}

static int fake_present(int fd, uint64_t addr)
{
	int node = m.node[(addr - BASE) / PAGE_SIZE];

	(void)fd;
	return node >= 0 || node == ZERO_PAGE;
}

static uint64_t fake_now_ns(void)
{
	return m.now_ns;
}

static int fake_alive(int pidfd)
{
	(void)pidfd;
	return m.alive;
}

const struct vf_os fake_os = {
	.move_pages = fake_move_pages,
	.scan = fake_scan,
	.present = fake_present,
	.now_ns = fake_now_ns,
	.alive = fake_alive,
};

/* ---- a process ---- */

/**
 * write_process() - write what the kernel says of a process, or of a thread
 * @dir: directory of it below /proc
 * @maps: text of its maps
 * @numa_maps: text of its numa_maps
 */
void write_process(const char *dir, const char *maps, const char *numa_maps)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%s/maps", dir);
	root_write(root, path, maps);
	snprintf(path, sizeof(path), "/proc/%s/numa_maps", dir);
	root_write(root, path, numa_maps);
	snprintf(path, sizeof(path), "/proc/%s/status", dir);
	root_write(root, path, "Name:\tx\nMems_allowed_list:\t0-3\n");
	snprintf(path, sizeof(path), "/proc/%s/pagemap", dir);
	root_write(root, path, "");
}

/**
 * map_pages() - give the caller one mapping, at BASE
 * @policy: policy of it
 * @file: end of its line of maps
 * @page_kb: size of its pages
 * @pages: base pages it is long
 */
void map_pages(const char *policy, const char *file, const char *page_kb,
	       uint64_t pages)
{
	char text[512];

	snprintf(text, sizeof(text), "%llx-%llx rw-p %s\n", BASE,
		 BASE + pages * PAGE_SIZE, file);
	root_write(root, "/proc/thread-self/maps", text);
	snprintf(text, sizeof(text),
		 "%llx %s anon=1 N0=1 kernelpagesize_kB=%s\n", BASE, policy,
		 page_kb);
	root_write(root, "/proc/thread-self/numa_maps", text);
}

/**
 * map() - the same of NR_PAGES, and from the start of the file
 * @policy: policy of it
 * @file: end of its line of maps, from the device on
 * @page_kb: size of its pages
 */
void map(const char *policy, const char *file, const char *page_kb)
{
	char text[256];

	snprintf(text, sizeof(text), "00000000 %s", file);
	map_pages(policy, text, page_kb, NR_PAGES);
}

/**
 * map_anon() - the same, of anonymous memory
 * @policy: policy of it
 */
void map_anon(const char *policy)
{
	map(policy, "00:00 0", "4");
}

/**
 * place() - put pages on a node
 * @first: first page
 * @count: how many
 * @node: node; or ABSENT, ZERO_PAGE
 */
void place(unsigned int first, unsigned int count, int node)
{
	for (; count--; first++)
		m.node[first] = node;
}

/**
 * assert_nodes() - all of these pages are on a node
 * @first: first page
 * @count: how many
 * @node: node
 */
void assert_nodes(unsigned int first, unsigned int count, int node)
{
	for (; count--; first++)
		if (m.node[first] != node)
			fail_msg("page %u on node %d, not %d", first,
				 m.node[first], node);
}

/**
 * machine_setup() - four nodes, in two pairs, with room; a process without pages
 * @state: of cmocka
 */
int machine_setup(void **state)
{
	static const char *const distances[] = {
		"10 20 30 40\n", "20 10 40 30\n", "30 40 10 20\n",
		"40 30 20 10\n",
	};
	char path[64];
	int i;

	(void)state;
	memset(&m, 0, sizeof(m));
	place(0, NR_PAGES, ABSENT);
	for (i = 0; i < 4; i++)
		m.room[i] = 1 << 20;
	m.can_scan = true;
	root = root_make();
	root_write(root, "/sys/devices/system/node/has_memory", "0-3\n");
	root_write(root, "/sys/devices/system/node/online", "0-3\n");
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%d/distance", i);
		root_write(root, path, distances[i]);
	}
	write_process("thread-self", "", "");
	map_anon("default");
	return virtflex_open(&vf, root);
}

/**
 * machine_teardown() - remove the machine
 * @state: of cmocka
 */
int machine_teardown(void **state)
{
	(void)state;
	virtflex_close(vf);
	root_remove(root);
	return 0;
}

/**
 * clear_counts() - make arguments those of another call
 * @args: arguments; the report is cleared
 */
void clear_counts(struct virtflex_migrate_args *args)
{
	memset(&args->cursor, 0,
	       sizeof(*args) - offsetof(struct virtflex_migrate_args, cursor));
}

/**
 * run_at() - one call, and what is true of each report
 * @pidfd: process
 * @args: arguments and report
 */
int run_at(int pidfd, struct virtflex_migrate_args *args)
{
	struct vf_walk *walk;
	int ret;

	ret = vf_walk_open(vf, &fake_os, pidfd, args, &walk);
	if (ret)
		return ret;
	ret = vf_walk_step(walk, args);
	vf_walk_close(walk);
	assert_int_equal(args->scanned,
			 args->in_place + args->moved + args->marked +
			 args->busy + args->pinned + args->nomem +
			 args->shared + args->unmovable);
	assert_int_equal(args->marked + args->pinned, 0);
	return ret;
}

/**
 * run() - one call, of the caller
 * @args: arguments and report
 */
int run(struct virtflex_migrate_args *args)
{
	return run_at(VIRTFLEX_PIDFD_SELF, args);
}
