/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory each guest is to have. Pure. */
#ifndef HOST_SHARE_H
#define HOST_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct memory_share - a guest, and how much memory it is to have
 * @size_kb: what it has, or is on its way to, whichever is more
 * @maximum_kb: most that it can have
 * @need_kb: what is in use in it, with what its kernel keeps for itself
 * @weight: its weight where memory is short, 1 at least
 * @may_fall: whether memory may be taken from it now
 * @want_kb: out: need and headroom
 * @target_kb: out: what it is to have; @size_kb if that stays
 */
struct memory_share {
	uint64_t size_kb;
	uint64_t maximum_kb;
	uint64_t need_kb;
	unsigned int weight;
	bool may_fall;
	uint64_t want_kb;
	uint64_t target_kb;
};

bool share_plan(struct memory_share *guests, unsigned int count, int64_t spare_kb,
		uint64_t floor_kb);
uint64_t share_least(const struct memory_share *guest, uint64_t floor_kb);
uint64_t share_band(uint64_t size_kb);

#endif /* HOST_SHARE_H */
