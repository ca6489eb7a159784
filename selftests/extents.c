// SPDX-License-Identifier: GPL-2.0
/*
 * What the hypervisor does with extents of memory that a guest hands back, by
 * its own count of the guest's pages, whatever Xen it is:
 *
 *	extents CASE
 *
 * Hypercalls go through /dev/xen/privcmd, as root. The memory is in huge pages
 * of this process, which does not touch it while it is gone, and has it back at
 * the end. "held" prints the number of a page and waits for a line, twice: in
 * dom0, foreign_page is to map the page before the first and to let go of it
 * before the second. "granted" does that with a reference to a page it grants.
 * Exit status 0 if all was as it should be, 1 with the reasons as lines, 4 if
 * there is not what the case needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "numa_util.h"

/* Of Xen's public/xen.h and public/memory.h; from the physical node of vnode 0 alone */
#define HYPERVISOR_memory_op		12
#define HYPERVISOR_grant_table_op	20
#define XENMEM_decrease_reservation	1
#define XENMEM_current_reservation	3
#define XENMEM_populate_physmap		6
#define XENMEM_add_to_physmap		7
#define XENMEM_remove_from_physmap	15
#define XENMAPSPACE_grant_table		1
#define DOMID_SELF			0x7ff0
#define MEMF_EXACT_VNODE_0		0x60100

/* Of public/grant_table.h: version 1, which is what Linux uses in such guests */
#define GNTTABOP_get_version		10
#define GTF_permit_access		1

struct gnttab_get_version {
	uint16_t domid;
	uint32_t version;
};

struct grant_entry {
	uint16_t flags;
	uint16_t domid;
	uint32_t frame;
};

struct add_to_physmap {
	uint16_t domid;
	uint16_t size;
	uint32_t space;
	uint64_t idx;
	uint64_t pfn;
};

struct remove_from_physmap {
	uint16_t domid;
	uint64_t pfn;
};

/* Of Linux' xen/privcmd.h, which is not made for user space to include */
struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

#define IOCTL_PRIVCMD_HYPERCALL	_IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

struct reservation {
	uint64_t extent_start;
	uint64_t nr_extents;
	uint32_t extent_order;
	uint32_t mem_flags;
	uint16_t domid;
};

#define ORDER	9
#define PAGES	512L
#define SKIP	4
#define MOST	16
#define GRANT_PAGE	20

static int privcmd;
static bool bad;

/* Huge pages, and the number of the first page of each. */
static struct {
	char *at;
	uint64_t pfn;
} huge[MOST];
static int nr_huge;

static void expect(const char *what, long expected, long seen)
{
	if (expected == seen)
		return;
	printf("%s: expected %ld, is %ld\n", what, expected, seen);
	bad = true;
}

static long hypercall(struct privcmd_hypercall *call)
{
	long ret = ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, call);

	return ret < 0 ? -errno : ret;
}

static long memory_op(unsigned int cmd, void *arg)
{
	struct privcmd_hypercall call = {
		.op = HYPERVISOR_memory_op,
		.arg = { cmd, (uintptr_t)arg },
	};

	return hypercall(&call);
}

static long grant_version(void)
{
	struct gnttab_get_version version = { .domid = DOMID_SELF };
	struct privcmd_hypercall call = {
		.op = HYPERVISOR_grant_table_op,
		.arg = { GNTTABOP_get_version, (uintptr_t)&version, 1 },
	};
	long ret = hypercall(&call);

	return ret < 0 ? ret : (long)version.version;
}

static long extents(unsigned int cmd, uint64_t *pfns, long nr, int order)
{
	struct reservation reservation = {
		.extent_start = (uintptr_t)pfns,
		.nr_extents = nr,
		.extent_order = order,
		.mem_flags = cmd == XENMEM_populate_physmap ? MEMF_EXACT_VNODE_0 : 0,
		.domid = DOMID_SELF,
	};

	return memory_op(cmd, &reservation);
}

static long release(uint64_t pfn, int order)
{
	return extents(XENMEM_decrease_reservation, &pfn, 1, order);
}

static long populate(uint64_t pfn, int order)
{
	return extents(XENMEM_populate_physmap, &pfn, 1, order);
}

/* The domain's pages, as Xen counts them */
static long domain_pages(void)
{
	uint16_t domid = DOMID_SELF;

	return memory_op(XENMEM_current_reservation, &domid);
}

