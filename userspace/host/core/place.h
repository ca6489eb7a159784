/* SPDX-License-Identifier: GPL-2.0-only */
/* Who gets a whole physical node, and whether that is worth the change. Pure. */
#ifndef HOST_PLACE_H
#define HOST_PLACE_H

#include <stdbool.h>

/* Owner of a node that no guest has */
#define NOBODY	(-1)
/* Owner of a node that several guests have, which is left to them */
#define SEVERAL	(-2)

/**
 * enum place_resource - what a node has that guests want
 * @PLACE_CPU: CPUs
 * @PLACE_MEMORY: memory
 * @PLACE_BANDWIDTH: bandwidth of memory, of guests that publish what they want
 * @NR_PLACE_RESOURCES: how many these are
 */
enum place_resource {
	PLACE_CPU,
	PLACE_MEMORY,
	PLACE_BANDWIDTH,
	NR_PLACE_RESOURCES,
};

/**
 * enum place_interval - what is known of two intervals
 * @PLACE_BEFORE: the one before
 * @PLACE_NOW: the last one
 * @PLACE_MEAN: the mean of both
 * @NR_PLACE_INTERVALS: how many these are
 */
enum place_interval {
	PLACE_BEFORE,
	PLACE_NOW,
	PLACE_MEAN,
	NR_PLACE_INTERVALS,
};

/**
 * struct bidder - a guest that may have several nodes
 * @weight: how much what it lacks counts, above 0
 * @want: what it wants, by interval; @PLACE_MEAN is set by place_offers()
 * @least_memory: what the nodes that it keeps must have
 * @home: its guaranteed node; NOBODY if it has none
 * @most: most nodes that it may have
 * @may_change: whether nodes may be taken from it, and given to it, now
 * @shrink_s: how long it takes to give a node back, in seconds
 * @expand_s: how long it takes to get one
 */
struct bidder {
	double weight;
	double want[NR_PLACE_INTERVALS][NR_PLACE_RESOURCES];
	double least_memory;
	int home;
	unsigned int most;
	bool may_change;
	double shrink_s;
	double expand_s;
};

/**
 * struct placed_node - a physical node
 * @owner: index of the bidder that has it, NOBODY or SEVERAL
 * @may_move: whether it may be given to another one now
 */
struct placed_node {
	int owner;
	bool may_move;
};

/**
 * struct placement - bidders and nodes
 * @nr_bidders: length of @bidders
 * @bidders: guests
 * @nr_nodes: length of @nodes
 * @nodes: by number
 * @part: what each bidder has of each node if it has that, by bidder, node and resource;
 *	all 0 if it cannot have it. See placement_part().
 * @margin: how often a change has to gain what it costs
 * @most_s: how long it is expected at most that loads stay as they are, in seconds
 */
struct placement {
	unsigned int nr_bidders;
	struct bidder *bidders;
	unsigned int nr_nodes;
	struct placed_node *nodes;
	double *part;
	double margin;
	double most_s;
};

/**
 * struct offer - a change: a node goes to another guest
 * @node: the node
 * @from: bidder that has it, or NOBODY
 * @to: bidder that gets it
 * @is_chain: whether it is of use because @to then gives @then_node to @then_to
 * @then_node: node that comes after it
 * @then_to: bidder that gets that one
 * @bid: what who gets a node in the end lacks less by it, in nodes: 1 is what a whole node
 *	is for a guest that has none of it
 * @ask: what who gives one lacks more by it
 * @gain: @bid less @ask; 0 or less if there is no such change
 * @least_gain: that of the interval in which it is less
 * @cost: what the change costs, in nodes times seconds
 * @lasts_s: how long there has been a gain; by whoever remembers it
 * @pays: set by place_choose(): whether it is worth its cost
 */
struct offer {
	unsigned int node;
	int from;
	unsigned int to;
	bool is_chain;
	unsigned int then_node;
	unsigned int then_to;
	double bid;
	double ask;
	double gain;
	double least_gain;
	double cost;
	double lasts_s;
	bool pays;
};

struct placement *placement_new(unsigned int nr_bidders, unsigned int nr_nodes);
void placement_free(struct placement *p);
double *placement_part(const struct placement *p, unsigned int bidder,
		       unsigned int node);
double placement_lack(const struct placement *p, unsigned int bidder,
		      enum place_interval interval);
struct offer *place_offers(struct placement *p, unsigned int *count);
int place_choose(const struct placement *p, struct offer *offers,
		 unsigned int count);
double place_expected_s(const struct placement *p, const struct offer *o);

#endif /* HOST_PLACE_H */
