// SPDX-License-Identifier: GPL-2.0-only
/* From what is wanted of some nodes to a request, and whether that can be made. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "shared.h"

static const char gives_and_takes[] =
	"one command can only grow or only shrink nodes: run two, the growing one first";
static const char takes_memory[] =
	"expand takes neither memory nor vCPUs away: use set or shrink";
static const char host_is_short[] =
	"physical node %u has %s free, and %s are to come from it: free some there, "
	"or ask for less (--partly takes what there is)";

static bool because(struct reason *why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns false. */
static bool because(struct reason *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return false;
}

/**
 * change_free() - free what change_make() has allocated
 * @c: change
 */
void change_free(struct change *c)
{
	free(c->target_kb);
	free(c->online);
	c->target_kb = NULL;
	c->online = NULL;
}

static bool start_from_now(const struct domain *d, struct change *c)
{
	unsigned int i;

	c->target_kb = calloc(d->nr_vnodes + 1, sizeof(*c->target_kb));
	c->online = calloc(d->nr_vcpus + 1, sizeof(*c->online));
	if (!c->target_kb || !c->online)
		return false;
	for (i = 0; i < d->nr_vnodes; i++)
		c->target_kb[i] = d->vnodes[i].described ?
					  d->vnodes[i].target_kb :
					  d->vnodes[i].capacity_kb;
	for (i = 0; i < d->nr_vcpus; i++)
		c->online[i] = d->vcpus[i].online;
	return true;
}

static bool check_wish(const struct domain *d, const struct wish *wish,
		       struct reason *why)
{
	char has[24], asked[24];
	const struct vnode *n;

	if (wish->vnode >= d->nr_vnodes) {
		if (d->nr_vnodes == 1)
			return because(why, "it has no node %u, only node 0",
				       wish->vnode);
		return because(why, "it has no node %u: its nodes are 0 to %u",
			       wish->vnode, d->nr_vnodes - 1);
	}
	n = &d->vnodes[wish->vnode];
	if (wish->kb <= n->capacity_kb)
		return true;
	return because(why, "node %u was built with %s, and cannot have %s: ask for less",
		       wish->vnode,
		       size_text(n->capacity_kb, has, sizeof(has)),
		       size_text(wish->kb, asked, sizeof(asked)));
}

/* vCPUs go with a node that goes, but for vCPU 0, which Linux does not let go. */
static void move_vcpus(const struct domain *d, const struct wish *wish,
		       struct change *c)
{
	unsigned int i;

	for (i = 0; i < d->nr_vcpus; i++)
		if (d->vcpus[i].vnode == wish->vnode)
			c->online[i] = d->vcpus[i].plugged && (wish->kb || !i);
}

static bool check_survivors(const struct domain *d, const struct change *c,
			    struct reason *why)
{
	bool memory = false, cpu = false;
	unsigned int i;

	for (i = 0; i < d->nr_vnodes; i++)
		memory |= c->target_kb[i] > 0;
	for (i = 0; i < d->nr_vcpus; i++)
		cpu |= c->online[i] && c->target_kb[d->vcpus[i].vnode];
	if (!memory)
		return because(why, "no node would be left: one has to stay");
	if (!cpu)
		return because(why, "no node with a vCPU would be left: one has to stay");
	return true;
}

/* Whether it gives memory or vCPUs, and whether it takes any. */
static void directions(const struct domain *d, const struct change *c,
		       bool *gives, bool *takes)
{
	uint64_t now_kb;
	unsigned int i;

	*gives = *takes = false;
	for (i = 0; i < d->nr_vnodes; i++) {
		now_kb = d->vnodes[i].described ? d->vnodes[i].target_kb :
						  d->vnodes[i].capacity_kb;
		*gives |= c->target_kb[i] > now_kb;
		*takes |= c->target_kb[i] < now_kb;
	}
	for (i = 0; i < d->nr_vcpus; i++) {
		*gives |= c->online[i] && !d->vcpus[i].online;
		*takes |= !c->online[i] && d->vcpus[i].online;
	}
}

/**
 * change_make() - the request that some wishes make
 * @d: domain, as it is
 * @request: what is asked for; REQUEST_NONE if the amounts are to tell
 * @wishes: what is wanted; of two for a node the last counts
 * @nr_wishes: how many
 * @c: request to be made, for change_free(), which is made from what there is now
 * @why: set if it cannot be made
 *
 * A request that changes nothing can be made: the guest tries again what it fell
 * short of.
 *
 * Return: whether it can be made.
 */
bool change_make(const struct domain *d, enum request_kind request,
		 const struct wish *wishes, unsigned int nr_wishes,
		 struct change *c, struct reason *why)
{
	bool gives, takes;
	unsigned int i;

	memset(c, 0, sizeof(*c));
	if (!start_from_now(d, c))
		return because(why, "%s", strerror(ENOMEM));
	for (i = 0; i < nr_wishes; i++) {
		if (!check_wish(d, &wishes[i], why))
			return false;
		c->target_kb[wishes[i].vnode] = wishes[i].kb;
		if (wishes[i].moves_vcpus)
			move_vcpus(d, &wishes[i], c);
	}
	directions(d, c, &gives, &takes);
	if (gives && takes)
		return because(why, gives_and_takes);
	if (request == REQUEST_EXPAND && takes)
		return because(why, takes_memory);
	c->request = request != REQUEST_NONE ? request :
		     gives ? REQUEST_EXPAND : REQUEST_SHRINK;
	return check_survivors(d, c, why);
}

/* Memory that is to come to a node by this change, not for want of it in an earlier one. */
static uint64_t to_come_kb(const struct domain *d, const struct change *c,
			   unsigned int vnode)
{
	const struct vnode *n = &d->vnodes[vnode];
	uint64_t has_kb;

	if (n->described && c->target_kb[vnode] <= n->target_kb)
		return 0;
	has_kb = n->current_kb != KB_UNKNOWN ? n->current_kb :
		 n->described ? n->target_kb : n->capacity_kb;

	return c->target_kb[vnode] > has_kb ? c->target_kb[vnode] - has_kb : 0;
}

/**
 * change_fits() - whether physical nodes have what an expand brings
 * @d: domain, as it is
 * @c: request
 * @pnodes: physical nodes, by number
 * @nr_pnodes: how many
 * @why: set if they have not
 *
 * An extent or less that is missing is no reason: the guest counts less than Xen gave
 * it, by what firmware keeps.
 *
 * Return: whether they have.
 */
bool change_fits(const struct domain *d, const struct change *c,
		 const struct pnode *pnodes, unsigned int nr_pnodes,
		 struct reason *why)
{
	uint64_t need_kb;
	char has[24], needs[24];
	unsigned int pnode, i;

	if (c->request != REQUEST_EXPAND)
		return true;
	for (pnode = 0; pnode < nr_pnodes; pnode++) {
		need_kb = 0;
		for (i = 0; i < d->nr_vnodes; i++)
			if (d->vnodes[i].pnode == (int)pnode)
				need_kb += to_come_kb(d, c, i);
		if (need_kb <= pnodes[pnode].free_kb + 2048)
			continue;
		return because(why, host_is_short, pnode,
			       size_text(pnodes[pnode].free_kb, has, sizeof(has)),
			       size_text(need_kb, needs, sizeof(needs)));
	}
	return true;
}
