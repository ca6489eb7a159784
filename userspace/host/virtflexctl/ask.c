// SPDX-License-Identifier: GPL-2.0-only
/* A change, from what is wanted to how it ended. */
#include <stdlib.h>

#include "ctl.h"
#include "exits.h"

/* A guest that has loaded the module answers in much less, once it is published. */
#define LISTEN_S	5

/* A guest without the module would never answer: that is said before it is asked. */
static int check_listening(struct context *ctx, struct domain *d,
			   const struct asking *asking)
{
	int ret;

	if (waiting.no_wait || asking->dry_run)
		return EXIT_DONE;
	if (!d->published) {
		ret = publish(ctx->host, d);
		if (ret)
			return ret;
	}
	if (guest_listens(d->status) || wait_until_listening(ctx, d, LISTEN_S))
		return EXIT_DONE;
	error("%s: the guest has not loaded the virtflex module; in the guest: modprobe virtflex",
	      d->name);
	return EXIT_NO_GUEST;
}

/* Reads the domain again, and says what is different now. */
static int finish(struct context *ctx, struct domain *d, const char *id,
		  enum outcome outcome, double started,
		  const struct asking *asking)
{
	struct domain *after;
	int ret;

	ret = domain_read(ctx->host, d->id, &after);
	if (!ret && !after)
		ret = EXIT_GONE;
	if (!ret)
		ret = request_settle(ctx->host, after);
	if (!ret && (!asking->quiet || asking->into || !outcome_holds(outcome)))
		ret = report_outcome(ctx, d, after, id, outcome,
				     seconds_now() - started, asking->into);
	else if (!ret && outcome == OUTCOME_PARTLY)
		ret = EXIT_INCOMPLETE;
	domain_free(after);
	return ret;
}

/* Makes the request, or says what it would write. */
static int make_request(struct context *ctx, struct domain *d,
			const struct order *order, const struct asking *asking,
			char *id)
{
	struct json_object *would = domain_json(d);
	struct change c = { 0 };
	int ret;

	dry_run_begin(ctx, asking->dry_run);
	ret = request_make(ctx->host, d, order, &c, id);
	dry_run_end(ctx, would);
	change_free(&c);
	if (!ret && asking->dry_run && ctx->json)
		return put_json(would, asking->into);
	json_object_put(would);
	return ret;
}

static int make_and_wait(struct context *ctx, struct domain *d,
			 const struct order *order,
			 const struct asking *asking)
{
	enum outcome outcome = OUTCOME_NONE;
	char id[REQUEST_ID_LEN];
	double started = seconds_now();
	struct domain *before;
	int ret;

	ret = domain_read(ctx->host, d->id, &before);
	if (ret || !before)
		return ret ? ret : EXIT_GONE;
	ret = make_request(ctx, d, order, asking, id);
	if (!ret && !asking->dry_run && !waiting.no_wait) {
		ret = wait_for_answer(ctx, d, id, &outcome);
		if (!ret)
			ret = finish(ctx, before, id, outcome, started,
				     asking);
	} else if (!ret && !asking->dry_run && ctx->json) {
		ret = report_outcome(ctx, before, d, id, OUTCOME_NONE, 0,
				     asking->into);
	} else if (!ret && !asking->dry_run) {
		printf("%s: the guest is asked; to see how it goes: virtflexctl watch %s\n",
		       d->name, d->name);
	}
	domain_free(before);
	return ret;
}

/**
 * ask_for() - ask for a change, wait for its end, and say what it was
 * @ctx: context
 * @d: domain, read anew
 * @order: what is wanted; its physical nodes are filled in here
 * @asking: how to go about it
 *
 * Return: enum exit_code.
 */
int ask_for(struct context *ctx, struct domain *d, struct order *order,
	    const struct asking *asking)
{
	struct pnode *pnodes = NULL;
	int ret;

	ret = domain_read_pnodes(ctx->host, d);
	if (!ret)
		ret = check_listening(ctx, d, asking);
	if (!ret && !asking->partly) {
		pnodes = host_pnodes(ctx->host, &order->nr_pnodes);
		order->pnodes = pnodes;
	}
	if (!ret)
		ret = make_and_wait(ctx, d, order, asking);
	free(pnodes);
	return ret;
}
