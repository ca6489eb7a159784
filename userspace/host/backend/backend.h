/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a backend does: it looks at a host and its guests, and changes a guest. All that is
 * decided is decided elsewhere, of what it has seen.
 */
#ifndef HOST_BACKEND_H
#define HOST_BACKEND_H

#include <json.h>
#include <stdio.h>

#include "snapshot.h"

/**
 * enum backend_status - how something went
 * @BACKEND_OK: as it should
 * @BACKEND_GONE: the guest is not there any more, or does not run
 * @BACKEND_BUSY: the guest is being changed, by this program or by somebody else, and
 *	nothing was done
 * @BACKEND_LOST: the host cannot be reached now; it may be worth trying again
 * @BACKEND_OVER: there is nothing more to see, as a record has ended
 * @BACKEND_FAILED: it cannot be done
 */
enum backend_status {
	BACKEND_OK,
	BACKEND_GONE,
	BACKEND_BUSY,
	BACKEND_LOST,
	BACKEND_OVER,
	BACKEND_FAILED,
};

/**
 * enum backend_look - what is to be looked at, besides the guests there are
 * @LOOK_VCPUS: vCPUs
 * @LOOK_MEMORY: memory of guests and host
 * @LOOK_NODES: nodes of guests and host, and how changes of them go
 */
enum backend_look {
	LOOK_VCPUS = 1 << 0,
	LOOK_MEMORY = 1 << 1,
	LOOK_NODES = 1 << 2,
};

/**
 * struct why - why something could not be done, and what can be done about it
 * @text: a line without its end
 */
struct why {
	char text[512];
};

struct backend;

/**
 * struct backend_ops - what a backend can do
 * @look: sees what there is; the snapshot is the caller's
 * @pin: has a vCPU run on these physical CPUs only
 * @resize: asks a guest to go to a size: its balloon, or its nodes where it has some, of
 *	which none leaves or comes by it
 * @set_nodes: asks a guest to have so much memory on each of its nodes, 0 for one that
 *	leaves with its vCPUs, and NODE_STAYS for one that stays as it is. All of it is
 *	either more or less than before. How it ended is seen at a later look. NULL where
 *	guests have no nodes.
 * @withdraw: takes back what @set_nodes has asked a guest for that has not answered: it is to
 *	have what it had. NULL where @set_nodes is.
 * @wait: waits until a time of its clock, or less long if a signal arrives
 * @close: ends it and frees it
 *
 * Of each, a status other than BACKEND_OK comes with a reason.
 */
struct backend_ops {
	enum backend_status (*look)(struct backend *backend, unsigned int what,
				    struct snapshot **snapshot,
				    struct why *why);
	enum backend_status (*pin)(struct backend *backend,
				   const struct guest *guest, unsigned int vcpu,
				   const cpu_set_t *cpus, struct why *why);
	enum backend_status (*resize)(struct backend *backend,
				      const struct guest *guest, uint64_t kb,
				      struct why *why);
	enum backend_status (*set_nodes)(struct backend *backend,
					 const struct guest *guest,
					 const uint64_t *kb, struct why *why);
	enum backend_status (*withdraw)(struct backend *backend,
					const struct guest *guest,
					struct why *why);
	void (*wait)(struct backend *backend, uint64_t until_ns);
	void (*close)(struct backend *backend);
};

/**
 * struct backend - a host that can be reached
 * @ops: what can be done
 * @stats_period: how often guests are to say how their memory is, in seconds; 0 if
 *	nothing is to be changed about that. Set before the first look.
 * @may_change: whether a guest may be changed; set with @stats_period
 */
struct backend {
	const struct backend_ops *ops;
	unsigned int stats_period;
	bool (*may_change)(const struct guest *guest);
};

/* time.c */
uint64_t clock_now(void);
void clock_wait(uint64_t until_ns);

/* dom0.c */
bool is_dom0(void);

enum backend_status libvirt_open(const char *uri, struct backend **backend,
				 struct why *why);
enum backend_status xen_open(struct backend **backend, struct why *why);
enum backend_status replay_open(const char *path, struct backend **backend,
				struct why *why);

enum backend_status record_open(const char *path, struct backend **backend,
				struct why *why);
bool record_look(FILE *f, const struct snapshot *s,
		 struct json_object *decided);
double replay_shortage(struct backend *backend, double *over);

/* why.c */
void why_say(struct why *why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* HOST_BACKEND_H */
