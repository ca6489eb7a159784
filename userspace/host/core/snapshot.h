/* SPDX-License-Identifier: GPL-2.0-only */
/* A host and its guests as they were seen at one time. Pure. */
#ifndef HOST_SNAPSHOT_H
#define HOST_SNAPSHOT_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

/* Length of a guest's UUID as text, with the end */
#define GUEST_ID	37
#define NODE_UNKNOWN	(-1)
/* A node that is to stay as it is, where sizes of nodes are asked for */
#define NODE_STAYS	UINT64_MAX

/**
 * struct host_cpu - a physical CPU
 * @online: whether anything can run on it
 * @node: NUMA node that it is on, or NODE_UNKNOWN
 * @core: a number that it has in common with its hyperthreads only
 */
struct host_cpu {
	bool online;
	int node;
	unsigned int core;
};

/**
 * struct host_node - a NUMA node of the host, where memory is given out by node
 * @total_kb: its memory
 * @free_kb: of that, what nobody has
 */
struct host_node {
	uint64_t total_kb;
	uint64_t free_kb;
};

/**
 * struct seen_vcpu - a vCPU
 * @online: whether the guest has it
 * @node: node of the guest that it is on; 0 if that has none
 * @has_delay: whether @delay_ns is known
 * @run_ns: how long it has run, since the guest was started
 * @delay_ns: how long it has waited for a physical CPU
 * @may_run: physical CPUs that it may run on now
 * @affinity: those of them that it runs on as long as they have time for it: all, if it
 *	prefers none
 * @bound: physical CPUs that it may be pinned to, as an administrator has it
 */
struct seen_vcpu {
	bool online;
	unsigned int node;
	bool has_delay;
	uint64_t run_ns;
	uint64_t delay_ns;
	cpu_set_t may_run;
	cpu_set_t affinity;
	cpu_set_t bound;
};

/**
 * struct guest_memory - a guest's memory
 * @has_balloon: whether the guest has a balloon device
 * @has_stats: whether its driver has ever said what follows @rss_kb
 * @has_usable: whether that has @usable_kb; drivers that are not Linux' own, and those of
 *	before Linux 4.6, do not say it
 * @autodeflate: whether the balloon does not count as used in the guest
 * @fixed: whether a balloon frees nothing for the host, which has given it all already
 * @shared: whether other programs share it, as files in memory are
 * @knows_end: whether it is known when a change of its size is over, and not only seen by
 *	its size, so that what follows is known
 * @changing: whether such a change is going on, whoever wants it
 * @refused: whether the guest refused the last one that this program wanted
 * @advice: why the guest does not say what is in use, and what to do about it; NULL for
 *	what holds of a balloon device
 * @maximum_kb: what it was built with
 * @actual_kb: that, less the balloon
 * @rss_kb: what it has of the host; 0 if that is not known, as it is busy with something else
 * @available_kb: what the guest's kernel takes for all there is
 * @usable_kb: of that, what it could use without reclaim that hurts
 * @stats_at: time that the driver gave these, in seconds; each has another one
 */
struct guest_memory {
	bool has_balloon;
	bool has_stats;
	bool has_usable;
	bool autodeflate;
	bool fixed;
	bool shared;
	bool knows_end;
	bool changing;
	bool refused;
	char *advice;
	uint64_t maximum_kb;
	uint64_t actual_kb;
	uint64_t rss_kb;
	uint64_t available_kb;
	uint64_t usable_kb;
	uint64_t stats_at;
};

/**
 * struct guest_node - a virtual node of a guest, which its host may take and give back
 * @pnode: physical node behind it, or NODE_UNKNOWN
 * @capacity_kb: most memory that it can have
 * @target_kb: memory that it is to have; 0 if the node was taken
 * @current_kb: memory that the guest says it has
 * @has_report: whether the guest has said what follows
 * @used_kb: of its memory, what is in use
 * @free_kb: the rest: free, or cache that can be dropped
 */
