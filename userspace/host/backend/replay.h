/* SPDX-License-Identifier: GPL-2.0-only */
/* A host that is described in a file: what it is, for who reads it and who runs it. */
#ifndef HOST_REPLAY_H
#define HOST_REPLAY_H

#include "backend.h"

/**
 * struct curve - something that changes with time, straight between its points
 * @count: how many points, one at least
 * @second: of each, ascending
 * @value: of each
 */
struct curve {
	unsigned int count;
	double *second;
	double *value;
};

/**
 * struct replayed_vcpu - a vCPU
 * @load: what it wants of a physical CPU, in percent
 * @affinity: where it may run
 * @bound: where it may be pinned to
 * @run: seconds that it has run
 * @delay: seconds that it has waited
 * @has_delay: whether that is told
 * @refuses: whether it cannot be pinned
 * @share: part of a physical CPU that it gets now
 * @cpu: where it runs now
 */
struct replayed_vcpu {
	struct curve load;
	cpu_set_t affinity;
	cpu_set_t bound;
	double run;
	double delay;
	bool has_delay;
	bool refuses;
	double share;
	unsigned int cpu;
};

/**
 * enum replayed_balloon - what is the matter with a balloon
 * @REPLAY_WORKS: nothing
 * @REPLAY_NONE: there is no device
 * @REPLAY_SILENT: there is no driver in the guest
 * @REPLAY_STUCK: it says how memory is, and does not move
 * @REPLAY_OLD: its driver does not say what is usable
 * @REPLAY_ABSURD: its driver says that there is more than it has
 */
enum replayed_balloon {
	REPLAY_WORKS,
	REPLAY_NONE,
	REPLAY_SILENT,
	REPLAY_STUCK,
	REPLAY_OLD,
	REPLAY_ABSURD,
};

/**
 * enum replayed_backing - what its memory is for the host
 * @BACKING_PRIVATE: its own
 * @BACKING_SHARED: shared, which the host takes for cache
 * @BACKING_FIXED: all there from the beginning, and never given back
 */
enum replayed_backing {
	BACKING_PRIVATE,
	BACKING_SHARED,
	BACKING_FIXED,
};

/**
 * struct replayed_guest - a guest
 * @name: name
 * @start: second at which it is there
 * @end: second at which it is not there any more
 * @paused: whether it is paused
 * @signal: whether a signal arrives when it is changed
 * @shares: its weight
 * @nr_vcpus: length of @vcpus
 * @vcpus: vCPUs
 * @balloon: what is the matter with it
 * @backing: what its memory is for the host
 * @maximum: KiB that it was built with
 * @actual: KiB that it has
 * @target: KiB that it was asked to have
 * @kernel: KiB that its kernel keeps for itself
 * @used: KiB that are in use besides
 * @touched: most KiB that it has used
 * @short_kb_seconds: what it lacked, KiB times seconds
 */
struct replayed_guest {
	char *name;
	double start, end;
	bool paused;
	bool signal;
	unsigned int shares;
	unsigned int nr_vcpus;
	struct replayed_vcpu *vcpus;
	enum replayed_balloon balloon;
	enum replayed_backing backing;
	double maximum, actual, target, kernel;
	struct curve used;
	double touched;
	double short_kb_seconds;
};

/**
 * struct replay - a described host
 * @backend: what others see of it
 * @now: second that it is there
 * @end: second at which it ends
 * @nr_cpus: how many physical CPUs
 * @cpus: physical CPUs
 * @memory: KiB of the host
 * @taken: of these, what is not for guests
 * @over_kb_seconds: what guests took that the host does not have, KiB times seconds
 * @nr_guests: how many
 * @guests: guests
 */
struct replay {
	struct backend backend;
	double now;
	double end;
	unsigned int nr_cpus;
	struct host_cpu *cpus;
	double memory;
	struct curve taken;
	double over_kb_seconds;
	unsigned int nr_guests;
	struct replayed_guest *guests;
};

struct replay *description_read(const char *path, struct why *why);
void description_free(struct replay *r);

#endif /* HOST_REPLAY_H */
