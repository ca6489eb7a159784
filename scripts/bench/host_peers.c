// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules by which others share out memory, as they are published, beside ours, on hosts that are
 * described in files. Each sees what a balloon driver says, and nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "balloon.h"
#include "share.h"
#include "shared.h"

#define SECOND		UINT64_C(1000000000)
#define MIB		1024
#define MOST_GUESTS	32
#define FLOOR_KB	(128 * MIB)

/**
 * struct run - a rule on a host
 * @backend: host
 * @now: what is seen
 * @reserve_kb: what the host keeps, a tenth
 * @balloon: by guest, of ours
 * @last_step: by guest: which way it went last
 * @target_kb: by guest: what it was asked for last
 * @actual_kb: by guest: what it had when it was seen last
 * @moved_ns: by guest: when it last came nearer to that, or was there
 * @changes: how many
 * @turns: how many went the other way than the one before
 */
struct run {
	struct backend *backend;
	struct snapshot *now;
	int64_t reserve_kb;
	struct balloon balloon[MOST_GUESTS];
	int last_step[MOST_GUESTS];
	int64_t target_kb[MOST_GUESTS];
	int64_t actual_kb[MOST_GUESTS];
	uint64_t moved_ns[MOST_GUESTS];
	unsigned int changes;
	unsigned int turns;
};

/**
 * struct rule - how memory is shared out
 * @name: whose it is
 * @seconds: how often it looks
 * @act: what it does
 */
struct rule {
	const char *name;
	unsigned int seconds;
	void (*act)(struct run *r);
};

static const struct guest_memory *memory(const struct run *r, unsigned int i)
{
	return &r->now->guests[i].memory;
}

static int64_t used(const struct run *r, unsigned int i)
{
	return memory(r, i)->available_kb - memory(r, i)->usable_kb;
}

static void resize(struct run *r, unsigned int i, int64_t kb)
{
	const struct guest_memory *m = memory(r, i);
	struct why why;
	int step;

	if (kb > (int64_t)m->maximum_kb)
		kb = m->maximum_kb;
	if (kb == (int64_t)m->actual_kb || kb <= 0)
		return;
	step = kb > (int64_t)m->actual_kb ? 1 : -1;
	r->changes++;
	r->turns += step == -r->last_step[i];
	r->last_step[i] = step;
	r->target_kb[i] = kb;
	r->backend->ops->resize(r->backend, &r->now->guests[i], kb, &why);
}

/* What guests have and have not taken yet */
static int64_t claims(const struct run *r)
{
	int64_t sum = 0, by;
	unsigned int i;

	for (i = 0; i < r->now->nr_guests; i++) {
		by = (int64_t)memory(r, i)->actual_kb - memory(r, i)->rss_kb;
		sum += by > 0 ? by : 0;
	}
	return sum;
}

static int64_t spare(const struct run *r)
{
	return (int64_t)r->now->available_kb - r->reserve_kb - claims(r);
}

static void ours(struct run *r)
{
	struct memory_share shares[MOST_GUESTS];
	unsigned int of[MOST_GUESTS], i, count = 0;

	for (i = 0; i < r->now->nr_guests; i++) {
		struct balloon *b = &r->balloon[i];

		balloon_see(b, memory(r, i), r->now->ns, 2 * SECOND);
		if (b->state != BALLOON_READY && b->state != BALLOON_MOVING)
			continue;
		of[count] = i;
		shares[count++] = (struct memory_share){
			.size_kb = balloon_size(b),
			.maximum_kb = memory(r, i)->maximum_kb,
			.need_kb = b->need_kb, .weight = 1,
			.may_fall = b->state == BALLOON_READY,
		};
	}
	share_plan(shares, count, spare(r), FLOOR_KB);
	for (i = 0; i < count; i++) {
		if (shares[i].target_kb == shares[i].size_kb)
			continue;
		resize(r, of[i], shares[i].target_kb);
		balloon_set(&r->balloon[of[i]], shares[i].target_kb, r->now->ns);
	}
}

/*
 * Proxmox: the host is to be used to 80 %; 100 MiB for each guest at a time, nothing
 * below 10 MiB, the floor a quarter of the maximum. First grow those that have little
 * free, of their floor, and shrink those that have not.
 */
static void proxmox(struct run *r)
{
	int64_t goal = (int64_t)r->now->total_kb * 8 / 10 -
		       ((int64_t)r->now->total_kb - (int64_t)r->now->available_kb);
	unsigned int i, pass, count;
	int64_t part, least, kb;
	bool needy, grows = goal > 0;

	for (pass = 0; pass < 2 && llabs(goal) > 10 * MIB; pass++) {
		for (i = 0, count = 0; i < r->now->nr_guests; i++) {
			least = memory(r, i)->maximum_kb / 4;
			needy = (int64_t)memory(r, i)->usable_kb <= least / 4;
			count += pass || needy == grows;
		}
		part = count ? goal / count : 0;
		if (llabs(part) > 100 * MIB)
			part = part > 0 ? 100 * MIB : -100 * MIB;
		for (i = 0; i < r->now->nr_guests; i++) {
			least = memory(r, i)->maximum_kb / 4;
			needy = (int64_t)memory(r, i)->usable_kb <= least / 4;
			if (!pass && needy != grows)
				continue;
			kb = (int64_t)memory(r, i)->actual_kb + part;
			resize(r, i, kb < least ? least : kb);
		}
		if (count)
			break;
	}
}

