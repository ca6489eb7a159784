// SPDX-License-Identifier: GPL-2.0-only
/*
 * When vCPUs are pinned elsewhere. What is seen in one interval is noisy: a plan is made for
 * the mean of two, and carried out if both of them would have been more even by it. Then
 * two more intervals are waited for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

struct cpu_settings cpu_settings = { .least_gain = 5 * POINT };

/* What a plan has to gain of what the busiest CPU has beyond the idlest: a tenth */
#define LEAST_GAIN_DIVISOR	10

/* What was seen in the last interval */
static struct reading *last_reading;

static void forget_reading(void)
{
	reading_free(last_reading);
	last_reading = NULL;
}

static void cpu_forget(void)
{
	forget_reading();
	refused_forget(UINT64_MAX);
	cpu_report_forget();
}

/* By how much a plan makes a host more even, by a measure: less than 0 if it does not */
static int gain(const struct balance *host, const struct plan *plan,
		unsigned int (*measure)(const struct balance *b))
{
	struct balance *after = balance_copy(host);
	int before = measure(host);

	if (!after)
		return 0;
	balance_apply(after, plan);
	before -= measure(after);
	balance_free(after);
	return before;
}

/* Whether it does so in both intervals */
static bool both_gain(const struct reading *now, const struct balance *then,
		      const struct plan *plan,
		      unsigned int (*measure)(const struct balance *b))
{
	return gain(then, plan, measure) > 0 && gain(now->host, plan, measure) > 0;
}

/* Where much is left in any case, an idle vCPU is not worth being moved. */
static bool pays(unsigned int before, unsigned int after)
{
	unsigned int least = cpu_settings.least_gain;

	if (least < before / LEAST_GAIN_DIVISOR)
		least = before / LEAST_GAIN_DIVISOR;
	return before >= after + least;
}

/*
 * Whether both intervals agree that a plan is worth its changes: for physical CPUs, or,
 * where these stay as even as they are, for cores.
 */
static bool agreed(const struct reading *now, const struct reading *before,
		   const struct plan *plan)
{
	struct balance *then = reading_with(now, before, false);
	bool worth = false;

	if (!then)
		return false;
	if (pays(plan->before, plan->after))
		worth = both_gain(now, then, plan, balance_spread);
	else if (pays(plan->cores_before, plan->cores_after))
		worth = both_gain(now, then, plan, balance_core_spread);
	balance_free(then);
	return worth;
}

static enum backend_status pin_one(struct daemon *d, const struct snapshot *now,
				   unsigned int guest, unsigned int vcpu,
				   const cpu_set_t *cpus, bool *done,
				   struct why *why)
{
	const struct guest *g = &now->guests[guest];
	enum backend_status status;

	if (d->settings->dry_run)
		return BACKEND_OK;
	status = d->backend->ops->pin(d->backend, g, vcpu, cpus, why);
	*done = daemon_changed(d, status, why);
	if (status == BACKEND_FAILED)
		refused_add(g->id, vcpu, now->ns);
	return status == BACKEND_LOST ? status : BACKEND_OK;
}

static enum backend_status carry_out(struct daemon *d, const struct snapshot *now,
				     const struct reading *r,
				     const struct plan *plan, bool *done,
				     struct why *why)
{
	enum backend_status status = BACKEND_OK;
	const struct place *p;
	unsigned int i;
	cpu_set_t cpus;

	for (i = 0; i < plan->nr_pins && status == BACKEND_OK && !interrupted(); i++) {
		p = &r->places[plan->pins[i].load];
		CPU_ZERO(&cpus);
		CPU_SET(plan->pins[i].cpu, &cpus);
		status = pin_one(d, now, p->guest, p->vcpu, &cpus, &done[i],
				 why);
	}
	return status;
}

static enum backend_status keep_one_off(struct daemon *d, const struct snapshot *now,
					unsigned int guest, unsigned int vcpu,
					const cpu_set_t *cpus, struct why *why)
{
	enum backend_status status;
	bool done = false;

	status = pin_one(d, now, guest, vcpu, cpus, &done, why);
	report_kept_off(d, &now->guests[guest], vcpu, cpus, done);
	return status;
}

/* Those that may run on several CPUs, of which some are not for guests, lose these. */
static enum backend_status keep_off(struct daemon *d, const struct snapshot *now,
				    struct why *why)
{
	enum backend_status status = BACKEND_OK;
	cpu_set_t usable, online, may;
	unsigned int i, j;

	usable_cpus(now, &usable);
	snapshot_online(now, &online);
	if (CPU_EQUAL(&usable, &online))
		return BACKEND_OK;
	for (i = 0; i < now->nr_guests; i++)
		for (j = 0; j < now->guests[i].nr_vcpus && !interrupted(); j++) {
			const struct seen_vcpu *v = &now->guests[i].vcpus[j];

			CPU_AND(&may, &v->may_run, &online);
			if (!v->online || CPU_COUNT(&v->may_run) < 2 ||
			    cpulist_within(&may, &usable) ||
			    !daemon_may_change(&now->guests[i]) ||
			    refused(now->guests[i].id, j))
				continue;
			CPU_AND(&may, &v->may_run, &usable);
			if (!CPU_COUNT(&may))
				continue;
			status = keep_one_off(d, now, i, j, &may, why);
			if (status != BACKEND_OK)
				return status;
		}
	return BACKEND_OK;
}

