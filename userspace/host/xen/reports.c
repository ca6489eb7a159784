// SPDX-License-Identifier: GPL-2.0-only
/* Reports of what memory is in use: asking a guest for them, and reading them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "text.h"
#include "xen.h"

#define NUMA	"/local/domain/%u/numa/%s"
#define NODE	"/local/domain/%u/numa/node/%u/%s"

/* A guest takes no longer period. */
#define MOST_SECONDS	3600

/* What of a node is told */
static const char *const parts[] = { "used", "free" };

/**
 * struct asking_for - how often a guest is to report
 * @seconds: that; 0 for not any more
 */
struct asking_for {
	uint64_t seconds;
};

static bool make_key(struct host *host, xs_transaction_t t, unsigned int domid,
		     const char *key)
{
	char *there = store_get(host, t, NUMA, domid, key);
	bool done = there || (store_set(host, t, "", NUMA, domid, key) &&
			      store_grant(host, t, domid, key));

	free(there);
	return done;
}

static bool make_keys(struct host *host, xs_transaction_t t, const struct domain *d)
{
	bool done = make_key(host, t, d->id, "reported");
	unsigned int i, part;
	char key[40];

	for (i = 0; i < d->nr_vnodes; i++)
		for (part = 0; part < 2 && d->vnodes[i].described; part++) {
			snprintf(key, sizeof(key), "node/%u/%s", i, parts[part]);
			done = done && make_key(host, t, d->id, key);
		}
	return done;
}

static int write_period(struct host *host, xs_transaction_t t, struct domain *d,
			void *arg)
{
	struct asking_for *asking = arg;
	char text[24];

	if (!asking->seconds)
		return store_remove(host, t, NUMA, d->id, "report_s") ? EXIT_DONE : -1;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)asking->seconds);
	/* last what the guest looks at */
	return make_keys(host, t, d) &&
	       store_set(host, t, text, NUMA, d->id, "report_s") ? EXIT_DONE : -1;
}

/**
 * reports_ask() - have a guest report what memory is in use
 * @host: host
 * @d: domain that is published
 * @seconds: how often, each hour if that is more; 0 for not any more
 *
 * Return: enum exit_code.
 */
int reports_ask(struct host *host, struct domain *d, uint64_t seconds)
{
	struct asking_for asking = {
		.seconds = seconds < MOST_SECONDS ? seconds : MOST_SECONDS,
	};

	return store_transaction(host, d, write_period, &asking);
}

/**
 * reports_end() - have a guest not report any more
 * @host: host
 * @domid: domain, which may be gone
 */
void reports_end(struct host *host, unsigned int domid)
{
	char path[64];

	snprintf(path, sizeof(path), NUMA, domid, "report_s");
	xs_rm(host->xs, XBT_NULL, path);
}

/**
 * struct reading_reports - reports that are read
 * @number: out: which report it is; 0 for none
 * @reports: out: by node
 */
struct reading_reports {
	uint64_t number;
	struct node_report *reports;
};

static bool get_kb(struct host *host, xs_transaction_t t, unsigned int domid,
		   unsigned int node, const char *part, uint64_t *kb)
{
	char *text = store_get(host, t, NODE, domid, node, part);
	bool there = text_number(text, MAX_KB, kb);

	free(text);
	return there;
}

static int read_them(struct host *host, xs_transaction_t t, struct domain *d, void *arg)
{
	struct reading_reports *r = arg;
	struct node_report *n;
	unsigned int i;
	char *text;

	/* the domain was read anew: after a request that did not hold, as it was before */
	record_apply(host, t, d);
	text = store_get(host, t, NUMA, d->id, "reported");
	if (!text_number(text, UINT64_MAX, &r->number))
		r->number = 0;
	free(text);
	for (i = 0; i < d->nr_vnodes; i++) {
		n = &r->reports[i];
		/* a guest says what it likes: no more than the node was built with */
		n->there = r->number &&
			   get_kb(host, t, d->id, i, "used", &n->used_kb) &&
			   get_kb(host, t, d->id, i, "free", &n->free_kb) &&
			   n->used_kb + n->free_kb <= d->vnodes[i].capacity_kb;
	}
	return EXIT_DONE;
}

/**
 * reports_read() - read what a guest has reported last, all of one report
 * @host: host
 * @d: domain
 * @reports: out: by node
 * @number: out: number of the report; 0 if there is none
 *
 * Return: enum exit_code.
 */
int reports_read(struct host *host, struct domain *d, struct node_report *reports,
		 uint64_t *number)
{
	struct reading_reports r = { .reports = reports };
	int ret = store_transaction(host, d, read_them, &r);

	*number = ret ? 0 : r.number;
	return ret;
}
