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
 * vf_extent_supported() - whether this guest can unplug memory
 *
 * Return: false without Xen, and in a PV guest, whose frames are not translated.
 */
bool vf_extent_supported(void)
{
	return xen_domain() && xen_feature(XENFEAT_auto_translated_physmap);
}

/* The worker's, which is the only caller. */
static xen_pfn_t frames[1 << VF_EXTENT_ORDER];

/* Return: how many extents Xen has done, from the first on, or a negative error. */
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

/* Return: whether it is gone; if not, a part of it may be. */
static bool drop_whole(unsigned long pfn, unsigned int order)
{
	frames[0] = pfn;
	return memory_op(XENMEM_decrease_reservation, 1, order, 0) == 1;
}

/* Return: how many pages are gone, from the first on, or a negative error. */
static int drop_pages(unsigned long pfn, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		frames[i] = pfn + i;
	return memory_op(XENMEM_decrease_reservation, nr, 0, 0);
}

/**
 * vf_extent_decrease() - hand an extent to Xen
 * @pfn: its first page, a multiple of its size
 * @order: its order, VF_EXTENT_ORDER at most
 *
 * Nobody may touch it any more.
 *
 * Context: the worker. Under emulation it takes up to a second on stock Xen, which
 * lets others run meanwhile.
 * Return: 0; -EBUSY if Xen took none of it, so that it can be used again; -EIO if a
 * part of it may be gone, so that none can.
 */
int vf_extent_decrease(unsigned long pfn, unsigned int order)
{
	bool whole = order == VF_EXTENT_ORDER &&
		     xen_feature(FEATURE_DECREASE_SUPERPAGE);
	unsigned int nr = 1U << order;
	int done;

	if (whole && drop_whole(pfn, order))
		return 0;
	/*
	 * A host may allow no extents of this order (Xen's memop-max-order). If a
	 * page has gone, though, this stops at that one.
	 */
	done = drop_pages(pfn, nr);
	if (done == nr)
		return 0;
	return whole || done > 0 ? -EIO : -EBUSY;
}

/**
 * vf_extent_populate() - get memory from Xen for unplugged pages
 * @pfn: the first, a multiple of the size of an extent of @order
 * @nr: how many such extents
 * @order: their order, VF_EXTENT_ORDER at most
 * @vnode: Xen's number of the node whose physical node it is to come from, and no other
 *
 * Context: the worker.
 * Return: how many extents came, from the first on; fewer if the host has no more of
 * that size for this node, or allows none, or the domain has all it may have.
 */
unsigned int vf_extent_populate(unsigned long pfn, unsigned int nr,
				unsigned int order, u32 vnode)
{
	unsigned int i;
	int ret;

	if (nr << order > VF_EXTENT_PAGES)
		return 0;
	for (i = 0; i < nr; i++)
		frames[i] = pfn + (i << order);
	ret = memory_op(XENMEM_populate_physmap, nr, order,
			MEMF_NODE(vnode) | MEMF_VNODE | MEMF_EXACT_NODE);
	return max(ret, 0);
}

/**
 * vf_extent_account() - tell the stock balloon driver
 * @pages: that were plugged or, if negative, unplugged
 *
 * The driver compares what it thinks the guest has with what the guest should have.
 * Both change together, so that it neither plugs what a node gave nor takes elsewhere
 * what a node got, and the next "xl mem-set" still means the whole guest.
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
	/* A target that was set while these were unplugged includes them. */
	if (pages > 0)
		pages -= clamp(missing, 0L, pages);
	balloon_stats.target_pages += pages;
#endif
}
