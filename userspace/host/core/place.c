// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who gets a whole physical node. What a guest lacks of a resource counts, and the more the
 * larger a part of what it wants that is: from half, where next to nothing is lacking, to
 * all of it where the guest has nothing. A node goes to another guest if the sum of all that
 * is lacking becomes less by it. As that sum only falls while loads are the same, changes
 * come to an end; and as it is convex, equal guests come to have equally many nodes.
 *
 * It is told in nodes, so that it can be compared with what a change costs: a node is
 * nobody's for some seconds. Nobody knows how long loads will stay as they are: it is
 * expected that they do so for as long as they have until now. So no more is lost by
 * waiting than the change would have cost, by the margin.
 */
#include <stdlib.h>

#include "place.h"

/* What is less than this is rounding. */
#define LEAST_GAIN	0.000001
/* How many nodes one offer moves at most */
#define MOST_MOVES	2

/**
 * struct view - a placement, as offers are looked for in it
 * @p: placement
 * @scale: what a node has of each resource, on average
 * @has: what each bidder has, by bidder and resource
 * @count: how many nodes each bidder has
 * @home_of: by node, a bidder whose home it is, NOBODY, or SEVERAL
 */
struct view {
	const struct placement *p;
	double scale[NR_PLACE_RESOURCES];
	double *has;
	unsigned int *count;
	int *home_of;
};

/**
 * struct move - a node that goes from one bidder to another
 * @node: the node
 * @from: bidder that has it, or NOBODY
 * @to: bidder that gets it
 */
struct move {
	unsigned int node;
	int from;
	int to;
};

/**
 * placement_new() - a placement without loads
 * @nr_bidders: how many guests; they may have any number of nodes, and may be changed
 * @nr_nodes: how many nodes; nobody has them, and they may move
 *
 * Return: placement for placement_free(), or NULL if there is no memory.
 */
struct placement *placement_new(unsigned int nr_bidders, unsigned int nr_nodes)
{
	struct placement *p = calloc(1, sizeof(*p));
	unsigned int i;

	if (!p)
		return NULL;
	p->bidders = calloc(nr_bidders + 1, sizeof(*p->bidders));
	p->nodes = calloc(nr_nodes + 1, sizeof(*p->nodes));
	p->part = calloc((size_t)nr_bidders * nr_nodes * NR_PLACE_RESOURCES + 1,
			 sizeof(*p->part));
	if (!p->bidders || !p->nodes || !p->part) {
		placement_free(p);
		return NULL;
	}
	p->nr_bidders = nr_bidders;
	p->nr_nodes = nr_nodes;
	p->margin = 1;
	for (i = 0; i < nr_bidders; i++)
		p->bidders[i] = (struct bidder){
			.weight = 1, .home = NOBODY, .most = nr_nodes,
			.may_change = true,
		};
	for (i = 0; i < nr_nodes; i++)
		p->nodes[i] = (struct placed_node){
			.owner = NOBODY, .may_move = true,
		};
	return p;
}

/**
 * placement_free() - free a placement
 * @p: placement, or NULL
 */
void placement_free(struct placement *p)
{
	if (!p)
		return;
	free(p->bidders);
	free(p->nodes);
	free(p->part);
	free(p);
}

/**
 * placement_part() - what a bidder has of a node if it has that
 * @p: placement
 * @bidder: bidder
 * @node: node
 *
 * Return: by enum place_resource.
 */
double *placement_part(const struct placement *p, unsigned int bidder,
		       unsigned int node)
{
	return p->part + ((size_t)bidder * p->nr_nodes + node) * NR_PLACE_RESOURCES;
}

static bool can_have(const struct placement *p, unsigned int bidder,
		     unsigned int node)
{
	const double *part = placement_part(p, bidder, node);
	unsigned int r;

	for (r = 0; r < NR_PLACE_RESOURCES; r++)
		if (part[r] > 0)
			return true;
	return false;
}

