// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflexctl move: a node's memory on another physical node. Xen is told where memory of
 * the node comes from, and the guest takes it out and back in, extent by extent, while the
 * node is in use. Or the node leaves meanwhile, and returns (leave.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exits.h"
#include "pinning.h"

static const char too_little[] =
	"physical node %d has %s free, too little for node %u of %s, which has %s: "
	"shrink or stop a domain there, or name another (virtflexctl balance)";

static struct asking asking = { .quiet = true };
static bool offline, waits;
static uint64_t wait_s;

/* Whether there is such a physical node, with room. Xen takes any number. */
static int check_room(struct context *ctx, const struct domain *d,
		      unsigned int vnode, int pnode)
{
	unsigned int count = 0, i;
	struct pnode *pnodes = host_pnodes(ctx->host, &count);
	const struct vnode *n = &d->vnodes[vnode];
	uint64_t need_kb = n->current_kb != KB_UNKNOWN ? n->current_kb :
			   n->described ? n->target_kb : n->capacity_kb;
	struct share share;
	char has[24], needs[24];
	int ret = EXIT_REFUSED;

	/* A part of it may be there from a move that did not come to its end. */
	if (n->pnode == pnode && answer_share(d->result, vnode, &share))
		need_kb = share.all_kb - share.here_kb;
	for (i = 0; i < d->nr_vnodes; i++)
		if (d->vnodes[i].pnode == PNODE_UNKNOWN)
			break;
	if (!pnodes)
		error("physical nodes cannot be read: try xl info -n");
	else if ((unsigned int)pnode >= count || !pnodes[pnode].size_kb)
		error("this host has no physical node %d: virtflexctl balance shows those it has",
		      pnode);
	else if (i < d->nr_vnodes)
		error("%s: it is not known which physical node its node %u is on: "
		      "was it made with pnode= in vnuma=?", d->name, i);
	else if (domain_active(d, vnode) && pnodes[pnode].free_kb < need_kb)
		error(too_little, pnode,
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
			error("%s: vCPU %u still prefers the old physical node; virtflexctl pin %s",
			      d->name, i, d->name);
	}
out:
	free(chosen);
	cpus_free(&cpus);
}

/* The guest says what stays. Of one that is too old for that: what it kept when the node left. */
static uint64_t stays_kb(const struct domain *d, unsigned int vnode,
			 uint64_t kept_kb)
{
	struct share share;

	if (answer_share(d->result, vnode, &share))
		return share.all_kb - share.here_kb;
	return d->can_move ? 0 : kept_kb;
}

/* One that nothing was asked for is done, whatever the guest said of another request. */
static int json_move(const struct moving *m, const struct domain *d, bool asked,
		     uint64_t here_kb, uint64_t elsewhere_kb, double seconds)
{
	struct json_object *object = json_object_new_object();
	enum outcome outcome = asked ? last_outcome(d->result) : OUTCOME_DONE;

	json_object_object_add(object, "domain", json_u64(d->id));
	json_object_object_add(object, "name", json_text(d->name));
	json_object_object_add(object, "outcome",
			       json_text(outcome_name(outcome)));
	json_object_object_add(object, "seconds", json_object_new_double(seconds));
	json_object_object_add(object, "error", asked && d->error && *d->error ?
			       json_text(d->error) : NULL);
	json_object_object_add(object, "node", json_u64(m->vnode));
	json_object_object_add(object, "pnode", json_u64(m->pnode));
	json_object_object_add(object, "here_kb", json_u64(here_kb));
	json_object_object_add(object, "elsewhere_kb", json_u64(elsewhere_kb));
	return print_json(object, JSON_PAGE);
}

static int report(const struct moving *m, const struct domain *d, bool asked,
		  uint64_t kept_kb, double seconds)
{
	int old = m->before->vnodes[m->vnode].pnode;
	uint64_t now_kb = d->vnodes[m->vnode].current_kb;
	uint64_t stay_kb = stays_kb(d, m->vnode, kept_kb);
	char moved[24], stays[24];

	if (now_kb == KB_UNKNOWN || now_kb < stay_kb)
		now_kb = stay_kb;
	if (m->ctx->json)
		return json_move(m, d, asked, now_kb - stay_kb, stay_kb, seconds);
	printf("%s: node %u is on physical node %d in %.1f s: %s %s",
	       d->name, m->vnode, m->pnode, seconds,
	       size_text(now_kb - stay_kb, moved, sizeof(moved)),
	       old == m->pnode ? "are there" : "moved");
	if (stay_kb && old == m->pnode)
		printf(", %s are not", size_text(stay_kb, stays, sizeof(stays)));
	else if (stay_kb)
		printf(", %s stay on physical node %d",
		       size_text(stay_kb, stays, sizeof(stays)), old);
	printf(". Its configuration is not changed: a reboot goes by the pnode= there.\n");
	if (d->error && *d->error)
		error("%s: the guest says: %s", d->name, d->error);
	return EXIT_DONE;
}

/**
 * move_ask() - ask for a part of a move, and wait for its end
 * @m: move
 * @order: what is wanted
 *
 * Return: enum exit_code.
 */
int move_ask(const struct moving *m, struct order *order)
{
	struct domain *d = NULL;
	int ret;

	order->has_option[ORDER_WAIT_S] = waits && order->moves;
	order->option[ORDER_WAIT_S] = wait_s;
	ret = domain_read(m->ctx->host, m->before->id, &d);
	if (!ret && !d)
		ret = EXIT_GONE;
	if (!ret)
		ret = ask_for(m->ctx, d, order, &asking);
	domain_free(d);
	return ret;
}

static int move_in_use(const struct moving *m)
{
	struct order order = {
		.request = REQUEST_MOVE, .moves = true, .vnode = m->vnode,
		.pnode = m->pnode, .words = m->words,
	};

	return move_ask(m, &order);
}

static int move(const struct moving *m)
{
	double started = seconds_now();
	struct domain *d = NULL;
	uint64_t kept_kb = 0;
	int ret, said;

	ret = offline ? move_by_leaving(m, &kept_kb) : move_in_use(m);
	if (ret == EXIT_TIMEOUT && !offline)
		error("%s: once it has moved, let its vCPUs follow: virtflexctl pin %s",
		      m->before->name, m->before->name);
	if ((ret && ret != EXIT_INCOMPLETE) || asking.dry_run)
		return ret;
	move_affinity(m->ctx, m->before, m->vnode, m->pnode);
	said = domain_read(m->ctx->host, m->before->id, &d);
	if (!said)
		said = d ? report(m, d, true, kept_kb, seconds_now() - started) :
			   EXIT_GONE;
	domain_free(d);
	return said ? said : ret;
}

/* Whether all of its memory is there already, as far as the guest knows. */
static bool is_there(const struct domain *d, unsigned int vnode, int pnode)
{
	struct share share;

	return d->vnodes[vnode].pnode == pnode &&
	       (!answer_share(d->result, vnode, &share) ||
		share.here_kb == share.all_kb);
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct moving m = { .ctx = ctx };
	struct domain *d = NULL;
	uint64_t pnode;
	char *words;
	int ret;

	if (argc != 3)
		return usage_error("move needs a domain, a node and a physical node");
	ret = take_node("move", argv[1], &m.vnode);
	if (ret)
		return ret;
	if (!parse_count(argv[2], INT16_MAX, &pnode))
		return usage_error_of(argv[2], "move takes the number of a physical node, not");
	if (offline && asking.dry_run)
		return usage_error("move: -N does not go with --offline, whose second "
				   "request depends on the first");
	ret = target_domain(ctx, argc, argv, "move", &d);
	/* An earlier move may have ended while nobody waited for it. */
	if (!ret && d->request == REQUEST_NONE && !asking.dry_run)
		ret = request_settle(ctx->host, d);
	if (!ret)
		ret = domain_read_pnodes(ctx->host, d);
	if (ret) {
		domain_free(d);
		return ret;
	}
	words = words_of("move", argc - 1, argv + 1);
	m.before = d;
	m.pnode = pnode;
	m.words = words;
	if (!words) {
		ret = EXIT_ERROR;
	} else if (m.vnode >= d->nr_vnodes) {
		error("%s: it has no node %u: its nodes are 0 to %u", d->name,
		      m.vnode, d->nr_vnodes - 1);
		ret = EXIT_REFUSED;
	} else if (is_there(d, m.vnode, m.pnode)) {
		if (ctx->json)
			ret = report(&m, d, false, 0, 0);
		else
			printf("%s: node %u is on physical node %d already\n",
			       d->name, m.vnode, m.pnode);
	} else {
		ret = check_room(ctx, d, m.vnode, m.pnode);
		if (!ret)
			ret = move(&m);
	}
	free(words);
	domain_free(d);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	int ret = EXIT_DONE;

	(void)ctx;
	if (!strcmp(name, "offline")) {
		offline = true;
	} else if (!strcmp(name, "dry-run")) {
		asking.dry_run = true;
	} else if (!take_waiting(name, arg, &ret)) {
		waits = true;
		ret = take_number(name, arg, " of seconds", 0, 86400, &wait_s);
	}
	return ret;
}

static const struct option_desc options[] = {
	{ "offline", 0, NULL, "the node leaves and returns; not with -N" },
	OPTION_WAIT_HOST,
	OPTION_TIMEOUT,
	OPTION_DRY_RUN,
	OPTION_JSON("print JSON"),
	OPTION_VERBOSE,
	{ 0 },
};

const struct command cmd_move = {
	.name = "move",
	.synopsis = "DOMAIN NODE PNODE",
	.summary = "Put the memory of a node on another physical node",
	.options = options,
	.note = "The node stays in use, which takes 2 MiB of free memory; if not, --offline.",
	.max_args = 3,
	.option = option,
	.run = run,
};
