// SPDX-License-Identifier: GPL-2.0
/*
 * New memory while only some nodes are published as active. Interleaved pages
 * come to be where virtflex_migrate(2) would move them. A bind none of whose
 * nodes is active bends to the active nodes nearest to them, where the publisher
 * says so, and else is as strict as ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/filter.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "cpuset.h"
#include "full_node.h"
#include "interleaved.h"
#include "numa_util.h"
#include "publish.h"
#include "kselftest_harness.h"

#define PLACES	4
#define ALL	((1U << PLACES) - 1)

static const char *alloc_need(void)
{
	const char *why = migrate_need(PLACES);

	return why ? why : publish_need();
}

/* Inactive nodes by place: a bit each */
static const unsigned int sets[] = { 0x8, 0xc, 0x5, 0xa };

#define MANY	480
/* Of 2 MiB. All weights together are 10. */
#define SOME_HUGE	12
#define SOME_WEIGHTED	10

FIXTURE(interleave)
{
	struct interleaved il;
	int *node;
};

FIXTURE_VARIANT(interleave)
{
	struct interleaved il;
};

#define OF(...) { .il = { __VA_ARGS__ } }

FIXTURE_VARIANT_ADD(interleave, plain)
	OF(.mode = MPOL_INTERLEAVE, .nr = MANY);
FIXTURE_VARIANT_ADD(interleave, plain_task)
	OF(.mode = MPOL_INTERLEAVE, .nr = MANY, .task = true);
FIXTURE_VARIANT_ADD(interleave, plain_shmem)
	OF(.mode = MPOL_INTERLEAVE, .nr = MANY, .kind = IL_SHMEM);
FIXTURE_VARIANT_ADD(interleave, plain_shmem_task)
	OF(.mode = MPOL_INTERLEAVE, .nr = MANY, .kind = IL_SHMEM, .task = true);
FIXTURE_VARIANT_ADD(interleave, plain_thp)
	OF(.mode = MPOL_INTERLEAVE, .nr = SOME_HUGE, .huge = true);
FIXTURE_VARIANT_ADD(interleave, plain_task_thp)
	OF(.mode = MPOL_INTERLEAVE, .nr = SOME_HUGE, .huge = true, .task = true);
FIXTURE_VARIANT_ADD(interleave, plain_shmem_thp)
	OF(.mode = MPOL_INTERLEAVE, .nr = SOME_HUGE, .huge = true,
	   .kind = IL_SHMEM);
FIXTURE_VARIANT_ADD(interleave, plain_hugetlb)
	OF(.mode = MPOL_INTERLEAVE, .nr = SOME_HUGE, .kind = IL_HUGETLB);
FIXTURE_VARIANT_ADD(interleave, weighted)
	OF(.mode = MPOL_WEIGHTED_INTERLEAVE, .nr = MANY);
FIXTURE_VARIANT_ADD(interleave, weighted_task)
	OF(.mode = MPOL_WEIGHTED_INTERLEAVE, .nr = MANY, .task = true);
FIXTURE_VARIANT_ADD(interleave, weighted_shmem)
	OF(.mode = MPOL_WEIGHTED_INTERLEAVE, .nr = MANY, .kind = IL_SHMEM);
FIXTURE_VARIANT_ADD(interleave, weighted_thp)
	OF(.mode = MPOL_WEIGHTED_INTERLEAVE, .nr = SOME_WEIGHTED, .huge = true);
FIXTURE_VARIANT_ADD(interleave, weighted_shmem_thp)
	OF(.mode = MPOL_WEIGHTED_INTERLEAVE, .nr = SOME_WEIGHTED, .huge = true,
	   .kind = IL_SHMEM);
FIXTURE_VARIANT_ADD(interleave, weighted_hugetlb)
	OF(.mode = MPOL_WEIGHTED_INTERLEAVE, .nr = SOME_WEIGHTED,
	   .kind = IL_HUGETLB);