/* What a node has of a resource, on average; guests that cannot have it do not count. */
static double scale(const struct placement *p, enum place_resource r)
{
	unsigned int i, n, count = 0;
	double sum = 0, part;

	for (i = 0; i < p->nr_bidders; i++)
		for (n = 0; n < p->nr_nodes; n++) {
			part = placement_part(p, i, n)[r];
			sum += part;
			count += part > 0;
		}
	return count ? sum / count : 1;
}

/* What a bidder lacks if it has so much, in nodes */
static double lack(const struct view *v, unsigned int bidder, const double *has,
		   enum place_interval interval)
{
	const struct bidder *b = &v->p->bidders[bidder];
	double sum = 0, want, missing;
	unsigned int r;

	for (r = 0; r < NR_PLACE_RESOURCES; r++) {
		want = b->want[interval][r];
		missing = want - has[r];
		if (missing > 0)
			sum += missing * (1 + missing / want) / 2 / v->scale[r];
	}
	return b->weight * sum;
}

static void view_free(struct view *v)
{
	free(v->has);
	free(v->count);
	free(v->home_of);
}

static void see_owners(struct view *v)
{
	const struct placement *p = v->p;
	unsigned int n, r;
	int owner;

	for (n = 0; n < p->nr_nodes; n++) {
		owner = p->nodes[n].owner;
		if (owner < 0)
			continue;
		v->count[owner]++;
		for (r = 0; r < NR_PLACE_RESOURCES; r++)
			v->has[owner * NR_PLACE_RESOURCES + r] +=
				placement_part(p, owner, n)[r];
	}
}

static bool view_make(struct view *v, const struct placement *p)
{
	unsigned int i, r;
	int home;

	*v = (struct view){ .p = p };
	v->has = calloc((size_t)p->nr_bidders * NR_PLACE_RESOURCES + 1,
			sizeof(*v->has));
	v->count = calloc(p->nr_bidders + 1, sizeof(*v->count));
	v->home_of = calloc(p->nr_nodes + 1, sizeof(*v->home_of));
	if (!v->has || !v->count || !v->home_of) {
		view_free(v);
		return false;
	}
	for (r = 0; r < NR_PLACE_RESOURCES; r++)
		v->scale[r] = scale(p, r);
	for (i = 0; i < p->nr_nodes; i++)
		v->home_of[i] = NOBODY;
	for (i = 0; i < p->nr_bidders; i++) {
		home = p->bidders[i].home;
		if (home >= 0)
			v->home_of[home] = v->home_of[home] == NOBODY ?
						   (int)i : SEVERAL;
	}
	see_owners(v);
	return true;
}

/**
 * placement_lack() - what a bidder lacks
 * @p: placement
 * @bidder: bidder
 * @interval: of which interval
 *
 * Return: nodes, by its weight; 0 also if there is no memory to tell.
 */
double placement_lack(const struct placement *p, unsigned int bidder,
		      enum place_interval interval)
{
	struct view v;
	double sum;

	if (!view_make(&v, p))
		return 0;
	sum = lack(&v, bidder, v.has + bidder * NR_PLACE_RESOURCES, interval);
	view_free(&v);
	return sum;
}

/* What a bidder has after some moves, by resource; returns how many nodes these are. */
static unsigned int has_after(const struct view *v, unsigned int bidder,
			      const struct move *moves, unsigned int nr_moves,
			      double *has)
{
	unsigned int i, r, count = v->count[bidder];
	const double *part;
	int sign;

	for (r = 0; r < NR_PLACE_RESOURCES; r++)
		has[r] = v->has[bidder * NR_PLACE_RESOURCES + r];
	for (i = 0; i < nr_moves; i++) {
		sign = (moves[i].to == (int)bidder) - (moves[i].from == (int)bidder);
		count += sign;
		part = placement_part(v->p, bidder, moves[i].node);
		for (r = 0; r < NR_PLACE_RESOURCES; r++)
			has[r] += sign * part[r];
	}
	return count;
}

