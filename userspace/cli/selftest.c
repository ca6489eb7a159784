// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflex migrate --self-test: memory of this process is put on wrong nodes,
 * and must end on the right ones. Where it ends is asked of move_pages(2), page
 * by page: the report of a migration is not evidence of itself.
 *
 * Memory comes to a node without any help of what is tested: bound to the node,
 * touched, and given its real policy afterwards.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"

/* Of <linux/mempolicy.h>. */
#define POLICY_DEFAULT		0
#define POLICY_BIND		2
#define POLICY_INTERLEAVE	3
#define POLICY_PREFERRED_MANY	5

#define PAGE_BYTES	4096UL
#define HUGE_BYTES	(2UL << 20)
#define HUGE_PAGES	(HUGE_BYTES / PAGE_BYTES)
#define CASE_PAGES	(2 * HUGE_PAGES)

#define MAX_WHY		120

enum result { PASS, FAIL, SKIP };

/**
 * struct machine - where the test can put memory
 * @active: nodes that may be used
 * @nodes: these as a list
 * @nr_nodes: how many
 * @cpu: a CPU of each, -1 if it has none
 */
struct machine {
	struct virtflex_nodemask active;
	unsigned int nodes[VIRTFLEX_MAX_NODES];
	unsigned int nr_nodes;
	int cpu[VIRTFLEX_MAX_NODES];
};

/**
 * struct test - what a case works on
 * @ctx: context
 * @m: machine
 * @pidfd: this process
 * @method: in and out, as for virtflex_migrate()
 * @huge: with 2 MiB pages
 * @mem: memory, CASE_PAGES long and aligned to 2 MiB
 * @report: what the migration said
 * @right: pages that ended where they belong
 * @wrong: pages that did not
 * @why: why a case failed or was skipped
 */
struct test {
	struct context *ctx;
	const struct machine *m;
	int pidfd;
	unsigned int method;
	bool huge;
	char *mem;
	struct virtflex_migrate_args report;
	uint64_t right;
	uint64_t wrong;
	char why[MAX_WHY];
};

static enum result fail(struct test *t, const char *what, int err)
{
	if (err)
		snprintf(t->why, sizeof(t->why), "%s: %s", what, strerror(err));
	else
		snprintf(t->why, sizeof(t->why), "%s", what);
	return FAIL;
}

static enum result skip(struct test *t, const char *why)
{
	snprintf(t->why, sizeof(t->why), "%s", why);
	return SKIP;
}

static int set_policy(struct test *t, int policy,
		      const struct virtflex_nodemask *nodes)
{
	long ret;

	if (policy == POLICY_DEFAULT)
		ret = syscall(SYS_mbind, t->mem, CASE_PAGES * PAGE_BYTES,
			      policy, NULL, 0UL, 0U);
	else
		ret = syscall(SYS_mbind, t->mem, CASE_PAGES * PAGE_BYTES,
			      policy, nodes->bits,
			      (unsigned long)VIRTFLEX_MAX_NODES, 0U);
	return ret ? errno : 0;
}

static struct virtflex_nodemask one_node(unsigned int node)
{
	struct virtflex_nodemask mask = { 0 };

	virtflex_node_set(&mask, node);
	return mask;
}

static int nodes_of(struct test *t, int *status)
{
	void *pages[CASE_PAGES];
	unsigned int i;

	for (i = 0; i < CASE_PAGES; i++)
		pages[i] = t->mem + i * PAGE_BYTES;
	return syscall(SYS_move_pages, 0, (unsigned long)CASE_PAGES, pages,
		       NULL, status, 0) ? errno : 0;
}

/* Count pages that are on the node @expect gives them. */
static enum result check(struct test *t,
			 int (*expect)(struct test *t, unsigned int page))
{
	int status[CASE_PAGES], err;
	unsigned int i;

	err = nodes_of(t, status);
	if (err)
		return fail(t, "move_pages(2) as a query", err);
	t->right = 0;
	for (i = 0; i < CASE_PAGES; i++)
		t->right += status[i] == expect(t, i);
	t->wrong = CASE_PAGES - t->right;
	if (!t->wrong)
		return PASS;
	snprintf(t->why, sizeof(t->why),
		 "%llu of %lu pages are on a wrong node",
		 (unsigned long long)t->wrong, CASE_PAGES);
	return FAIL;
}

static int expect_first(struct test *t, unsigned int page)
{
	(void)page;
	return t->m->nodes[0];
}

