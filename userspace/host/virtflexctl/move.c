// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflexctl move: a node's memory on another physical node. The node leaves, Xen is
 * told where its memory comes from, and it returns: what runs in the guest is on other
 * nodes meanwhile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exits.h"
#include "pinning.h"

static const char leaves_still[] =
	"%s: node %u is still leaving. When it has: virtflexctl move %s %u %d, "
	"then virtflexctl expand %s %u";

static struct asking quietly = { .quiet = true };

/* Whether there is such a physical node, with room. Xen takes any number. */
static int check_room(struct context *ctx, const struct domain *d,
		      unsigned int vnode, int pnode)
{
	unsigned int count = 0, i;
	struct pnode *pnodes = host_pnodes(ctx->host, &count);
	const struct vnode *n = &d->vnodes[vnode];
	uint64_t need_kb = n->current_kb != KB_UNKNOWN ? n->current_kb :
			   n->described ? n->target_kb : n->capacity_kb;
	char has[24], needs[24];
	int ret = EXIT_REFUSED;

	for (i = 0; i < d->nr_vnodes; i++)
		if (d->vnodes[i].pnode == PNODE_UNKNOWN)
			break;
	if (!pnodes)
		error("physical nodes cannot be read");
	else if ((unsigned int)pnode >= count || !pnodes[pnode].size_kb)
		error("this host has no physical node %d", pnode);
	else if (i < d->nr_vnodes)
		error("%s: the physical node of node %u is not known",
		      d->name, i);
	else if (domain_active(d, vnode) && pnodes[pnode].free_kb < need_kb)
		error("physical node %d has %s free, and node %u of %s has %s",
		      pnode,
		      size_text(pnodes[pnode].free_kb, has, sizeof(has)),
		      vnode, d->name, size_text(need_kb, needs, sizeof(needs)));
	else
		ret = EXIT_DONE;
	free(pnodes);
	return ret;
}

/* vCPUs that preferred the old physical node prefer the new one. */
static void move_affinity(struct context *ctx, const struct domain *d,
			  unsigned int vnode, int pnode)
{
	int old = d->vnodes[vnode].pnode;
	struct cpus cpus = { 0 };
	bool *chosen, hard;
	unsigned int i;

	if (!cpus_read(ctx->host, &cpus))
		return;
	chosen = calloc(cpus.count + 1, sizeof(*chosen));
	if (!chosen || !pinning_choose(&cpus, pnode, chosen))
		goto out;
	for (i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpus[i].vnode != vnode ||
		    !cpus_prefers(ctx->host, d->id, i, &cpus, old, &hard))
			continue;
		if (cpus_pin(ctx->host, d->id, i, chosen, cpus.count, hard))
			error("%s: vCPU %u still prefers the old physical node",
			      d->name, i);
	}
out:
	free(chosen);
	cpus_free(&cpus);
}

static int ask(struct context *ctx, unsigned int id, struct order *order,
	       struct domain **d)
{
	int ret;

	domain_free(*d);
	ret = domain_read(ctx->host, id, d);
	if (!ret && !*d)
		ret = EXIT_GONE;
	return ret ? ret : ask_for(ctx, *d, order, &quietly);
}

/* What stays is with the old physical node, and the rest comes from the new one. */
static void report(const struct domain *before, const struct domain *d,
		   unsigned int vnode, uint64_t kept_kb, double seconds)
{
	char moved[24], kept[24];
	uint64_t now_kb = d->vnodes[vnode].current_kb;

	if (now_kb == KB_UNKNOWN || now_kb < kept_kb)
		now_kb = kept_kb;
	printf("%s: node %u is on physical node %d in %.1f s: %s moved",
	       d->name, vnode, d->vnodes[vnode].pnode, seconds,
	       size_text(now_kb - kept_kb, moved, sizeof(moved)));
	if (kept_kb)
		printf(", %s the guest could not let go of stay on physical node %d",
		       size_text(kept_kb, kept, sizeof(kept)),
		       before->vnodes[vnode].pnode);
	printf(". Its configuration still has the old one: a reboot goes by that.\n");
}

