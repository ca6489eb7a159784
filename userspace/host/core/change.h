/* SPDX-License-Identifier: GPL-2.0-only */
/* What an administrator wants of a domain's nodes, and the request that it makes. Pure. */
#ifndef HOST_CHANGE_H
#define HOST_CHANGE_H

#include "domain.h"

/**
 * struct wish - what is wanted of a node
 * @vnode: which
 * @kb: memory it is to have
 * @moves_vcpus: its vCPUs come or go with it
 */
struct wish {
	unsigned int vnode;
	uint64_t kb;
	bool moves_vcpus;
};

/**
 * struct change - a request, as it will be written
 * @request: which
 * @target_kb: by node
 * @online: by vCPU
 */
struct change {
	enum request_kind request;
	uint64_t *target_kb;
	bool *online;
};

/* Why not, in words, and the remedy: a line. */
struct reason {
	char text[256];
};

/**
 * struct pnode - a physical node
 * @size_kb: its memory
 * @free_kb: of that, what no domain has
 */
struct pnode {
	uint64_t size_kb;
	uint64_t free_kb;
};

bool change_make(const struct domain *d, enum request_kind request,
		 const struct wish *wishes, unsigned int nr_wishes,
		 struct change *c, struct reason *why);
bool change_fits(const struct domain *d, const struct change *c,
		 const struct pnode *pnodes, unsigned int nr_pnodes,
		 struct reason *why);
void change_free(struct change *c);

#endif /* HOST_CHANGE_H */
