// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl pin, unpin: vCPUs run on the physical node that their node is on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exits.h"
#include "pinning.h"

static bool hard, dry_run;

/**
 * struct pinned - a node whose vCPUs are pinned, or unpinned
 * @d: domain
 * @vnode: node of it
 * @vcpus: its vCPUs that can be used, ascending
 * @nr_vcpus: how many
 * @cpus: CPUs that they are pinned to, ascending; NULL for none in particular
 * @nr_cpus: how many
 */
struct pinned {
	const struct domain *d;
	unsigned int vnode;
	unsigned int *vcpus;
	unsigned int nr_vcpus;
	unsigned int *cpus;
	unsigned int nr_cpus;
};

static bool make_pinned(const struct domain *d, unsigned int vnode,
			const bool *chosen, unsigned int count,
			struct pinned *p)
{
	unsigned int i;

	*p = (struct pinned){ .d = d, .vnode = vnode };
	p->vcpus = calloc(d->nr_vcpus + 1, sizeof(*p->vcpus));
	p->cpus = chosen ? calloc(count + 1, sizeof(*p->cpus)) : NULL;
	if (!p->vcpus || (chosen && !p->cpus))
		return false;
	for (i = 0; i < d->nr_vcpus; i++)
		if (d->vcpus[i].vnode == vnode && d->vcpus[i].plugged)
			p->vcpus[p->nr_vcpus++] = i;
	for (i = 0; chosen && i < count; i++)
		if (chosen[i])
			p->cpus[p->nr_cpus++] = i;
	return true;
}

static void free_pinned(struct pinned *p)
{
	free(p->vcpus);
	free(p->cpus);
}

static void print_pinned(const struct pinned *p)
{
	char *vcpus = list_text(p->vcpus, p->nr_vcpus, true);
	char *cpus = list_text(p->cpus, p->nr_cpus, true);

	printf("%s: node %u: vCPUs %s %s%s CPUs %s of physical node %d\n",
	       p->d->name, p->vnode, vcpus ? vcpus : "?",
	       dry_run ? "would " : "", hard ? "run on" : "prefer",
	       cpus ? cpus : "?", p->d->vnodes[p->vnode].pnode);
	free(vcpus);
	free(cpus);
}

static struct json_object *pinned_json(const struct pinned *p)
{
	struct json_object *node = json_object_new_object();
	int pnode = p->d->vnodes[p->vnode].pnode;

	json_object_object_add(node, "id", json_u64(p->vnode));
	json_object_object_add(node, "pnode", pnode == PNODE_UNKNOWN ? NULL :
			       json_u64(pnode));
	json_object_object_add(node, "vcpus",
			       json_numbers(p->vcpus, p->nr_vcpus));
	json_object_object_add(node, "cpus", p->cpus ?
			       json_numbers(p->cpus, p->nr_cpus) : NULL);
	return node;
}

/* Says what is done of a node: for people, or in @nodes for JSON. */
static int tell(const struct domain *d, unsigned int vnode, const bool *chosen,
		unsigned int count, struct json_object *nodes)
{
	struct pinned p;
	bool made = make_pinned(d, vnode, chosen, count, &p);

	if (made && nodes)
		json_object_array_add(nodes, pinned_json(&p));
	else if (made && chosen)
		print_pinned(&p);
	free_pinned(&p);
	return made ? EXIT_DONE : EXIT_ERROR;
}

static int print_all(const struct domain *d, struct json_object *nodes)
{
	struct json_object *object = domain_json(d);

	json_object_object_add(object, "hard", json_object_new_boolean(hard));
	json_object_object_add(object, "nodes", nodes);
	return print_json(object, JSON_PAGE);
}

static int pin_vcpus(struct context *ctx, const struct domain *d,
		     unsigned int vnode, const bool *chosen, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpus[i].vnode != vnode || dry_run)
			continue;
		if (!cpus_pin(ctx->host, d->id, i, chosen, count, hard))
			continue;
		error("%s: Xen does not take the affinity of vCPU %u: %s; "
		      "xl vcpu-list %s shows what it has",
		      d->name, i, strerror(errno), d->name);
		return EXIT_ERROR;
	}
	return EXIT_DONE;
}