/* Whether a bidder can be without a node, once these moves were made. */
static bool can_do_without(const struct view *v, unsigned int bidder,
			   const struct move *moves, unsigned int nr_moves)
{
	const struct bidder *b = &v->p->bidders[bidder];
	double has[NR_PLACE_RESOURCES];

	return has_after(v, bidder, moves, nr_moves, has) > 0 &&
	       has[PLACE_CPU] > 0 && has[PLACE_MEMORY] >= b->least_memory;
}

/* Whether a node may leave who has it, but for what that one needs. */
static bool may_leave(const struct view *v, unsigned int node)
{
	const struct placed_node *n = &v->p->nodes[node];

	return n->may_move && n->owner != SEVERAL &&
	       (n->owner == NOBODY || v->p->bidders[n->owner].may_change);
}

/*
 * Whether a bidder may get a node, but for how many it has. A home is for its guest only,
 * which so can neither lose it nor be kept out of it.
 */
static bool may_get(const struct view *v, unsigned int bidder, unsigned int node)
{
	return v->p->bidders[bidder].may_change && can_have(v->p, bidder, node) &&
	       (v->home_of[node] == NOBODY || v->home_of[node] == (int)bidder);
}

/* By how much a bidder lacks less after some moves */
static double relief(const struct view *v, int bidder, const struct move *moves,
		     unsigned int nr_moves, enum place_interval interval)
{
	double has[NR_PLACE_RESOURCES];

	if (bidder < 0)
		return 0;
	has_after(v, bidder, moves, nr_moves, has);
	return lack(v, bidder, v->has + bidder * NR_PLACE_RESOURCES, interval) -
	       lack(v, bidder, has, interval);
}

/* Of all that moves concern, none twice */
static double gain(const struct view *v, const struct move *moves,
		   unsigned int nr_moves, enum place_interval interval)
{
	double sum = relief(v, moves[0].from, moves, nr_moves, interval) +
		     relief(v, moves[0].to, moves, nr_moves, interval);

	if (nr_moves > 1 && moves[1].to != moves[0].from)
		sum += relief(v, moves[1].to, moves, nr_moves, interval);
	return sum;
}

static double cost(const struct view *v, const struct move *moves,
		   unsigned int nr_moves)
{
	const struct bidder *b = v->p->bidders;
	unsigned int i;
	double sum = 0;

	for (i = 0; i < nr_moves; i++)
		sum += b[moves[i].to].weight *
		       (b[moves[i].to].expand_s +
			(moves[i].from < 0 ? 0 : b[moves[i].from].shrink_s));
	return sum;
}

/* What it brings in the longest time that is expected */
static double worth(const struct placement *p, const struct offer *o)
{
	return o->gain * p->most_s - o->cost * p->margin;
}

static struct offer *offer_of(struct offer *offers, const struct placement *p,
			      int from, unsigned int to)
{
	return &offers[(size_t)(from + 1) * p->nr_bidders + to];
}

/* Keeps it if it is better than what there is between the same two. */
static void consider(const struct view *v, struct offer *offers,
		     const struct move *moves, unsigned int nr_moves)
{
	const struct move *last = &moves[nr_moves - 1];
	double before, now;
	struct offer *best = offer_of(offers, v->p, moves[0].from, last->to), o = {
		.node = moves[0].node, .from = moves[0].from, .to = moves[0].to,
		.is_chain = nr_moves > 1,
		.then_node = last->node, .then_to = last->to,
	};

	o.gain = gain(v, moves, nr_moves, PLACE_MEAN);
	if (o.gain < LEAST_GAIN)
		return;
	before = gain(v, moves, nr_moves, PLACE_BEFORE);
	now = gain(v, moves, nr_moves, PLACE_NOW);
	o.least_gain = before < now ? before : now;
	if (o.least_gain < LEAST_GAIN)
		return;
	o.bid = relief(v, last->to, moves, nr_moves, PLACE_MEAN);
	o.ask = o.bid - o.gain;
	o.cost = cost(v, moves, nr_moves);
	if (best->gain <= 0 || worth(v->p, &o) > worth(v->p, best) + LEAST_GAIN)
		*best = o;
}

