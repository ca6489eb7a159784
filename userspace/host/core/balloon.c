// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest's balloon does, seen over time. A sample of the guest's memory counts only
 * if the balloon stood still when it was taken: while it moves, what the guest says and
 * what the host says are of different times.
 */
#include "balloon.h"

#define SECOND		UINT64_C(1000000000)
/* No progress for so long, and for so many intervals, is none. */
#define STUCK_NS	(10 * SECOND)
#define STUCK_INTERVALS	3
/* The same for no statistics; a guest that boots has none at first. */
#define SILENT_NS	(30 * SECOND)
#define SILENT_INTERVALS	5
/* So many statistics in a row that do not fit: none will. */
#define UNFIT_SAMPLES	5
/* How long a guest is left alone that could not give what was asked of it */
#define REST_NS		(60 * SECOND)
/* A balloon this close to its target is there. */
#define CLOSE_KB	1024
/* A size that is larger is not believed: 2^40 KiB */
#define MOST_KB		(UINT64_C(1) << 40)
/* What a kernel takes for itself differs by less than this from one time to another. */
#define KERNEL_SLACK_KB	2048

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool too_long(uint64_t ns, uint64_t least, uint64_t intervals,
		     uint64_t interval_ns)
{
	return ns > least && ns > intervals * interval_ns;
}

/* Whether it is of a size that a guest can have */
static bool can_be(const struct guest_memory *m)
{
	return m->actual_kb <= MOST_KB && m->maximum_kb <= MOST_KB;
}

/* Whether there are statistics that can be, of a balloon of that size */
static bool fits(const struct guest_memory *m)
{
	return can_be(m) && m->has_stats && m->has_usable && m->actual_kb && m->available_kb &&
	       m->usable_kb <= m->available_kb &&
	       m->usable_kb <= m->actual_kb && m->actual_kb <= m->maximum_kb &&
	       (m->autodeflate || m->available_kb <= m->actual_kb);
}

/*
 * While a balloon moves, what the guest says is of another size. Once it stands still, new
 * statistics are to fit.
 */
static void count_unfit(struct balloon *b, const struct guest_memory *m, bool moved)
{
	if (moved || fits(m))
		b->unfit = 0;
	else if (m->has_stats && m->stats_at != b->stats_at)
		b->unfit++;
}

/*
 * Whether a sample is of a balloon that stands where it does now. It has not moved, and
 * the guest has said something since it did; or what the guest says fits the size.
 */
static bool counts(struct balloon *b, const struct guest_memory *m, bool moved)
{
	if (!fits(m))
		return false;
	if (m->autodeflate)
		return !moved && m->stats_at != b->moved_stats_at;
	if (b->has_kernel &&
	    apart(m->actual_kb - m->available_kb, b->kernel_kb) <=
	    KERNEL_SLACK_KB)
		return true;
	if (moved || m->stats_at == b->moved_stats_at)
		return false;
	b->kernel_kb = m->actual_kb - m->available_kb;
	b->has_kernel = true;
	return true;
}

static void take_sample(struct balloon *b, const struct guest_memory *m)
{
	uint64_t need = m->actual_kb - m->usable_kb;

	b->need_kb = b->has_need && b->last_need_kb > need ? b->last_need_kb :
							      need;
	b->last_need_kb = need;
	b->has_need = true;
}

/*
 * The same where it is known when a change is over. One that was refused, or that came to
 * less than half of what was asked, is not asked for again at once.
 */
static void follow_change(struct balloon *b, const struct guest_memory *m, uint64_t ns)
{
	bool vain;

	if (m->changing && b->target_kb) {
		if (m->actual_kb != b->actual_kb)
			b->progress_ns = ns;
		return;
	}
	vain = b->target_kb &&
	       (m->refused || 2 * apart(m->actual_kb, b->target_kb) >
			      apart(b->from_kb, b->target_kb));
	b->target_kb = 0;
	b->progress_ns = ns;
	if (vain)
		balloon_rest(b, ns);
}

/* Where it is on its way to: there, closer, or nowhere, as someone else moves it. */
static void follow(struct balloon *b, const struct guest_memory *m, uint64_t ns)
{
	if (m->knows_end) {
		follow_change(b, m, ns);
		return;
	}
	if (b->target_kb &&
	    (apart(m->actual_kb, b->target_kb) <= CLOSE_KB ||
	     apart(m->actual_kb, b->target_kb) >
	     apart(b->actual_kb, b->target_kb)))
		b->target_kb = 0;
	if (!b->target_kb || m->actual_kb != b->actual_kb)
		b->progress_ns = ns;
}

