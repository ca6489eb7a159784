// SPDX-License-Identifier: GPL-2.0-only
/* Reading what a guest answers (docs/xenstore.md). Any text is taken. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "domain.h"

static const char *const names[] = {
	[OUTCOME_NONE]	    = "none",
	[OUTCOME_DONE]	    = "done",
	[OUTCOME_PARTLY]    = "partly",
	[OUTCOME_REFUSED]   = "refused",
	[OUTCOME_FAILED]    = "failed",
	[OUTCOME_WITHDRAWN] = "withdrawn",
	[OUTCOME_UNKNOWN]   = "unknown",
};

/**
 * outcome_name() - an outcome in a word
 * @outcome: which
 *
 * Return: the word.
 */
const char *outcome_name(enum outcome outcome)
{
	return names[outcome];
}

/**
 * outcome_holds() - is what was asked for how things are to be from now on?
 * @outcome: how the request ended
 *
 * Return: whether it is; if not, what was before is.
 */
bool outcome_holds(enum outcome outcome)
{
	return outcome == OUTCOME_DONE || outcome == OUTCOME_PARTLY;
}

/**
 * last_outcome() - how the last request ended, whosever it was
 * @result: what the guest says; NULL for nothing
 *
 * Return: OUTCOME_NONE if it says nothing.
 */
enum outcome last_outcome(const char *result)
{
	const char *word = result ? strchr(result, ' ') : NULL;
	enum outcome outcome;
	size_t len;

	if (!word++)
		return OUTCOME_NONE;
	len = strcspn(word, " ");
	for (outcome = OUTCOME_DONE; outcome < OUTCOME_UNKNOWN; outcome++)
		if (!strncmp(word, names[outcome], len) && !names[outcome][len])
			break;
	return outcome;
}

/**
 * answer_outcome() - how a request ended
 * @result: what the guest says; NULL for nothing
 * @id: name of the request
 *
 * Return: OUTCOME_NONE if it says nothing of this request.
 */
enum outcome answer_outcome(const char *result, const char *id)
{
	size_t len = strlen(id);

	if (!result || strncmp(result, id, len) || result[len] != ' ')
		return OUTCOME_NONE;
	return last_outcome(result);
}

/* A number, and what follows it; NULL if there is none. */
static const char *take_number(const char *text, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno ? NULL : end;
}

/* A word that is expected, and what follows it; NULL if it is not there. */
static const char *skip(const char *text, const char *word)
{
	size_t len = strlen(word);

	return text && !strncmp(text, word, len) ? text + len : NULL;
}

/* "2@3=57344/65536", and what follows */
static bool take_share(const char *text, unsigned int vnode, struct share *share)
{
	uint64_t node, pnode;

	text = take_number(text, &node);
	if (text && node == vnode)
		text = skip(text, "@");
	else
		text = NULL;
	if (text)
		text = take_number(text, &pnode);
	text = skip(text, "=");
	if (text)
		text = take_number(text, &share->here_kb);
	text = skip(text, "/");
	if (text)
		text = take_number(text, &share->all_kb);
	if (!text || (*text && *text != ' ') || pnode > UINT16_MAX ||
	    share->here_kb > share->all_kb || share->all_kb > MAX_KB)
		return false;
	share->pnode = pnode;
	return true;
}

/**
 * answer_share() - where memory of a node is, after its physical node changed
 * @result: what the guest says; NULL for nothing
 * @vnode: the node
 * @share: out
 *
 * Return: whether it says that a part is still where it was; if not, all is there.
 */
bool answer_share(const char *result, unsigned int vnode, struct share *share)
{
	while (result && (result = strchr(result, ' ')))
		if (take_share(++result, vnode, share))
			return true;
	return false;
}

/* ", 34816 of 262144 KiB" */
static bool take_amounts(const char *text, struct progress *p)
{
	text = skip(text, ", ");
	if (text)
		text = take_number(text, &p->done_kb);
	text = skip(text, " of ");
	if (text)
		text = take_number(text, &p->all_kb);
	text = skip(text, " KiB");
	return text && !*text && p->done_kb <= p->all_kb;
}

/**
 * answer_progress() - how far a change is
 * @status: what the guest says; NULL for nothing
 * @p: out
 *
 * Return: whether it says that a change is going on, and how far it is.
 */
bool answer_progress(const char *status, struct progress *p)
{
	static const char *const verbs[] = {
		"shrinking: step ", "expanding: step ", "moving: step ",
		"rolling back: step ",
	};
	const char *text = NULL;
	uint64_t step, nr_steps;
	unsigned int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < sizeof(verbs) / sizeof(*verbs) && !text; i++)
		text = skip(status, verbs[i]);
	if (text)
		text = take_number(text, &step);
	text = skip(text, " of ");
	if (text)
		text = take_number(text, &nr_steps);
	text = skip(text, ": ");
	if (!text || !step || step > nr_steps || nr_steps > 1000000)
		return false;
	p->step = step;
	p->nr_steps = nr_steps;
	p->what = text;
	p->what_len = strcspn(text, ",");
	if (text[p->what_len] && !take_amounts(text + p->what_len, p)) {
		p->done_kb = 0;
		p->all_kb = 0;
		p->what_len = strlen(text);
	}
	return true;
}

/**
 * progress_share() - how much of a change is done
 * @p: how far it is
 *
 * Return: 0 to 1.
 */
double progress_share(const struct progress *p)
{
	double part = p->all_kb ? (double)p->done_kb / p->all_kb : 0;

	return (p->step - 1 + part) / p->nr_steps;
}

/**
 * guest_listens() - is the guest's module there, by what it says?
 * @status: what the guest says; NULL for nothing
 *
 * Return: whether it has said something, and not that it is unloaded.
 */
bool guest_listens(const char *status)
{
	return status && *status && strncmp(status, "unloaded", 8);
}
