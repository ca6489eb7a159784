// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers to the host's requests. One that cannot be written now is remembered with its
 * request, so that what was carried out, or refused, is not started again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/ratelimit.h>

#include "answer.h"

/**
 * vf_answer_error() - say what is wrong, before the answer or without one
 * @a: answers
 * @text: a line; "" if nothing is
 */
void vf_answer_error(struct vf_answers *a, const char *text)
{
	strscpy(a->error.text, text, sizeof(a->error.text));
	vf_xs_write("error", text);
}

static void remember(struct vf_answers *a, struct vf_reading *now, bool pending)
{
	swap(a->unanswered, *now);
	a->hopeless = !pending;
	a->pending = pending;
}

/**
 * vf_answer() - answer a request; @a->result was composed before
 * @a: answers
 * @guest: what there is now
 * @now: the request; moved to @a->unanswered if it cannot be answered now
 * @scratch: overwritten
 * @status: value of status
 * @error: value of error; it may be that of @a
 *
 * Return: as vf_xs_answer(); if @a->pending it is to be done again, after
 * vf_answer_resume().
 */
int vf_answer(struct vf_answers *a, const struct vf_guest *guest,
	      struct vf_reading *now, struct vf_reading *scratch,
	      const char *status, const char *error)
{
	struct vf_answer answer = {
		.status	= status,
		.error	= a->error.text,
		.result	= &a->result,
	};
	int ret;

	if (error != a->error.text)
		strscpy(a->error.text, error, sizeof(a->error.text));
	ret = vf_xs_answer(guest, now, scratch, &answer);
	a->due = ret == -ESTALE;
	if (!ret)
		vf_answer_set_told(a, now);
	if (!ret || ret == -ESTALE)
		return ret;
	if (!vf_xs_is_transient(ret))
		pr_warn_ratelimited("numa/topo_change cannot be written: %pe\n",
				    ERR_PTR(ret));
	remember(a, now, vf_xs_is_transient(ret));
	return ret;
}

/**
 * vf_answer_resume() - take up the request whose answer is pending
 * @a: answers
 * @now: becomes that request
 */
void vf_answer_resume(struct vf_answers *a, struct vf_reading *now)
{
	a->pending = false;
	swap(a->unanswered, *now);
}

/**
 * vf_answer_give_up() - there is no way to answer a request
 * @a: answers
 * @now: the request, which is taken away
 */
void vf_answer_give_up(struct vf_answers *a, struct vf_reading *now)
{
	remember(a, now, false);
}

/**
 * vf_answer_is_hopeless() - whether a request is the one that cannot be answered
 * @a: answers
 * @guest: what there is
 * @now: the request
 *
 * Return: true if so.
 */
bool vf_answer_is_hopeless(const struct vf_answers *a, const struct vf_guest *guest,
			   const struct vf_reading *now)
{
	return a->hopeless && vf_reading_equal(guest, &a->unanswered, now);
}

/**
 * vf_answer_is_told() - whether a request has no name, or has been answered
 * @a: answers
 * @now: the request
 *
 * Return: true if so.
 */
bool vf_answer_is_told(const struct vf_answers *a, const struct vf_reading *now)
{
	const char *id = now->wanted->id;

	return !*id || !strcmp(id, a->told);
}

/**
 * vf_answer_set_told() - a request needs no answer any more
 * @a: answers
 * @now: the request
 */
void vf_answer_set_told(struct vf_answers *a, const struct vf_reading *now)
{
	strscpy(a->told, now->wanted->id, sizeof(a->told));
}