/* Whether vCPUs waited so long that a plan would have made it less. */
static bool waited_in_vain(const struct balance *host, const struct plan *plan,
			   unsigned int waited)
{
	struct balance *after = balance_copy(host);
	unsigned int excess = UINT_MAX;

	if (after) {
		balance_apply(after, plan);
		excess = balance_excess(after);
	}
	balance_free(after);
	return waited > BALANCED && waited - BALANCED >= excess;
}

/*
 * A plan that pins vCPUs that float, if in both intervals they waited in vain: more than
 * they would have to on physical CPUs that carry the same. NULL if it is not worth it.
 */
static struct plan *plan_floating(const struct reading *r, const struct balance *mean)
{
	struct balance *then = reading_with(r, last_reading, false);
	struct balance *unplaced = reading_unplaced(r, mean);
	struct plan *plan = NULL;

	if (then && unplaced)
		plan = balance_plan(unplaced);
	if (plan && (!plan->forced ||
		     !waited_in_vain(then, plan, last_reading->waited) ||
		     !waited_in_vain(r->host, plan, r->waited))) {
		plan_free(plan);
		plan = NULL;
	}
	balance_free(then);
	balance_free(unplaced);
	return plan;
}

/* A plan that is to be carried out now; without changes if there is none. */
static struct plan *decide(struct daemon *d, struct reading *r)
{
	struct plan *plan = NULL;
	struct balance *mean;

	mean = last_reading ? reading_with(r, last_reading, true) :
			      balance_copy(r->host);
	if (mean && last_reading && cpu_settings.pin_floating)
		plan = plan_floating(r, mean);
	if (mean && !plan)
		plan = balance_plan(mean);
	balance_free(mean);
	if (!plan)
		return NULL;
	/* those that are where guests may not be do not wait */
	if (!last_reading || !agreed(r, last_reading, plan))
		plan->nr_pins = plan->forced;
	r->decided = last_reading;
	if (r->decided)
		daemon_decided(d);
	return plan;
}

/*
 * Whether two new intervals are to be waited for. What had to be pinned elsewhere at once and was
 * not, as in a dry run, changes nothing: the others are decided on all the same.
 */
static bool begins_anew(const struct plan *plan, const bool *done)
{
	unsigned int i;

	for (i = 0; i < plan->nr_pins; i++)
		if (done[i])
			return true;
	return plan->nr_pins > plan->forced;
}

static enum backend_status act_upon(struct daemon *d, const struct snapshot *now,
				    struct reading *r, struct why *why)
{
	uint64_t began = clock_now();
	struct plan *plan = decide(d, r);
	bool *done = plan ? calloc(plan->nr_pins + 1, sizeof(*done)) : NULL;
	enum backend_status status = BACKEND_FAILED;

	r->plan_seconds = (clock_now() - began) / 1e9;
	if (done) {
		status = carry_out(d, now, r, plan, done, why);
		report_reading(d, now, r, plan, done);
		forget_reading();
		if (begins_anew(plan, done))
			reading_free(r);
		else
			last_reading = r;
	} else {
		reading_free(r);
	}
	free(done);
	plan_free(plan);
	return status;
}

/*
 * No physical CPU is one that guests may have. At the beginning that is a mistake; later they have
 * gone offline, and may come back.
 */
static enum backend_status without_cpus(const struct daemon *d, struct why *why)
{
	if (!d->intervals) {
		why_say(why, "no physical CPU is left for guests; see --cpus and --reserve");
		return BACKEND_FAILED;
	}
	report_cpus(false);
	forget_reading();
	return BACKEND_OK;
}

/* Pins vCPUs elsewhere, if that is worth it. */
static enum backend_status cpu_act(struct daemon *d, const struct snapshot *now,
				   struct why *why)
{
	enum backend_status status;
	struct reading *r;
	cpu_set_t usable;

	refused_forget(now->ns);
	usable_cpus(now, &usable);
	if (!CPU_COUNT(&usable))
		return without_cpus(d, why);
	report_cpus(true);
	status = keep_off(d, now, why);
	if (status != BACKEND_OK || !d->before)
		return status;
	r = reading_take(d->before, now);
	status = r ? act_upon(d, now, r, why) : BACKEND_FAILED;
	if (status == BACKEND_FAILED)
		why_say(why, "%s", strerror(ENOMEM));
	return status;
}

const struct policy cpu_policy = {
	.name = "cpu",
	.program = "vcpu_scheduler",
	.what = LOOK_VCPUS,
	.act = cpu_act,
	.forget = cpu_forget,
	.metrics = cpu_metrics,
};
