// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The fallback on a machine of four nodes that is not there: /proc and /sys are
 * a sysroot, and move_pages(2) works on a table, with the kernel's ways: a list
 * for one node is queued until the node changes or a page is not queued; a page
 * that cannot move ends the call; nothing tells which it was.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

#define BASE		0x7f0000000000ULL
#define NR_PAGES	2048u
#define PAGE_SIZE	4096ULL
#define ABSENT		(-1)
#define ZERO_PAGE	(-2)
#define MOVE_ALL	4

static struct machine {
	int node[NR_PAGES];
	bool huge[NR_PAGES];	/* of a 2 MiB page */
	bool shared[NR_PAGES];
	bool busy[NR_PAGES];	/* cannot be isolated */
	bool stuck[NR_PAGES];	/* isolated, but does not migrate */
	long room[4];
	bool can_scan;
	uint64_t now_ns;
	int alive;
	int denied;
	unsigned int calls;
} m;

static char *root;
static struct virtflex *vf;

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
		for (k = 0; k < size; k++)
			m.node[queue[i] + k] = node;
	}
	*nr = 0;
	return failed;
}

static int queue_page(unsigned int page, int node, int flags,
		      unsigned int *queue, unsigned int *nr)
{
	unsigned int head = head_of(page), i;

	if (page >= NR_PAGES || m.node[page] == ABSENT)
		return -ENOENT;
	if (m.node[page] == ZERO_PAGE)
		return -EFAULT;
	if (m.node[page] == node)
		return 0;
	if (m.shared[page] && !(flags & MOVE_ALL))
		return -EACCES;
	for (i = 0; i < *nr; i++)
		if (queue[i] == head)
			return -EBUSY;
	if (m.busy[head])
		return -EBUSY;
	queue[(*nr)++] = head;
	return 1;
}

static long fake_move_pages(pid_t pid, unsigned long count, void **pages,
			    const int *nodes, int *status, int flags)
{
	unsigned int queue[NR_PAGES], nr = 0, page;
	unsigned long i, k, start = 0;
	int current_node = -1;
	long ret;

	assert_int_equal(pid, 0);
	m.calls++;
	m.now_ns += 1000 * count;
	if (m.denied)
		return m.denied;
	for (i = 0; i < count; i++) {
		page = ((uintptr_t)pages[i] - BASE) / PAGE_SIZE;
		if (!nodes) {
			if (page >= NR_PAGES || m.node[page] == ABSENT)
				status[i] = -ENOENT;
			else
				status[i] = m.node[page] == ZERO_PAGE ?
						    -EFAULT : m.node[page];
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
	unsigned int n = 0, page, last = (end - BASE) / PAGE_SIZE;

	(void)fd;
	if (!m.can_scan)
		return -ENOTTY;
	for (page = (start - BASE) / PAGE_SIZE; page < last; page++) {
		if (m.node[page] == ABSENT)
			continue;
		if (n && regions[n - 1].end == BASE + page * PAGE_SIZE &&
		    regions[n - 1].huge == m.huge[page]) {
			regions[n - 1].end += PAGE_SIZE;
			continue;
		}
		if (n == nr_regions) {
			*next = BASE + page * PAGE_SIZE;
			return n;
		}
		regions[n].start = BASE + page * PAGE_SIZE;
		regions[n].end = regions[n].start + PAGE_SIZE;
		regions[n++].huge = m.huge[page];
	}
	*next = end;
	return n;
}

static uint64_t fake_now_ns(void)
{
	return m.now_ns;
}

static int fake_alive(int pidfd)
{
	assert_int_equal(pidfd, VIRTFLEX_PIDFD_SELF);
	return m.alive;
}

static const struct vf_os fake_os = {
	.move_pages = fake_move_pages,
	.scan = fake_scan,
	.now_ns = fake_now_ns,
	.alive = fake_alive,
};

/* ---- a process ---- */

static void place(unsigned int first, unsigned int count, int node)
{
	for (; count--; first++)
		m.node[first] = node;
}

/* One mapping of all pages, with a policy; @file is the end of its maps line. */
static void map(const char *policy, const char *file, const char *page_kb)
{
	char text[512];

	snprintf(text, sizeof(text), "%llx-%llx rw-p 00000000 %s\n", BASE,
		 BASE + NR_PAGES * PAGE_SIZE, file);
	root_write(root, "/proc/thread-self/maps", text);
	snprintf(text, sizeof(text),
		 "%llx %s anon=1 N0=1 kernelpagesize_kB=%s\n", BASE, policy,
		 page_kb);
	root_write(root, "/proc/thread-self/numa_maps", text);
}

static void map_anon(const char *policy)
{
	map(policy, "00:00 0", "4");
}

static int setup(void **state)
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
	root_write(root, "/proc/thread-self/status",
		   "Name:\tx\nMems_allowed_list:\t0-3\n");
	root_write(root, "/proc/thread-self/pagemap", "");
	map_anon("default");
	return virtflex_open(&vf, root);
}

static int teardown(void **state)
{
	(void)state;
	virtflex_close(vf);
	root_remove(root);
	return 0;
}

static const struct virtflex_nodemask first_three = { .bits = { 7 } };

static int run(struct virtflex_migrate_args *args)
{
	struct vf_walk *walk;
	int ret;

	ret = vf_walk_open(vf, &fake_os, VIRTFLEX_PIDFD_SELF, args, &walk);
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

static void assert_nodes(unsigned int first, unsigned int count, int node)
{
	for (; count--; first++)
		if (m.node[first] != node)
			fail_msg("page %u on node %d, not %d", first,
				 m.node[first], node);
}

/* ---- tests ---- */

static void bound(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("bind:1");
	place(0, 1000, 0);
	place(1000, 24, 1);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 1024, 1);
	assert_int_equal(args.scanned, 1024);
	assert_int_equal(args.moved, 1000);
	assert_int_equal(args.in_place, 24);
	assert_true(args.cursor == VF_TASK_END);
}

/* Any node of the policy is right; from elsewhere to the nearest one. */
static void bind_to_many(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("bind:1-2");
	place(0, 10, 1);
	place(10, 10, 2);
	place(20, 10, 0); /* nearest is 1 */
	place(30, 10, 3); /* nearest is 2 */
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 10, 1);
	assert_nodes(10, 10, 2);
	assert_nodes(20, 10, 1);
	assert_nodes(30, 10, 2);
	assert_int_equal(args.in_place, 20);
}

