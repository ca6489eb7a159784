// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of guests: of one with nodes that its host has published, by what its module reports
 * of each; of one without nodes by memory/meminfo, which Qubes' guests write. Of others nothing
 * is known.
 */
#include <stdlib.h>
#include <string.h>

#include "meminfo.h"
#include "spread.h"
#include "text.h"
#include "xen_host.h"

/* What Xen may count beyond what a balloon driver is asked for */
#define MOST_OFFSET_KB	(32 * 1024)

static const char *const no_meminfo =
	"it has neither virtual nodes and the virtflex module nor memory/meminfo in xenstore, "
	"so that nothing is known of its memory";
static const char *const not_published =
	"its nodes are not described to it; virtflexctl publish does that";
static const char *const no_module =
	"it has not loaded the virtflex module; in the guest: modprobe virtflex";
static const char *const old_module =
	"its virtflex module is too old to report what memory is in use";

static bool can_report(struct xen_host *h, unsigned int domid)
{
	char *text = store_get(&h->host, XBT_NULL,
			       "/local/domain/%u/numa/control/feature-report", domid);
	bool can = text && !strcmp(text, "1");

	free(text);
	return can;
}

static const char *advice(struct xen_host *h, const struct domain *d)
{
	if (!d->published)
		return not_published;
	if (!guest_listens(d->status))
		return no_module;
	return can_report(h, d->id) ? NULL : old_module;
}

/* One that needs none says what is in use, and its memory can be changed. */
static void set_advice(struct guest_memory *m, const char *text)
{
	m->advice = text ? strdup(text) : NULL;
	m->has_balloon = !text;
}

static void see_node(const struct vnode *n, const struct node_report *r,
		     struct guest_node *node)
{
	*node = (struct guest_node){
		.pnode = n->pnode == PNODE_UNKNOWN ? NODE_UNKNOWN : n->pnode,
		.capacity_kb = n->capacity_kb,
		.target_kb = n->described ? n->target_kb : n->capacity_kb,
		.has_report = r->there,
		.used_kb = r->used_kb,
		.free_kb = r->free_kb,
	};
	node->current_kb = r->there ? r->used_kb + r->free_kb :
			   n->current_kb != KB_UNKNOWN ? n->current_kb :
							 node->target_kb;
}

/* What is free on a node that was taken is not to be used. */
static void sum_up(const struct guest *g, uint64_t number, struct guest_memory *m)
{
	const struct guest_node *n;
	bool all = number;
	unsigned int i;

	m->available_kb = 0;
	m->usable_kb = 0;
	for (i = 0; i < g->nr_nodes; i++) {
		n = &g->nodes[i];
		all &= n->has_report;
		m->available_kb += n->used_kb + n->free_kb;
		if (n->target_kb)
			m->usable_kb += n->free_kb;
	}
	m->has_stats = all;
	m->has_usable = all;
	m->stats_at = number;
}

static void ask_for_reports(struct xen_host *h, struct known_domain *k, struct domain *d,
			    const struct guest *g)
{
	unsigned int period = h->backend.stats_period;
	uint64_t now = clock_now();
	bool agreed;

	if (!period || !h->backend.may_change(g) || !reporting_due(&k->reporting, g, now))
		return;
	agreed = !reports_ask(&h->host, d, period);
	k->asked |= agreed;
	reporting_asked(&k->reporting, agreed, now);
}

/*
 * All of it is the host's, from the beginning. It is read after it is known whether a change
 * goes on: a size of before would look as if one that is over had been in vain.
 */
static bool see_size(struct xen_host *h, const struct known_domain *k,
		     struct guest_memory *m)
{
	libxl_dominfo info;
	bool there;

	libxl_dominfo_init(&info);
	there = !libxl_domain_info(h->host.ctx, &info, k->domid);
	if (there) {
		m->actual_kb = info.current_memkb;
		m->rss_kb = info.current_memkb;
		m->maximum_kb = info.current_memkb;
	}
	libxl_dominfo_dispose(&info);
	return there;
}

