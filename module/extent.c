// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two hypercalls memory leaves and comes back by. What comes is one extent
 * of 2 MiB. What goes is the same, handed over in one of two ways (way.c). As one
 * extent: a Xen that removes a superpage in one step is fast so. Or as its pages, in
 * one call: stock Xen takes a large extent apart anyway, and looks between extents
 * only whether to let go of the CPU; under emulation 2 MiB took 150 ms so, and
 * 740 ms as one.
 */
#include <linux/bug.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include <xen/balloon.h>
#include <xen/features.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include <xen/xen.h>

#include <asm/xen/hypercall.h>

#include "extent.h"
#include "way.h"

/*
 * Xen's public/memory.h has these flags; Linux does not. They go where Linux
 * has address_bits.
 */
#define MEMF_NODE(n)		((((n) + 1) & 0xff) << 8)
#define MEMF_EXACT_NODE		BIT(17)
#define MEMF_VNODE		BIT(18)

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

static int memory_op(unsigned int cmd, unsigned int nr, unsigned int order,
		     unsigned int flags)
{
	struct xen_memory_reservation reservation = {
		.nr_extents	= nr,
		.extent_order	= order,
		.address_bits	= flags,
		.domid		= DOMID_SELF,
	};
	int ret;

	set_xen_guest_handle(reservation.extent_start, frames);
	ret = HYPERVISOR_memory_op(cmd, &reservation);
	if (ret < 0)
		return ret;
	return ret == nr ? 0 : -ENOMEM;
}

static int hand_over_whole(unsigned long pfn, unsigned int order)
{
	frames[0] = pfn;
	return memory_op(XENMEM_decrease_reservation, 1, order, 0);
}

static int hand_over_pages(unsigned long pfn, unsigned int order)
{
	unsigned int i, nr = 1U << order;

	for (i = 0; i < nr; i++)
		frames[i] = pfn + i;
	return memory_op(XENMEM_decrease_reservation, nr, 0, 0);
}

static int (*const hand_over[VF_NR_WAYS])(unsigned long pfn, unsigned int order) = {
	[VF_WAY_PAGES] = hand_over_pages,
	[VF_WAY_WHOLE] = hand_over_whole,
};

/* The worker's, as frames */
static struct vf_ways ways;

/**
 * vf_extent_release() - hand an extent back
 * @pfn: its first page, a multiple of its size
 * @order: its order, VF_EXTENT_ORDER at most
 *
 * Nobody may touch it any more. After an error a part of it may be gone: none of
 * it may be used.
 *
 * Context: the worker. Under emulation it takes up to a second; but for a trial,
 * Xen lets others run meanwhile.
 * Return: 0 or a negative error.
 */
int vf_extent_release(unsigned long pfn, unsigned int order)
{
	enum vf_way way;
	ktime_t begin;
	int ret;

	/* No smaller one is more than its pages to any Xen. */
	if (order < VF_EXTENT_ORDER)
		return hand_over_pages(pfn, order);

	way = vf_way_choose(&ways);
	begin = ktime_get();
	ret = hand_over[way](pfn, order);
	if (!ret)
		vf_way_learn(&ways, way, ktime_to_ns(ktime_sub(ktime_get(), begin)));
	return ret;
}

/**
 * vf_extent_populate() - get memory for an extent that was handed back
 * @pfn: its first page
 * @order: its order
 * @vnode: Xen's number of the node whose physical node it is to come from, and no other
 *
 * Return: 0, -ENOMEM if there is none or the domain has all it may have.
 */
int vf_extent_populate(unsigned long pfn, unsigned int order, u32 vnode)
{
	frames[0] = pfn;
	return memory_op(XENMEM_populate_physmap, 1, order,
			 MEMF_NODE(vnode) | MEMF_VNODE | MEMF_EXACT_NODE);
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
