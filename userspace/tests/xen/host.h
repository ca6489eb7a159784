/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host that a test makes up, for programs that would ask a hypervisor. It is in the file
 * that XEN_HOST names, which is read anew for each question:
 *
 *	pnode SIZE_KB FREE_KB				a physical node, with two CPUs
 *	domain ID NAME STATE NODES KB_EACH VCPUS_EACH [BUSY [WAITS]]
 *
 * STATE: running, shutdown, dying. BUSY: what each vCPU runs, in percent of the time; 0 if
 * not given. WAITS: 1 if it waits for a CPU in the rest of the time, and is not blocked. Node
 * n of a domain is on physical node n, and round again. One without nodes has KB_EACH, and
 * VCPUS_EACH in all.
 */
#ifndef TESTS_XEN_HOST_H
#define TESTS_XEN_HOST_H

#define MAX_MADE_UP	16
#define CPUS_EACH	2

struct made_domain {
	unsigned int id;
	char name[64];
	char state[16];
	unsigned int nr_vnodes;
	unsigned long vnode_kb;
	unsigned int vcpus_each;
	unsigned int busy;
	unsigned int waits;
};

struct made_host {
	unsigned int nr_pnodes;
	unsigned long size_kb[MAX_MADE_UP];
	unsigned long free_kb[MAX_MADE_UP];
	unsigned int nr_domains;
	struct made_domain domains[MAX_MADE_UP];
};

/* Without the file there is nothing. */
void made_host_read(struct made_host *h);
/* The domain of that number, or NULL. */
const struct made_domain *made_domain_find(const struct made_host *h,
					   unsigned int id);

#endif /* TESTS_XEN_HOST_H */
