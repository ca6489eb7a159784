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
 * @node: node of the guest that it is on, if that has some
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
	unsigned int node;
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
 * struct replayed_node - a node of a guest
 * @pnode: physical node behind it
 * @capacity: KiB that it was built with
 * @has: whether the guest has it
 */
struct replayed_node {
	int pnode;
	double capacity;
	bool has;
};

/**
 * struct replayed_change - a change of a guest's nodes
 * @until: second at which it is carried out; 0 if there is none
 * @has: by node, whether the guest is to have it then
 * @end: how the last one ended
 */
struct replayed_change {
	double until;
	bool *has;
	enum change_end end;
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
 * @nr_nodes: length of @nodes; 0 if it has none that can be taken
 * @nodes: nodes
 * @change: of its nodes
 * @demand: what it wants of all its vCPUs, in percent of one; of use with @has_demand
 * @has_demand: whether it is shared out among the vCPUs that it has
 * @shrink: seconds that it takes to give nodes back
 * @expand: seconds that it takes to get some
 * @keeps: whether it refuses to give nodes back
 * @others: seconds from and until which somebody else changes its nodes
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
	unsigned int nr_nodes;
	struct replayed_node *nodes;
	struct replayed_change change;
	struct curve demand;
	bool has_demand;
	double shrink, expand;
	bool keeps;
	double others[2];
};

/**
 * struct replay - a described host
 * @backend: what others see of it
 * @now: second that it is there
 * @end: second at which it ends
 * @nr_cpus: how many physical CPUs
 * @cpus: physical CPUs
 * @nr_nodes: how many physical nodes; 0 if memory is not given out by node
 * @node_kb: memory of each
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
	unsigned int nr_nodes;
	double *node_kb;
	double memory;
	struct curve taken;
	double over_kb_seconds;
	unsigned int nr_guests;
	struct replayed_guest *guests;
};

/* replay_nodes.c */
bool replay_online(const struct replayed_guest *g, const struct replayed_vcpu *v);
unsigned int replay_nr_online(const struct replayed_guest *g);
double replay_capacity(const struct replayed_guest *g);
void replay_change_nodes(const struct replay *r, struct replayed_guest *g);
bool replay_show_nodes(const struct replay *r, const struct replayed_guest *from,
		       struct guest *g);
bool replay_show_host_nodes(const struct replay *r, struct snapshot *s);
enum backend_status replay_set_nodes(const struct replay *r,
				     struct replayed_guest *g,
				     const uint64_t *kb, struct why *why);
void replay_withdraw(struct replayed_guest *g);

struct replay *description_read(const char *path, struct why *why);
void description_free(struct replay *r);

#endif /* HOST_REPLAY_H */
