// SPDX-License-Identifier: GPL-2.0-only
/* What is told of an interval: changes, guests that are left alone, metrics. */
#include <stdlib.h>
#include <string.h>

#include "coordinator.h"

static struct host_memory host_last;
static bool said_start, was_short;

/**
 * memory_report_forget() - forget what was told
 */
void memory_report_forget(void)
{
	said_start = false;
	was_short = false;
}

static const char *state_name(enum balloon_state state)
{
	static const char *const names[] = {
		[BALLOON_NEW] = "new",
		[BALLOON_READY] = "ready",
		[BALLOON_MOVING] = "moving",
		[BALLOON_STUCK] = "stuck",
		[BALLOON_SILENT] = "silent",
		[BALLOON_UNCLEAR] = "unclear",
		[BALLOON_FIXED] = "fixed",
	};

	return names[state];
}

static void say_silent(const struct known_guest *k, bool dry_run)
{
	if (k->seen.guest->memory.advice)
		error("%s: %s; it is left alone", k->seen.name, k->seen.guest->memory.advice);
	else if (!k->seen.guest->memory.has_balloon)
		error("%s: it has no balloon device, and is left alone; add "
		      "<memballoon model='virtio'/> to it",
		      k->seen.name);
	else if (dry_run && !k->seen.guest->memory.has_stats)
		error("%s: it does not say how its memory is; without --dry-run it "
		      "would be asked to",
		      k->seen.name);
	else
		error("%s: it does not say how its memory is, and is left alone; load "
		      "virtio_balloon in it, or see whether it hangs",
		      k->seen.name);
}

static void say_unclear(const struct known_guest *k, bool on_xen)
{
	char size[24];

	if (!k->seen.guest->memory.has_usable)
		error("%s: it does not say how much of its memory is usable, and is "
		      "left alone; it takes the driver of Linux 4.6 or newer",
		      k->seen.name);
	else
		error("%s: it says nothing that fits its size of %s, and is left alone; see %s",
		      k->seen.name, size_text(k->balloon.actual_kb, size, sizeof(size)),
		      on_xen ? "what it writes to xenstore" : "virsh dommemstat");
}

/**
 * report_left_alone() - say once that a guest is left alone, and why
 * @d: program
 * @k: guest
 */
void report_left_alone(const struct daemon *d, struct known_guest *k)
{
	const struct balloon *b = &k->balloon;
	char size[24];

	if (b->state == k->named)
		return;
	/* one that is stuck again, where it was, was named */
	if (b->state == BALLOON_READY &&
	    (k->named != BALLOON_STUCK || k->named_kb != b->actual_kb))
		k->named = BALLOON_NEW;
	if (!balloon_left_alone(b))
		return;
	k->named = b->state;
	k->named_kb = b->actual_kb;
	if (b->state == BALLOON_STUCK && k->seen.guest->said)
		error("%s: it stays at %s, as it says: %s; it is asked again later",
		      k->seen.name, size_text(b->actual_kb, size, sizeof(size)),
		      k->seen.guest->said);
	else if (b->state == BALLOON_STUCK && k->seen.guest->memory.knows_end)
		error("%s: it stays at %s, and does not go where it was asked to; it is "
		      "asked again later",
		      k->seen.name, size_text(b->actual_kb, size, sizeof(size)));
	else if (b->state == BALLOON_STUCK)
		error("%s: its balloon stays at %s, and does not go where it was asked "
		      "to; it is %s",
		      k->seen.name, size_text(b->actual_kb, size, sizeof(size)),
		      b->target_kb > b->actual_kb ? "left alone until it moves" :
						    "asked again later");
	else if (b->state == BALLOON_UNCLEAR)
		say_unclear(k, !strcmp(d->settings->connect, "xen"));
	else if (b->state == BALLOON_FIXED)
		error("%s: its memory is locked, in huge pages, or open to a device of "
		      "the host, so that a balloon frees nothing; it is left alone",
		      k->seen.name);
	else
		say_silent(k, d->settings->dry_run);
}

static bool changes(const struct known_guest *k)
{
	return k->in_plan && k->share.target_kb != k->share.size_kb;
}

static void print_change(const struct daemon *d, const struct known_guest *k)
{
	char from[24], to[24], need[24], want[24];

	print_clean(stdout, k->seen.name);
	printf(": %s -> %s: %s in use, wants %s%s\n",
	       size_text(k->share.size_kb, from, sizeof(from)),
	       size_text(k->share.target_kb, to, sizeof(to)),
	       size_text(k->share.need_kb, need, sizeof(need)),
	       size_text(k->share.want_kb, want, sizeof(want)),
	       d->settings->dry_run ? " (not changed: --dry-run)" :
	       k->done ? "" :
	       interrupted() ? " (not changed: it is to end)" :
			       " (it could not be asked)");
}

static void print_guest(const struct known_guest *k)
{
	char size[24], need[24];

	printf("  ");
	print_clean(stdout, k->seen.name);
	printf(": %s of %s", state_name(k->balloon.state),
	       size_text(k->balloon.actual_kb, size, sizeof(size)));
	if (k->balloon.has_need)
		printf(", %s in use", size_text(k->balloon.need_kb, need,
						sizeof(need)));
	putchar('\n');
}

