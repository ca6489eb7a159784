/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest answers, which its host does not trust. Pure. */
#ifndef HOST_ANSWER_H
#define HOST_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

/**
 * enum outcome - how a request ended, as the guest says
 * @OUTCOME_NONE: it has not said
 * @OUTCOME_DONE: carried out
 * @OUTCOME_PARTLY: carried out, and fell short
 * @OUTCOME_REFUSED: nothing was done
 * @OUTCOME_FAILED: a step failed, and what was done was undone
 * @OUTCOME_WITHDRAWN: undone as the host wished
 * @OUTCOME_UNKNOWN: it has said something else
 */
enum outcome {
	OUTCOME_NONE,
	OUTCOME_DONE,
	OUTCOME_PARTLY,
	OUTCOME_REFUSED,
	OUTCOME_FAILED,
	OUTCOME_WITHDRAWN,
	OUTCOME_UNKNOWN,
};

/**
 * struct progress - how far a change is
 * @step: which, from 1
 * @nr_steps: of how many
 * @done_kb: of a step that moves memory, so much
 * @all_kb: of so much; 0 in other steps
 * @what: what the step does: text within the status, as long as @what_len
 * @what_len: its length
 */
struct progress {
	unsigned int step;
	unsigned int nr_steps;
	uint64_t done_kb;
	uint64_t all_kb;
	const char *what;
	int what_len;
};

/**
 * struct share - where memory of a node is, after its physical node changed
 * @pnode: the physical node it has now
 * @here_kb: memory that is there
 * @all_kb: of so much
 */
struct share {
	unsigned int pnode;
	uint64_t here_kb;
	uint64_t all_kb;
};

enum outcome answer_outcome(const char *result, const char *id);
enum outcome last_outcome(const char *result);
const char *outcome_name(enum outcome outcome);
bool outcome_holds(enum outcome outcome);
bool answer_share(const char *result, unsigned int vnode, struct share *share);
bool answer_progress(const char *status, struct progress *p);
double progress_share(const struct progress *p);
bool guest_listens(const char *status);

#endif /* HOST_ANSWER_H */