static uint64_t pfn_of(const void *at)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd >= 0 &&
	    pread(fd, &entry, sizeof(entry), (uintptr_t)at / 4096 * 8) != sizeof(entry))
		entry = 0;
	if (fd >= 0)
		close(fd);
	return entry & ((1ULL << 55) - 1);
}

static void setup(int nr)
{
	char *at;
	int i;

	privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (privcmd < 0 || hugetlb_reserve(0, nr)) {
		printf("no /dev/xen/privcmd, or no %d huge pages on node 0\n", nr);
		exit(SKIP);
	}
	at = mmap(NULL, nr * HUGE_PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (at == MAP_FAILED || bind_range(at, nr * HUGE_PAGE, MPOL_BIND, 1)) {
		printf("no memory in huge pages\n");
		exit(SKIP);
	}
	for (i = 0; i < nr; i++) {
		memset(at + i * HUGE_PAGE, 0x5a, HUGE_PAGE);
		huge[i].at = at + i * HUGE_PAGE;
		huge[i].pfn = pfn_of(huge[i].at);
		if (!huge[i].pfn || huge[i].pfn % PAGES) {
			printf("huge page %d is at page %#lx\n", i, (long)huge[i].pfn);
			exit(SKIP);
		}
	}
	nr_huge = nr;
}

/* Bring back pages that went; for one that is there, Xen would give another. */
static void back(uint64_t pfn, long nr)
{
	long came = 0;

	while (came < nr && populate(pfn + came, 0) == 1)
		came++;
	expect("pages that came", nr, came);
}

/* At the end: the guest has all its memory, and it is memory. */
static void finish(long before)
{
	int i;

	expect("pages of the domain at the end", before, domain_pages());
	for (i = 0; i < nr_huge; i++) {
		fill(huge[i].at, HUGE_PAGE, i);
		if (!filled(huge[i].at, HUGE_PAGE, i))
			expect("huge page that keeps what is written", i, -1);
	}
}

static void whole(void)
{
	long before = domain_pages();
	int i;

	for (i = 0; i < 3; i++) {
		expect("extents that went", 1, release(huge[0].pfn, ORDER));
		expect("pages afterwards", before - PAGES, domain_pages());
		expect("extents that went a second time", 0, release(huge[0].pfn, ORDER));
		expect("pages after that", before - PAGES, domain_pages());
		expect("extents that came", 1, populate(huge[0].pfn, ORDER));
		expect("pages then", before, domain_pages());
	}
	finish(before);
}

/* Pages before the one that is not there are gone, and no others. */
static void partly_out(void)
{
	long before = domain_pages();

	expect("a page that went", 1, release(huge[0].pfn + 5, 0));
	expect("extents that went", 0, release(huge[0].pfn, ORDER));
	expect("pages afterwards", before - 6, domain_pages());
	back(huge[0].pfn, 6);
	finish(before);
}

/* All of it is there, though not as the one piece it was. */
static void split(void)
{
	long before = domain_pages();

	expect("a page that went", 1, release(huge[0].pfn + 7, 0));
	expect("a page that came", 1, populate(huge[0].pfn + 7, 0));
	expect("extents that went", 1, release(huge[0].pfn, ORDER));
	expect("pages afterwards", before - PAGES, domain_pages());
	back(huge[0].pfn, PAGES);
	finish(before);
}

/* An extent that lies across two */
static void misaligned(void)
{
	long before = domain_pages();
	int i, j;

	for (i = 0; i < nr_huge; i++)
		for (j = 0; j < nr_huge; j++)
			if (huge[j].pfn == huge[i].pfn + PAGES)
				goto found;
	printf("no two huge pages in a row\n");
	exit(SKIP);
found:
	expect("extents that went", 1, release(huge[i].pfn + 1, ORDER));
	expect("pages afterwards", before - PAGES, domain_pages());
	expect("the page before went", 1, release(huge[i].pfn, 0));
	expect("the page after it went", 1, release(huge[j].pfn + 1, 0));
	expect("pages after that", before - PAGES - 2, domain_pages());
	back(huge[i].pfn, PAGES);
	back(huge[j].pfn, 2);
	finish(before);
}

/* All in one call, in the middle of which Xen has others to run */
static void batch(void)
{
	uint64_t pfns[MOST];
	long before = domain_pages();
	int i;

	for (i = 0; i < nr_huge; i++)
		pfns[i] = huge[i].pfn;
	expect("extents that went", nr_huge,
	       extents(XENMEM_decrease_reservation, pfns, nr_huge, ORDER));
	expect("pages afterwards", before - nr_huge * PAGES, domain_pages());
	expect("extents that came", nr_huge,
	       extents(XENMEM_populate_physmap, pfns, nr_huge, ORDER));
	expect("pages then", before, domain_pages());
	/* One of them is not there: those before it went. */
	expect("one that went", 1, release(huge[3].pfn, ORDER));
	expect("extents that went before it", 3,
	       extents(XENMEM_decrease_reservation, pfns, nr_huge, ORDER));
	expect("pages after that", before - 4 * PAGES, domain_pages());
	for (i = 0; i < 4; i++)
		back(huge[i].pfn, PAGES);
	finish(before);
}

/* Where the guest has no memory, or none so large */
static void no_memory(void)
{
	long before = domain_pages();

	expect("extents beyond all memory", 0, release(1ULL << 26, ORDER));
	expect("extents beyond all addresses", 0, release(~0ULL << ORDER, ORDER));
	expect("extents larger than it may have", 0, release(0, 40));
	expect("pages afterwards", before, domain_pages());
	finish(before);
}

static void next_line(void)
{
	char line[64];

	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		bad = true;
}

/* A page that dom0 has mapped stays the domain's until dom0 lets go of it. */
static void goes_but_for_one(long before)
{
	next_line();
	expect("extents that went", 1, release(huge[0].pfn, ORDER));
	expect("pages while one is held", before - PAGES + 1, domain_pages());
	printf("gone\n");
	next_line();
	expect("pages when it is not", before - PAGES, domain_pages());
}

static void mapped(void)
{
	long before = domain_pages();

	printf("%lu\n", (unsigned long)huge[0].pfn + 9);
	goes_but_for_one(before);
	back(huge[0].pfn, PAGES);
	finish(before);
}

/*
 * Granted by an entry in a page of the grant table far from those the kernel
 * uses. For that, the page takes the place of one of this process.
 */
static void granted(void)
{
	long before = domain_pages();
	struct add_to_physmap add = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_grant_table,
		.idx = GRANT_PAGE,
		.pfn = huge[1].pfn + 3,
	};
	struct remove_from_physmap removal = { .domid = DOMID_SELF, .pfn = add.pfn };
	volatile struct grant_entry *entry = (void *)(huge[1].at + 3 * PAGE);

	if (grant_version() != 1) {
		printf("the grant table is not of version 1\n");
		exit(SKIP);
	}
	expect("a page that went", 1, release(add.pfn, 0));
	expect("a page of the grant table in its place", 0,
	       memory_op(XENMEM_add_to_physmap, &add));
	if (bad)
		return;
	entry->domid = 0;
	entry->frame = huge[0].pfn + 9;
	__atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_RELEASE);
	printf("%lu\n", GRANT_PAGE * PAGE / sizeof(*entry));
	goes_but_for_one(before - 1);
	expect("bits that say it is in use", GTF_permit_access, entry->flags);
	entry->flags = 0;
	expect("the page of the grant table", 0,
	       memory_op(XENMEM_remove_from_physmap, &removal));
	back(add.pfn, 1);
	back(huge[0].pfn, PAGES);
	finish(before);
}

static const struct {
	const char *name;
	int nr_huge;
	void (*run)(void);
} cases[] = {
	{ "whole", 1, whole },
	{ "partly_out", 1, partly_out },
	{ "split", 1, split },
	{ "misaligned", 8, misaligned },
	{ "batch", 12, batch },
	{ "beyond", 1, no_memory },
	{ "held", 1, mapped },
	{ "granted", 2, granted },
	{ }
};

int main(int argc, char **argv)
{
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; argc == 2 && cases[i].name; i++) {
		if (strcmp(argv[1], cases[i].name))
			continue;
		setup(cases[i].nr_huge);
		cases[i].run();
		return bad;
	}
	fprintf(stderr, "usage: extents CASE, one of:");
	for (i = 0; cases[i].name; i++)
		fprintf(stderr, " %s", cases[i].name);
	fprintf(stderr, "\n");
	return 2;
}
