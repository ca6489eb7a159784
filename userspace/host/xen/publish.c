// SPDX-License-Identifier: GPL-2.0-only
/* Describing a domain to its guest, once for each time it is made. */
#include <stdlib.h>

#include "exits.h"
#include "xen.h"

#define NUMA	"/local/domain/%u/numa/%s"
#define NODE	"/local/domain/%u/numa/node/%u/%s"

/* Keys the guest writes; control is a directory. */
static const char *const answers[] = {
	"control", "topo_change", "status", "error", "result",
};

/* Makes a key that the guest writes, if it is not there. */
static bool make_key(struct host *host, xs_transaction_t t, unsigned int domid,
		     const char *key, const char *value)
{
	char *there = store_get(host, t, NUMA, domid, key);
	bool done = there || store_set(host, t, value, NUMA, domid, key);

	free(there);
	return done && store_grant(host, t, domid, key);
}

static bool set_kb(struct host *host, xs_transaction_t t, unsigned int domid,
		   unsigned int vnode, const char *key, uint64_t kb)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)kb);
	return store_set(host, t, text, NODE, domid, vnode, key);
}

/* A key for each vCPU, as another program has begun it. */
static bool set_vcpu_keys(struct host *host, xs_transaction_t t,
			  const struct domain *d, unsigned int vnode)
{
	unsigned int i;
	char key[24];

	for (i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpus[i].vnode != vnode || !d->vcpus[i].plugged)
			continue;
		snprintf(key, sizeof(key), "vcpu/%u", i);
		if (!store_set(host, t, d->vcpus[i].online ? "online" : "offline",
			       NODE, d->id, vnode, key))
			return false;
	}
	return true;
}

/**
 * publish_vcpus() - describe which vCPUs of a node are to be online
 * @host: host
 * @t: transaction
 * @d: domain
 * @vnode: node of it
 *
 * In the form that is there, or as a list, which wins: a guest refuses what is named
 * twice.
 *
 * Return: whether it is done.
 */
bool publish_vcpus(struct host *host, xs_transaction_t t,
		   const struct domain *d, unsigned int vnode)
{
	char *keys = store_get(host, t, NODE, d->id, vnode, "vcpu");
	char *list = store_get(host, t, NODE, d->id, vnode, "vcpus");
	char *all = domain_vcpus(d, vnode, true);
	char *online = domain_vcpus(d, vnode, false);
	bool done = all && online;

	if (done && keys && !list)
		done = set_vcpu_keys(host, t, d, vnode);
	else if (done && (list || *all))
		done = store_remove(host, t, NODE, d->id, vnode, "vcpu") &&
		       store_set(host, t, online, NODE, d->id, vnode, "vcpus");
	free(keys);
	free(list);
	free(all);
	free(online);
	return done;
}

static bool describe_node(struct host *host, xs_transaction_t t,
			  struct domain *d, unsigned int i)
{
	struct vnode *n = &d->vnodes[i];
	char current[40];
	bool done = true;

	if (n->pnode != PNODE_UNKNOWN)
		done = set_kb(host, t, d->id, i, "pnode", n->pnode);
	done = done && set_kb(host, t, d->id, i, "capacity", n->capacity_kb);
	if (!n->described) {
		n->target_kb = n->capacity_kb;
		done = done && set_kb(host, t, d->id, i, "target", n->target_kb);
	}
	done = done && publish_vcpus(host, t, d, i);
	snprintf(current, sizeof(current), "node/%u/current", i);
	done = done && make_key(host, t, d->id, current, "");
	n->described |= done;
	return done;
}

/**
 * publish_write() - describe a domain in a transaction
 * @host: host
 * @t: transaction
 * @d: domain, just read; what it has not been told becomes as Xen built it
 *
 * What is described already stays.
 *
 * Return: whether it is done; if not, errno says why.
 */
bool publish_write(struct host *host, xs_transaction_t t, struct domain *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_vnodes; i++)
		if (!describe_node(host, t, d, i))
			return false;
	for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		if (!make_key(host, t, d->id, answers[i],
			      i == 1 ? "0" : ""))
			return false;
	d->published = true;
	return true;
}

static int write_it(struct host *host, xs_transaction_t t, struct domain *d,
		    void *arg)
{
	(void)arg;
	if (d->request != REQUEST_NONE) {
		host_error(host, "%s: a change is going on: %s; publish it when that is over",
			   d->name, d->by ? d->by : "not made by virtflexctl");
		return EXIT_BUSY;
	}
	record_apply(host, t, d);
	return publish_write(host, t, d) ? EXIT_DONE : -1;
}

/**
 * publish() - describe a domain to its guest
 * @host: host
 * @d: domain
 *
 * What is described already stays. The guest may be there or arrive later.
 *
 * Return: enum exit_code.
 */
int publish(struct host *host, struct domain *d)
{
	int ret = domain_read_pnodes(host, d);

	return ret ? ret : store_transaction(host, d, write_it, NULL);
}