FIXTURE_SETUP(interleave)
{
	const char *why = alloc_need();

	if (why)
		SKIP(return, "%s", why);
	if (variant->il.mode == MPOL_WEIGHTED_INTERLEAVE &&
	    interleave_weights_set())
		SKIP(return, "no weighted interleave here");
	ASSERT_EQ(0, publish_restore());
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	self->il = variant->il;
	self->node = calloc(self->il.nr, sizeof(int));
	ASSERT_NE(NULL, self->node);
	why = interleaved_new(&self->il);
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(interleave)
{
	publish_restore();
	interleaved_free(&self->il);
}

typedef FIXTURE_DATA(interleave) interleave_t;

/*
 * New pages while these places are active: each is where it belongs, and the call
 * says so, too. Returns 0, -ENOMEM without 2 MiB pages, or another error.
 */
static int fresh_ones_are_in_place(interleave_t *self, unsigned int policy,
				   unsigned int places)
{
	uint64_t active = nth_nodes(places);
	struct virtflex_migrate_args sum;
	int err;

	self->il.nodes = nth_nodes(policy);
	err = publish(places == ALL ? 0 : active);
	if (err)
		return err;
	if (interleaved_apply(&self->il))
		return -errno;
	err = interleaved_fault(&self->il);
	if (!err)
		err = interleaved_look(&self->il, self->node);
	if (err)
		return err;
	if (!interleaved_well(&self->il, self->node, active))
		err = -ENXIO;
	if (migrate(self->il.mem, self->il.len, 0, 0, &sum))
		return -EIO;
	if (adds_up(&sum) && sum.in_place == self->il.len / PAGE)
		return err;
	print_counts(&sum);
	return -ENXIO;
}

TEST_F(interleave, fresh_pages_are_in_place)
{
	size_t set;
	int err;

	for (set = 0; set < ARRAY_SIZE(sets); set++) {
		err = fresh_ones_are_in_place(self, ALL, ALL & ~sets[set]);
		if (err == -ENOMEM)
			SKIP(return, "no 2 MiB pages to be had");
		EXPECT_EQ(0, err)
			TH_LOG("inactive: %#x", sets[set]);
	}
	EXPECT_EQ(0, fresh_ones_are_in_place(self, ALL, ALL));
}

TEST_F(interleave, none_active_takes_the_nearest)
{
	int err = fresh_ones_are_in_place(self, 0x3, 0xc);

	if (err == -ENOMEM)
		SKIP(return, "no 2 MiB pages to be had");
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, fresh_ones_are_in_place(self, 0x6, 0x9));
	EXPECT_EQ(0, fresh_ones_are_in_place(self, 0x6, 0x8));
}

TEST_F(interleave, others_than_the_policys_nodes_get_nothing)
{
	int err = fresh_ones_are_in_place(self, 0xb, 0xd);

	if (err == -ENOMEM)
		SKIP(return, "no 2 MiB pages to be had");
	EXPECT_EQ(0, err);
}

/*
 * What has no index: page cache by one page after the other, and the kernel's own
 * memory in bulk. Each active node has its share, but for what else the kernel
 * took in between.
 */
FIXTURE(turns)
{
	long nodes[NODES];
};

FIXTURE_VARIANT(turns)
{
	int mode;
};

FIXTURE_VARIANT_ADD(turns, plain) { .mode = MPOL_INTERLEAVE };
FIXTURE_VARIANT_ADD(turns, weighted) { .mode = MPOL_WEIGHTED_INTERLEAVE };

FIXTURE_SETUP(turns)
{
	const char *why = alloc_need();

	if (why)
		SKIP(return, "%s", why);
	if (variant->mode == MPOL_WEIGHTED_INTERLEAVE &&
	    interleave_weights_set())
		SKIP(return, "no weighted interleave here");
	ASSERT_EQ(0, publish_restore());
	ASSERT_EQ(0, run_on_node(numa.node[0]));
}

FIXTURE_TEARDOWN(turns)
{
	publish_restore();
}

/* Whether these nodes share them by weight, but for slack and a tenth, and no other */
static bool shared_out(const long *pages, int mode, uint64_t nodes, long slack)
{
	long all = 0, weights = 0, share, most;
	bool fair = true;
	int node;

	for (node = 0; node < NODES; node++) {
		all += pages[node];
		if (nodes & 1ULL << node)
			weights += interleave_weight(mode, node);
	}
	for (node = 0; node < NODES; node++) {
		share = nodes & 1ULL << node ?
			all * interleave_weight(mode, node) / weights : 0;
		most = share ? slack + share / 10 : 0;
		fair &= labs(pages[node] - share) <= most;
	}
	if (fair && all)
		return true;
	for (node = 0; node < NODES; node++)
		if (pages[node])
			printf("# %ld of %ld pages on node %d\n", pages[node],
			       all, node);
	return false;
}