static void preferred(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("prefer:3");
	place(0, 100, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 100, 3);
	map_anon("prefer (many):0,2");
	memset(&args, 0, sizeof(args));
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 100, 2);
}

/* None of the policy's nodes is active: the nearest active ones. */
static void stand_in_for_inactive(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};

	(void)state;
	map_anon("bind:3");
	place(0, 100, 3);
	place(100, 100, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 200, 2);
}

static void interleaved(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	map_anon("interleave:0,2-3");
	place(0, NR_PAGES, 1);
	assert_int_equal(run(&args), 0);
	for (i = 0; i < NR_PAGES; i++) {
		static const int nodes[] = { 0, 2, 3 };

		assert_int_equal(m.node[i], nodes[(BASE / PAGE_SIZE + i) % 3]);
	}
	assert_int_equal(args.moved, NR_PAGES);
	/* once is enough */
	memset(&args, 0, sizeof(args));
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, NR_PAGES);
}

static void interleave_among_active(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};
	unsigned int i;

	(void)state;
	map_anon("interleave:2-3");
	for (i = 0; i < NR_PAGES; i++)
		m.node[i] = 2 + i % 2;
	assert_int_equal(run(&args), 0);
	assert_nodes(0, NR_PAGES, 2);
}

/* Memory files begin at their inode number, other files do not. */
static void interleave_in_files(void **state)
{
	static const struct {
		const char *file;
		unsigned int bias;
	} cases[] = {
		{ "00:01 77 /memfd:x (deleted)", 77 },
		{ "00:01 78 /dev/zero (deleted)", 78 },
		{ "00:01 79 /SYSV00000000 (deleted)", 79 },
		{ "00:1c 81 /mnt/file", 81 },
		{ "08:02 83 /home/file", 0 },
	};
	unsigned int i, k;

	(void)state;
	root_write(root, "/proc/thread-self/mountinfo",
		   "22 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw\n"
		   "30 22 0:28 / /mnt rw shared:5 - tmpfs none rw\n");
	for (k = 0; k < ARRAY_SIZE(cases); k++) {
		struct virtflex_migrate_args args = { 0 };

		map("interleave:0-2", cases[k].file, "4");
		place(0, 30, 3);
		assert_int_equal(run(&args), 0);
		for (i = 0; i < 30; i++)
			assert_int_equal(m.node[i], (cases[k].bias + i) % 3);
	}
}

