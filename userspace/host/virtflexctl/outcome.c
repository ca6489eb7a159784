// SPDX-License-Identifier: GPL-2.0-only
/* How a change ended, in a line or in JSON. */
#include <stdlib.h>

#include "ctl.h"
#include "exits.h"

static int status_of(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_DONE:
		return EXIT_DONE;
	case OUTCOME_PARTLY:
		return EXIT_INCOMPLETE;
	case OUTCOME_REFUSED:
	case OUTCOME_WITHDRAWN:
		return EXIT_REFUSED;
	default:
		return EXIT_ERROR;
	}
}

/* Which nodes came or went, in words: "nodes 2-3 left" */
static char *nodes_text(const struct domain *before, const struct domain *d,
			bool came)
{
	unsigned int *ids = calloc(d->nr_vnodes + 1, sizeof(*ids));
	unsigned int i, count = 0;
	char *list, *text = NULL;

	for (i = 0; ids && i < d->nr_vnodes; i++)
		if (domain_active(before, i) != domain_active(d, i) &&
		    domain_active(d, i) == came)
			ids[count++] = i;
	list = count ? list_text(ids, count, true) : NULL;
	free(ids);
	if (list && asprintf(&text, "node%s %s %s", count > 1 ? "s" : "", list,
			     came ? "joined" : "left") < 0)
		text = NULL;
	free(list);
	return text;
}

/* Memory of a node; before the guest has said anything, as it was built. */
static uint64_t memory_of(const struct vnode *n)
{
	return n->current_kb != KB_UNKNOWN ? n->current_kb : n->capacity_kb;
}

/* Memory and vCPUs that came less those that went, and memory that should have gone. */
static void difference(const struct domain *before, const struct domain *d,
		       int64_t *kb, int *vcpus, uint64_t *kept_kb)
{
	const struct vnode *n;
	unsigned int i;

	*kb = 0;
	*kept_kb = 0;
	*vcpus = 0;
	for (i = 0; i < d->nr_vnodes; i++) {
		n = &d->vnodes[i];
		if (domain_active(d, i) && domain_active(before, i) &&
		    n->target_kb == before->vnodes[i].target_kb)
			continue;
		*kb += (int64_t)(memory_of(n) - memory_of(&before->vnodes[i]));
		if (memory_of(n) > n->target_kb)
			*kept_kb += memory_of(n) - n->target_kb;
	}
	for (i = 0; i < d->nr_vcpus; i++)
		*vcpus += d->vcpus[i].runs - before->vcpus[i].runs;
}

static void print_outcome(const struct domain *before, const struct domain *d,
			  enum outcome outcome, double seconds)
{
	char *left = nodes_text(before, d, false);
	char *joined = nodes_text(before, d, true);
	const char *between = ": ";
	uint64_t kept_kb;
	char size[24];
	int64_t kb;
	int vcpus;

	difference(before, d, &kb, &vcpus, &kept_kb);
	printf("%s: %s%s%s in %.1f s", d->name,
	       paint(outcome == OUTCOME_DONE ? GREEN : YELLOW),
	       outcome_name(outcome), paint(PLAIN), seconds);
	if (left || joined) {
		printf("%s%s%s%s", between, joined ? joined : "",
		       left && joined ? ", " : "", left ? left : "");
		between = "; ";
	}
	if (kb) {
		printf("%s%s %s", between,
		       size_text(kb < 0 ? -kb : kb, size, sizeof(size)),
		       kb < 0 ? "given back to the host" : "taken from the host");
		between = ", ";
	}
	if (vcpus) {
		printf("%s%d vCPU%s %s", between, abs(vcpus),
		       abs(vcpus) > 1 ? "s" : "",
		       vcpus < 0 ? "offline" : "online");
		between = ", ";
	}
	if (kept_kb >= 2048)
		printf("%sthe guest keeps %s", between,
		       size_text(kept_kb, size, sizeof(size)));
	putchar('\n');
	free(left);
	free(joined);
}

static struct json_object *nodes_json(const struct domain *d)
{
	struct json_object *nodes = json_object_new_array(), *node;
	const struct vnode *n;
	unsigned int i;

	for (i = 0; i < d->nr_vnodes; i++) {
		n = &d->vnodes[i];
		node = json_object_new_object();
		json_object_object_add(node, "id", json_u64(i));
		json_object_object_add(node, "pnode",
				       n->pnode == PNODE_UNKNOWN ? NULL :
				       json_u64(n->pnode));
		json_object_object_add(node, "target_kb", json_u64(n->target_kb));
		json_object_object_add(node, "current_kb",
				       n->current_kb == KB_UNKNOWN ? NULL :
				       json_u64(n->current_kb));
		json_object_array_add(nodes, node);
	}
	return nodes;
}

/**
 * domain_json() - begin an object that is about a domain
 * @d: domain
 *
 * Return: object, to which the rest is added.
 */
struct json_object *domain_json(const struct domain *d)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "domain", json_u64(d->id));
	json_object_object_add(object, "name", json_text(d->name));
	return object;
}

/**
 * put_json() - print an object, or add it to others that are printed together
 * @object: object
 * @into: array of the others; NULL to print it
 *
 * Return: enum exit_code.
 */
int put_json(struct json_object *object, struct json_object *into)
{
	if (!into)
		return print_json(object, JSON_PAGE);
	return json_object_array_add(into, object) ? EXIT_ERROR : EXIT_DONE;
}

static int json_outcome(const struct domain *d, const char *id,
			enum outcome outcome, double seconds,
			struct json_object *into)
{
	struct json_object *object = domain_json(d);

	json_object_object_add(object, "request", json_text(id));
	json_object_object_add(object, "outcome",
			       json_text(outcome_name(outcome)));
	json_object_object_add(object, "seconds",
			       json_object_new_double(seconds));
	json_object_object_add(object, "error", d->error && *d->error ?
			       json_text(d->error) : NULL);
	json_object_object_add(object, "nodes", nodes_json(d));
	return put_json(object, into);
}

/**
 * report_outcome() - say how a change ended
 * @ctx: context
 * @before: domain as it was before
 * @d: domain as it is now
 * @id: name of the request
 * @outcome: how it ended; OUTCOME_NONE, for JSON, if nobody waits for that
 * @seconds: how long it took
 * @into: for JSON, array of what is printed together; NULL to print it
 *
 * Return: enum exit_code.
 */
int report_outcome(struct context *ctx, const struct domain *before,
		   struct domain *d, const char *id, enum outcome outcome,
		   double seconds, struct json_object *into)
{
	int ret = EXIT_DONE;

	if (outcome == OUTCOME_NONE)
		return json_outcome(d, id, outcome, seconds, into);
	if (ctx->json)
		ret = json_outcome(d, id, outcome, seconds, into);
	else if (outcome_holds(outcome))
		print_outcome(before, d, outcome, seconds);
	if (d->error && *d->error)
		error("%s: the guest says: %s", d->name, d->error);
	else if (outcome == OUTCOME_UNKNOWN)
		error("%s: the guest says in no known word how it ended: virtflexctl show %s",
		      d->name, d->name);
	else if (!outcome_holds(outcome))
		error("%s: %s", d->name, outcome_name(outcome));
	return ret ? ret : status_of(outcome);
}