#define CACHE_DIR	"/tmp/virtflex-cache"

/* A file in the page cache, of a file system of its own; none of tmpfs' index */
static const char *page_cache(int mode, uint64_t policy, size_t pages,
			      long *nodes)
{
	static char page[PAGE] = "x";
	const char *why = NULL;
	size_t i;
	char *mem;
	int fd;

	mkdir(CACHE_DIR, 0700);
	if (mount("cache", CACHE_DIR, "ramfs", 0, NULL))
		return "no ramfs";
	fd = open(CACHE_DIR "/file", O_RDWR | O_CREAT, 0600);
	if (fd < 0 || set_policy(mode, policy))
		why = "no file";
	for (i = 0; !why && i < pages; i++)
		if (write(fd, page, PAGE) != PAGE)
			why = "cannot write";
	set_policy(MPOL_DEFAULT, 0);
	mem = mmap(NULL, pages * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (!why && mem == MAP_FAILED)
		why = "cannot map";
	for (i = 0; !why && i < pages; i++)
		(void)*(volatile char *)(mem + i * PAGE);
	if (!why && count_query(0, mem, pages * PAGE, nodes))
		why = "cannot look";
	if (mem != MAP_FAILED)
		munmap(mem, pages * PAGE);
	close(fd);
	umount2(CACHE_DIR, MNT_DETACH);
	rmdir(CACHE_DIR);
	return why;
}

TEST_F(turns, page_cache)
{
	const char *why;
	size_t set;

	for (set = 0; set < ARRAY_SIZE(sets); set++) {
		ASSERT_EQ(0, publish(nth_nodes(ALL & ~sets[set])));
		why = page_cache(variant->mode, nth_nodes(ALL), MANY,
				 self->nodes);
		if (why)
			SKIP(return, "%s", why);
		EXPECT_TRUE(shared_out(self->nodes, variant->mode,
				       nth_nodes(ALL & ~sets[set]), 4));
	}
}

TEST_F(turns, page_cache_of_none_active)
{
	uint64_t near = nearest_nodes(nth_nodes(0xc), nth_nodes(0x3));
	const char *why;

	ASSERT_EQ(0, publish(nth_nodes(0xc)));
	why = page_cache(variant->mode, nth_nodes(0x3), MANY, self->nodes);
	if (why)
		SKIP(return, "%s", why);
	EXPECT_TRUE(shared_out(self->nodes, variant->mode, near, 4));
}

/* Nodes of the memory of socket filters, which is from vmalloc() */
static long filter_pages(long *nodes)
{
	FILE *file = fopen("/proc/vmallocinfo", "r");
	char *line = NULL, *at;
	long pages = 0, n;
	size_t size = 0;
	int node;

	memset(nodes, 0, NODES * sizeof(*nodes));
	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0) {
		if (!strstr(line, " bpf_prog_"))
			continue;
		for (at = line; (at = strstr(at, " N")); at += 2) {
			if (sscanf(at, " N%d=%ld", &node, &n) != 2 ||
			    node >= NODES)
				continue;
			nodes[node] += n;
			pages += n;
		}
	}
	free(line);
	fclose(file);
	return pages;
}

#define FILTERS		24
#define FILTER_LEN	500

/* Programs of some tens of pages, taken in bulk */
static const char *attach_many(int mode, uint64_t policy, long *nodes)
{
	static struct sock_filter filter[FILTER_LEN];
	struct sock_fprog program = { .len = FILTER_LEN, .filter = filter };
	long before[NODES], after[NODES], pages;
	const char *why = NULL;
	int fds[FILTERS], i, nr = 0;

	/* each becomes several instructions of the kernel's */
	for (i = 0; i < FILTER_LEN - 1; i++)
		filter[i] = (struct sock_filter)
			BPF_STMT(BPF_LDX | BPF_MSH | BPF_B, 0);
	filter[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);

	pages = filter_pages(before);
	if (pages < 0)
		return "no /proc/vmallocinfo";
	if (set_policy(mode, policy))
		return "no such policy";
	for (i = 0; !why && i < FILTERS; i++) {
		fds[i] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fds[i] < 0) {
			why = "no sockets";
			break;
		}
		nr++;
		if (setsockopt(fds[i], SOL_SOCKET, SO_ATTACH_FILTER, &program,
			       sizeof(program)))
			why = strerror(errno);
	}
	set_policy(MPOL_DEFAULT, 0);
	if (!why && filter_pages(nodes) < pages + FILTERS * 8)
		why = "socket filters are elsewhere";
	for (i = 0; i < NODES; i++)
		nodes[i] -= before[i];
	while (nr)
		close(fds[--nr]);
	/* they go when nobody can be looking at them any more */
	while (filter_pages(after) > pages)
		usleep(1000);
	return why;
}

