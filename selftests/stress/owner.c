// SPDX-License-Identifier: GPL-2.0
/* A process that does to its memory what programs do, and knows what is in it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "../numa_util.h"
#include "area.h"
#include "hot.h"
#include "stress.h"

/* an owner ends after so many, and another begins */
#define MOST_OPERATIONS	3000
#define MOST_CHILDREN	3
#define HOT_OF		3	/* owners, of which one has hot memory: it takes a CPU */
#define TOUCHED		32U	/* pages at a time */
#define PINNED		16U	/* pages in a pipe, its size by default */

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static struct area areas[OWNER_AREAS];
static int me;
static int children;
static bool wrong;	/* atomic; a page has what it should not have */

static void found_wrong(void)
{
	__atomic_store_n(&wrong, true, __ATOMIC_RELAXED);
}

/** struct part - some pages of an area */
struct part {
	struct area *a;
	unsigned int first, nr;
	char *start;
	size_t len;
};

/* Of a hugetlb area only whole pages can be had. */
static struct part random_part(struct area *a)
{
	unsigned int unit = a->kind == AREA_HUGETLB ? HUGE_PAGES : 1;
	unsigned int units = a->pages / unit, first, nr;

	first = random_below(units);
	nr = 1 + random_below(units - first);
	return (struct part){
		.a = a,
		.first = first * unit,
		.nr = nr * unit,
		.start = a->start + first * unit * PAGE,
		.len = nr * unit * PAGE,
	};
}

static void tell_where(int number)
{
	struct area *a = &areas[number];

	shared->owner[me].area[number].start = a->start;
	shared->owner[me].area[number].len = a->start ? a->pages * PAGE : 0;
}

static void tell_hot(const struct hot *hot)
{
	shared->owner[me].area[OWNER_AREAS].start = hot->start;
	shared->owner[me].area[OWNER_AREAS].len = hot->len;
}

static unsigned int random_pages(enum area_kind kind)
{
	switch (kind) {
	case AREA_HUGETLB:
		return HUGE_PAGES;
	case AREA_ANON_HUGE:
		return HUGE_PAGES * (1 + random_below(AREA_PAGES / HUGE_PAGES));
	default:
		return 1 + random_below(AREA_PAGES);
	}
}

/* ---- what can be done to a part; with the area's lock ---- */

static void write_part(struct part *p)
{
	area_write(p->a, p->first, p->nr);
}

static void check_part(struct part *p)
{
	if (!area_check(p->a, p->first, p->nr))
		found_wrong();
}

static void protect(struct part *p)
{
	static const int protections[] = { PROT_READ, PROT_NONE, PROT_READ | PROT_WRITE };

	mprotect(p->start, p->len, protections[random_below(3)]);
	usleep(random_below(2000));
	/* there may be no memory to split a mapping with; it is one again then */
	while (mprotect(p->start, p->len, PROT_READ | PROT_WRITE))
		usleep(1000);
}

/* Of a file this drops what was written to a private mapping, and shared memory stays. */
static void drop(struct part *p)
{
	bool empties = p->a->kind == AREA_ANON || p->a->kind == AREA_ANON_HUGE ||
		       p->a->kind == AREA_FILE_PRIVATE;

	/* what it gave back is not reserved for it any more */
	if (p->a->kind == AREA_HUGETLB)
		return;
	if (!madvise(p->start, p->len, MADV_DONTNEED) && empties)
		area_emptied(p->a, p->first, p->nr);
}

static void free_lazily(struct part *p)
{
	if (p->a->kind != AREA_ANON && p->a->kind != AREA_ANON_HUGE)
		return;
	if (madvise(p->start, p->len, MADV_FREE))
		return;
	usleep(random_below(5000));
	if (!area_check_freed(p->a, p->first, p->nr))
		found_wrong();
	/* as long as one is not written, it may go at any time */
	area_write(p->a, p->first, p->nr);
}

