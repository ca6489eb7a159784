/* SPDX-License-Identifier: GPL-2.0-only */
/* vcpu_scheduler: what its parts share. */
#ifndef VCPU_SCHEDULER_H
#define VCPU_SCHEDULER_H

#include "balance.h"
#include "daemon.h"

/**
 * struct cpu_settings - what the command line says of CPUs
 * @reserved: physical CPUs that are kept for the host
 * @pin_floating: whether vCPUs are pinned that float, if they wait in vain
 * @least_gain: what a plan has to gain to be worth its changes, in thousandths
 */
struct cpu_settings {
	cpu_set_t reserved;
	bool pin_floating;
	unsigned int least_gain;
};

extern struct cpu_settings cpu_settings;

/**
 * struct place - which vCPU a load of a reading is
 * @guest: index of its guest in the snapshot
 * @vcpu: its number
 * @id: UUID of its guest
 * @known: whether its demand is known
 * @may_pin: whether it floats and may be pinned, within what the plan allows
 */
struct place {
	unsigned int guest;
	unsigned int vcpu;
	char id[GUEST_ID];
	bool known;
	bool may_pin;
};

/**
 * struct reading - what was wanted in an interval, and where it is now
 * @host: the host, to be balanced
 * @places: which vCPU each of its loads is
 * @waited: how long vCPUs waited for a physical CPU, in thousandths of the interval, of all
 * @only_use: whether of some vCPUs only the use is known, not the demand
 * @knows_waits: whether of some it is known how long they waited
 * @decided: whether it was compared with the one before it
 * @plan_seconds: how long it took to plan for it
 */
struct reading {
	struct balance *host;
	struct place *places;
	unsigned int waited;
	bool only_use;
	bool knows_waits;
	bool decided;
	double plan_seconds;
};

/* reading.c */
struct reading *reading_take(const struct snapshot *before,
			     const struct snapshot *now);
struct balance *reading_with(const struct reading *now,
			     const struct reading *before, bool mean);
struct balance *reading_unplaced(const struct reading *now,
				 const struct balance *mean);
void reading_free(struct reading *r);
void usable_cpus(const struct snapshot *s, cpu_set_t *usable);

/* refused.c */
void refused_add(const char *id, unsigned int vcpu, uint64_t ns);
bool refused(const char *id, unsigned int vcpu);
void refused_forget(uint64_t ns);

/* report.c */
void report_reading(const struct daemon *d, const struct snapshot *now,
		    const struct reading *r, const struct plan *plan,
		    const bool *done);
void report_kept_off(const struct daemon *d, const struct guest *g, unsigned int vcpu,
		     const cpu_set_t *cpus, bool done);
void report_cpus(bool there);
void cpu_metrics(FILE *f);
void cpu_report_forget(void);

/* act.c */
extern const struct policy cpu_policy;

#endif /* VCPU_SCHEDULER_H */