TEST_F(turns, in_bulk)
{
	const char *why;
	size_t set;

	for (set = 0; set < ARRAY_SIZE(sets); set++) {
		ASSERT_EQ(0, publish(nth_nodes(ALL & ~sets[set])));
		why = attach_many(variant->mode, nth_nodes(ALL), self->nodes);
		if (why)
			SKIP(return, "%s", why);
		EXPECT_TRUE(shared_out(self->nodes, variant->mode,
				       nth_nodes(ALL & ~sets[set]), FILTERS));
	}
}

TEST_F(turns, in_bulk_of_none_active)
{
	uint64_t near = nearest_nodes(nth_nodes(0xc), nth_nodes(0x3));
	const char *why;

	ASSERT_EQ(0, publish(nth_nodes(0xc)));
	why = attach_many(variant->mode, nth_nodes(0x3), self->nodes);
	if (why)
		SKIP(return, "%s", why);
	EXPECT_TRUE(shared_out(self->nodes, variant->mode, near, FILTERS));
}

/* Memory for a strict policy: that of a mapping, of the task or of shared memory */
enum scope { VMA, TASK, SHMEM, HUGETLB };

#define POOL	4

struct bound {
	enum scope scope;
	bool huge;
	char *mem;
	size_t len;
};

static int pools(int pages)
{
	int i, err = 0;

	for (i = 0; i < PLACES; i++)
		err |= hugetlb_reserve(numa.node[i], pages);
	return err;
}

/*
 * Other pages, by the policy as it is. Returns -ENOMEM if they are not as large as
 * asked for, or another error.
 */
static int bound_fault(struct bound *self)
{
	size_t step = self->huge || self->scope == HUGETLB ? HUGE_PAGE : PAGE;
	size_t at;

	if (madvise(self->mem, self->len,
		    self->scope == SHMEM ? MADV_REMOVE : MADV_DONTNEED))
		return -errno;
	for (at = 0; at < self->len; at += step)
		self->mem[at] = 1;
	if (self->huge && smaps_kb(self->mem, self->len, "AnonHugePages") !=
			  (long)(self->len / KIB))
		return -ENOMEM;
	return 0;
}

static const char *bound_new(struct bound *self)
{
	int fd;

	self->len = self->scope == HUGETLB ? POOL * HUGE_PAGE :
		    self->huge ? 4 * HUGE_PAGE : 64 * PAGE;
	if (self->scope == HUGETLB) {
		if (pools(POOL))
			return "no hugetlb pages to be had";
		self->mem = mmap(NULL, self->len, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
				 -1, 0);
		if (self->mem == MAP_FAILED)
			self->mem = NULL;
	} else if (self->scope == SHMEM) {
		fd = memfd_create("bound", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, self->len))
			return "no shared memory";
		self->mem = region_new_file(self->len, fd, false);
		close(fd);
	} else {
		self->mem = region_new(self->len, self->huge);
	}
	if (!self->mem)
		return "no memory";
	return bound_fault(self) ? "no 2 MiB pages to be had" : NULL;
}

static void bound_free(struct bound *self)
{
	set_policy(MPOL_DEFAULT, 0);
	if (self->mem)
		munmap(self->mem, self->len);
	if (self->scope == HUGETLB)
		pools(0);
}

static long bound_apply(struct bound *self, unsigned int places)
{
	if (self->scope == TASK)
		return set_policy(MPOL_BIND, nth_nodes(places));
	return bind_range(self->mem, self->len, MPOL_BIND, nth_nodes(places));
}

/* The same under a policy, which the task has only meanwhile */
static int bound_fault_under(struct bound *self, unsigned int places)
{
	int err = bound_apply(self, places) ? -errno : bound_fault(self);

	if (self->scope == TASK && set_policy(MPOL_DEFAULT, 0))
		return -errno;
	return err;
}

FIXTURE(bind)
{
	struct bound of;
	bool in_cpuset;
};

