/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Allocations that fail when fails() says so, for --wrap. */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>
#include <stdlib.h>

static bool fails(void);	/* and errno is ENOMEM */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__real_reallocarray(void *p, size_t count, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, count, size);
}

#endif /* FAILING_H */
