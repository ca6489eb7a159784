/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest memory as the hypervisor takes and gives it: extents. */
#ifndef VIRTFLEX_EXTENT_H
#define VIRTFLEX_EXTENT_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/types.h>

/** VF_EXTENT_ORDER - order of an extent memory is moved in: 2 MiB */
#define VF_EXTENT_ORDER	9

/** VF_EXTENT_PAGES - pages of such an extent */
#define VF_EXTENT_PAGES	BIT(VF_EXTENT_ORDER)

#ifdef CONFIG_XEN
bool vf_extent_supported(void);
int vf_extent_decrease(unsigned long pfn, unsigned int order);
unsigned int vf_extent_populate(unsigned long pfn, unsigned int nr,
				unsigned int order, u32 vnode);
void vf_extent_account(long pages);
#else
static inline bool vf_extent_supported(void)
{
	return false;
}

static inline int vf_extent_decrease(unsigned long pfn, unsigned int order)
{
	return false;
}

static inline unsigned int vf_extent_populate(unsigned long pfn,
					      unsigned int nr,
					      unsigned int order, u32 vnode)
{
	return 0;
}

static inline void vf_extent_account(long pages)
{
}
#endif

#endif /* VIRTFLEX_EXTENT_H */
