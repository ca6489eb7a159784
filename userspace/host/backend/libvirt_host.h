/* SPDX-License-Identifier: GPL-2.0-only */
/* A host behind libvirt, and what is remembered of its guests. For libvirt*.c. */
#ifndef HOST_LIBVIRT_HOST_H
#define HOST_LIBVIRT_HOST_H

#include <libvirt/libvirt.h>

#include "backend.h"
#include "bound.h"
#include "definition.h"
#include "reporting.h"

/**
 * struct known - what is remembered of a guest
 * @id: UUID
 * @domain: number that libvirt gave it when it was started
 * @seen: whether it was there at the last look
 * @defined: whether @definition was read since the host was connected to
 * @definition: what does not change of its memory
 * @reporting: whether it says how its memory is
 * @nr_vcpus: length of @kept, @found and @pinned
 * @kept: physical CPUs that each vCPU is kept on, in its configuration; empty if that does not
 *	say
 * @found: those that it could run on when these were last several, and not by this program's will;
 *	empty if they never were
 * @pinned: those that this program has pinned it to last; empty for none
 * @kept_ns: when @kept was read; 0 if it was not
 */
struct known {
	char id[GUEST_ID];
	int domain;
	bool seen;
	bool defined;
	struct definition definition;
	struct reporting reporting;
	unsigned int nr_vcpus;
	cpu_set_t *kept;
	cpu_set_t *found;
	cpu_set_t *pinned;
	uint64_t kept_ns;
};

/**
 * struct libvirt_host - a connection to libvirt
 * @backend: what others see of it
 * @conn: connection
 * @is_local: whether that is to this machine, as far as its URI says
 * @nr_cpus: how many physical CPUs there are
 * @cpus: how they are on nodes and cores
 * @known: guests
 * @nr_known: how many
 */
struct libvirt_host {
	struct backend backend;
	virConnectPtr conn;
	bool is_local;
	unsigned int nr_cpus;
	struct host_cpu *cpus;
	struct known *known;
	unsigned int nr_known;
};

/* libvirt_alive.c */
bool alive_begin(void);
void alive_watch(virConnectPtr conn);
void alive_end(void);

/* libvirt_machine.c */
bool machine_read_cpus(struct libvirt_host *h);
bool machine_see_cpus(struct libvirt_host *h, struct snapshot *s);
bool machine_see_memory(struct libvirt_host *h, struct snapshot *s);

/* libvirt_known.c */
struct known *known_find(struct libvirt_host *h, const char *id, int domain,
			 unsigned int hint);
struct known *known_add(struct libvirt_host *h, virDomainPtr domain, const char *id);
void known_define(struct known *k, virDomainPtr domain);
bool known_see_affinity(struct libvirt_host *h, virDomainPtr domain, struct known *k,
			const cpu_set_t *online, struct guest *g);
void known_pinned(struct libvirt_host *h, const char *id, unsigned int vcpu,
		  const cpu_set_t *cpus);
void known_forget_unseen(struct libvirt_host *h);
void known_keep(struct libvirt_host *h);
void known_recall(struct libvirt_host *h);

#endif /* HOST_LIBVIRT_HOST_H */
