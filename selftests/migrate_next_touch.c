// SPDX-License-Identifier: GPL-2.0
/*
 * virtflex_migrate(2), pages under the default or local policy on active
 * nodes: they are marked, and go to the node of the thread that touches them
 * next, whatever the numa_balancing sysctl says. The "toucher" here is this
 * thread, or another, moved to a CPU of that node.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "numa_util.h"
#include "publish.h"
#include "trace_util.h"
#include "kselftest_harness.h"

#define BALANCING	"/proc/sys/kernel/numa_balancing"

FIXTURE(touch)
{
	char *mem;
	size_t len;
	/* what is touched at once: a 4 KiB or a 2 MiB page */
	size_t unit;
	long balancing;
};

FIXTURE_VARIANT(touch)
{
	bool huge;
	const char *balancing;
};

FIXTURE_VARIANT_ADD(touch, balancing_off) { .balancing = "0" };
FIXTURE_VARIANT_ADD(touch, balancing_off_thp)
	{ .balancing = "0", .huge = true };
FIXTURE_VARIANT_ADD(touch, balancing_on) { .balancing = "1" };
FIXTURE_VARIANT_ADD(touch, balancing_on_thp)
	{ .balancing = "1", .huge = true };

FIXTURE_SETUP(touch)
{
	const char *why = migrate_need(4);

	if (why)
		SKIP(return, "%s", why);
	self->balancing = read_long(BALANCING, -1);
	if (write_file(BALANCING, variant->balancing))
		SKIP(return, "no numa_balancing sysctl");
	self->unit = variant->huge ? HUGE_PAGE : PAGE;
	self->len = variant->huge ? 4 * HUGE_PAGE : 64 * PAGE;
	self->mem = region_new(self->len, variant->huge);
	ASSERT_NE(NULL, self->mem);
	ASSERT_EQ(0, run_on_node(numa.node[1]));
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_BIND,
				1ULL << numa.node[1]));
	fill(self->mem, self->len, 1);
	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_DEFAULT, 0));
	ASSERT_EQ(0, settle(self->mem));
	if (variant->huge && smaps_kb(self->mem, self->len, "AnonHugePages") !=
	    (long)(self->len / KIB))
		SKIP(return, "no 2 MiB pages to be had");
	ASSERT_TRUE(all_on(self->mem, self->len, numa.node[1]));
}

FIXTURE_TEARDOWN(touch)
{
	if (self->balancing >= 0)
		write_file(BALANCING, self->balancing ? "1" : "0");
}

typedef FIXTURE_DATA(touch) touch_t;

static int mark_as_bound(touch_t *self, struct virtflex_migrate_args *sum)
{
	return migrate(self->mem, self->len, VIRTFLEX_MIGRATE_NEXT_TOUCH,
		       numa_mask(), sum);
}

/* Of a thread that is bound to their node, pages would not be marked. */
static int mark(touch_t *self, struct virtflex_migrate_args *sum)
{
	return run_on_all() ? -errno : mark_as_bound(self, sum);
}

static void read_page(const char *at)
{
	(void)*(const volatile char *)at;
}

#define EXPECT_ALL_MARKED(sum) do { \
	EXPECT_TRUE(adds_up(sum)); \
	EXPECT_EQ(self->len / PAGE, (sum)->scanned); \
	EXPECT_EQ(self->len / PAGE, (sum)->marked); \
	EXPECT_EQ(0, (sum)->moved); \
} while (0)

#define EXPECT_INTACT() do { \
	EXPECT_TRUE(filled(self->mem, self->len, 1)); \
	if (variant->huge) \
		EXPECT_EQ(self->len / KIB, \
			  smaps_kb(self->mem, self->len, "AnonHugePages")); \
} while (0)

TEST_F(touch, pages_follow_a_read)
{
	struct virtflex_migrate_args sum;
	size_t at;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	/* marking moves nothing */
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	for (at = 0; at < self->len; at += self->unit)
		read_page(self->mem + at);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[2]));
	EXPECT_INTACT();
}

TEST_F(touch, pages_follow_a_write)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, run_on_node(numa.node[0]));
	fill(self->mem, self->len, 1);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[0]));
	EXPECT_INTACT();
}

TEST_F(touch, the_kernel_touches_for_a_thread)
{
	struct virtflex_migrate_args sum;
	size_t at;
	int fd;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, run_on_node(numa.node[3]));
	fd = memfd_create("touch", MFD_CLOEXEC);
	ASSERT_GE(fd, 0);
	for (at = 0; at < self->len; at += self->unit)
		ASSERT_EQ(64, write(fd, self->mem + at, 64));
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[3]));
	EXPECT_INTACT();
	close(fd);
}