static bool see_nodes(struct xen_host *h, struct known_domain *k, struct domain *d,
		      const struct snapshot *s, struct guest *g)
{
	struct node_report *reports = calloc(d->nr_vnodes + 1, sizeof(*reports));
	struct guest_memory *m = &g->memory;
	uint64_t number = 0;
	unsigned int i;
	bool done;

	done = reports && guest_set_nodes(g, d->nr_vnodes);
	if (done) {
		xen_find_pnodes(h, k, d);
		reports_read(&h->host, d, reports, &number);
		for (i = 0; i < d->nr_vnodes; i++)
			see_node(&d->vnodes[i], &reports[i], &g->nodes[i]);
		xen_see_change(h, k, d, g);
		set_advice(m, advice(h, d));
		m->knows_end = true;
		m->changing = g->change != CHANGE_NONE;
		m->refused = g->change_end == END_REFUSED;
		done = see_size(h, k, m);
		sum_up(g, m->has_balloon ? number : 0, m);
		m->maximum_kb = m->actual_kb + spread_room(g, s->nodes, s->nr_nodes);
		ask_for_reports(h, k, d, g);
	}
	free(reports);
	return done;
}

static uint64_t get_kb(struct xen_host *h, unsigned int domid, const char *key)
{
	char *text = store_get(&h->host, XBT_NULL, "/local/domain/%u/memory/%s", domid, key);
	uint64_t kb;

	if (!text_number(text, MAX_KB, &kb))
		kb = 0;
	free(text);
	return kb;
}

/*
 * Xen counts more than its balloon driver is asked for: memory of devices, and what no guest
 * sees. How much is known while the balloon stands.
 */
static void see_offset(struct known_domain *k, uint64_t actual_kb, uint64_t target_kb)
{
	int64_t offset = (int64_t)actual_kb - (int64_t)target_kb;
	bool stands = !k->actual_kb ||
		      (k->actual_kb == actual_kb && k->target_kb == target_kb);

	if (stands && llabs(offset) <= MOST_OFFSET_KB)
		k->offset_kb = offset;
	k->actual_kb = actual_kb;
	k->target_kb = target_kb;
}

static void see_meminfo(struct xen_host *h, struct known_domain *k, struct guest_memory *m)
{
	char *text = store_get(&h->host, XBT_NULL, "/local/domain/%u/memory/meminfo",
			       k->domid);
	uint64_t total = 0, used = 0;
	int64_t most = get_kb(h, k->domid, "static-max");
	bool told = text && meminfo_told(text, &total, &used);

	free(text);
	see_offset(k, m->actual_kb, get_kb(h, k->domid, "target"));
	set_advice(m, told ? NULL : no_meminfo);
	most += k->offset_kb;
	m->maximum_kb = most > (int64_t)m->actual_kb ? (uint64_t)most : m->actual_kb;
	if (!told)
		return;
	m->has_stats = true;
	m->has_usable = true;
	/* it is told when it changes: it holds until then */
	m->stats_at = h->looks;
	m->available_kb = total && total < m->actual_kb ? total : m->actual_kb;
	m->usable_kb = m->available_kb > used ? m->available_kb - used : 0;
}

/**
 * xen_see_memory() - see a guest's memory
 * @h: host
 * @k: what is remembered of the guest
 * @g: guest of a snapshot that is being made
 * @s: that, with the nodes of the host
 *
 * Return: false if it has gone, or there is no memory.
 */
bool xen_see_memory(struct xen_host *h, struct known_domain *k, struct guest *g,
		    const struct snapshot *s)
{
	struct domain *d = NULL;
	bool done;

	if (g->untouched)
		return see_size(h, k, &g->memory);
	if (domain_read(&h->host, k->domid, &d))
		return false;
	if (d)
		done = see_nodes(h, k, d, s, g);
	else
		done = see_size(h, k, &g->memory);
	if (done && !d)
		see_meminfo(h, k, &g->memory);
	domain_free(d);
	return done;
}