/* Whether it has not moved for 5 s, and is not where it was asked to be */
static bool inactive(struct run *r, unsigned int i)
{
	int64_t actual = memory(r, i)->actual_kb;

	if (actual != r->actual_kb[i] || !r->target_kb[i] ||
	    llabs(actual - r->target_kb[i]) <= MIB)
		r->moved_ns[i] = r->now->ns;
	r->actual_kb[i] = actual;
	return r->now->ns >= r->moved_ns[i] + 5 * SECOND;
}

/*
 * squeezed: each between its least and its most, in proportion, need or not; of those that are
 * inactive, what they have is theirs.
 */
static void squeezed(struct run *r)
{
	bool out[MOST_GUESTS];
	int64_t amount = spare(r), least = 0, range = 0, kb;
	unsigned int i;

	for (i = 0; i < r->now->nr_guests; i++) {
		out[i] = inactive(r, i);
		if (out[i])
			continue;
		amount += memory(r, i)->actual_kb;
		least += memory(r, i)->maximum_kb / 4;
		range += memory(r, i)->maximum_kb - memory(r, i)->maximum_kb / 4;
	}
	amount = amount > least ? amount - least : 0;
	for (i = 0; i < r->now->nr_guests; i++) {
		if (out[i])
			continue;
		kb = memory(r, i)->maximum_kb - memory(r, i)->maximum_kb / 4;
		kb = amount >= range ? kb : (int64_t)((double)kb * amount / range);
		kb += memory(r, i)->maximum_kb / 4;
		if (llabs(kb - (int64_t)memory(r, i)->actual_kb) > MIB)
			resize(r, i, kb);
	}
}

/* MOM: below 20 % free guests shrink, else they grow, by 5 % at a time */
static void mom(struct run *r)
{
	bool pressed = r->now->available_kb < r->now->total_kb / 5;
	int64_t actual, kb;
	unsigned int i;

	for (i = 0; i < r->now->nr_guests; i++) {
		actual = memory(r, i)->actual_kb;
		if (!pressed) {
			resize(r, i, actual + actual / 20);
			continue;
		}
		kb = used(r, i) + (int64_t)memory(r, i)->available_kb / 5;
		if (kb < actual - actual / 20)
			kb = actual - actual / 20;
		if (kb < actual)
			resize(r, i, kb);
	}
}

/* qmemman: 1.3 of what is used and 350 MiB; all there is, in proportion to that */
static void qmemman(struct run *r)
{
	int64_t amount = spare(r), wants = 0, kb, moved = 0;
	double of[MOST_GUESTS];
	unsigned int i, pass;

	for (i = 0; i < r->now->nr_guests; i++) {
		of[i] = used(r, i) * 1.3 + 350 * MIB;
		wants += of[i];
		amount += memory(r, i)->actual_kb;
	}
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < r->now->nr_guests && wants; i++) {
			kb = of[i] * amount / wants;
			if (!pass)
				moved += llabs(kb - (int64_t)memory(r, i)->actual_kb);
			else if (moved > 150 * MIB || memory(r, i)->actual_kb < of[i])
				resize(r, i, kb);
		}
}

static const struct rule rules[] = {
	{ "ours", 2, ours },
	{ "Proxmox", 10, proxmox },
	{ "squeezed", 2, squeezed },
	{ "MOM", 10, mom },
	{ "qmemman", 2, qmemman },
};

static bool run_rule(const struct rule *rule, const char *path)
{
	struct run r = { .changes = 0 };
	double idle = 0, looks = 0, lack, over;
	struct why why = { "" };
	uint64_t at = 0;
	unsigned int i;

	if (replay_open(path, &r.backend, &why) != BACKEND_OK) {
		fprintf(stderr, "%s\n", why.text);
		return false;
	}
	while (r.backend->ops->look(r.backend, LOOK_MEMORY, &r.now, &why) ==
	       BACKEND_OK) {
		at = r.now->ns;
		r.reserve_kb = r.now->total_kb / 10;
		for (i = 0; i < r.now->nr_guests; i++)
			idle += memory(&r, i)->usable_kb;
		looks++;
		if (r.now->nr_guests <= MOST_GUESTS)
			rule->act(&r);
		snapshot_free(r.now);
		r.backend->ops->wait(r.backend, at + rule->seconds * SECOND);
	}
	lack = replay_shortage(r.backend, &over);
	printf("%-10s %19.1f %17.1f %9u %7u %14.0f\n", rule->name,
	       lack / MIB / 1024, over / MIB / 1024, r.changes, r.turns,
	       looks ? idle / looks / MIB : 0);
	r.backend->ops->close(r.backend);
	return true;
}

int main(int argc, char **argv)
{
	unsigned int i;
	int host;

	for (host = 1; host < argc; host++) {
		printf("%s\n%-10s %19s %17s %9s %7s %14s\n", argv[host], "rule",
		       "guests short, GiB s", "host short, GiB s", "changes",
		       "turns", "idle, MiB");
		for (i = 0; i < sizeof(rules) / sizeof(*rules); i++)
			if (!run_rule(&rules[i], argv[host]))
				return 1;
	}
	return 0;
}
