/* SPDX-License-Identifier: GPL-2.0-only */
/* What pure.h stands for in user space. */
#ifndef VIRTFLEX_TESTS_USER_H
#define VIRTFLEX_TESTS_USER_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <linux/types.h>

typedef __s32 s32;
typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

#define U32_MAX UINT32_MAX
#define U64_MAX UINT64_MAX
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define __printf(fmt, args) __attribute__((__format__(printf, fmt, args)))

#endif /* VIRTFLEX_TESTS_USER_H */