static int expect_second(struct test *t, unsigned int page)
{
	(void)page;
	return t->m->nodes[1];
}

/* The kernel's rule: by address for anonymous memory, in units of the page. */
static int expect_interleaved(struct test *t, unsigned int page)
{
	uintptr_t addr = (uintptr_t)t->mem + page * PAGE_BYTES;

	return t->m->nodes[addr / (t->huge ? HUGE_BYTES : PAGE_BYTES) %
			   t->m->nr_nodes];
}

/* All memory of the case on the first node, whatever comes to be its policy. */
static enum result misplace(struct test *t)
{
	struct virtflex_nodemask first = one_node(t->m->nodes[0]);
	enum result ret;
	int err;

	err = set_policy(t, POLICY_BIND, &first);
	if (err)
		return fail(t, "mbind(2)", err);
	memset(t->mem, 1, CASE_PAGES * PAGE_BYTES);
	ret = check(t, expect_first);
	if (ret == FAIL && t->wrong)
		return fail(t, "memory could not be put on the first node", 0);
	return ret;
}

static enum result migrate(struct test *t, uint64_t flags,
			   const struct virtflex_nodemask *active)
{
	struct virtflex_migrate_args args = {
		.flags = flags,
		.start = (uintptr_t)t->mem,
		.end = (uintptr_t)t->mem + CASE_PAGES * PAGE_BYTES,
		.nodemask = (uintptr_t)active,
		.budget_ns = 20000000,
	};
	int ret;

	ret = virtflex_migrate_all(t->ctx->vf, t->pidfd, &args, sizeof(args),
				   &t->method, NULL, NULL);
	t->report = args;
	return ret ? fail(t, "virtflex_migrate", -ret) : PASS;
}

static enum result with_policy(struct test *t, int policy,
			       const struct virtflex_nodemask *nodes,
			       int (*expect)(struct test *t, unsigned int page))
{
	enum result ret;
	int err;

	ret = misplace(t);
	if (ret)
		return ret;
	err = set_policy(t, policy, nodes);
	if (err)
		return fail(t, "mbind(2)", err);
	ret = migrate(t, VIRTFLEX_MIGRATE_POLICY, &t->m->active);
	return ret ? ret : check(t, expect);
}

static enum result test_bind(struct test *t)
{
	struct virtflex_nodemask second = one_node(t->m->nodes[1]);

	return with_policy(t, POLICY_BIND, &second, expect_second);
}

static enum result test_prefer_many(struct test *t)
{
	struct virtflex_nodemask second = one_node(t->m->nodes[1]);

	return with_policy(t, POLICY_PREFERRED_MANY, &second, expect_second);
}

static enum result test_interleave(struct test *t)
{
	return with_policy(t, POLICY_INTERLEAVE, &t->m->active,
			   expect_interleaved);
}

/* The first node is not active: its pages are to leave it. */
static enum result test_evacuate(struct test *t)
{
	struct virtflex_nodemask active = one_node(t->m->nodes[1]);
	enum result ret;
	int err;

	ret = misplace(t);
	if (ret)
		return ret;
	err = set_policy(t, POLICY_DEFAULT, NULL);
	if (err)
		return fail(t, "mbind(2)", err);
	ret = migrate(t, VIRTFLEX_MIGRATE_EVACUATE, &active);
	return ret ? ret : check(t, expect_second);
}

/* A thread on the second node touches pages on the first. */
static enum result test_local(struct test *t)
{
	cpu_set_t before, cpu;
	enum result ret;
	unsigned int i;
	int err;

	if (t->m->cpu[1] < 0)
		return skip(t, "the second node has no CPU");
	ret = misplace(t);
	if (ret)
		return ret;
	err = set_policy(t, POLICY_DEFAULT, NULL);
	if (err)
		return fail(t, "mbind(2)", err);
	if (sched_getaffinity(0, sizeof(before), &before))
		return fail(t, "sched_getaffinity(2)", errno);
	CPU_ZERO(&cpu);
	CPU_SET(t->m->cpu[1], &cpu);
	/* Before the call: pages where all threads are bound are in place. */
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		return fail(t, "sched_setaffinity(2)", errno);
	ret = migrate(t, VIRTFLEX_MIGRATE_NEXT_TOUCH, &t->m->active);
	for (i = 0; !ret && i < CASE_PAGES; i++)
		((volatile char *)t->mem)[i * PAGE_BYTES]++;
	sched_setaffinity(0, sizeof(before), &before);
	if (ret)
		return ret;
	if (t->method == VIRTFLEX_METHOD_MOVE_PAGES)
		return skip(t, "needs virtflex_migrate(2)");
	return check(t, expect_second);
}

