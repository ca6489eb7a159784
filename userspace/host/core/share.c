// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much memory each guest is to have: what it needs and some headroom. What is more
 * than that falls, a tenth at a time; what is less rises at once, from memory that is
 * free now. Where there is not enough for all, it is like water that is filled in: the
 * smallest rise first, until all that still want more stand equally high.
 */
#include <stdlib.h>

#include "share.h"

/* Headroom beside the floor: this share of what is in use */
#define HEADROOM_DIVISOR	5
/* A guest falls by no more than this share of its size at a time. */
#define FALL_DIVISOR		10
/* No change that is smaller than this, or than this share of the size */
#define LEAST_BAND_KB		(16 * 1024)
#define BAND_DIVISOR		32
/* For a guest that has less than it may have, at least so much */
#define LEAST_RISE_KB		1024

/**
 * struct vessel - what a guest may be filled up to
 * @least_kb: what it has in any case
 * @most_kb: what it takes at most
 * @weight: how wide it is
 * @level_kb: out: what it gets
 */
struct vessel {
	uint64_t least_kb;
	uint64_t most_kb;
	unsigned int weight;
	uint64_t level_kb;
};

/**
 * share_least() - what a guest may not be made smaller than
 * @guest: guest
 * @floor_kb: what it has to have beyond what is in use
 *
 * Return: KiB, at most what it can have.
 */
uint64_t share_least(const struct memory_share *guest, uint64_t floor_kb)
{
	uint64_t least = guest->need_kb + floor_kb;

	return least < guest->maximum_kb ? least : guest->maximum_kb;
}

/**
 * share_band() - what a change of size is not worth being made for
 * @size_kb: size of the guest
 *
 * Return: KiB.
 */
uint64_t share_band(uint64_t size_kb)
{
	uint64_t band = size_kb / BAND_DIVISOR;

	return band > LEAST_BAND_KB ? band : LEAST_BAND_KB;
}

static uint64_t want(const struct memory_share *guest, uint64_t floor_kb)
{
	uint64_t kb = guest->need_kb + floor_kb +
		      guest->need_kb / HEADROOM_DIVISOR;

	return kb < guest->maximum_kb ? kb : guest->maximum_kb;
}

/* Fills all up to a height; returns how much that is. */
static uint64_t fill_to(struct vessel *vessels, unsigned int count,
			uint64_t height)
{
	uint64_t sum = 0, level;
	unsigned int i;

	for (i = 0; i < count; i++) {
		level = height * vessels[i].weight;
		if (level < vessels[i].least_kb)
			level = vessels[i].least_kb;
		if (level > vessels[i].most_kb)
			level = vessels[i].most_kb;
		vessels[i].level_kb = level;
		sum += level;
	}
	return sum;
}

/* The greatest height that is no more than the amount in all, in steps of a KiB. */
static void fill(struct vessel *vessels, unsigned int count, uint64_t amount)
{
	uint64_t low = 0, high = 0, middle;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (vessels[i].most_kb > high)
			high = vessels[i].most_kb;
	while (low < high) {
		middle = high - (high - low) / 2;
		if (fill_to(vessels, count, middle) <= amount)
			low = middle;
		else
			high = middle - 1;
	}
	fill_to(vessels, count, low);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What each guest is to come to, with all that guests and host have to give. */
static void find_ideal(const struct memory_share *guests, struct vessel *vessels,
		       unsigned int count, uint64_t amount, uint64_t floor_kb)
{
	uint64_t least = 0, wanted = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct memory_share *g = &guests[i];

		vessels[i].weight = g->weight ? g->weight : 1;
		vessels[i].most_kb = g->want_kb;
		vessels[i].least_kb = share_least(g, floor_kb);
		if (!g->may_fall && vessels[i].least_kb < g->size_kb)
			vessels[i].least_kb = g->size_kb;
		if (vessels[i].most_kb < vessels[i].least_kb)
			vessels[i].most_kb = vessels[i].least_kb;
		least += vessels[i].least_kb;
		wanted += vessels[i].most_kb;
	}
	if (wanted <= amount) {
		for (i = 0; i < count; i++)
			vessels[i].level_kb = vessels[i].most_kb;
		return;
	}
	/* not even that: nobody is made smaller than it may be, some stay so */
	for (i = 0; least > amount && i < count; i++) {
		vessels[i].most_kb = vessels[i].least_kb;
		vessels[i].least_kb = smaller(vessels[i].least_kb,
					      guests[i].size_kb);
	}
	fill(vessels, count, amount);
}

/* Those that are to be smaller: by a tenth at most, and not for a trifle. */
static void fall(struct memory_share *g, uint64_t ideal_kb)
{
	uint64_t to = ideal_kb;

	if (!g->may_fall || g->size_kb < ideal_kb + share_band(g->size_kb))
		return;
	if (to < g->size_kb - g->size_kb / FALL_DIVISOR)
		to = g->size_kb - g->size_kb / FALL_DIVISOR;
	g->target_kb = to;
}

/* Those that are to be larger share what is free now. */
static void rise(struct memory_share *guests, struct vessel *vessels,
		 unsigned int count, uint64_t free_kb, uint64_t floor_kb)
{
	uint64_t amount = free_kb, by;
	unsigned int i;

	for (i = 0; i < count; i++) {
		vessels[i].least_kb = guests[i].size_kb;
		vessels[i].most_kb = guests[i].size_kb;
		if (vessels[i].level_kb > guests[i].size_kb)
			vessels[i].most_kb = vessels[i].level_kb;
		amount += guests[i].size_kb;
	}
	fill(vessels, count, amount);
	for (i = 0; i < count; i++) {
		struct memory_share *g = &guests[i];

		by = vessels[i].level_kb - g->size_kb;
		if (by > share_band(g->size_kb) ||
		    (by >= LEAST_RISE_KB &&
		     g->size_kb < share_least(g, floor_kb)))
			g->target_kb = vessels[i].level_kb;
	}
}

/**
 * share_plan() - how much memory each guest is to have
 * @guests: guests; want_kb and target_kb are set
 * @count: how many
 * @spare_kb: what the host has free beyond its reserve and what guests may still take
 *	of what they have; less than 0 if that is not enough
 * @floor_kb: what each guest has to have beyond what is in use
 *
 * What rises takes no more than @spare_kb in all; what falls is there the next time.
 *
 * Return: false if there is no memory for this.
 */
bool share_plan(struct memory_share *guests, unsigned int count, int64_t spare_kb,
		uint64_t floor_kb)
{
	struct vessel *vessels = calloc(count + 1, sizeof(*vessels));
	int64_t amount = spare_kb;
	unsigned int i;

	if (!vessels)
		return false;
	for (i = 0; i < count; i++) {
		guests[i].want_kb = want(&guests[i], floor_kb);
		guests[i].target_kb = guests[i].size_kb;
		amount += guests[i].size_kb;
	}
	find_ideal(guests, vessels, count, amount > 0 ? amount : 0, floor_kb);
	for (i = 0; i < count; i++)
		fall(&guests[i], vessels[i].level_kb);
	if (spare_kb > 0)
		rise(guests, vessels, count, spare_kb, floor_kb);
	free(vessels);
	return true;
}
