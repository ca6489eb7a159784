// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two hypercalls that memory leaves and comes back by.
 *
 * What leaves is handed over as one extent where Xen says that it drops superpages as
 * a whole (xen-patches). Stock Xen takes an extent apart, page by page, and holds the
 * CPU until it is done: under emulation for 740 ms. There, the pages are handed over
 * in one call, which Xen can interrupt after each of them, and which took 150 ms.
 *
 * What comes back is as large as the host has it: 2 MiB, or smaller extents down to
 * pages where its memory is fragmented.
 */
#include <linux/bug.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include <xen/balloon.h>
#include <xen/features.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <xen/xen.h>

#include <asm/xen/hypercall.h>

#include "extent.h"

/*
 * Xen's public/memory.h has these flags; Linux does not. They go where Linux
 * has address_bits.
 */
#define MEMF_NODE(n)		((((n) + 1) & 0xff) << 8)
#define MEMF_EXACT_NODE		BIT(17)
#define MEMF_VNODE		BIT(18)

/* Set by a Xen with xen-patches: an extent of 2 MiB is dropped as a whole. */
#define FEATURE_DECREASE_SUPERPAGE	31

/**
 * vf_extent_ready() - whether this guest can hand memory back
 *
 * Return: false without Xen, and in a PV guest, which has frames of its own to
 * keep book of.
 */
bool vf_extent_ready(void)
{
	return xen_domain() && xen_feature(XENFEAT_auto_translated_physmap);
}

/* The worker's, which is the only caller. */
static xen_pfn_t frames[1 << VF_EXTENT_ORDER];

/* Return: how many extents Xen dealt with, from the first on, or a negative error. */
static int memory_op(unsigned int cmd, unsigned int nr, unsigned int order,
		     unsigned int flags)
{
	struct xen_memory_reservation reservation = {
		.nr_extents	= nr,
		.extent_order	= order,
		.address_bits	= flags,
		.domid		= DOMID_SELF,
	};

	set_xen_guest_handle(reservation.extent_start, frames);
	return HYPERVISOR_memory_op(cmd, &reservation);
}

/* Pages that the domain has; negative if Xen does not say. */
static long domain_pages(void)
{
	domid_t self = DOMID_SELF;

	return HYPERVISOR_memory_op(XENMEM_current_reservation, &self);
}

static bool drop_whole(unsigned long pfn, unsigned int order)
{
	frames[0] = pfn;
	return memory_op(XENMEM_decrease_reservation, 1, order, 0) == 1;
}

static bool drop_pages(unsigned long pfn, unsigned int order)
{
	unsigned int i, nr = 1U << order;

	for (i = 0; i < nr; i++)
		frames[i] = pfn + i;
	return memory_op(XENMEM_decrease_reservation, nr, 0, 0) == nr;
}

/**
 * vf_extent_release() - hand an extent back
 * @pfn: its first page, a multiple of its size
 * @order: its order, VF_EXTENT_ORDER at most
 *
 * Nobody may touch it any more. If it fails, a part of it may be gone: none of it
 * may be used.
 *
 * Context: the worker. Under emulation it takes up to a second on stock Xen, which
 * lets others run meanwhile.
 * Return: true if it is gone.
 */
bool vf_extent_release(unsigned long pfn, unsigned int order)
{
	long before;

	/* No smaller one is more than its pages to any Xen. */
	if (order < VF_EXTENT_ORDER ||
	    !xen_feature(FEATURE_DECREASE_SUPERPAGE))
		return drop_pages(pfn, order);
	before = domain_pages();
	if (drop_whole(pfn, order))
		return true;
	/*
	 * A host may allow no extents of this order (Xen's memop-max-order). If any
	 * page has gone, though, it is not known which.
	 */
	return before >= 0 && domain_pages() == before &&
	       drop_pages(pfn, order);
}

/**
 * vf_extent_populate() - get memory for an extent that was handed back
 * @pfn: its first page, a multiple of its size
 * @order: its order, VF_EXTENT_ORDER at most
 * @vnode: Xen's number of the node whose physical node it is to come from, and no other
 * @smallest: out: order of the smallest extent that came; as it was if none did
 *
 * In one piece if the host has it so, else in as large ones as it has.
 *
 * Context: the worker.
 * Return: how many pages came, from the first on; fewer if the host has no more for
 * this node, or the domain has all it may have.
 */
unsigned long vf_extent_populate(unsigned long pfn, unsigned int order, u32 vnode,
				 unsigned int *smallest)
{
	unsigned int flags = MEMF_NODE(vnode) | MEMF_VNODE | MEMF_EXACT_NODE;
	unsigned long all = 1UL << order, came = 0;
	int size, i, nr, ret;

	for (size = order; size >= 0 && came < all; size--) {
		nr = (all - came) >> size;
		for (i = 0; i < nr; i++)
			frames[i] = pfn + came + ((unsigned long)i << size);
		ret = memory_op(XENMEM_populate_physmap, nr, size, flags);
		if (ret <= 0)
			continue;
		came += (unsigned long)ret << size;
		*smallest = size;
	}
	return came;
}

/**
 * vf_extent_account() - let the stock balloon driver know
 * @pages: that came (or, negative, went) by our doing
 *
 * The driver compares what it thinks the guest has with what it wants it to
 * have. Both change together, so that it neither brings back what a node gave
 * nor takes from elsewhere what a node got, and the next "xl mem-set" still
 * means the whole guest.
 *
 * The kernel series does so under the driver's lock. A stock kernel has no way
 * for a module to take it. There, the driver's thread is not woken, as
 * balloon_set_new_target() would do: it has nothing to do, and would look at the
 * two numbers just when the next extent changes them. Only while it carries out
 * an "xl mem-set" can that happen, and leave its count off by the pages it moved.
 *
 * Context: may sleep.
 */
void vf_extent_account(long pages)
{
#if defined(CONFIG_XEN_BALLOON) && defined(CONFIG_VIRTFLEX_MIGRATE)
	balloon_account(pages);
#elif defined(CONFIG_XEN_BALLOON)
	long missing = balloon_stats.target_pages - balloon_stats.current_pages;

	balloon_stats.current_pages += pages;
	/* A target set while these were out is about all memory, with them. */
	if (pages > 0)
		pages -= clamp(missing, 0L, pages);
	balloon_stats.target_pages += pages;
#endif
}