/* What else who gets a node could give away, once it has that one */
static void consider_chains(const struct view *v, struct offer *offers,
			    struct move *moves)
{
	const struct placement *p = v->p;
	int between = moves[0].to;
	unsigned int n, to;

	for (n = 0; n < p->nr_nodes; n++) {
		if (p->nodes[n].owner != between || n == moves[0].node ||
		    !may_leave(v, n))
			continue;
		for (to = 0; to < p->nr_bidders; to++) {
			if ((int)to == between || !may_get(v, to, n))
				continue;
			moves[1] = (struct move){ n, between, to };
			if (can_do_without(v, between, moves, MOST_MOVES) &&
			    (moves[0].from < 0 ||
			     can_do_without(v, moves[0].from, moves, 1)) &&
			    ((int)to == moves[0].from ||
			     v->count[to] < p->bidders[to].most))
				consider(v, offers, moves, MOST_MOVES);
		}
	}
}

static void consider_node(const struct view *v, struct offer *offers,
			  unsigned int node)
{
	const struct placement *p = v->p;
	struct move moves[MOST_MOVES];
	unsigned int to;

	for (to = 0; to < p->nr_bidders; to++) {
		moves[0] = (struct move){ node, p->nodes[node].owner, to };
		if ((int)to == moves[0].from || !may_get(v, to, node))
			continue;
		if (v->count[to] < p->bidders[to].most &&
		    (moves[0].from < 0 ||
		     can_do_without(v, moves[0].from, moves, 1)))
			consider(v, offers, moves, 1);
		consider_chains(v, offers, moves);
	}
}

/**
 * place_offers() - what changes there are
 * @p: placement
 * @count: out: how many offers there is room for
 *
 * Between each two guests, the best one, or none, without a gain. An offer is one node, or
 * two that go from guest to guest in a chain, of which the first one is to be moved first.
 *
 * Return: offers for free(); NULL if there is no memory.
 */
struct offer *place_offers(struct placement *p, unsigned int *count)
{
	struct offer *offers;
	struct bidder *b;
	unsigned int i, r;
	struct view v;

	*count = (p->nr_bidders + 1) * p->nr_bidders;
	for (i = 0; i < p->nr_bidders; i++) {
		b = &p->bidders[i];
		for (r = 0; r < NR_PLACE_RESOURCES; r++)
			b->want[PLACE_MEAN][r] = (b->want[PLACE_BEFORE][r] +
						  b->want[PLACE_NOW][r]) / 2;
	}
	offers = calloc(*count + 1, sizeof(*offers));
	if (!offers || !view_make(&v, p)) {
		free(offers);
		return NULL;
	}
	for (i = 0; i < p->nr_nodes; i++)
		if (may_leave(&v, i))
			consider_node(&v, offers, i);
	view_free(&v);
	return offers;
}

/**
 * place_expected_s() - how long it is expected that there is a gain
 * @p: placement
 * @o: offer
 *
 * Return: seconds: as long as there has been, and no more than the longest time.
 */
double place_expected_s(const struct placement *p, const struct offer *o)
{
	return o->lasts_s < p->most_s ? o->lasts_s : p->most_s;
}

/**
 * place_choose() - which change is to be made
 * @p: placement
 * @offers: what place_offers() gave, with lasts_s filled in; pays is set
 * @count: how many
 *
 * Of those that pay the one that brings most; if none does, that of the others, so that it
 * can be said why not.
 *
 * Return: index of the offer; -1 if there is none.
 */
int place_choose(const struct placement *p, struct offer *offers,
		 unsigned int count)
{
	unsigned int i;
	int best = -1;

	for (i = 0; i < count; i++) {
		struct offer *o = &offers[i];

		if (o->gain <= 0)
			continue;
		o->pays = o->gain * place_expected_s(p, o) >= o->cost * p->margin;
		if (best < 0 || (o->pays && !offers[best].pays) ||
		    (o->pays == offers[best].pays &&
		     worth(p, o) > worth(p, &offers[best])))
			best = i;
	}
	return best;
}
