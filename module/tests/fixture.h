/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest to test with, and what a host could write, as text. */
#ifndef VIRTFLEX_TESTS_FIXTURE_H
#define VIRTFLEX_TESTS_FIXTURE_H

#include "check.h"
#include "parse.h"
#include "plan.h"

#define FIXTURE_NODES	4
#define FIXTURE_VCPUS	8
#define FIXTURE_KB	262144

/**
 * struct fixture - four nodes of two vCPUs and 256 MiB each, all in use
 * @guest: points to the rest
 * @wanted: points to the rest
 * @plan: points to the rest
 * @initial: points to the rest
 */
struct fixture {
	struct vf_guest guest;
	struct vf_wanted wanted;
	struct vf_steps plan;
	struct vf_wanted initial;
	struct vf_error err;

	struct vf_node nodes[FIXTURE_NODES];
	struct vf_vcpu vcpus[FIXTURE_VCPUS];
	struct vf_wanted_node wanted_nodes[FIXTURE_NODES];
	u8 wanted_vcpus[FIXTURE_VCPUS];
	struct vf_wanted_node was_nodes[FIXTURE_NODES];
	u8 was_vcpus[FIXTURE_VCPUS];
	struct vf_step plan_steps[2 * FIXTURE_NODES + FIXTURE_VCPUS + 4];
};

void fixture_init(struct fixture *f);

/*
 * Takes lines of "key value", key relative to numa, as the module takes
 * xenstore: node after node, in each the numbers and then the vCPUs; so lines
 * of a node stand together. A node is there if a line names it.
 */
int fixture_read(struct fixture *f, const char *text);

#endif /* VIRTFLEX_TESTS_FIXTURE_H */
