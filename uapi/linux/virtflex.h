/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * virtflex: a NUMA topology that changes at run time.
 *
 * This is the one header of the binary interface: the virtflex_migrate(2)
 * system call and the event page of /proc/virtflex/topology. The text
 * interfaces are described in docs/proc.md and docs/xenstore.md.
 *
 * Structures only ever grow at their end. Every number is in host byte order.
 */
#ifndef _UAPI_LINUX_VIRTFLEX_H
#define _UAPI_LINUX_VIRTFLEX_H

#include <linux/types.h>

/** VIRTFLEX_MAX_NODES - node ids are below this, in every interface here. */
#define VIRTFLEX_MAX_NODES	1024

/**
 * struct virtflex_nodemask - a set of nodes
 * @bits: node n is in the set when bit n % 64 of bits[n / 64] is set
 */
struct virtflex_nodemask {
	__u64 bits[VIRTFLEX_MAX_NODES / 64];
};

/*
 * virtflex_migrate(2):
 *
 *   long virtflex_migrate(int pidfd, struct virtflex_migrate_args *args,
 *                         size_t size);
 */

/**
 * VIRTFLEX_MIGRATE_NR - number of virtflex_migrate(2) on x86-64
 *
 * Far above the numbers that mainline gives to new calls, so that a kernel
 * without this one answers ENOSYS.
 */
#define VIRTFLEX_MIGRATE_NR	548

/**
 * VIRTFLEX_PIDFD_SELF - in place of a pidfd: the calling process
 *
 * The value is that of PIDFD_SELF in kernels that have one.
 */
#define VIRTFLEX_PIDFD_SELF	(-10000)

/**
 * enum virtflex_migrate_flags - which pages a call is about
 * @VIRTFLEX_MIGRATE_POLICY: pages under an explicit memory policy go to the
 *	node that policy gives them, among the active nodes
 * @VIRTFLEX_MIGRATE_EVACUATE: pages under the default or local policy leave
 *	nodes that are not active, for the nearest active node with room
 * @VIRTFLEX_MIGRATE_NEXT_TOUCH: pages under the default or local policy on an
 *	active node are marked, and move to the node of the thread that
 *	touches them next, but for those on the node to which all threads
 *	are bound
 * @VIRTFLEX_MIGRATE_SHARED: also pages that other processes map; needs
 *	CAP_SYS_NICE
 *
 * With none of the first three, all three apply.
 */
enum virtflex_migrate_flags {
	VIRTFLEX_MIGRATE_POLICY		= 1 << 0,
	VIRTFLEX_MIGRATE_EVACUATE	= 1 << 1,
	VIRTFLEX_MIGRATE_NEXT_TOUCH	= 1 << 2,
	VIRTFLEX_MIGRATE_SHARED		= 1 << 3,
};

/**
 * struct virtflex_migrate_args - arguments and report of virtflex_migrate(2)
 * @flags: in: enum virtflex_migrate_flags; unknown bits are refused
 * @start: in: first address, a multiple of the page size
 * @end: in: first address after the range, a multiple of the page size;
 *	0 means the end of the address space
 * @nodemask: in: address of a struct virtflex_nodemask to take as the active
 *	nodes; 0 takes those that are published (every node with memory where
 *	nothing is published)
 * @budget_pages: in: stop after examining this many pages; address space
 *	without pages counts, too: one page for 512 page table entries, holes
 *	or mappings that are skipped; 0 means no limit
 * @budget_ns: in: stop after this many nanoseconds; 0 means no limit
 * @cursor: out: where the walk stopped: @start of the call that goes on from
 *	here
 * @scanned: out: pages examined; always the sum of all counts below
 * @in_place: out: pages found on the right node, or that the flags leave alone
 * @moved: out: pages moved to the right node
 * @marked: out: pages that will move at their next touch
 * @busy: out: not moved: in use by the kernel just now; may work later
 * @pinned: out: not moved: pinned for DMA
 * @nomem: out: not moved: no free memory on a node that would do
 * @shared: out: not moved: mapped by other processes too, and
 *	VIRTFLEX_MIGRATE_SHARED was not given
 * @unmovable: out: not moved: memory that has no other place, such as the zero
 *	page and device memory
 *
 * All counts are in base pages (4 KiB): a 2 MiB page counts 512.
 *
 * The structure is versioned by its size, as with openat2(2): fields are only
 * added at the end, and zero in a field an older kernel does not know means
 * what that kernel does.
 */
struct virtflex_migrate_args {
	__aligned_u64 flags;
	__aligned_u64 start;
	__aligned_u64 end;
	__aligned_u64 nodemask;
	__aligned_u64 budget_pages;
	__aligned_u64 budget_ns;

	__aligned_u64 cursor;
	__aligned_u64 scanned;
	__aligned_u64 in_place;
	__aligned_u64 moved;
	__aligned_u64 marked;
	__aligned_u64 busy;
	__aligned_u64 pinned;
	__aligned_u64 nomem;
	__aligned_u64 shared;
	__aligned_u64 unmovable;
};

/** VIRTFLEX_MIGRATE_ARGS_SIZE_VER0 - size of the first published structure */
#define VIRTFLEX_MIGRATE_ARGS_SIZE_VER0	128

/*
 * Event page: mmap(2) of /proc/virtflex/topology, one page, PROT_READ.
 */

/** VIRTFLEX_EVENT_VERSION - layout of struct virtflex_event described here */
#define VIRTFLEX_EVENT_VERSION	1

/**
 * enum virtflex_state - what the topology is doing
 * @VIRTFLEX_STABLE: nothing; the last change, if any, was carried out
 * @VIRTFLEX_EXPANDING: CPUs or memory are being added
 * @VIRTFLEX_SHRINKING: CPUs or memory are about to go, or going
 * @VIRTFLEX_FAILED: nothing; the last change was refused or could not be carried out
 */
enum virtflex_state {
	VIRTFLEX_STABLE		= 0,
	VIRTFLEX_EXPANDING	= 1,
	VIRTFLEX_SHRINKING	= 2,
	VIRTFLEX_FAILED		= 3,
};

/**
 * struct virtflex_event - the event page
 * @version: VIRTFLEX_EVENT_VERSION; 0 once the module that wrote it is gone
 * @seq: odd while the page is being written, and another value after each
 *	write; see below
 * @generation: generation of the topology, from 1; one load tells whether
 *	anything changed
 * @state: enum virtflex_state
 * @reserved: 0
 * @active: nodes on which memory may be placed; nodes that are about to go
 *	are no longer in it
 *
 * To read more than one field: load @seq until it is even, read the fields,
 * load @seq again, and start over if it changed (with acquire loads, or read
 * barriers, between the steps).
 */
struct virtflex_event {
	__u32 version;
	__u32 seq;
	__aligned_u64 generation;
	__u32 state;
	__u32 reserved;
	struct virtflex_nodemask active;
};

#endif /* _UAPI_LINUX_VIRTFLEX_H */
