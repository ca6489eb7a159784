/* SPDX-License-Identifier: GPL-2.0-only */
/* A host of Xen, and what is remembered of its guests. For xen*.c. */
#ifndef HOST_XEN_HOST_H
#define HOST_XEN_HOST_H

#include "backend.h"
#include "bound.h"
#include "cpulist.h"
#include "reporting.h"
#include "waiting.h"
#include "xen.h"

/**
 * struct known_vcpu - what is remembered of a vCPU
 * @online: whether it was when it was last read
 * @waiting: how long it has waited for physical CPUs
 * @kept: physical CPUs that its configuration has it on; empty if that does not say
 * @found: those that it could run on when these were last several, and not by this program's will;
 *	empty if they never were
 * @pinned: those that this program has pinned it to last; empty for none
 */
struct known_vcpu {
	bool online;
	struct waiting waiting;
	cpu_set_t kept;
	cpu_set_t found;
	cpu_set_t pinned;
};

/**
 * struct known_domain - what is remembered of a domain
 * @id: UUID
 * @domid: Xen's number of it
 * @seen: whether it was there at the last look
 * @running: whether it was running then
 * @memory_kb: memory that it had then
 * @nr_vcpus: length of @vcpus
 * @vcpus: by number
 * @has_config: whether its configuration was read
 * @built: its virtual nodes, as they were last read; NULL if it has none
 * @read_ns: when these and the configuration were read; 0 for never
 * @nr_pnodes: length of @pnodes
 * @pnodes: by virtual node, the physical one that it was on when that was looked up
 * @pnodes_kb: memory that it had then
 * @reporting: whether it says how its memory is
 * @asked: whether it was asked to by this program
 * @request: name of the last request that this program has made, and that is not over; ""
 *	for none
 * @to_kb: size that the guest is to have by it
 * @falls: whether that is less than it had
 * @withdrawn: whether it withdraws another one
 * @end: how the one before ended
 * @said: what the guest said was wrong with it; NULL for nothing
 * @target_kb: memory that it was to have when it was last seen, if it has no nodes
 * @actual_kb: memory that it had then
 * @offset_kb: what Xen counts beyond what its balloon driver is asked for
 */
struct known_domain {
	char id[GUEST_ID];
	unsigned int domid;
	bool seen;
	bool running;
	uint64_t memory_kb;
	unsigned int nr_vcpus;
	struct known_vcpu *vcpus;
	bool has_config;
	struct domain *built;
	uint64_t read_ns;
	unsigned int nr_pnodes;
	int *pnodes;
	uint64_t pnodes_kb;
	struct reporting reporting;
	bool asked;
	char request[REQUEST_ID_LEN];
	uint64_t to_kb;
	bool falls;
	bool withdrawn;
	enum change_end end;
	char *said;
	uint64_t target_kb;
	uint64_t actual_kb;
	int64_t offset_kb;
};

/**
 * struct xen_host - connections to Xen
 * @backend: what others see of it
 * @host: connections
 * @watches_vcpus: whether what vCPUs do is looked at while it is waited
 * @nr_glances: how often it was since the last look at vCPUs
 * @known: domains
 * @nr_known: how many
 * @looks: how often it was looked
 */
struct xen_host {
	struct backend backend;
	struct host host;
	bool watches_vcpus;
	unsigned int nr_glances;
	struct known_domain *known;
	unsigned int nr_known;
	uint64_t looks;
};

/* xen_known.c */
struct known_domain *xen_known(struct xen_host *h, const char *id, unsigned int domid);
struct known_domain *xen_known_guest(struct xen_host *h, const struct guest *guest);
void xen_find_pnodes(struct xen_host *h, struct known_domain *k, struct domain *d);
void xen_forget_unseen(struct xen_host *h);
void xen_forget_all(struct xen_host *h);

/* xen_machine.c */
void xen_set(cpu_set_t *set, const libxl_bitmap *map);
struct snapshot *xen_see_machine(struct xen_host *h, unsigned int most_guests);

/* xen_vcpus.c */
bool xen_see_vcpus(struct xen_host *h, struct known_domain *k, struct guest *g,
		   const struct snapshot *s, unsigned int cpupool);
enum backend_status xen_pin(struct backend *backend, const struct guest *guest,
			    unsigned int vcpu, const cpu_set_t *cpus, struct why *why);

/* xen_glances.c */
void xen_watch_vcpus(struct xen_host *h, uint64_t until_ns);

/* xen_memory.c */
bool xen_see_memory(struct xen_host *h, struct known_domain *k, struct guest *g,
		    const struct snapshot *s);

/* xen_change.c */
void xen_see_change(struct xen_host *h, struct known_domain *k, struct domain *d,
		    struct guest *g);
enum backend_status xen_resize(struct backend *backend, const struct guest *guest,
			       uint64_t kb, struct why *why);
enum backend_status xen_set_nodes(struct backend *backend, const struct guest *guest,
				  const uint64_t *kb, struct why *why);
enum backend_status xen_withdraw(struct backend *backend, const struct guest *guest,
				 struct why *why);

/* xen.c */
enum backend_status xen_failed(struct xen_host *h, const struct known_domain *k,
			       const char *what, struct why *why);

#endif /* HOST_XEN_HOST_H */
