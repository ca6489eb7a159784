/* SPDX-License-Identifier: GPL-2.0-only */
/* The key "result": how a request ended, for programs. Pure, as topology.h. */
#ifndef VIRTFLEX_RESULT_H
#define VIRTFLEX_RESULT_H

#include "topology.h"

/** VF_RESULT_LEN - room for a word, and an amount for each of some nodes */
#define VF_RESULT_LEN	1024

/**
 * enum vf_outcome - how a request ended
 * @VF_RESULT_DONE: carried out; a node may keep kernel memory and fragments
 * @VF_RESULT_PARTLY: carried out, and fell short of what was asked for
 * @VF_RESULT_REFUSED: nothing was done, or all of it was undone
 * @VF_RESULT_FAILED: a step failed, and what was done was undone as far as possible
 * @VF_RESULT_WITHDRAWN: by the host, and undone as far as possible
 */
enum vf_outcome {
	VF_RESULT_DONE,
	VF_RESULT_PARTLY,
	VF_RESULT_REFUSED,
	VF_RESULT_FAILED,
	VF_RESULT_WITHDRAWN,
};

/**
 * struct vf_result - a result
 * @text: value of the key but for the name of the request
 */
struct vf_result {
	char text[VF_RESULT_LEN];
};

void vf_result_set(struct vf_result *result, enum vf_outcome outcome,
		   const struct vf_guest *guest,
		   const struct vf_wanted *wanted);

#endif /* VIRTFLEX_RESULT_H */
