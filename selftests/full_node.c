// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "numa_util.h"
#include "full_node.h"

/* of 4 KiB, moved at once */
#define CHUNK	256

/* 2 MiB pages, as many as leave the node above its watermarks */
static int take_most(int node)
{
	long leave_kb = node_zones_kb(node, "high") + 8 * KIB;
	long free_kb = node_exact_free_kb(node);
	size_t len, at;
	char *mem;

	if (free_kb < 0)
		return -EIO;
	if (free_kb <= leave_kb)
		return 0;
	len = ((free_kb - leave_kb) * KIB) & ~(HUGE_PAGE - 1);
	if (!len)
		return 0;
	mem = region_new(len, true);
	if (!mem || bind_range(mem, len, MPOL_BIND, 1ULL << node))
		return -errno;
	for (at = 0; at < len; at += PAGE)
		mem[at] = 1;
	return mlock(mem, len) ? -errno : 0;
}

/*
 * Move pages to the node. A move never takes another node, and never calls for the
 * OOM killer. Returns how many did.
 */
static int take_some(int node)
{
	static void *addr[CHUNK];
	static int to[CHUNK], status[CHUNK];
	size_t len = CHUNK * PAGE, i;
	char *mem = region_new(len, false);
	int moved = 0;
	long ret;

	if (!mem || bind_range(mem, len, MPOL_BIND, numa_mask() & ~(1ULL << node)))
		return -errno;
	for (i = 0; i < CHUNK; i++) {
		addr[i] = mem + i * PAGE;
		to[i] = node;
		*(char *)addr[i] = 1;
	}
	ret = syscall(SYS_move_pages, 0, (long)CHUNK, addr, to, status, 0);
	if (ret < 0 && errno != ENOMEM)
		return -errno;
	if (nodes_of(0, mem, len, status))
		return -EIO;
	for (i = 0; i < CHUNK; i++) {
		if (status[i] == node)
			moved++;
		else
			madvise(addr[i], PAGE, MADV_DONTNEED);
	}
	mlock2(mem, len, MLOCK_ONFAULT);
	return moved;
}

int fill_node(int node)
{
	int moved, err = take_most(node);

	if (err)
		return err;
	/* no more, and again no more once what was on its way has arrived */
	do {
		moved = take_some(node);
		if (!moved)
			moved = take_some(node);
	} while (moved > 0);
	return moved;
}