static void print_host(const struct host_memory *host)
{
	char available[24], reserve[24], claims[24], spare[24];

	printf("host: %s available, less %s reserve and %s that guests have "
	       "not taken yet: %s%s\n",
	       size_text(host->available_kb, available, sizeof(available)),
	       size_text(host->reserve_kb, reserve, sizeof(reserve)),
	       size_text(host->claims_kb, claims, sizeof(claims)),
	       host->spare_kb < 0 ? "-" : "",
	       size_text(llabs(host->spare_kb), spare, sizeof(spare)));
}

/* What is said when it begins, and when there is not enough, or is again. */
static void print_state(const struct daemon *d, const struct host_memory *host)
{
	bool is_short = host->wanted_kb && host->spare_kb < (int64_t)host->wanted_kb;
	char size[24], reserve[24], spare[24];

	if (!said_start)
		printf("%s: %u guests; %s of memory, of which %s are kept for the "
		       "host; a look every %llu s\n",
		       d->settings->connect, known_guests.nr,
		       size_text(host->total_kb, size, sizeof(size)),
		       size_text(host->reserve_kb, reserve, sizeof(reserve)),
		       (unsigned long long)d->settings->seconds);
	if (is_short && !was_short)
		printf("short of memory: guests want %s more, and there are %s\n",
		       size_text(host->wanted_kb, size, sizeof(size)),
		       size_text(host->spare_kb > 0 ? host->spare_kb : 0, spare,
				 sizeof(spare)));
	else if (!is_short && was_short)
		printf("no longer short of memory\n");
	said_start = true;
	was_short = is_short;
}

static struct json_object *guest_json(const struct known_guest *k)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "guest", json_text(k->seen.name));
	json_object_object_add(o, "state",
			       json_object_new_string(state_name(k->balloon.state)));
	json_object_object_add(o, "actual_kb", json_u64(k->balloon.actual_kb));
	json_object_object_add(o, "need_kb", k->balloon.has_need ?
			       json_u64(k->balloon.need_kb) : NULL);
	if (k->in_plan) {
		json_object_object_add(o, "want_kb", json_u64(k->share.want_kb));
		json_object_object_add(o, "target_kb",
				       json_u64(k->share.target_kb));
	}
	json_object_object_add(o, "change", json_object_new_boolean(changes(k)));
	return o;
}

static void tell(struct json_object *o, const struct host_memory *host)
{
	struct json_object *guests = json_object_new_array();
	unsigned int i;

	for (i = 0; i < known_guests.nr; i++)
		json_object_array_add(guests, guest_json(known_guest_at(i)));
	json_object_object_add(o, "available_kb", json_u64(host->available_kb));
	json_object_object_add(o, "reserve_kb", json_u64(host->reserve_kb));
	json_object_object_add(o, "claims_kb", json_u64(host->claims_kb));
	json_object_object_add(o, "spare_kb",
			       json_object_new_int64(host->spare_kb));
	json_object_object_add(o, "guests", guests);
}

/**
 * report_memory() - tell what was seen in an interval, and done
 * @d: program
 * @host: how the host is
 */
void report_memory(const struct daemon *d, const struct host_memory *host)
{
	struct json_object *line = daemon_line(d);
	unsigned int i;

	host_last = *host;
	if (line)
		tell(line, host);
	if (d->settings->json)
		return;
	print_state(d, host);
	if (d->settings->verbose) {
		print_host(host);
		for (i = 0; i < known_guests.nr; i++)
			print_guest(known_guest_at(i));
	}
	for (i = 0; i < known_guests.nr; i++)
		if (changes(known_guest_at(i)))
			print_change(d, known_guest_at(i));
}

static void guests_metric(FILE *f, const char *name, const char *help,
			  uint64_t (*get)(const struct known_guest *k))
{
	unsigned int i;

	metric(f, name, "gauge", help);
	for (i = 0; i < known_guests.nr; i++)
		metric_value(f, name, "guest", known_guest_at(i)->seen.name,
			     get(known_guest_at(i)));
}

static uint64_t get_size(const struct known_guest *k)
{
	return k->balloon.actual_kb * 1024;
}

static uint64_t get_need(const struct known_guest *k)
{
	return k->balloon.need_kb * 1024;
}

static uint64_t get_alone(const struct known_guest *k)
{
	return balloon_left_alone(&k->balloon);
}

/**
 * memory_metrics() - write metrics of the last interval
 * @f: file
 */
void memory_metrics(FILE *f)
{
	metric(f, "memory_coordinator_available_bytes", "gauge",
	       "Memory of the host that is free, or can be dropped");
	metric_value(f, "memory_coordinator_available_bytes", NULL, NULL,
		     host_last.available_kb * 1024.0);
	metric(f, "memory_coordinator_spare_bytes", "gauge",
	       "Memory that can be given to guests");
	metric_value(f, "memory_coordinator_spare_bytes", NULL, NULL,
		     host_last.spare_kb * 1024.0);
	metric(f, "memory_coordinator_wanted_bytes", "gauge",
	       "Memory that guests want and do not have");
	metric_value(f, "memory_coordinator_wanted_bytes", NULL, NULL,
		     host_last.wanted_kb * 1024.0);
	guests_metric(f, "memory_coordinator_guest_size_bytes",
		      "Memory that a guest has", get_size);
	guests_metric(f, "memory_coordinator_guest_need_bytes",
		      "Memory that is in use in a guest", get_need);
	guests_metric(f, "memory_coordinator_guest_left_alone",
		      "Whether a guest is left alone, as its balloon is of no use",
		      get_alone);
}
