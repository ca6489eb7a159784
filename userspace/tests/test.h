/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the unit tests share: cmocka with what it needs, and a sysroot to fill. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "internal.h"

#define SPAN(s) ((struct vf_span){ (s), sizeof(s) - 1 })
#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

/* A maps and its numa_maps, each with a mapping that the other has not */
#define TEST_MAPS \
	"00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/a program\n" \
	"7f0000000000-7f0000200000 rw-p 00000000 00:00 0\n" \
	"7f0000200000-7f0000400000 rw-s 00003000 00:01 77  /memfd:x (deleted)\n" \
	"7f0000400000-7f0000500000 rw-p 00000000 00:00 0\n" \
	"7fff00000000-7fff00001000 r-xp 00000000 00:00 0   [vdso]\n" \
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n"

#define TEST_NUMA \
	"00400000 default file=/usr/bin/a\\040program mapped=4 N0=4 kernelpagesize_kB=4\n" \
	"7f0000000000 prefer (many):0-1 anon=512 dirty=512 N1=500 N2=12 kernelpagesize_kB=4\n" \
	"7f0000200000 interleave:0-3 file=/memfd:x\\040(deleted) huge dirty=1 " \
	"N3=1 kernelpagesize_kB=2048\n" \
	"7f0000300000 bind:1 anon=1 N1=1 kernelpagesize_kB=4\n" \
	"7f0000400000 default\n" \
	"7fff00000000 default mapped=1 N0=1 kernelpagesize_kB=4\n"

/* A /proc/PID/stat */
#define TEST_STAT(name, state, cpu) \
	"43 (" name ") " state " 1 43 43 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 " \
	"100 1000 10 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 " cpu \
	" 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

/* A skip says why; whoever runs the tests passes the line on. */
#define skip_because(why) do { \
	printf("skipped: %s: %s\n", __func__, (why)); \
	skip(); \
} while (0)

/* root.c: included where needed, a few lines each */
char *root_make(void);
void root_write(const char *root, const char *path, const char *text);
void root_grow(const char *root, const char *path, size_t size);
void root_remove(char *root);
unsigned int open_fds(void);

#endif /* TEST_H */