static int pin_node(struct context *ctx, const struct domain *d,
		    unsigned int vnode, const struct cpus *cpus, bool *chosen,
		    struct json_object *nodes)
{
	char *vcpus = domain_vcpus(d, vnode, true);
	bool has_vcpus = vcpus && *vcpus;
	int ret;

	free(vcpus);
	if (!has_vcpus)
		return EXIT_DONE;
	if (!pinning_choose(cpus, d->vnodes[vnode].pnode, chosen)) {
		error("%s: node %u: physical node %d has no CPU to pin to; "
		      "move it (virtflexctl move), or pin by xl vcpu-pin",
		      d->name, vnode, d->vnodes[vnode].pnode);
		return EXIT_REFUSED;
	}
	ret = pin_vcpus(ctx, d, vnode, chosen, cpus->count);
	return ret ? ret : tell(d, vnode, chosen, cpus->count, nodes);
}

static int run_pin(struct context *ctx, int argc, char **argv)
{
	struct json_object *nodes = ctx->json ? json_object_new_array() : NULL;
	struct cpus cpus = { 0 };
	struct domain *d = NULL;
	bool *chosen = NULL;
	unsigned int i;
	int ret;

	ret = target_domain(ctx, argc, argv, "pin", &d);
	if (!ret)
		ret = domain_read_pnodes(ctx->host, d);
	if (!ret && !cpus_read(ctx->host, &cpus))
		ret = EXIT_ERROR;
	if (!ret)
		chosen = calloc(cpus.count + 1, sizeof(*chosen));
	for (i = 0; chosen && i < d->nr_vnodes && !ret; i++)
		ret = pin_node(ctx, d, i, &cpus, chosen, nodes);
	if (!ret && ctx->json)
		ret = print_all(d, nodes);
	else
		json_object_put(nodes);
	free(chosen);
	cpus_free(&cpus);
	domain_free(d);
	return ret;
}

static int run_unpin(struct context *ctx, int argc, char **argv)
{
	struct json_object *nodes = ctx->json ? json_object_new_array() : NULL;
	struct cpus cpus = { 0 };
	struct domain *d = NULL;
	unsigned int i;
	int ret;

	ret = target_domain(ctx, argc, argv, "unpin", &d);
	if (!ret && !cpus_read(ctx->host, &cpus))
		ret = EXIT_ERROR;
	for (i = 0; !ret && i < d->nr_vnodes; i++) {
		ret = pin_vcpus(ctx, d, i, NULL, cpus.count);
		if (!ret)
			ret = tell(d, i, NULL, 0, nodes);
	}
	if (!ret && !ctx->json)
		printf("%s: vCPUs %sprefer no CPUs%s\n", d->name,
		       dry_run ? "would " : "",
		       hard ? ", and run on any" : "");
	if (!ret && ctx->json)
		ret = print_all(d, nodes);
	else
		json_object_put(nodes);
	cpus_free(&cpus);
	domain_free(d);
	return ret;
}

static int option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	(void)arg;
	if (!strcmp(name, "hard"))
		hard = true;
	else
		dry_run = true;
	return EXIT_DONE;
}

static const struct option_desc pin_options[] = {
	{ "hard", 'H', NULL, "run nowhere else, even if these CPUs are busy" },
	{ "dry-run", 'N', NULL, "say what would be pinned, and pin nothing" },
	OPTION_JSON("print JSON"),
	{ 0 },
};

static const struct option_desc unpin_options[] = {
	{ "hard", 'H', NULL, "also run on any CPU again" },
	{ "dry-run", 'N', NULL, "say what would be unpinned, and unpin nothing" },
	OPTION_JSON("print JSON"),
	{ 0 },
};

const struct command cmd_pin = {
	.name = "pin",
	.synopsis = "DOMAIN",
	.summary = "Let vCPUs prefer the physical node that their node is on",
	.options = pin_options,
	.max_args = 1,
	.option = option,
	.run = run_pin,
};

const struct command cmd_unpin = {
	.name = "unpin",
	.synopsis = "DOMAIN",
	.summary = "Undo pin: vCPUs prefer no CPUs",
	.options = unpin_options,
	.max_args = 1,
	.option = option,
	.run = run_unpin,
};