static void interleaved_by_weight(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	static const int nodes[] = { 0, 0, 0, 1 };
	unsigned int i;

	(void)state;
	root_write(root, "/sys/kernel/mm/mempolicy/weighted_interleave/node0",
		   "3\n");
	map_anon("weighted interleave:0-1");
	place(0, 64, 2);
	assert_int_equal(run(&args), 0);
	for (i = 0; i < 64; i++)
		assert_int_equal(m.node[i], nodes[(BASE / PAGE_SIZE + i) % 4]);
}

static void huge_pages_whole(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	map_anon("interleave:0-1");
	place(0, NR_PAGES, 2);
	for (i = 0; i < 1024; i++)
		m.huge[i] = true;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, NR_PAGES);
	/* two of 2 MiB, then small ones */
	assert_nodes(0, 512, (BASE >> 21) % 2);
	assert_nodes(512, 512, ((BASE >> 21) + 1) % 2);
	for (i = 1024; i < NR_PAGES; i++)
		assert_int_equal(m.node[i], i % 2);
}

/* A part of a 2 MiB page in the range: it moves whole, the part is counted. */
static void huge_page_cut_by_range(void **state)
{
	struct virtflex_migrate_args args = {
		.start = BASE + 100 * PAGE_SIZE,
		.end = BASE + 200 * PAGE_SIZE,
	};
	unsigned int i;

	(void)state;
	map_anon("bind:1");
	place(0, 1024, 0);
	for (i = 0; i < 512; i++)
		m.huge[i] = true;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, 100);
	assert_nodes(0, 512, 1);
	assert_nodes(512, 512, 0);
	assert_true(args.cursor == args.end);
}

static void hugetlb(void **state)
{
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	map("bind:1", "00:0f 9 /huge", "2048");
	place(0, NR_PAGES, 0);
	for (i = 0; i < NR_PAGES; i++)
		m.huge[i] = true;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.moved, NR_PAGES);
	assert_nodes(0, NR_PAGES, 1);
}

static void evacuate(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};

	(void)state;
	place(0, 100, 3);
	place(100, 50, 0);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 100, 2);
	assert_nodes(100, 50, 0);
	assert_int_equal(args.moved, 100);
	assert_int_equal(args.in_place, 50);
}

/* The nearest node has room for some, the next for some more. */
static void evacuate_to_room(void **state)
{
	struct virtflex_migrate_args args = {
		.nodemask = (uintptr_t)&first_three,
	};
	unsigned int i, count[4] = { 0 };

	(void)state;
	place(0, 1000, 3);
	m.room[2] = 300;
	m.room[1] = 200;
	m.room[0] = 100;
	assert_int_equal(run(&args), 0);
	for (i = 0; i < 1000; i++)
		count[m.node[i]]++;
	assert_int_equal(count[2], 300);
	assert_int_equal(count[1], 200);
	assert_int_equal(count[0], 100);
	assert_int_equal(args.moved, 600);
	assert_int_equal(args.nomem, 400);
}

static void published_nodes(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	root_write(root, VF_PROC_TOPOLOGY,
		   "version 1\ngeneration 2\nstate shrinking\n"
		   "node 0 active - 0 1 1 1 10,20,20,20\n"
		   "node 1 leaving - 1 1 1 1 20,10,20,20\n"
		   "node 2 inactive - - 1 1 1 20,20,10,20\n"
		   "node 3 active - - 1 1 1 20,20,20,10\n");
	place(0, 10, 0);
	place(10, 10, 1);
	place(20, 10, 2);
	place(30, 10, 3);
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 20, 0);
	assert_nodes(20, 20, 3);
	assert_int_equal(args.moved, 20);
}