struct guest_node {
	int pnode;
	uint64_t capacity_kb;
	uint64_t target_kb;
	uint64_t current_kb;
	bool has_report;
	uint64_t used_kb;
	uint64_t free_kb;
};

/**
 * enum guest_change - whether nodes of a guest are being changed
 * @CHANGE_NONE: they are not
 * @CHANGE_OURS: they are, as this program has asked for it
 * @CHANGE_OTHERS: they are, and somebody else has asked for it
 */
enum guest_change {
	CHANGE_NONE,
	CHANGE_OURS,
	CHANGE_OTHERS,
};

/**
 * enum change_end - how the last change that this program has asked a guest for ended
 * @END_NONE: there was none since the program was started, or it is going on
 * @END_DONE: carried out
 * @END_PARTLY: carried out, and fell short
 * @END_REFUSED: the guest refused it, could not do it, or undid it as somebody wished
 * @END_REPLACED: nobody knows: somebody else has asked for another one since
 */
enum change_end {
	END_NONE,
	END_DONE,
	END_PARTLY,
	END_REFUSED,
	END_REPLACED,
};

/**
 * struct guest - a guest that was there
 * @id: UUID
 * @name: name, of the guest's owner's choice
 * @running: whether its vCPUs run, not paused
 * @untouched: whether it is never changed, as the host's own programs run in it
 * @shares: its weight where memory is short
 * @nr_vcpus: length of @vcpus
 * @vcpus: by number
 * @vcpus_ns: when these were seen, by the clock of the snapshot
 * @vcpus_unsure_ns: by how much earlier or later that may have been
 * @memory: its memory
 * @nr_nodes: length of @nodes; 0 if its host neither takes nodes nor gives them
 * @nodes: by number
 * @change: whether its nodes are being changed
 * @change_end: how the last change ended that this program has asked for
 * @said: what the guest said was wrong with that; NULL for nothing
 */
struct guest {
	char id[GUEST_ID];
	char *name;
	bool running;
	bool untouched;
	unsigned int shares;
	unsigned int nr_vcpus;
	struct seen_vcpu *vcpus;
	uint64_t vcpus_ns;
	uint64_t vcpus_unsure_ns;
	struct guest_memory memory;
	unsigned int nr_nodes;
	struct guest_node *nodes;
	enum guest_change change;
	enum change_end change_end;
	char *said;
};

/**
 * struct snapshot - a host at one time
 * @ns: when, by a clock that only goes on
 * @nr_cpus: length of @cpus
 * @cpus: by number
 * @nr_nodes: length of @nodes; 0 where memory is not given out by node
 * @nodes: by number
 * @total_kb: memory of the host
 * @available_kb: of that, what is free, or is cache that can be dropped
 * @shared_is_free: whether @available_kb has guests' memory that is shared, as if it were
 *	cache
 * @nr_guests: length of @guests
 * @guests: in any order
 */
struct snapshot {
	uint64_t ns;
	unsigned int nr_cpus;
	struct host_cpu *cpus;
	unsigned int nr_nodes;
	struct host_node *nodes;
	uint64_t total_kb;
	uint64_t available_kb;
	bool shared_is_free;
	unsigned int nr_guests;
	struct guest *guests;
};

struct snapshot *snapshot_new(unsigned int nr_cpus, unsigned int most_guests);
struct seen_vcpu *guest_set_vcpus(struct guest *guest, unsigned int count,
				  uint64_t ns);
struct guest_node *guest_set_nodes(struct guest *guest, unsigned int count);
void guest_free(struct guest *guest);
struct host_node *snapshot_set_nodes(struct snapshot *s, unsigned int count);
void snapshot_online(const struct snapshot *s, cpu_set_t *online);
const struct guest *snapshot_find(const struct snapshot *s, const char *id,
				  unsigned int hint);
void snapshot_free(struct snapshot *s);

#endif /* HOST_SNAPSHOT_H */
