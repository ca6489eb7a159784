// SPDX-License-Identifier: GPL-2.0
/*
 * Memory whose content is known: each word of a page is made of the area's seed, the
 * page's number and how often it was written.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include "area.h"
#include "../numa_util.h"

#define WORDS	(PAGE / sizeof(uint64_t))

static uint64_t word_of(const struct area *a, unsigned int page, size_t at)
{
	uint64_t word = (uint64_t)a->seed << 32 | page << 16 | at;

	if (!a->version[page])
		return 0;
	/* so that no two pages are alike, nor what is next to each other */
	word = (word + a->version[page]) * 0x9e3779b97f4a7c15ULL;
	return word ^ word >> 29;
}

static char *page_at(const struct area *a, unsigned int page)
{
	return a->start + page * PAGE;
}

static bool is_shared(enum area_kind kind)
{
	return kind == AREA_SHARED || kind == AREA_FILE;
}

static void *map(const struct area *a, size_t len)
{
	int flags = is_shared(a->kind) ? MAP_SHARED : MAP_PRIVATE;

	if (a->fd < 0)
		flags |= MAP_ANONYMOUS;
	if (a->kind == AREA_HUGETLB)
		flags |= MAP_HUGETLB;
	return mmap(NULL, len, PROT_READ | PROT_WRITE, flags, a->fd, 0);
}

static bool has_file(enum area_kind kind)
{
	return kind == AREA_FILE || kind == AREA_FILE_PRIVATE;
}

int area_new(struct area *a, enum area_kind kind, unsigned int pages, uint32_t seed)
{
	int err;

	a->kind = kind;
	a->pages = pages;
	a->most = kind == AREA_SHARED ? pages : AREA_PAGES;
	a->seed = seed;
	a->fd = -1;
	memset(a->version, 0, sizeof(a->version));
	if (has_file(kind)) {
		a->fd = memfd_create("stress", MFD_CLOEXEC);
		if (a->fd < 0)
			return -errno;
		if (ftruncate(a->fd, AREA_PAGES * PAGE))
			goto fail;
	}
	a->start = map(a, pages * PAGE);
	if (a->start == MAP_FAILED)
		goto fail;
	if (kind == AREA_ANON_HUGE)
		madvise(a->start, pages * PAGE, MADV_HUGEPAGE);
	/* a child that writes would need one more, which there may not be */
	if (kind == AREA_HUGETLB)
		madvise(a->start, pages * PAGE, MADV_DONTFORK);
	return 0;
fail:
	err = -errno;
	a->start = NULL;
	if (a->fd >= 0)
		close(a->fd);
	return err;
}

void area_free(struct area *a)
{
	munmap(a->start, a->pages * PAGE);
	a->start = NULL;
	if (a->fd >= 0)
		close(a->fd);
}

int area_resize(struct area *a, unsigned int pages)
{
	unsigned int page;
	char *start;

	if (pages > a->most)
		pages = a->most;
	start = mremap(a->start, a->pages * PAGE, pages * PAGE, MREMAP_MAYMOVE);
	if (start == MAP_FAILED)
		return -errno;
	a->start = start;
	/* what others can see as well is still there when it is mapped again */
	for (page = pages; page < a->pages && !is_shared(a->kind); page++)
		a->version[page] = 0;
	a->pages = pages;
	return 0;
}

void area_emptied(struct area *a, unsigned int first, unsigned int nr)
{
	memset(&a->version[first], 0, nr * sizeof(*a->version));
}

void area_write(struct area *a, unsigned int first, unsigned int nr)
{
	unsigned int page;
	uint64_t *words;
	size_t at;

	for (page = first; page < first + nr; page++) {
		a->version[page]++;
		words = (uint64_t *)page_at(a, page);
		for (at = 0; at < WORDS; at++)
			words[at] = word_of(a, page, at);
	}
}

static bool is_empty(const uint64_t *words)
{
	size_t at;

	for (at = 0; at < WORDS; at++)
		if (words[at])
			return false;
	return true;
}

bool area_check_copy(const struct area *a, unsigned int page, const void *copy)
{
	const uint64_t *words = copy;
	uint64_t word;
	size_t at;

	for (at = 0; at < WORDS; at++) {
		word = word_of(a, page, at);
		if (words[at] == word)
			continue;
		printf("# %d: kind %d, page %u of %u, version %u, word %zu: %#llx, not %#llx\n",
		       (int)getpid(), a->kind, page, a->pages, a->version[page], at,
		       (unsigned long long)words[at], (unsigned long long)word);
		fflush(stdout);
		return false;
	}
	return true;
}

bool area_check(const struct area *a, unsigned int first, unsigned int nr)
{
	unsigned int page;

	for (page = first; page < first + nr; page++)
		if (!area_check_copy(a, page, page_at(a, page)))
			return false;
	return true;
}

bool area_check_freed(struct area *a, unsigned int first, unsigned int nr)
{
	unsigned int page;

	for (page = first; page < first + nr; page++) {
		if (is_empty((uint64_t *)page_at(a, page)))
			a->version[page] = 0;
		else if (!area_check_copy(a, page, page_at(a, page)))
			return false;
	}
	return true;
}