static void reasons(void **state)
{
	static const unsigned int stuck[] = { 50, 51, 300, 699 };
	struct virtflex_migrate_args args = { 0 };
	unsigned int i;

	(void)state;
	map_anon("bind:1");
	place(0, 700, 0);
	place(10, 5, ZERO_PAGE);
	place(20, 5, ABSENT);
	for (i = 30; i < 37; i++)
		m.shared[i] = true;
	for (i = 40; i < 43; i++)
		m.busy[i] = true;
	/* these fail late, and take others of their call with them */
	for (i = 0; i < ARRAY_SIZE(stuck); i++)
		m.stuck[stuck[i]] = true;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.scanned, 695);
	assert_int_equal(args.unmovable, 5);
	assert_int_equal(args.shared, 7);
	assert_int_equal(args.busy, 3 + 4);
	assert_int_equal(args.moved, 695 - 5 - 7 - 7);
	memset(&args, 0, sizeof(args));
	args.flags = VIRTFLEX_MIGRATE_SHARED;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.shared, 0);
	assert_int_equal(args.moved, 7);
}

static void flags_choose(void **state)
{
	struct virtflex_migrate_args args = {
		.flags = VIRTFLEX_MIGRATE_EVACUATE |
			 VIRTFLEX_MIGRATE_NEXT_TOUCH,
		.nodemask = (uintptr_t)&first_three,
	};

	(void)state;
	map_anon("bind:1");
	place(0, 10, 3);
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, 10);
	map_anon("local");
	memset(&args.cursor, 0, sizeof(args) - offsetof(typeof(args), cursor));
	args.flags = VIRTFLEX_MIGRATE_POLICY;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, 10);
	/* next touch is more than user space can do */
	memset(&args.cursor, 0, sizeof(args) - offsetof(typeof(args), cursor));
	args.flags = VIRTFLEX_MIGRATE_NEXT_TOUCH;
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, 10);
	assert_nodes(0, 10, 3);
}

/* A policy that was cut off may have lost nodes: better do nothing. */
static void unknown_policy(void **state)
{
	struct virtflex_migrate_args args = { 0 };

	(void)state;
	map_anon("interleave:0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,3");
	place(0, 10, 3);
	assert_int_equal(run(&args), 0);
	assert_int_equal(args.in_place, 10);
}

static void budget_of_pages(void **state)
{
	struct virtflex_migrate_args args = { .budget_pages = 100 };
	uint64_t scanned = 0, moved = 0;
	struct vf_walk *walk;
	unsigned int steps = 0;
	int ret;

	(void)state;
	map_anon("bind:1");
	place(0, 250, 0);
	place(1000, 1000, 0);
	assert_int_equal(vf_walk_open(vf, &fake_os, VIRTFLEX_PIDFD_SELF, &args,
				      &walk), 0);
	do {
		memset(&args.cursor, 0,
		       sizeof(args) - offsetof(typeof(args), cursor));
		ret = vf_walk_step(walk, &args);
		assert_true(ret >= 0);
		assert_true(args.cursor > args.start);
		assert_true(args.scanned <= 100);
		scanned += args.scanned;
		moved += args.moved;
		args.start = args.cursor;
		steps++;
	} while (ret);
	vf_walk_close(walk);
	assert_int_equal(scanned, 1250);
	assert_int_equal(moved, 1250);
	assert_in_range(steps, 13, 14);
}

/* The kernel here takes 1 us for each page it is asked about. */
static void budget_of_time(void **state)
{
	struct virtflex_migrate_args args = { .budget_ns = 1000000 };

	(void)state;
	map_anon("bind:1");
	place(0, NR_PAGES, 0);
	assert_int_equal(run(&args), 1);
	assert_true(args.scanned > 0 && args.scanned < NR_PAGES);
	assert_true(args.cursor == BASE + args.scanned * PAGE_SIZE);
	/* however small, a call gets somewhere */
	args.start = args.cursor;
	args.budget_ns = 1;
	memset(&args.cursor, 0, sizeof(args) - offsetof(typeof(args), cursor));
	assert_int_equal(run(&args), 1);
	assert_true(args.moved > 0 && args.cursor > args.start);
}

/* Before 6.7 the kernel does not tell which pages there are. */
static void without_scan(void **state)
{
	struct virtflex_migrate_args args = { .budget_pages = 600 };
	unsigned int calls = 0;
	uint64_t moved = 0;

	(void)state;
	m.can_scan = false;
	map_anon("bind:1");
	place(100, 50, 0);
	place(1500, 548, 0);
	do {
		memset(&args.cursor, 0,
		       sizeof(args) - offsetof(typeof(args), cursor));
		calls++;
		if (!run(&args))
			args.end = 1;
		moved += args.moved;
		args.start = args.cursor;
	} while (!args.end && calls < 100);
	assert_int_equal(args.end, 1);
	assert_int_equal(moved, 598);
}

