// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl cancel: a change that is going on is undone. */
#include "ctl.h"
#include "exits.h"

/* What is withdrawn is a move, of which a part may stay done. */
static bool is_move;

static int option(struct context *ctx, const char *name, const char *arg)
{
	int ret;

	(void)ctx;
	take_waiting(name, arg, &ret);
	return ret;
}

/* Of a move, what has come by then stays. */
static void report_withdrawn(const struct domain *d, double seconds)
{
	char here[24], rest[24];
	struct share share;
	bool split = false;
	unsigned int i;

	printf("%s: withdrawn in %.1f s", d->name, seconds);
	for (i = 0; is_move && i < d->nr_vnodes; i++) {
		if (!answer_share(d->result, i, &share))
			continue;
		printf("%snode %u: %s are on physical node %u, %s are not",
		       split ? "; " : ": ", i,
		       size_text(share.here_kb, here, sizeof(here)), share.pnode,
		       size_text(share.all_kb - share.here_kb, rest, sizeof(rest)));
		split = true;
	}
	printf("%s\n", split ? "" : ": as it was before");
}

/* A change that the guest had finished before stays, which is no error. */
static int report(struct context *ctx, struct domain *d, const char *id,
		  enum outcome outcome, double seconds)
{
	struct domain *after;
	int ret;

	ret = request_settle(ctx->host, d);
	if (!ret)
		ret = domain_read(ctx->host, d->id, &after);
	if (ret || !after)
		return ret ? ret : EXIT_GONE;
	if (outcome == OUTCOME_WITHDRAWN && !ctx->json) {
		report_withdrawn(after, seconds);
		ret = EXIT_DONE;
	} else {
		if (outcome_holds(outcome) && !ctx->json)
			error("%s: the guest was faster: the change is carried out",
			      d->name);
		ret = report_outcome(ctx, d, after, id, outcome, seconds, NULL);
		if (outcome == OUTCOME_WITHDRAWN)
			ret = EXIT_DONE;
	}
	domain_free(after);
	return ret;
}

static int run(struct context *ctx, int argc, char **argv)
{
	enum outcome outcome = OUTCOME_NONE;
	char id[REQUEST_ID_LEN];
	struct domain *d = NULL;
	double started = seconds_now();
	bool undone = false;
	int ret;

	waiting.withdrawn = true;
	ret = target_domain(ctx, argc, argv, "cancel", &d);
	is_move = !ret && d->request == REQUEST_MOVE;
	if (!ret)
		ret = request_withdraw(ctx->host, d, NULL, id, &undone);
	if (!ret && (undone || waiting.no_wait)) {
		if (ctx->json)
			ret = report_outcome(ctx, d, d, id, OUTCOME_NONE, 0,
					     NULL);
		else if (undone)
			printf("%s: withdrawn; the guest had not begun\n", d->name);
		else
			printf("%s: withdrawn; to see it undone: virtflexctl watch %s\n",
			       d->name, d->name);
	} else if (!ret) {
		ret = wait_for_answer(ctx, d, id, &outcome);
		if (!ret)
			ret = report(ctx, d, id, outcome,
				     seconds_now() - started);
	}
	domain_free(d);
	return ret;
}

static const struct option_desc options[] = {
	OPTION_NO_WAIT,
	OPTION_TIMEOUT,
	OPTION_JSON("print JSON"),
	OPTION_VERBOSE,
	{ 0 },
};

const struct command cmd_cancel = {
	.name = "cancel",
	.synopsis = "DOMAIN",
	.summary = "Withdraw the change that is going on; the guest undoes it",
	.options = options,
	.max_args = 1,
	.option = option,
	.run = run,
};
