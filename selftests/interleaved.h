/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory under an interleaving policy, and the nodes its pages belong on while
 * only some nodes are active: worked out page by page from the words of
 * virtflex_migrate(2), not as the kernel does it.
 */
#ifndef INTERLEAVED_H
#define INTERLEAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum interleaved_kind { IL_ANON, IL_SHMEM, IL_HUGETLB };

struct interleaved {
	/* What is asked for: MPOL_INTERLEAVE or MPOL_WEIGHTED_INTERLEAVE */
	int mode;
	uint64_t nodes;
	enum interleaved_kind kind;
	/* the policy is that of the task, and the mapping has none */
	bool task;
	/* pages of 2 MiB; those of hugetlb are in any case */
	bool huge;
	/* pages of either size */
	size_t nr;

	/* What interleaved_new() makes of it */
	char *mem;
	size_t len;
	size_t unit;
	/* interleave index of the first page */
	uint64_t first;
};

/* Returns NULL, or why there is no such memory here. There are no pages yet. */
const char *interleaved_new(struct interleaved *il);
void interleaved_free(struct interleaved *il);
/* Set the policy. */
long interleaved_apply(const struct interleaved *il);
/* Drop the pages, and fault others in; fails if they are not as large as asked for. */
int interleaved_fault(const struct interleaved *il);
/* Whether the pages are as they were written; prints the first that is not. */
bool interleaved_intact(const struct interleaved *il);
/* Node of each page, or a negative errno */
int interleaved_look(const struct interleaved *il, int *node);
/* Node page nth belongs on */
int interleaved_node(const struct interleaved *il, uint64_t active, size_t nth);
/* Whether each page of those looked at is there; prints the first that is not. */
bool interleaved_well(const struct interleaved *il, const int *node,
		      uint64_t active);

/* The node for an interleave index, whatever memory it is of */
int interleave_target(int mode, uint64_t nodes, uint64_t active,
		      uint64_t index);
/* 1 for plain interleave, and for weighted what interleave_weights_set() has set */
int interleave_weight(int mode, int node);
/*
 * Weights 1, 2, 3, 4, and again, node by node, until the program ends. Returns -1
 * if there are none.
 */
int interleave_weights_set(void);

/* The nodes of @of that have least distance to any of @to */
uint64_t nearest_nodes(uint64_t of, uint64_t to);

/* A set of nodes by their place in numa.node[], from a mask of places */
uint64_t nth_nodes(unsigned int places);

#endif
