// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stock Xen takes a large extent apart page by page, and does not let go of the
 * CPU meanwhile; one that removes a superpage in one step is many times faster
 * with whole extents. Which of them this is, nobody says: time tells.
 */
#include "way.h"

/*
 * The slower way is tried again soon, as a busy host can make anything look slow
 * once, but hardly twice; then seldom, to find out that this is another host now. On
 * stock Xen a trial holds the CPU for long: a second one that confirms the first
 * has to do for a while.
 */
#define TRIAL_FIRST	8
#define TRIAL_GROWTH	16
#define TRIAL_MOST	1024

/**
 * vf_way_choose() - how to hand the next extent over
 * @ways: what is known
 *
 * Return: the way; vf_way_learn() is to be told how long it took.
 */
enum vf_way vf_way_choose(struct vf_ways *ways)
{
	const u64 *ns = ways->ns;
	bool whole;

	if (!ns[VF_WAY_PAGES])
		return VF_WAY_PAGES;
	if (!ns[VF_WAY_WHOLE])
		return VF_WAY_WHOLE;
	/* Xen can be interrupted between pages, so that they win if in doubt. */
	whole = ns[VF_WAY_WHOLE] < ns[VF_WAY_PAGES] / 2;
	if (!ways->trial_after)
		ways->trial_after = TRIAL_FIRST;
	if (++ways->since_trial > ways->trial_after) {
		ways->since_trial = 0;
		ways->trial_after *= TRIAL_GROWTH;
		if (ways->trial_after > TRIAL_MOST)
			ways->trial_after = TRIAL_MOST;
		whole = !whole;
	}
	return whole ? VF_WAY_WHOLE : VF_WAY_PAGES;
}

/**
 * vf_way_learn() - note how long an extent took
 * @ways: what is known
 * @way: the way it went
 * @ns: how long it took, in nanoseconds
 *
 * A host with other things to do only ever makes it longer. So what is shorter
 * counts at once, and what is longer by an eighth each time.
 */
void vf_way_learn(struct vf_ways *ways, enum vf_way way, u64 ns)
{
	u64 before = ways->ns[way];

	if (before && ns > before + before / 8)
		ns = before + before / 8 + 1;
	ways->ns[way] = ns ? ns : 1;
}