static const struct case_desc {
	const char *name;
	bool huge;
	enum result (*run)(struct test *t);
} cases[] = {
	{ "bind", false, test_bind },
	{ "bind", true, test_bind },
	{ "prefer (many)", false, test_prefer_many },
	{ "interleave", false, test_interleave },
	{ "interleave", true, test_interleave },
	{ "evacuate", false, test_evacuate },
	{ "evacuate", true, test_evacuate },
	{ "local", false, test_local },
	{ "local", true, test_local },
};

#define NR_CASES (sizeof(cases) / sizeof(*cases))

/* KiB of the case's memory in 2 MiB pages, by what the kernel says of it. */
static unsigned long huge_kb(struct test *t)
{
	unsigned long start, end, kb, sum = 0;
	unsigned long mem = (unsigned long)t->mem;
	bool inside = false;
	char line[512];
	FILE *f;

	f = fopen("/proc/self/smaps", "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start >= mem &&
				 end <= mem + CASE_PAGES * PAGE_BYTES;
		else if (inside && sscanf(line, "AnonHugePages: %lu", &kb) == 1)
			sum += kb;
	}
	if (f)
		fclose(f);
	return sum;
}

static enum result run_case(struct test *t, const struct case_desc *c)
{
	size_t len = CASE_PAGES * PAGE_BYTES;
	enum result ret;
	char *area;

	/* room to align, and pages around that keep mappings apart */
	area = mmap(NULL, len + 2 * HUGE_BYTES, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return fail(t, "mmap(2)", errno);
	t->mem = (char *)(((uintptr_t)area + HUGE_BYTES) & ~(HUGE_BYTES - 1));
	t->huge = c->huge;
	ret = PASS;
	if (mmap(t->mem, len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		ret = fail(t, "mmap(2)", errno);
	/* a kernel without them has no 2 MiB pages in the way either */
	if (madvise(t->mem, len, c->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) &&
	    c->huge)
		ret = skip(t, "this kernel has no transparent 2 MiB pages");
	if (!ret && c->huge) {
		memset(t->mem, 1, len);
		if (huge_kb(t) != len / 1024)
			ret = skip(t, "no transparent 2 MiB pages were to be had");
		madvise(t->mem, len, MADV_DONTNEED);
	}
	if (!ret)
		ret = c->run(t);
	if (!ret && c->huge && huge_kb(t) != len / 1024)
		ret = fail(t, "2 MiB pages were split", 0);
	munmap(area, len + 2 * HUGE_BYTES);
	return ret;
}

/* A CPU of a node, also where there is no module to ask. */
static int cpu_of(unsigned int node)
{
	unsigned int cpu, of;
	cpu_set_t before, one;
	int found = -1;

	if (sched_getaffinity(0, sizeof(before), &before))
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE && found < 0; cpu++) {
		if (!CPU_ISSET(cpu, &before))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (!sched_setaffinity(0, sizeof(one), &one) &&
		    !syscall(SYS_getcpu, NULL, &of, NULL) && of == node)
			found = cpu;
	}
	sched_setaffinity(0, sizeof(before), &before);
	return found;
}

/* Active nodes on which this process can get memory. */
static void look_around(struct context *ctx, struct machine *m)
{
	struct virtflex_nodemask allowed = { 0 };
	struct virtflex_topology *t;
	unsigned int node;
	int ret;

	memset(m, 0, sizeof(*m));
	/*
	 * MPOL_F_MEMS_ALLOWED: nodes with memory that the cpuset allows; none on
	 * a kernel without nodes
	 */
	syscall(SYS_get_mempolicy, NULL, allowed.bits,
		(unsigned long)VIRTFLEX_MAX_NODES, NULL, 1UL << 2);
	ret = virtflex_topology_read(ctx->vf, &t);
	if (!ret) {
		virtflex_topology_active(t, &m->active);
		virtflex_topology_free(t);
	}
	for (node = 0; node < VIRTFLEX_MAX_NODES; node++)
		if (virtflex_node_isset(&allowed, node) &&
		    (ret || virtflex_node_isset(&m->active, node)))
			m->nodes[m->nr_nodes++] = node;
	memset(&m->active, 0, sizeof(m->active));
	for (node = 0; node < m->nr_nodes; node++) {
		virtflex_node_set(&m->active, m->nodes[node]);
		m->cpu[node] = node < 2 ? cpu_of(m->nodes[node]) : -1;
	}
}

static void add_case_json(struct json_object *list, const struct case_desc *c,
			  const struct test *t, const char *result)
{
	struct json_object *o = json_object_new_object();

	json_object_array_add(list, o);
	json_object_object_add(o, "name", json_text(c->name));
	json_object_object_add(o, "page_kb", json_u64(c->huge ? 2048 : 4));
	json_object_object_add(o, "result", json_text(result));
	json_object_object_add(o, "right", json_u64(t->right));
	json_object_object_add(o, "wrong", json_u64(t->wrong));
	json_object_object_add(o, "moved", json_u64(t->report.moved));
	json_object_object_add(o, "marked", json_u64(t->report.marked));
	json_object_object_add(o, "why", *t->why ?
			       json_text(t->why) : NULL);
}

static int print_sum(struct json_object *list, const char *method,
		     const unsigned int *count, const char *why)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "method",
			       method ? json_text(method) : NULL);
	json_object_object_add(root, "cases", list);
	json_object_object_add(root, "passed", json_u64(count[PASS]));
	json_object_object_add(root, "failed", json_u64(count[FAIL]));
	json_object_object_add(root, "skipped", json_u64(count[SKIP]));
	json_object_object_add(root, "why", why ? json_text(why) : NULL);
	return print_json(root, JSON_PAGE);
}