static void punch(struct part *p)
{
	if (p->a->kind == AREA_FILE || p->a->kind == AREA_SHARED)
		if (!madvise(p->start, p->len, MADV_REMOVE))
			area_emptied(p->a, p->first, p->nr);
}

static void advise(struct part *p)
{
	static const int advice[] = {
		MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_WILLNEED, MADV_MERGEABLE, MADV_UNMERGEABLE,
	};
	int one = advice[random_below(sizeof(advice) / sizeof(*advice))];

	if (!madvise(p->start, p->len, one) && one == MADV_PAGEOUT)
		count_up(&shared->count.swapped, p->nr);
}

static void lock_part(struct part *p)
{
	if (mlock2(p->start, p->len, random_below(2) ? MLOCK_ONFAULT : 0))
		return;
	usleep(random_below(3000));
	munlock(p->start, p->len);
}

static void bind_part(struct part *p)
{
	static const int modes[] = {
		MPOL_DEFAULT, MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_LOCAL,
	};
	int mode = modes[random_below(5)];
	uint64_t nodes = mode == MPOL_DEFAULT || mode == MPOL_LOCAL ? 0 : random_nodes();

	/* what was reserved for it may be on other nodes: it would get SIGBUS */
	if (p->a->kind == AREA_HUGETLB && mode == MPOL_BIND)
		mode = MPOL_PREFERRED_MANY;
	bind_range(p->start, p->len, mode, nodes);
}

static void move_mapping(struct part *p)
{
	if (p->a->kind == AREA_HUGETLB)
		return;
	area_resize(p->a, random_pages(p->a->kind));
}

/* Pages in a pipe are pinned: what was in them when they went in comes out. */
static void pin(struct part *p)
{
	static char copy[PINNED * PAGE];
	struct iovec iov = { .iov_base = p->start };
	unsigned int nr = p->nr < PINNED ? p->nr : PINNED, page;
	ssize_t got;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	iov.iov_len = nr * PAGE;
	got = vmsplice(fds[1], &iov, 1, 0);
	if (got > 0) {
		usleep(random_below(10000));
		got = read(fds[0], copy, got);
	}
	for (page = 0; got > 0 && page < got / PAGE; page++)
		if (!area_check_copy(p->a, p->first + page, copy + page * PAGE))
			found_wrong();
	close(fds[0]);
	close(fds[1]);
}

/* Its own pages, as a program may: with whatever arguments */
static void migrate_part(struct part *p)
{
	struct virtflex_migrate_args sum;

	migrate(p->start, p->len, random_below(16), random_below(2) ? random_nodes() : 0, &sum);
}

static const struct {
	void (*fn)(struct part *p);
	unsigned int weight;
} operations[] = {
	{ write_part, 20 }, { check_part, 20 }, { protect, 8 }, { drop, 8 },
	{ free_lazily, 6 }, { punch, 3 }, { advise, 24 }, { lock_part, 6 },
	{ bind_part, 12 }, { move_mapping, 8 }, { pin, 8 }, { migrate_part, 6 },
};

static void operate(struct area *a)
{
	unsigned int total = 0, at, i;
	struct part part;

	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		total += operations[i].weight;
	at = random_below(total);
	for (i = 0; at >= operations[i].weight; i++)
		at -= operations[i].weight;
	part = random_part(a);
	operations[i].fn(&part);
}

/* ---- what can be done to the process ---- */

static void lock_all(void)
{
	int i;

	for (i = 0; i < OWNER_AREAS; i++)
		pthread_mutex_lock(&areas[i].lock);
}

static void unlock_all(void)
{
	int i;

	for (i = 0; i < OWNER_AREAS; i++)
		pthread_mutex_unlock(&areas[i].lock);
}

/* What is the child's own is as it was when it was forked, whoever writes to it. */
static int child_run(void)
{
	struct area *a;

	alarm(300);
	for (a = areas; a < areas + OWNER_AREAS; a++) {
		if (!a->start || a->kind == AREA_SHARED || a->kind == AREA_FILE ||
		    a->kind == AREA_HUGETLB)
			continue;
		if (!area_check(a, 0, a->pages))
			return 1;
		area_write(a, 0, a->pages / 2);
		usleep(random_below(2000));
		if (!area_check(a, 0, a->pages))
			return 1;
	}
	return 0;
}

