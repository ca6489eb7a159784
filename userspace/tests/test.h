/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the unit tests share: cmocka with what it needs, and a sysroot to fill. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "internal.h"

#define SPAN(s) ((struct vf_span){ (s), sizeof(s) - 1 })
#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

/* root.c: included where needed, a few lines each */
char *root_make(void);
void root_write(const char *root, const char *path, const char *text);
void root_remove(char *root);

#endif /* TEST_H */