static int cannot_run(const struct context *ctx, unsigned int nr_nodes)
{
	static const unsigned int none[3];
	char why[MAX_WHY];

	snprintf(why, sizeof(why),
		 "the self-test needs two active nodes with memory; here there is %s",
		 nr_nodes ? "one" : "none");
	error("%s", why);
	if (ctx->json &&
	    print_sum(json_object_new_array(), NULL, none, why))
		return EXIT_ERROR;
	return EXIT_SKIPPED;
}

/**
 * self_test() - misplace memory and see it moved
 * @ctx: context
 * @method: enum virtflex_method to test
 *
 * Return: enum exit_code.
 */
int self_test(struct context *ctx, unsigned int method)
{
	static const char *const words[] = { "pass", "FAIL", "skip" };
	static const char *const colors[] = { GREEN, RED, YELLOW };
	static const char *const results[] = { "pass", "fail", "skip" };
	unsigned int i, count[3] = { 0 }, used = VIRTFLEX_METHOD_ANY;
	struct json_object *list;
	struct machine *m;
	int pidfd, ret;

	m = malloc(sizeof(*m));
	if (!m) {
		error("%s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	look_around(ctx, m);
	if (m->nr_nodes < 2) {
		ret = cannot_run(ctx, m->nr_nodes);
		free(m);
		return ret;
	}
	pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	if (pidfd < 0) {
		error("pidfd_open(2): %s", strerror(errno));
		free(m);
		return EXIT_ERROR;
	}

	list = json_object_new_array();
	for (i = 0; i < NR_CASES; i++) {
		const struct case_desc *c = &cases[i];
		struct test t = {
			.ctx = ctx,
			.m = m,
			.pidfd = pidfd,
			.method = method,
		};

		ret = run_case(&t, c);
		count[ret]++;
		if (t.method)
			used = t.method;
		if (ctx->json) {
			add_case_json(list, c, &t, results[ret]);
			continue;
		}
		printf("%s%s%s  %-14s %5s  ", paint(colors[ret]), words[ret],
		       paint(PLAIN), c->name, c->huge ? "2 MiB" : "4 KiB");
		if (ret == PASS)
			printf("%llu pages on their right nodes\n",
			       (unsigned long long)t.right);
		else
			printf("%s\n", t.why);
		flush_output();
	}
	close(pidfd);
	free(m);
	if (ctx->json) {
		if (print_sum(list, used ? virtflex_method_name(used) : NULL,
			      count, NULL))
			return EXIT_ERROR;
	} else {
		json_object_put(list);
		if (used)
			printf("by %s(2): ", virtflex_method_name(used));
		printf("%u passed, %u failed, %u skipped\n", count[PASS],
		       count[FAIL], count[SKIP]);
	}
	if (count[FAIL])
		return EXIT_INCOMPLETE;
	return count[PASS] ? EXIT_DONE : EXIT_SKIPPED;
}