TEST_F(touch, untouched_pages_stay)
{
	struct virtflex_migrate_args sum;
	size_t at;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	for (at = 0; at < self->len; at += 2 * self->unit)
		read_page(self->mem + at);
	for (at = 0; at < self->len; at += 2 * self->unit) {
		ASSERT_EQ(numa.node[2], node_of(self->mem + at));
		ASSERT_EQ(numa.node[1], node_of(self->mem + at + self->unit));
	}
	/* they follow as soon as they are touched */
	ASSERT_EQ(0, run_on_node(numa.node[3]));
	for (at = self->unit; at < self->len; at += 2 * self->unit)
		read_page(self->mem + at);
	for (at = 0; at < self->len; at += 2 * self->unit)
		ASSERT_EQ(numa.node[3], node_of(self->mem + at + self->unit));
	EXPECT_INTACT();
}

struct toucher {
	char *mem;
	size_t len, unit;
	int node;
};

static void *touch_all(void *arg)
{
	struct toucher *toucher = arg;
	size_t at;

	if (run_on_node(toucher->node))
		return toucher;
	for (at = 0; at < toucher->len; at += toucher->unit)
		read_page(toucher->mem + at);
	return NULL;
}

TEST_F(touch, threads_get_what_they_touch)
{
	struct virtflex_migrate_args sum;
	struct toucher toucher[4];
	pthread_t thread[4];
	size_t part = self->len / 4;
	int i;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	for (i = 0; i < 4; i++) {
		toucher[i] = (struct toucher) {
			.mem = self->mem + i * part, .len = part,
			.unit = self->unit, .node = numa.node[3 - i],
		};
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, touch_all,
					    &toucher[i]));
	}
	for (i = 0; i < 4; i++) {
		void *failed;

		pthread_join(thread[i], &failed);
		ASSERT_EQ(NULL, failed);
	}
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(part_on(self->mem + i * part, part,
				    numa.node[3 - i]));
	EXPECT_INTACT();
}

TEST_F(touch, a_touch_at_home_stays)
{
	struct virtflex_migrate_args sum;
	size_t at;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, run_on_node(numa.node[1]));
	for (at = 0; at < self->len; at += self->unit)
		read_page(self->mem + at);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	if (variant->balancing[0] == '1')
		return;
	/* and that was the next touch: later ones move nothing */
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	for (at = 0; at < self->len; at += self->unit)
		read_page(self->mem + at);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_INTACT();
}

TEST_F(touch, a_bound_thread_takes_no_fault_for_its_own_node)
{
	struct virtflex_migrate_args sum;
	long faults;

	ASSERT_EQ(0, mark_as_bound(self, &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(self->len / PAGE, sum.in_place);
	EXPECT_EQ(0, sum.marked);
	faults = faults_of_writes(self->mem, self->len, self->unit);
	/* NUMA balancing may have marks of its own */
	if (variant->balancing[0] == '0')
		EXPECT_EQ(0, faults);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	/* as it would have to, if it were not bound */
	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, run_on_node(numa.node[1]));
	EXPECT_LE((long)(self->len / self->unit),
		  faults_of_writes(self->mem, self->len, self->unit));
	EXPECT_INTACT();
}

TEST_F(touch, a_bound_thread_gets_what_is_elsewhere)
{
	struct virtflex_migrate_args sum;
	size_t at;

	ASSERT_EQ(0, run_on_node(numa.node[2]));
	ASSERT_EQ(0, mark_as_bound(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	for (at = 0; at < self->len; at += self->unit)
		read_page(self->mem + at);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[2]));
	EXPECT_INTACT();
}

TEST_F(touch, marking_twice_is_marking_once)
{
	struct virtflex_migrate_args sum;
	size_t at;

	ASSERT_EQ(0, mark(self, &sum));
	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	for (at = 0; at < self->len; at += self->unit)
		read_page(self->mem + at);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[2]));
	EXPECT_INTACT();
}

TEST_F(touch, marks_that_are_there_are_not_made_again)
{
	struct virtflex_migrate_args sum;
	long before, first, second;

	/* NUMA balancing makes some of its own, and counts them alike. */
	if (variant->balancing[0] != '0')
		return;
	before = vm_counter("numa_pte_updates");
	ASSERT_EQ(0, mark(self, &sum));
	first = vm_counter("numa_pte_updates") - before;
	ASSERT_EQ(0, mark(self, &sum));
	second = vm_counter("numa_pte_updates") - before - first;
	EXPECT_ALL_MARKED(&sum);
	EXPECT_EQ((long)(self->len / PAGE), first);
	EXPECT_EQ(0, second);
	EXPECT_INTACT();
}

TEST_F(touch, explicit_policy_is_not_marked)
{
	struct virtflex_migrate_args sum;
	size_t at;

	ASSERT_EQ(0, bind_range(self->mem, self->len, MPOL_PREFERRED,
				1ULL << numa.node[1]));
	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_EQ(0, sum.marked);
	EXPECT_EQ(self->len / PAGE, sum.in_place);
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	for (at = 0; at < self->len; at += self->unit)
		read_page(self->mem + at);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_INTACT();
}

