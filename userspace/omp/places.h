/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which CPUs each thread may use in a topology. Pure: nothing here asks the
 * kernel.
 */
#ifndef OMP_PLACES_H
#define OMP_PLACES_H

#include "cpus.h"

struct virtflex_topology;

/**
 * struct place_node - an active node with CPUs
 * @id: node
 * @cpus: its CPUs that are online
 * @threads: bound threads on it
 * @crowded: whether threads have come whose own CPUs are gone
 */
struct place_node {
	unsigned int id;
	struct cpus cpus;
	unsigned int threads;
	bool crowded;
};

/**
 * struct places - where threads may run
 * @active: CPUs of the active nodes
 * @inactive: CPUs that are online, and of no active node
 * @nr_nodes: length of @nodes
 * @nodes: active nodes with CPUs, ascending
 */
struct places {
	struct cpus active;
	struct cpus inactive;
	unsigned int nr_nodes;
	struct place_node nodes[];
};

/**
 * struct placement - a thread, and what it gets
 * @wanted: CPUs that the runtime bound it to; NULL: it is not bound
 * @to: CPUs it may use now
 * @start: CPUs it is to begin on: those of one node for a thread that is not
 *	bound, so that such threads spread over the nodes; else as @to
 * @displaced: whether none of the CPUs in @wanted may be used
 */
struct placement {
	const struct cpus *wanted;
	struct cpus to;
	struct cpus start;
	bool displaced;
};

/**
 * places_of() - what a topology has for threads
 * @topology: topology
 *
 * Return: places, for free(3); NULL if there is no memory.
 */
struct places *places_of(const struct virtflex_topology *topology);

/**
 * places_usable() - which CPUs threads may use
 * @places: places in a topology
 * @allowed: CPUs that the process was started on
 * @usable: where to store those of them that are of active nodes; all of these if
 *	there are none
 */
void places_usable(const struct places *places, const struct cpus *allowed,
		   struct cpus *usable);

/**
 * places_assign() - give each thread its CPUs
 * @places: places; its counts are made anew
 * @allowed: CPUs that the process was started on
 * @list: threads, in an order that stays
 * @nr: length of @list
 *
 * A thread keeps the CPUs it was bound to as far as they are active. If none is,
 * it gets those of the node with the fewest threads for its CPUs; bound threads
 * there share that node's CPUs with it, as a thread on a single CPU that
 * another one visits would hold up all others. A thread that is not bound may
 * use all active CPUs of @allowed; if there is none, all active CPUs. CPUs that
 * are offline stay in its set, so that the kernel can let it return to them.
 *
 * Nothing is assigned while no node is active: each @to is what was wanted, or
 * @allowed.
 */
void places_assign(struct places *places, const struct cpus *allowed,
		   struct placement *list, unsigned int nr);

#endif /* OMP_PLACES_H */