static int leave_and_return(struct context *ctx, const struct domain *before,
			    unsigned int vnode, int pnode, const char *words)
{
	const struct vnode *n = &before->vnodes[vnode];
	uint64_t kb = n->described ? n->target_kb : n->capacity_kb;
	bool active = domain_active(before, vnode);
	struct wish wish = { .vnode = vnode, .moves_vcpus = true };
	struct order order = {
		.request = REQUEST_SHRINK, .wishes = &wish, .nr_wishes = 1,
		.words = words,
	};
	double started = seconds_now();
	struct domain *d = NULL;
	uint64_t kept_kb = 0;
	bool left;
	int ret;

	ret = active ? ask(ctx, before->id, &order, &d) : EXIT_DONE;
	if (ret == EXIT_INCOMPLETE)
		ret = EXIT_DONE;
	if (ret == EXIT_TIMEOUT)
		error(leaves_still, before->name, vnode, before->name, vnode, pnode,
		      before->name, vnode);
	left = active && !ret;
	domain_free(d);
	d = NULL;
	if (!ret)
		ret = domain_read(ctx->host, before->id, &d);
	if (!ret && d && d->vnodes[vnode].current_kb != KB_UNKNOWN)
		kept_kb = d->vnodes[vnode].current_kb;
	order.request = REQUEST_EXPAND;
	order.moves = true;
	order.vnode = vnode;
	order.pnode = pnode;
	wish.kb = active ? kb : 0;
	wish.moves_vcpus = active;
	if (!ret)
		ret = ask(ctx, before->id, &order, &d);
	if (ret && ret != EXIT_INCOMPLETE) {
		if (left && ret != EXIT_TIMEOUT)
			error("%s: node %u is inactive now: virtflexctl expand %s %u",
			      before->name, vnode, before->name, vnode);
	} else {
		move_affinity(ctx, before, vnode, pnode);
		domain_free(d);
		d = NULL;
		if (!domain_read(ctx->host, before->id, &d) && d)
			report(before, d, vnode, kept_kb,
			       seconds_now() - started);
	}
	domain_free(d);
	return ret;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct domain *d = NULL;
	unsigned int vnode;
	uint64_t pnode;
	char *words;
	int ret;

	if (argc != 3)
		return usage_error("move needs a domain, a node and a physical node");
	ret = take_node("move", argv[1], &vnode);
	if (ret)
		return ret;
	if (!parse_count(argv[2], INT16_MAX, &pnode))
		return usage_error_of(argv[2], "move: no number of a physical node:");
	ret = target_domain(ctx, argc, argv, "move", &d);
	if (!ret)
		ret = domain_read_pnodes(ctx->host, d);
	if (ret)
		return ret;
	words = words_of("move", argc - 1, argv + 1);
	if (!words) {
		ret = EXIT_ERROR;
	} else if (vnode >= d->nr_vnodes) {
		error("%s: it has no node %u", d->name, vnode);
		ret = EXIT_REFUSED;
	} else if (d->vnodes[vnode].pnode == (int)pnode) {
		printf("%s: node %u is on physical node %u already\n", d->name,
		       vnode, (unsigned int)pnode);
	} else {
		ret = check_room(ctx, d, vnode, pnode);
		if (!ret)
			ret = leave_and_return(ctx, d, vnode, pnode, words);
	}
	free(words);
	domain_free(d);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	int ret;

	(void)ctx;
	take_waiting(name, arg, &ret);
	return ret;
}

static const struct option_desc options[] = {
	OPTION_TIMEOUT,
	OPTION_VERBOSE,
	{ 0 },
};

const struct command cmd_move = {
	.name = "move",
	.synopsis = "DOMAIN NODE PNODE",
	.summary = "Put the memory of a node on another physical node",
	.options = options,
	.note = "The node leaves the domain meanwhile, and returns.",
	.max_args = 3,
	.option = option,
	.run = run,
};
