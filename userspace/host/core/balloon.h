/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest's balloon does, seen over time. Pure. */
#ifndef HOST_BALLOON_H
#define HOST_BALLOON_H

#include "snapshot.h"

/**
 * enum balloon_state - what can be done with a guest's memory
 * @BALLOON_NEW: nothing is known yet
 * @BALLOON_READY: what is in use is known, and is of now
 * @BALLOON_MOVING: the balloon moves, or has just moved: what is known is of before
 * @BALLOON_STUCK: the balloon was to move, and has not for some time
 * @BALLOON_SILENT: the guest says nothing: no balloon, no driver, or it hangs
 * @BALLOON_UNCLEAR: what it says is not enough to know what is in use, or does not fit
 * @BALLOON_FIXED: what it would give up would not be free for others
 */
enum balloon_state {
	BALLOON_NEW,
	BALLOON_READY,
	BALLOON_MOVING,
	BALLOON_STUCK,
	BALLOON_SILENT,
	BALLOON_UNCLEAR,
	BALLOON_FIXED,
};

/**
 * struct balloon - what is remembered of a guest
 * @state: what can be done
 * @target_kb: size that it is on its way to; 0 if it is on no way
 * @from_kb: size that it had when it was asked to go there
 * @need_kb: what is in use, the larger one of the last two samples that counted
 * @last_need_kb: that of the last one
 * @kernel_kb: what its kernel takes of its size before it counts the rest, if
 *	@has_kernel
 * @has_kernel: whether that is known
 * @has_need: whether there was a sample that counted
 * @unfit: how many statistics in a row did not fit, while it stood still
 * @seen: whether it was seen before
 * @actual_kb: size when it was last seen
 * @rss_kb: what it had of the host when that was last known; 0 if it never was
 * @stats_at: age of the last statistics
 * @moved_stats_at: the same when it was last seen to move
 * @progress_ns: when it last came closer to its target, or had none
 * @heard_ns: when there were last other statistics
 * @rests_until_ns: until when it is left alone, as it could not give what was asked
 */
struct balloon {
	enum balloon_state state;
	uint64_t target_kb;
	uint64_t from_kb;
	uint64_t need_kb;
	uint64_t last_need_kb;
	uint64_t kernel_kb;
	bool has_kernel;
	bool has_need;
	unsigned int unfit;
	bool seen;
	uint64_t actual_kb;
	uint64_t rss_kb;
	uint64_t stats_at;
	uint64_t moved_stats_at;
	uint64_t progress_ns;
	uint64_t heard_ns;
	uint64_t rests_until_ns;
};

void balloon_see(struct balloon *b, const struct guest_memory *m, uint64_t ns,
		 uint64_t interval_ns);
void balloon_paused(struct balloon *b, uint64_t ns);
void balloon_set(struct balloon *b, uint64_t target_kb, uint64_t ns);
void balloon_rest(struct balloon *b, uint64_t ns);
bool balloon_left_alone(const struct balloon *b);
uint64_t balloon_size(const struct balloon *b);
uint64_t balloon_claim(const struct balloon *b);

#endif /* HOST_BALLOON_H */