/**
 * balloon_see() - take what was seen of a guest
 * @b: balloon, all zero at first
 * @m: the guest's memory
 * @ns: when
 * @interval_ns: how often it is looked at
 */
void balloon_see(struct balloon *b, const struct guest_memory *m, uint64_t ns,
		 uint64_t interval_ns)
{
	bool moved = b->seen && m->actual_kb != b->actual_kb, good;

	if (!b->seen) {
		b->heard_ns = ns;
		b->progress_ns = ns;
		b->moved_stats_at = m->stats_at;
		b->actual_kb = m->actual_kb;
	}
	follow(b, m, ns);
	count_unfit(b, m, moved);
	if (m->has_stats && m->stats_at != b->stats_at)
		b->heard_ns = ns;
	good = b->seen && counts(b, m, moved);
	b->seen = true;
	b->actual_kb = m->actual_kb;
	if (m->rss_kb)
		b->rss_kb = m->rss_kb;
	if (m->has_stats)
		b->stats_at = m->stats_at;
	if (moved)
		b->moved_stats_at = b->stats_at;
	if (good)
		take_sample(b, m);
	if (m->fixed)
		b->state = BALLOON_FIXED;
	else if (!m->has_balloon ||
		 too_long(ns - b->heard_ns, SILENT_NS, SILENT_INTERVALS,
			  interval_ns))
		b->state = BALLOON_SILENT;
	else if (ns < b->rests_until_ns ||
		 too_long(ns - b->progress_ns, STUCK_NS, STUCK_INTERVALS,
			  interval_ns))
		b->state = BALLOON_STUCK;
	else if (!can_be(m) || (m->has_stats && !m->has_usable) ||
		 b->unfit >= UNFIT_SAMPLES)
		b->state = BALLOON_UNCLEAR;
	else if (good && !m->changing)
		b->state = BALLOON_READY;
	else
		b->state = b->has_need ? BALLOON_MOVING : BALLOON_NEW;
}

/**
 * balloon_paused() - the guest does nothing now, as it is paused
 * @b: balloon
 * @ns: when
 *
 * That it neither moves nor says anything meanwhile says nothing of it.
 */
void balloon_paused(struct balloon *b, uint64_t ns)
{
	b->heard_ns = ns;
	b->progress_ns = ns;
}

/**
 * balloon_set() - remember that the guest was asked for another size
 * @b: balloon
 * @target_kb: size
 * @ns: when
 */
void balloon_set(struct balloon *b, uint64_t target_kb, uint64_t ns)
{
	/* one that is stuck does not come unstuck by being asked again */
	if (!b->target_kb)
		b->progress_ns = ns;
	b->from_kb = b->actual_kb;
	b->target_kb = target_kb;
}

/**
 * balloon_rest() - leave a guest alone that could not give what was asked
 * @b: balloon; it is on no way any more
 * @ns: when
 */
void balloon_rest(struct balloon *b, uint64_t ns)
{
	b->target_kb = 0;
	b->progress_ns = ns;
	b->rests_until_ns = ns + REST_NS;
}

/**
 * balloon_left_alone() - is nothing to be done with a guest's memory?
 * @b: balloon
 *
 * Return: whether that is so, until something else is seen.
 */
bool balloon_left_alone(const struct balloon *b)
{
	return b->state == BALLOON_STUCK || b->state == BALLOON_SILENT ||
	       b->state == BALLOON_UNCLEAR || b->state == BALLOON_FIXED;
}

/**
 * balloon_size() - what the guest has, or may come to have
 * @b: balloon, seen at least once
 *
 * Return: KiB.
 */
uint64_t balloon_size(const struct balloon *b)
{
	return b->target_kb > b->actual_kb ? b->target_kb : b->actual_kb;
}

/**
 * balloon_claim() - what the guest may take of the host without asking
 * @b: balloon, seen at least once
 *
 * Where it was never known what it has of the host, that may be all of its size. One whose
 * memory is fixed has taken it.
 *
 * Return: KiB, of which those of many guests can be added up.
 */
uint64_t balloon_claim(const struct balloon *b)
{
	uint64_t size = balloon_size(b);

	if (b->state == BALLOON_FIXED)
		return 0;
	if (size > MOST_KB)
		size = MOST_KB;
	return size > b->rss_kb ? size - b->rss_kb : 0;
}