static void reap(int most)
{
	int status;

	while (children > most) {
		if (waitpid(-1, &status, 0) < 0)
			break;
		children--;
		if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			printf("# a child ended with status %#x\n", status);
			fflush(stdout);
			found_wrong();
		}
	}
}

static void fork_child(bool execs)
{
	pid_t pid;

	reap(MOST_CHILDREN - 1);
	fflush(stdout);
	lock_all();
	pid = fork();
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!pid && execs) {
		execl("/proc/self/exe", "migrate_stress", "--nothing", NULL);
		_exit(1);
	}
	if (!pid)
		_exit(child_run());
	unlock_all();
	if (pid < 0)
		return;
	children++;
	count_up(&shared->count.forks, 1);
}

static void replace(int number)
{
	struct area *a = &areas[number];
	enum area_kind kind = random_below(AREA_KINDS);

	if (a->start)
		area_free(a);
	area_new(a, kind, random_pages(kind), random_below(1U << 31));
	tell_where(number);
}

static void step(void)
{
	int number = random_below(OWNER_AREAS);
	struct area *a = &areas[number];

	switch (random_below(64)) {
	case 0:
		fork_child(false);
		return;
	case 1:
		fork_child(true);
		return;
	}
	pthread_mutex_lock(&a->lock);
	if (!a->start || !random_below(32)) {
		replace(number);
	} else {
		operate(a);
		tell_where(number);
	}
	pthread_mutex_unlock(&a->lock);
	count_up(&shared->count.operations, 1);
}

/* A second thread reads and writes pages all the time, on any CPU. */
static void *touch(void *data)
{
	unsigned int turn = 0, first, nr;
	bool *stop = data;
	struct area *a;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		a = &areas[turn++ % OWNER_AREAS];
		pthread_mutex_lock(&a->lock);
		if (a->start) {
			first = turn * 7919 % a->pages;
			nr = a->pages - first < TOUCHED ? a->pages - first : TOUCHED;
			if (!area_check(a, first, nr))
				found_wrong();
			area_write(a, first, nr);
		}
		pthread_mutex_unlock(&a->lock);
		usleep(500);
	}
	return NULL;
}

/* Says what could not be had; printf(3) is not for handlers, but it ends here. */
static void tell_fault(int signal, siginfo_t *info, void *context)
{
	const char *at = info->si_addr;
	int i;

	(void)context;
	for (i = 0; i < OWNER_AREAS; i++)
		if (at >= areas[i].start && at < areas[i].start + areas[i].pages * PAGE)
			printf("# signal %d, code %d: kind %d, page %zu of %u\n", signal,
			       info->si_code, areas[i].kind, (at - areas[i].start) / PAGE,
			       areas[i].pages);
	fflush(stdout);
	_exit(2);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_sigaction = tell_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

int owner_run(int number)
{
	unsigned int left = 1 + random_below(MOST_OPERATIONS);
	bool stop = false;
	pthread_t toucher;
	struct hot hot = {};
	int i;

	me = number;
	catch_faults();
	for (i = 0; i < OWNER_AREAS; i++)
		pthread_mutex_init(&areas[i].lock, NULL);
	if (!(number % HOT_OF) && hot_begin(&hot, !random_below(4)))
		return 0;
	tell_hot(&hot);
	if (pthread_create(&toucher, NULL, touch, &stop))
		return !hot_end(&hot);
	while (left-- && !ended() && !__atomic_load_n(&wrong, __ATOMIC_RELAXED))
		step();
	reap(0);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(toucher, NULL);
	if (!hot_end(&hot))
		found_wrong();
	for (i = 0; i < OWNER_AREAS; i++)
		if (areas[i].start && !area_check(&areas[i], 0, areas[i].pages))
			found_wrong();
	return wrong;
}
