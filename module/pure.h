/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What topology.c, parse.c, check.c, plan.c, result.c and report.c are written in: types and
 * string functions, found in the kernel and, for the unit tests, in user space.
 */
#ifndef VIRTFLEX_PURE_H
#define VIRTFLEX_PURE_H

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/stdarg.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include "tests/user.h"
#endif

#endif /* VIRTFLEX_PURE_H */
