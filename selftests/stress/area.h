/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An area of memory of which it is known what every byte has to be, whatever is
 * done to it meanwhile, by whomever.
 */
#ifndef STRESS_AREA_H
#define STRESS_AREA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AREA_PAGES	1024U	/* at most */

/** enum area_kind - what an area is a mapping of */
enum area_kind {
	AREA_ANON,
	AREA_ANON_HUGE,		/* huge pages of the kernel's choice */
	AREA_SHARED,		/* anonymous, with MAP_SHARED */
	AREA_FILE,		/* memfd, with MAP_SHARED */
	AREA_FILE_PRIVATE,	/* memfd, with MAP_PRIVATE */
	AREA_HUGETLB,
	AREA_KINDS,
};

/**
 * struct area - memory whose content is known
 * @lock: who has it looks at or changes pages; taken by threads of the owner
 * @start: where it begins; NULL: there is none
 * @pages: its length
 * @most: pages that it can have; there is no more behind a shared mapping
 * @kind: what it is a mapping of
 * @fd: of a file; or -1
 * @seed: makes its content another than that of others
 * @version: of each page: how often it was written since it was empty
 */
struct area {
	pthread_mutex_t lock;
	char *start;
	unsigned int pages;
	unsigned int most;
	enum area_kind kind;
	int fd;
	uint32_t seed;
	uint32_t version[AREA_PAGES];
};

/* Returns 0, or a negative errno: there may be no memory for one. */
int area_new(struct area *a, enum area_kind kind, unsigned int pages, uint32_t seed);
void area_free(struct area *a);
/* Another length, perhaps elsewhere; as area_new(). */
int area_resize(struct area *a, unsigned int pages);
/* Pages have become empty, or are written anew. */
void area_emptied(struct area *a, unsigned int first, unsigned int nr);
void area_write(struct area *a, unsigned int first, unsigned int nr);
/* Is each byte of these pages as it has to be? Prints the first that is not. */
bool area_check(const struct area *a, unsigned int first, unsigned int nr);
/* The same, but a page may be empty; then that is noted. */
bool area_check_freed(struct area *a, unsigned int first, unsigned int nr);
/* The same of pages elsewhere that were copied from there */
bool area_check_copy(const struct area *a, unsigned int page, const void *copy);

#endif
