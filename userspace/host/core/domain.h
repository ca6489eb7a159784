/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain with virtual nodes: how Xen built it, what its host wants of it, and what its
 * guest says. Pure: nothing here knows where that comes from.
 */
#ifndef HOST_DOMAIN_H
#define HOST_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

/* What is larger is not believed. */
#define MAX_VNODES	1024
#define MAX_VCPUS	8192
#define MAX_KB		(UINT64_C(1) << 40)

/* A number that nobody has said. */
#define PNODE_UNKNOWN	(-1)
#define KB_UNKNOWN	UINT64_MAX

/**
 * enum request_kind - values of topo_change
 * @REQUEST_NONE: idle
 * @REQUEST_EXPAND: something comes, nothing goes
 * @REQUEST_SHRINK: something goes, nothing comes
 * @REQUEST_MOVE: nothing of both, but memory is to be on other physical nodes
 */
enum request_kind {
	REQUEST_NONE = 0,
	REQUEST_EXPAND = 1,
	REQUEST_SHRINK = 2,
	REQUEST_MOVE = 3,
};

/**
 * struct vcpu - a virtual CPU
 * @vnode: virtual node it belongs to
 * @plugged: the toolstack lets the guest use it (xl vcpu-set)
 * @online: the host wants it online
 * @runs: Xen has it online
 * @pnode: physical node it is on, or PNODE_UNKNOWN; of use where @runs
 */
struct vcpu {
	unsigned int vnode;
	bool plugged;
	bool online;
	bool runs;
	int pnode;
};

/**
 * struct vnode - a virtual node
 * @described: its host has described it to the guest
 * @pnode: physical node behind it, or PNODE_UNKNOWN
 * @capacity_kb: memory that Xen built it with
 * @target_kb: memory it is to have; of use where @described
 * @current_kb: memory that the guest says it has, or KB_UNKNOWN
 */
struct vnode {
	bool described;
	int pnode;
	uint64_t capacity_kb;
	uint64_t target_kb;
	uint64_t current_kb;
};

/**
 * struct domain - a domain with virtual nodes
 * @id: Xen's number of it
 * @name: its name
 * @nr_vnodes: how many nodes
 * @nr_vcpus: how many vCPUs
 * @vnodes: by number
 * @vcpus: by number
 * @published: there is a description
 * @request: value of topo_change
 * @status: what the guest says; each of these may be NULL
 * @error: what the guest says is wrong
 * @result: how the guest says that the last request ended
 * @version: of the protocol that the guest speaks; 0 if it has not said
 * @can_move: the guest can move memory of a node that is in use
 * @by: who made the last request, by virtflexctl
 */
struct domain {
	unsigned int id;
	char *name;
	unsigned int nr_vnodes;
	unsigned int nr_vcpus;
	struct vnode *vnodes;
	struct vcpu *vcpus;
	bool published;
	enum request_kind request;
	char *status;
	char *error;
	char *result;
	unsigned int version;
	bool can_move;
	char *by;
};

struct domain *domain_new(unsigned int id, const char *name,
			  unsigned int nr_vnodes, unsigned int nr_vcpus);
void domain_free(struct domain *d);
void domain_forget(struct domain *d);
bool domain_active(const struct domain *d, unsigned int vnode);
char *domain_vcpus(const struct domain *d, unsigned int vnode, bool all);
char *domain_nodes(const struct domain *d);

#endif /* HOST_DOMAIN_H */
