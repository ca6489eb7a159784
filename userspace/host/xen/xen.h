/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host that Xen runs on: xenstore, libxenlight, libxenctrl. All calls are for one
 * thread. What fails is said on standard error, with the remedy, or kept for who asks.
 */
#ifndef HOST_XEN_H
#define HOST_XEN_H

#include <libxl.h>
#include <xenctrl.h>
#include <xenstore.h>

#include "answer.h"
#include "change.h"
#include "domain.h"
#include "machine.h"
#include "pinning.h"

/**
 * struct host - connections
 * @xs: to xenstore
 * @xc: to the hypervisor
 * @ctx: of libxenlight
 * @log: where that writes its messages
 * @dry_run: nothing is written, but printed
 * @would: array for what a dry run would do; NULL to print a line for each
 * @unread: why xenstore has not given what there may be; 0 if it has
 * @keeps_why: what fails is kept in @why, and not said
 * @why: what has failed last
 */
struct host {
	struct xs_handle *xs;
	xc_interface *xc;
	libxl_ctx *ctx;
	xentoollog_logger *log;
	bool dry_run;
	struct json_object *would;
	int unread;
	bool keeps_why;
	char why[512];
};

/**
 * enum order_option - how a request is to be carried out
 * @ORDER_GRACE_MS: time that programs have to leave a node, in milliseconds
 * @ORDER_SMALL: fragments smaller than an extent are unplugged as well
 * @ORDER_WAIT_S: seconds that an expand waits for memory of the host
 */
enum order_option {
	ORDER_GRACE_MS,
	ORDER_SMALL,
	ORDER_WAIT_S,
	NR_ORDER_OPTIONS,
};

/**
 * struct order - what an administrator wants
 * @request: enum request_kind; REQUEST_NONE if the amounts are to tell
 * @wishes: of nodes
 * @nr_wishes: how many
 * @pnodes: physical nodes that have to have what comes; NULL to take what there is
 * @nr_pnodes: how many
 * @moves: a node goes to another physical node
 * @vnode: that node
 * @pnode: that physical node
 * @has_option: which of @option are given
 * @option: by enum order_option
 * @words: the command, for whoever comes meanwhile
 * @after: only in a dry run: a request that would be carried out before; NULL for none
 */
struct order {
	enum request_kind request;
	const struct wish *wishes;
	unsigned int nr_wishes;
	const struct pnode *pnodes;
	unsigned int nr_pnodes;
	bool moves;
	unsigned int vnode;
	int pnode;
	bool has_option[NR_ORDER_OPTIONS];
	uint64_t option[NR_ORDER_OPTIONS];
	const char *words;
	const struct order *after;
};

/**
 * enum host_failure - why a host cannot be connected to
 * @HOST_CONNECTED: it can
 * @HOST_NOT_THERE: it is not there, or not yet
 * @HOST_DENIED: this user may not
 */
enum host_failure {
	HOST_CONNECTED,
	HOST_NOT_THERE,
	HOST_DENIED,
};

/* Room for the name of a request, its end included. */
#define REQUEST_ID_LEN	65

/* host.c */
enum host_failure host_connect(struct host *host, bool verbose);
void host_disconnect(struct host *host);
int host_open(struct host **host, bool verbose);
void host_error(struct host *host, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void host_close(struct host *host);
struct pnode *host_pnodes(struct host *host, unsigned int *count);

/* machine.c */
struct machine *host_machine(struct host *host);
uint64_t host_overhead_kb(uint64_t memory_kb, unsigned int nr_vcpus);

/* cpus.c */
int *cpus_nodes(struct host *host, unsigned int *count);
bool cpus_read(struct host *host, struct cpus *cpus);
void cpus_free(struct cpus *cpus);
int cpus_pin(struct host *host, unsigned int domid, unsigned int vcpu,
	     const bool *chosen, unsigned int count, bool hard);
bool cpus_prefers(struct host *host, unsigned int domid, unsigned int vcpu,
		  const struct cpus *cpus, int pnode, bool *hard);

/* domains.c */
int domain_find(struct host *host, const char *name, unsigned int *id);
unsigned int *domains_list(struct host *host, unsigned int *count);
int domain_read(struct host *host, unsigned int id, struct domain **d);
int domain_read_pnodes(struct host *host, struct domain *d);
bool domain_find_pnodes(struct host *host, struct domain *d);
bool domain_exists(struct host *host, unsigned int id);
bool domain_alive(struct host *host, unsigned int id);

/* store.c */
typedef int (*store_action)(struct host *host, xs_transaction_t t,
			    struct domain *d, void *arg);
int store_transaction(struct host *host, struct domain *d, store_action action,
		      void *arg);
int store_read(struct host *host, struct domain *d);
void store_read_answer(struct host *host, struct domain *d);
char *store_get(struct host *host, xs_transaction_t t, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool store_set(struct host *host, xs_transaction_t t, const char *value,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
bool store_remove(struct host *host, xs_transaction_t t, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool store_grant(struct host *host, xs_transaction_t t, unsigned int domid,
		 const char *key);

/* publish.c */
bool publish_vcpus(struct host *host, xs_transaction_t t,
		   const struct domain *d, unsigned int vnode);
bool publish_write(struct host *host, xs_transaction_t t, struct domain *d);
int publish(struct host *host, struct domain *d);

/* request.c */
int request_make(struct host *host, struct domain *d, const struct order *order,
		 struct change *c, char *id);
int request_withdraw(struct host *host, struct domain *d, const char *only,
		     char *id, bool *undone);
int request_settle(struct host *host, struct domain *d);

/**
 * struct node_report - what a guest has reported of a node
 * @there: it has
 * @used_kb: memory in use
 * @free_kb: the rest of what the node has
 */
struct node_report {
	bool there;
	uint64_t used_kb;
	uint64_t free_kb;
};

/* reports.c */
int reports_ask(struct host *host, struct domain *d, uint64_t seconds);
void reports_end(struct host *host, unsigned int domid);
int reports_read(struct host *host, struct domain *d, struct node_report *reports,
		 uint64_t *number);

/* record.c */
bool record_apply(struct host *host, xs_transaction_t t, struct domain *d);
bool record_withdraw(struct host *host, xs_transaction_t t,
		     const struct domain *d, const char *id);
bool record_restore(struct host *host, xs_transaction_t t, struct domain *d);
bool record_write(struct host *host, xs_transaction_t t, const struct domain *d,
		  const char *id, const char *words);
void records_clean(struct host *host);

#endif /* HOST_XEN_H */
