/* SPDX-License-Identifier: GPL-2.0-only */
/* memory_coordinator: what its parts share. */
#ifndef MEMORY_COORDINATOR_H
#define MEMORY_COORDINATOR_H

#include "balloon.h"
#include "daemon.h"
#include "seen.h"
#include "share.h"

/**
 * struct memory_settings - what the command line says of memory
 * @reserve_kb: what the host keeps for itself, if @has_reserve
 * @has_reserve: whether it was said
 */
struct memory_settings {
	uint64_t reserve_kb;
	bool has_reserve;
};

extern struct memory_settings memory_settings;

/**
 * struct known_guest - a guest, and what is remembered of it
 * @seen: which one it is
 * @balloon: what its balloon does
 * @share: how much memory it is to have, if @in_plan
 * @in_plan: whether it takes part
 * @named: state that was said of it, as it is left alone
 * @named_kb: its size then
 * @done: whether it was asked for what @share says
 */
struct known_guest {
	struct seen_guest seen;
	struct balloon balloon;
	struct memory_share share;
	bool in_plan;
	enum balloon_state named;
	uint64_t named_kb;
	bool done;
};

/**
 * struct host_memory - how the host is
 * @total_kb: its memory
 * @available_kb: what is free, or can be dropped
 * @reserve_kb: what it keeps
 * @claims_kb: what guests have been given and have not taken yet
 * @spare_kb: what can be given to guests; less than 0 if that is not enough
 * @wanted_kb: what guests lack of what they want
 */
struct host_memory {
	uint64_t total_kb;
	uint64_t available_kb;
	uint64_t reserve_kb;
	uint64_t claims_kb;
	int64_t spare_kb;
	uint64_t wanted_kb;
};

/* guests.c */
extern struct seen_guests known_guests;
struct known_guest *known_guest_at(unsigned int i);
bool guests_see(const struct snapshot *now, uint64_t interval_ns);
void guests_forget(void);

/* act.c */
extern const struct policy memory_policy;
uint64_t memory_reserve_kb(const struct snapshot *now);

/* report.c */
void report_memory(const struct daemon *d, const struct host_memory *host);
void report_left_alone(const struct daemon *d, struct known_guest *k);
void memory_metrics(FILE *f);
void memory_report_forget(void);

#endif /* MEMORY_COORDINATOR_H */