FIXTURE_VARIANT(bind)
{
	struct bound of;
};

FIXTURE_VARIANT_ADD(bind, vma) { .of = { .scope = VMA } };
FIXTURE_VARIANT_ADD(bind, vma_thp) { .of = { .scope = VMA, .huge = true } };
FIXTURE_VARIANT_ADD(bind, task) { .of = { .scope = TASK } };
FIXTURE_VARIANT_ADD(bind, task_thp) { .of = { .scope = TASK, .huge = true } };
FIXTURE_VARIANT_ADD(bind, shmem) { .of = { .scope = SHMEM } };
FIXTURE_VARIANT_ADD(bind, hugetlb) { .of = { .scope = HUGETLB } };

FIXTURE_SETUP(bind)
{
	const char *why = alloc_need();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, publish_restore());
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	self->of = variant->of;
	why = bound_new(&self->of);
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(bind)
{
	publish_restore();
	bound_free(&self->of);
	if (self->in_cpuset)
		cpuset_leave();
}

#define EXPECT_ON_PLACES(places) \
	EXPECT_TRUE(all_on_mask(self->of.mem, self->of.len, nth_nodes(places)))

TEST_F(bind, bends_to_the_active_node)
{
	ASSERT_EQ(0, publish(nth_nodes(0x4)));
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x1));
	EXPECT_ON_PLACES(0x4);
	/* and is straight again */
	ASSERT_EQ(0, publish(0));
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x1));
	EXPECT_ON_PLACES(0x1);
}

TEST_F(bind, is_straight_when_the_publisher_goes)
{
	ASSERT_EQ(0, publish(nth_nodes(0x4)));
	ASSERT_EQ(0, publish_remove());
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x1));
	EXPECT_ON_PLACES(0x1);
}

TEST_F(bind, bends_to_the_nearest_of_any)
{
	uint64_t active = nth_nodes(0xc);
	uint64_t near = nearest_nodes(active, nth_nodes(0x3));
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, publish(active));
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x3));
	EXPECT_TRUE(all_on_mask(self->of.mem, self->of.len, near));
	/* where the call would put them, too */
	ASSERT_EQ(0, bound_apply(&self->of, 0x3));
	ASSERT_EQ(0, migrate(self->of.mem, self->of.len, 0, 0, &sum));
	EXPECT_EQ(self->of.len / PAGE, sum.in_place)
		print_counts(&sum);
}

TEST_F(bind, is_straight_while_one_node_is_active)
{
	ASSERT_EQ(0, publish(nth_nodes(0xe)));
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x3));
	EXPECT_ON_PLACES(0x3);
}

TEST_F(bind, is_strict_unless_the_publisher_bends)
{
	ASSERT_EQ(0, publish_bend(nth_nodes(0xc), false));
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x1));
	EXPECT_ON_PLACES(0x1);
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x3));
	EXPECT_ON_PLACES(0x3);
	ASSERT_EQ(0, publish_bend(nth_nodes(0xc), true));
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x1));
	EXPECT_ON_PLACES(0xc);
}

TEST_F(bind, bends_to_what_the_cpuset_allows)
{
	const char *why = cpuset_enter(nth_nodes(0xd));

	if (why)
		SKIP(return, "%s", why);
	self->in_cpuset = true;
	/* node 1 is not allowed, and node 2 not active */
	ASSERT_EQ(0, publish(nth_nodes(0xa)));
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x1));
	EXPECT_ON_PLACES(0x8);
}

TEST_F(bind, is_strict_where_the_cpuset_allows_none)
{
	const char *why = cpuset_enter(nth_nodes(0x5));

	if (why)
		SKIP(return, "%s", why);
	self->in_cpuset = true;
	ASSERT_EQ(0, publish(nth_nodes(0xa)));
	ASSERT_EQ(0, bound_fault_under(&self->of, 0x1));
	EXPECT_ON_PLACES(0x1);
}

/* Of nodes that are as near the one nearest to home_node, which only mappings have */
FIXTURE(home)
{
	struct bound of;
};

FIXTURE_VARIANT(home)
{
	struct bound of;
};

FIXTURE_VARIANT_ADD(home, vma) { .of = { .scope = VMA } };
FIXTURE_VARIANT_ADD(home, vma_thp) { .of = { .scope = VMA, .huge = true } };
FIXTURE_VARIANT_ADD(home, shmem) { .of = { .scope = SHMEM } };
FIXTURE_VARIANT_ADD(home, hugetlb) { .of = { .scope = HUGETLB } };

