/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host was told of its requests, and what it is still to be told. */
#ifndef VIRTFLEX_ANSWER_H
#define VIRTFLEX_ANSWER_H

#include "result.h"
#include "xenstore.h"

/**
 * struct vf_answers - answers to requests
 * @unanswered: a request that was carried out or refused, but not answered
 * @pending: it is to be answered when xenstore has room
 * @hopeless: there is no way to answer it
 * @due: @error and @result are of a request that was replaced before it was answered
 * @told: name of the last request that was answered
 * @error: value of the key error, as far as known
 * @result: value of the key result
 *
 * Only the worker of change.c has access.
 */
struct vf_answers {
	struct vf_reading unanswered;
	bool pending;
	bool hopeless;
	bool due;
	char told[VF_ID_LEN];
	struct vf_error error;
	struct vf_result result;
};

void vf_answer_error(struct vf_answers *a, const char *text);
int vf_answer(struct vf_answers *a, const struct vf_guest *guest,
	      struct vf_reading *now, struct vf_reading *scratch,
	      const char *status, const char *error);
void vf_answer_resume(struct vf_answers *a, struct vf_reading *now);
void vf_answer_give_up(struct vf_answers *a, struct vf_reading *now);
bool vf_answer_is_hopeless(const struct vf_answers *a, const struct vf_guest *guest,
			   const struct vf_reading *now);
bool vf_answer_is_told(const struct vf_answers *a, const struct vf_reading *now);
void vf_answer_set_told(struct vf_answers *a, const struct vf_reading *now);

#endif /* VIRTFLEX_ANSWER_H */