static void errors(void **state)
{
	struct virtflex_nodemask none = { 0 }, absent = { .bits = { 17 } };
	struct virtflex_migrate_args args = { .flags = 16 };

	(void)state;
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .start = 1 };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .end = 4095 };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .start = 8192, .end = 4096 };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .nodemask = (uintptr_t)&none };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ .nodemask = (uintptr_t)&absent };
	assert_int_equal(run(&args), -EINVAL);
	args = (struct virtflex_migrate_args){ 0 };
	m.denied = -EPERM;
	assert_int_equal(run(&args), -EPERM);
	m.denied = -EINVAL;
	assert_int_equal(run(&args), -ESRCH);
	m.denied = 0;
	m.alive = -ESRCH;
	assert_int_equal(run(&args), -ESRCH);
	m.alive = 0;
	root_write(root, "/proc/thread-self/status", "Mems_allowed_list:\t3\n");
	args.nodemask = (uintptr_t)&first_three;
	assert_int_equal(run(&args), -EACCES);
	/* the cpuset allows some */
	root_write(root, "/proc/thread-self/status",
		   "Mems_allowed_list:\t0,3\n");
	place(0, 10, 1);
	map_anon("bind:0-2");
	assert_int_equal(run(&args), 0);
	assert_nodes(0, 10, 0);
	root_write(root, VF_PROC_TOPOLOGY, "version 2\n");
	args = (struct virtflex_migrate_args){ 0 };
	assert_int_equal(run(&args), -EPROTONOSUPPORT);
}

/* Whatever the process looks like: counts add up, and once is enough. */
static void anything(void **state)
{
	static const char *const policies[] = {
		"default", "bind:1", "bind:0,3", "prefer:2", "interleave:0-3",
		"prefer (many):1-2", "weighted interleave:0-1",
	};
	unsigned int seed, i, k, stuck;

	(void)state;
	for (seed = 0; seed < 300; seed++) {
		struct virtflex_migrate_args args = {
			.nodemask = (uintptr_t)&first_three,
		};
		unsigned int present = 0;

		srandom(seed);
		stuck = 0;
		memset(m.huge, 0, sizeof(m.huge));
		memset(m.stuck, 0, sizeof(m.stuck));
		m.can_scan = seed % 4;
		for (i = 0; i < NR_PAGES; i += 512) {
			int node = random() % 4;

			/* without a scan 2 MiB pages cannot be told */
			bool huge = m.can_scan && random() % 3 == 0;

			for (k = i; k < i + 512; k++) {
				m.huge[k] = huge;
				m.node[k] = huge ? node : (int)(random() % 5) - 1;
				present += m.node[k] != ABSENT;
				m.stuck[k] = !huge && random() % 40 == 0;
				stuck += m.stuck[k];
			}
		}
		map_anon(policies[seed % ARRAY_SIZE(policies)]);
		assert_int_equal(run(&args), 0);
		assert_int_equal(args.scanned, present);
		assert_true(args.busy <= stuck);
		assert_int_equal(args.nomem + args.shared, 0);
		memset(m.stuck, 0, sizeof(m.stuck));
		memset(&args.cursor, 0,
		       sizeof(args) - offsetof(typeof(args), cursor));
		assert_int_equal(run(&args), 0);
		memset(&args.cursor, 0,
		       sizeof(args) - offsetof(typeof(args), cursor));
		assert_int_equal(run(&args), 0);
		assert_int_equal(args.in_place, present);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(bound),
		TEST(bind_to_many),
		TEST(preferred),
		TEST(stand_in_for_inactive),
		TEST(interleaved),
		TEST(interleave_among_active),
		TEST(interleave_in_files),
		TEST(interleaved_by_weight),
		TEST(huge_pages_whole),
		TEST(huge_page_cut_by_range),
		TEST(hugetlb),
		TEST(evacuate),
		TEST(evacuate_to_room),
		TEST(published_nodes),
		TEST(reasons),
		TEST(flags_choose),
		TEST(unknown_policy),
		TEST(budget_of_pages),
		TEST(budget_of_time),
		TEST(without_scan),
		TEST(errors),
		TEST(anything),
	};
#undef TEST

	return cmocka_run_group_tests_name("fallback", tests, NULL, NULL);
}
