// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other way of virtflexctl move: the node leaves, Xen is told where its memory comes
 * from, and it returns. What runs in the guest is on other nodes meanwhile.
 */
#include "ctl.h"
#include "exits.h"

static const char leaves_still[] =
	"%s: node %u is still leaving. When it has: virtflexctl move --offline %s %u %d, "
	"virtflexctl expand %s %u, and virtflexctl pin %s";

/* Memory that the guest could not let go of, which stays where it is. */
static int read_kept(const struct moving *m, uint64_t *kept_kb)
{
	struct domain *d = NULL;
	int ret;

	ret = domain_read(m->ctx->host, m->before->id, &d);
	if (!ret && !d)
		ret = EXIT_GONE;
	if (!ret && d->vnodes[m->vnode].current_kb != KB_UNKNOWN)
		*kept_kb = d->vnodes[m->vnode].current_kb;
	domain_free(d);
	return ret;
}

static int leave(const struct moving *m)
{
	struct wish wish = { .vnode = m->vnode, .moves_vcpus = true };
	struct order order = {
		.request = REQUEST_SHRINK, .wishes = &wish, .nr_wishes = 1,
		.words = m->words,
	};
	int ret = move_ask(m, &order);

	if (ret == EXIT_TIMEOUT)
		error(leaves_still, m->before->name, m->vnode, m->before->name,
		      m->vnode, m->pnode, m->before->name, m->vnode, m->before->name);
	return ret == EXIT_INCOMPLETE ? EXIT_DONE : ret;
}

/* A node that was inactive before only gets another physical node. */
static int come_back(const struct moving *m, bool active)
{
	const struct vnode *n = &m->before->vnodes[m->vnode];
	struct wish wish = { .vnode = m->vnode, .moves_vcpus = active };
	struct order order = {
		.request = REQUEST_EXPAND, .wishes = &wish, .nr_wishes = 1,
		.moves = true, .vnode = m->vnode, .pnode = m->pnode,
		.words = m->words,
	};

	if (active)
		wish.kb = n->described ? n->target_kb : n->capacity_kb;
	return move_ask(m, &order);
}

/**
 * move_by_leaving() - move a node while it is away
 * @m: move
 * @kept_kb: out: memory that it could not let go of
 *
 * Return: enum exit_code.
 */
int move_by_leaving(const struct moving *m, uint64_t *kept_kb)
{
	bool active = domain_active(m->before, m->vnode);
	const char *name = m->before->name;
	int ret = active ? leave(m) : EXIT_DONE;

	if (!ret)
		ret = read_kept(m, kept_kb);
	if (ret)
		return ret;
	ret = come_back(m, active);
	if (ret && ret != EXIT_INCOMPLETE && ret != EXIT_TIMEOUT && active)
		error("%s: node %u is inactive now: virtflexctl expand %s %u",
		      name, m->vnode, name, m->vnode);
	return ret;
}
