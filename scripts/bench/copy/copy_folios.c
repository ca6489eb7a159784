// SPDX-License-Identifier: GPL-2.0
/*
 * For benchmarks: how fast the kernel copies folios from one node to another,
 * which no migration can beat. Writing "ORDER MIB FROM TO" to the parameter
 * "copy" copies so much memory in folios of that order by folio_mc_copy(), as
 * migration does; reading it gives the nanoseconds that the copies took.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

/* Protected by the lock of the module's parameters */
static u64 took_ns;

static void free_folios(struct folio **folios, unsigned long nr)
{
	while (nr--)
		if (folios[nr])
			folio_put(folios[nr]);
	kvfree(folios);
}

static struct folio **alloc_folios(unsigned int order, unsigned long nr, int nid)
{
	struct folio **folios = kvcalloc(nr, sizeof(*folios), GFP_KERNEL);
	unsigned long i;

	if (!folios)
		return NULL;
	for (i = 0; i < nr; i++) {
		folios[i] = __folio_alloc_node(GFP_HIGHUSER | __GFP_THISNODE |
					       __GFP_COMP, order, nid);
		if (!folios[i]) {
			free_folios(folios, nr);
			return NULL;
		}
		cond_resched();
	}
	return folios;
}

static int copy(unsigned int order, unsigned long nr, int from, int to)
{
	struct folio **src = alloc_folios(order, nr, from);
	struct folio **dst = alloc_folios(order, nr, to);
	int err = src && dst ? 0 : -ENOMEM;
	unsigned long i;
	u64 begin;

	/* Once to have both in the caches and the TLB as they will be */
	for (i = 0; i < nr && !err; i++)
		err = folio_mc_copy(dst[i], src[i]);
	begin = ktime_get_ns();
	for (i = 0; i < nr && !err; i++) {
		err = folio_mc_copy(dst[i], src[i]);
		cond_resched();
	}
	took_ns = ktime_get_ns() - begin;
	if (src)
		free_folios(src, nr);
	if (dst)
		free_folios(dst, nr);
	return err;
}

static int copy_set(const char *text, const struct kernel_param *kp)
{
	unsigned int order, mib;
	int from, to;

	if (sscanf(text, "%u %u %d %d", &order, &mib, &from, &to) != 4)
		return -EINVAL;
	if (order > MAX_PAGE_ORDER || !mib || mib > 4096)
		return -EINVAL;
	if (from < 0 || from >= MAX_NUMNODES || !node_state(from, N_MEMORY) ||
	    to < 0 || to >= MAX_NUMNODES || !node_state(to, N_MEMORY))
		return -ENODEV;
	return copy(order, (mib * (unsigned long)SZ_1M >> PAGE_SHIFT) >> order,
		    from, to);
}

static int copy_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%llu\n", took_ns);
}

static const struct kernel_param_ops copy_ops = {
	.set = copy_set,
	.get = copy_get,
};
module_param_cb(copy, &copy_ops, NULL, 0600);
MODULE_PARM_DESC(copy, "write \"ORDER MIB FROM TO\" to copy, read the nanoseconds it took");

MODULE_DESCRIPTION("Copy folios from node to node, for benchmarks");
MODULE_LICENSE("GPL");