FIXTURE_SETUP(home)
{
	const char *why = alloc_need();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, publish_restore());
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	self->of = variant->of;
	why = bound_new(&self->of);
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(home)
{
	publish_restore();
	bound_free(&self->of);
}

TEST_F(home, is_preferred_among_the_nearest)
{
	uint64_t near = nearest_nodes(nth_nodes(0xe), nth_nodes(0x1));
	int home;

	for (home = 1; home < PLACES; home++) {
		ASSERT_EQ(0, bound_apply(&self->of, 0x1));
		if (syscall(SYS_set_mempolicy_home_node, self->of.mem,
			    self->of.len, (long)numa.node[home], 0L))
			SKIP(return, "no home_node");
		ASSERT_EQ(0, publish(nth_nodes(0xe)));
		ASSERT_EQ(0, bound_fault(&self->of));
		EXPECT_TRUE(all_on_mask(self->of.mem, self->of.len,
					nearest_nodes(near,
						      nth_nodes(1U << home))));
		ASSERT_EQ(0, publish(0));
		ASSERT_EQ(0, bound_fault(&self->of));
		EXPECT_ON_PLACES(0x1);
	}
}

FIXTURE(full)
{
	char *mem;
	size_t len;
};

FIXTURE_SETUP(full)
{
	const char *why = alloc_need();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, publish_restore());
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	self->len = 512 * PAGE;
	self->mem = region_new(self->len, false);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, fill_node(numa.node[1]));
}

FIXTURE_TEARDOWN(full)
{
	publish_restore();
}

/* Another active node, and not what is next to the full one */
TEST_F_TIMEOUT(full, bends_to_another_active_node, 120)
{
	ASSERT_EQ(0, publish(nth_nodes(0xa)));
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_BIND,
				nth_nodes(0x1)));
	fill(self->mem, self->len, 1);
	EXPECT_TRUE(all_on_mask(self->mem, self->len, nth_nodes(0xa)));
}

/* The kernel's memory for a task, here of files, bends too. */
TEST(page_cache_bends)
{
	const char *why = alloc_need();
	long nodes[NODES];

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, publish_restore());
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	ASSERT_EQ(0, publish(nth_nodes(0x4)));
	why = page_cache(MPOL_BIND, nth_nodes(0x1), 64, nodes);
	publish_restore();
	if (why)
		SKIP(return, "%s", why);
	EXPECT_EQ(64, nodes[numa.node[2]]);
}

/* A reservation counts what there is on the nodes it bends to. */
TEST(hugetlb_is_reserved_where_it_will_be)
{
	const char *why = alloc_need();
	char *mem;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, publish_restore());
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	ASSERT_EQ(0, pools(0));
	if (hugetlb_reserve(numa.node[2], POOL))
		SKIP(return, "no hugetlb pages to be had");
	ASSERT_EQ(0, publish(nth_nodes(0x4)));
	ASSERT_EQ(0, set_policy(MPOL_BIND, nth_nodes(0x1)));
	mem = mmap(NULL, POOL * HUGE_PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	EXPECT_NE(MAP_FAILED, mem);
	if (mem != MAP_FAILED) {
		memset(mem, 1, POOL * HUGE_PAGE);
		EXPECT_TRUE(all_on(mem, POOL * HUGE_PAGE, numa.node[2]));
		munmap(mem, POOL * HUGE_PAGE);
	}
	set_policy(MPOL_DEFAULT, 0);
	publish_restore();
	pools(0);
}

TEST(pools_of_inactive_nodes_are_left_alone)
{
	struct bound of = { .scope = HUGETLB };
	const char *why = alloc_need();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, publish_restore());
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	why = bound_new(&of);
	if (why)
		SKIP(return, "%s", why);
	/* of the active nodes 1 and 3 only one has any */
	ASSERT_EQ(0, hugetlb_reserve(numa.node[1], 0));
	ASSERT_EQ(0, publish(nth_nodes(0xa)));
	EXPECT_EQ(0, bound_fault_under(&of, 0x1));
	publish_restore();
	EXPECT_TRUE(all_on(of.mem, of.len, numa.node[3]));
	bound_free(&of);
}

TEST_HARNESS_MAIN
