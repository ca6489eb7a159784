// SPDX-License-Identifier: GPL-2.0-only
/* What the host can give, and what each guest is asked to have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator.h"

struct memory_settings memory_settings;

#define SECOND		UINT64_C(1000000000)
/* The reserve of a host of which nobody says it: a tenth, within these */
#define LEAST_RESERVE_KB	(256 * 1024)
#define MOST_RESERVE_KB		(4 * 1024 * 1024)
/* A guest that was asked for about the same is not asked again. */
#define SAME_KB			1024

/**
 * memory_reserve_kb() - what the host keeps of its memory
 * @now: what was seen
 *
 * Return: KiB.
 */
uint64_t memory_reserve_kb(const struct snapshot *now)
{
	uint64_t kb = now->total_kb / 10;

	if (memory_settings.has_reserve)
		return memory_settings.reserve_kb;
	if (kb < LEAST_RESERVE_KB)
		return LEAST_RESERVE_KB;
	return kb < MOST_RESERVE_KB ? kb : MOST_RESERVE_KB;
}

/* What the host takes for cache, and is guests' memory; what files have is not known. */
static uint64_t shared(void)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < known_guests.nr; i++)
		if (known_guest_at(i)->seen.guest->memory.shared)
			sum += known_guest_at(i)->balloon.rss_kb;
	return sum;
}

static void take_host(const struct snapshot *now, struct host_memory *host)
{
	uint64_t not_free = now->shared_is_free ? shared() : 0;
	unsigned int i;

	*host = (struct host_memory){
		.total_kb = now->total_kb,
		.available_kb = now->available_kb > not_free ?
				now->available_kb - not_free : 0,
		.reserve_kb = memory_reserve_kb(now),
	};
	for (i = 0; i < known_guests.nr; i++)
		host->claims_kb += balloon_claim(&known_guest_at(i)->balloon);
	host->spare_kb = (int64_t)host->available_kb - host->reserve_kb -
			 host->claims_kb;
}

/* Whether it is to be resized at all; of others, nothing is expected. */
static bool is_wanted(const struct known_guest *k)
{
	return k->seen.guest->running && daemon_may_change(k->seen.guest);
}

static bool takes_part(const struct known_guest *k)
{
	const struct balloon *b = &k->balloon;

	return is_wanted(k) && b->has_need &&
	       (b->state == BALLOON_READY || b->state == BALLOON_MOVING);
}

/* Plans for those that take part; false if there is no memory. */
static bool plan(struct host_memory *host)
{
	struct memory_share *shares = calloc(known_guests.nr + 1, sizeof(*shares));
	unsigned int i, count = 0;
	struct known_guest *k;
	bool planned;

	for (i = 0; shares && i < known_guests.nr; i++) {
		k = known_guest_at(i);
		k->in_plan = takes_part(k);
		if (!k->in_plan)
			continue;
		shares[count++] = (struct memory_share){
			.size_kb = balloon_size(&k->balloon),
			.maximum_kb = k->seen.guest->memory.maximum_kb,
			.need_kb = k->balloon.need_kb,
			.weight = k->seen.guest->shares,
			.may_fall = k->balloon.state == BALLOON_READY,
		};
	}
	planned = shares && share_plan(shares, count, host->spare_kb,
				       settings.floor_kb);
	for (i = 0, count = 0; planned && i < known_guests.nr; i++) {
		k = known_guest_at(i);
		if (!k->in_plan)
			continue;
		k->share = shares[count++];
		if (k->share.want_kb > k->share.size_kb)
			host->wanted_kb += k->share.want_kb - k->share.size_kb;
	}
	free(shares);
	return planned;
}

static bool about(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) < SAME_KB;
}

/* What a guest is to be asked for; 0 for nothing. */
static uint64_t request(const struct known_guest *k)
{
	const struct balloon *b = &k->balloon;
	const struct memory_share *s = &k->share;

	/* it was asked for less, and now needs that itself */
	if (b->target_kb && b->target_kb < b->actual_kb &&
	    b->target_kb < share_least(s, settings.floor_kb))
		return s->target_kb;
	if (s->target_kb == s->size_kb ||
	    (b->target_kb && about(b->target_kb, s->target_kb)))
		return 0;
	return s->target_kb;
}

static enum backend_status ask(struct daemon *d, struct known_guest *k,
			       uint64_t kb, uint64_t ns, struct why *why)
{
	enum backend_status status;

	k->share.target_kb = kb;
	if (d->settings->dry_run)
		return BACKEND_OK;
	status = d->backend->ops->resize(d->backend, k->seen.guest, kb, why);
	k->done = daemon_changed(d, status, why);
	if (k->done)
		balloon_set(&k->balloon, kb, ns);
	else if (status == BACKEND_FAILED)
		balloon_rest(&k->balloon, ns);
	return status == BACKEND_LOST ? status : BACKEND_OK;
}

/* First what falls, then what rises. */
static enum backend_status ask_all(struct daemon *d, uint64_t ns, struct why *why)
{
	enum backend_status status = BACKEND_OK;
	struct known_guest *k;
	unsigned int i, pass;
	uint64_t kb;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < known_guests.nr && status == BACKEND_OK; i++) {
			k = known_guest_at(i);
			if (!k->in_plan || k->done || interrupted())
				continue;
			kb = request(k);
			if (!kb)
				k->share.target_kb = k->share.size_kb;
			else if ((kb >= k->share.size_kb) == pass)
				status = ask(d, k, kb, ns, why);
		}
	return status;
}

/*
 * Those whose balloon does not move. One that was to give more than it can is not asked
 * any longer: its driver would try on and on.
 */
static void leave_alone(struct daemon *d, struct known_guest *k, uint64_t ns)
{
	struct balloon *b = &k->balloon;
	struct why why = { "" };

	report_left_alone(d, k);
	if (b->state != BALLOON_STUCK || !b->target_kb ||
	    b->target_kb >= b->actual_kb || d->settings->dry_run || interrupted())
		return;
	d->backend->ops->resize(d->backend, k->seen.guest, b->actual_kb, &why);
	balloon_rest(b, ns);
}

static bool all_known(void)
{
	unsigned int i;

	for (i = 0; i < known_guests.nr; i++)
		if (is_wanted(known_guest_at(i)) &&
		    known_guest_at(i)->balloon.state == BALLOON_NEW)
			return false;
	return true;
}

/* Resizes guests, if that is worth it. */
static enum backend_status memory_act(struct daemon *d, const struct snapshot *now,
				      struct why *why)
{
	enum backend_status status = BACKEND_FAILED;
	struct host_memory host;
	unsigned int i;

	why_say(why, "%s", strerror(ENOMEM));
	if (guests_see(now, d->settings->seconds * SECOND)) {
		take_host(now, &host);
		for (i = 0; i < known_guests.nr; i++)
			if (is_wanted(known_guest_at(i)))
				leave_alone(d, known_guest_at(i), now->ns);
		if (plan(&host))
			status = ask_all(d, now->ns, why);
		if (all_known())
			daemon_decided(d);
		report_memory(d, &host);
	}
	seen_begin(&known_guests);
	return status;
}

const struct policy memory_policy = {
	.name = "memory",
	.program = "memory_coordinator",
	.what = LOOK_MEMORY,
	.act = memory_act,
	.forget = guests_forget,
	.metrics = memory_metrics,
};