TEST_F(touch, inactive_nodes_are_not_marked)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, migrate(self->mem, self->len, VIRTFLEX_MIGRATE_NEXT_TOUCH,
			     numa_mask() & ~(1ULL << numa.node[1]), &sum));
	EXPECT_TRUE(adds_up(&sum));
	EXPECT_EQ(0, sum.marked);
	EXPECT_EQ(self->len / PAGE, sum.in_place);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
}

TEST_F(touch, a_child_has_no_marks)
{
	struct virtflex_migrate_args sum;
	int status;
	pid_t pid;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(run_on_node(numa.node[2]) ||
		      !filled(self->mem, self->len, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	if (variant->balancing[0] == '0')
		EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_INTACT();
}

TEST_F(touch, a_change_of_protection_takes_the_mark)
{
	struct virtflex_migrate_args sum;
	size_t at;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, mprotect(self->mem, self->len, PROT_READ));
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	for (at = 0; at < self->len; at += self->unit)
		read_page(self->mem + at);
	if (variant->balancing[0] == '0')
		EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_INTACT();
}

TEST_F(touch, marked_memory_can_go)
{
	struct virtflex_migrate_args sum;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	EXPECT_EQ(0, mprotect(self->mem, self->len / 2, PROT_READ));
	EXPECT_EQ(0, mprotect(self->mem, self->len / 2,
			      PROT_READ | PROT_WRITE));
	EXPECT_TRUE(filled(self->mem, self->len, 1));
	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_EQ(0, madvise(self->mem, self->len / 2, MADV_DONTNEED));
	EXPECT_EQ(0, self->mem[0]);
	EXPECT_EQ(0, munmap(self->mem, self->len));
}

/* The mode for memory of several speeds: the folio's field for the CPU has a time. */
FIXTURE_VARIANT_ADD(touch, balancing_tiering) { .balancing = "2" };
FIXTURE_VARIANT_ADD(touch, balancing_tiering_thp)
	{ .balancing = "2", .huge = true };

/*
 * Touch all of it, and count what the trace says of it: each page once, from
 * its node to the one where it goes, and to none (-1) where it stays. Returns
 * NULL, or why there is no trace.
 */
static const char *trace_touches(touch_t *self, const char *to, size_t *told,
				 size_t *right)
{
	static const char * const events[] = {
		"virtflex/virtflex_next_touch", NULL
	};
	const char *why = trace_start(gettid(), events);
	struct trace trace;
	char from[16];
	size_t at, i;

	if (why)
		return why;
	for (at = 0; at < self->len; at += self->unit)
		read_page(self->mem + at);
	if (trace_stop(&trace))
		return "the trace is not whole";
	snprintf(from, sizeof(from), "%d", numa.node[1]);
	*told = trace.nr;
	*right = 0;
	for (i = 0; i < trace.nr; i++)
		*right += trace_is(&trace.record[i], "from", from) &&
			  trace_is(&trace.record[i], "to", to);
	if (*right < *told)
		printf("# the last one: %s, not to=%s\n",
		       trace.record[trace.nr - 1].fields, to);
	trace_free(&trace);
	return NULL;
}

TEST_F(touch, the_trace_names_the_target)
{
	struct virtflex_migrate_args sum;
	size_t told, right;
	const char *why;
	char to[16];

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	snprintf(to, sizeof(to), "%d", numa.node[2]);
	why = trace_touches(self, to, &told, &right);
	if (why)
		SKIP(return, "%s", why);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[2]));
	EXPECT_EQ(self->len / self->unit, told);
	EXPECT_EQ(told, right);
}

TEST_F(touch, the_trace_names_no_target_at_home)
{
	struct virtflex_migrate_args sum;
	size_t told, right;
	const char *why;

	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, run_on_node(numa.node[1]));
	why = trace_touches(self, "-1", &told, &right);
	if (why)
		SKIP(return, "%s", why);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_EQ(self->len / self->unit, told);
	EXPECT_EQ(told, right);
}

TEST_F(touch, the_trace_names_no_inactive_target)
{
	const char *why = publish_need();
	struct virtflex_migrate_args sum;
	size_t told, right;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, mark(self, &sum));
	EXPECT_ALL_MARKED(&sum);
	ASSERT_EQ(0, publish(numa_mask() & ~(1ULL << numa.node[2])));
	ASSERT_EQ(0, run_on_node(numa.node[2]));
	why = trace_touches(self, "-1", &told, &right);
	publish_restore();
	if (why)
		SKIP(return, "%s", why);
	EXPECT_TRUE(all_on(self->mem, self->len, numa.node[1]));
	EXPECT_EQ(self->len / self->unit, told);
	EXPECT_EQ(told, right);
}

TEST_HARNESS_MAIN
