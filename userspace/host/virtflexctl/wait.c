// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a guest's answer, asleep until xenstore says that something is new, with a
 * bar on a terminal.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "exits.h"

/* A guest that is there says at once that it has begun. */
#define PATIENCE_S	60
/* One that puts a request away says in the same moment how it ended. */
#define SILENCE_S	3
/* How often somebody looks whether the domain is there still */
#define LOOK_S		1.0
/* How often somebody looks whether xenstore is there still */
#define ASK_S		2.0
#define BAR_WIDTH	24

static const char goes_on[] =
	"%s: %s; the request stands. To see it: virtflexctl watch %s; "
	"to undo it: virtflexctl cancel %s";
static const char goes_back[] =
	"%s: %s; it is withdrawn, and the guest undoes it when it can. "
	"To see it: virtflexctl watch %s";
static const char no_reaction[] =
	"the guest does not react (is it running, with the virtflex module loaded?)";

struct waiting waiting;

/**
 * seconds_now() - seconds of a clock that only goes on
 *
 * Return: seconds.
 */
double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/**
 * take_waiting() - take an option of commands that wait
 * @name: name of the option
 * @arg: its argument
 * @ret: out: enum exit_code
 *
 * Return: whether it is one of these.
 */
bool take_waiting(const char *name, const char *arg, int *ret)
{
	*ret = EXIT_DONE;
	if (!strcmp(name, "verbose"))
		verbose = true;
	else if (!strcmp(name, "no-wait"))
		waiting.no_wait = true;
	else if (!strcmp(name, "timeout"))
		*ret = take_number(name, arg, " of seconds", 1, 1000000,
				   &waiting.timeout_s);
	else
		return false;
	return true;
}

static void clear_bar(void)
{
	if (on_terminal(stderr))
		fputs("\r\033[K", stderr);
}

/* Bytes of a text that are no letters of their own, in UTF-8. */
static int extra_bytes(const char *text)
{
	int count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) == 0x80;
	return count;
}

static void draw_bar(const struct domain *d, const struct progress *p)
{
	char line[256], *bar, done[24], all[24];
	size_t used;

	bar = bar_text(progress_share(p) * 1000, 1000, BAR_WIDTH);
	used = snprintf(line, sizeof(line), "%s [%-*s] %u/%u %.*s", d->name,
			BAR_WIDTH + (bar ? extra_bytes(bar) : 0),
			bar ? bar : "", p->step, p->nr_steps,
			p->what_len < 60 ? p->what_len : 60, p->what);
	if (p->all_kb && used < sizeof(line))
		snprintf(line + used, sizeof(line) - used, ", %s of %s",
			 size_text(p->done_kb, done, sizeof(done)),
			 size_text(p->all_kb, all, sizeof(all)));
	free(bar);
	cut_text(line, terminal_width(stderr) - 1);
	fputs("\r\033[K", stderr);
	print_clean(stderr, line);
	fflush(stderr);
}

static void print_step(const struct domain *d, const struct progress *p)
{
	char line[128];

	snprintf(line, sizeof(line), "%s: step %u of %u: %.*s", d->name, p->step,
		 p->nr_steps, p->what_len, p->what);
	print_clean(stderr, line);
	fputc('\n', stderr);
}

/* What is new, for who looks on: a line for each step, or a bar. */
static void show_progress(const struct domain *d, unsigned int *last)
{
	struct progress p;

	if (!answer_progress(d->status, &p))
		return;
	if (on_terminal(stderr))
		draw_bar(d, &p);
	else if (verbose && p.step != *last)
		print_step(d, &p);
	*last = p.step;
}

/**
 * wait_for_event() - sleep until something is new in what is watched, or interrupted
 * @host: host
 * @seconds: how long at most; none if negative
 *
 * Return: false if xenstore is gone, which is said.
 */
bool wait_for_event(struct host *host, double seconds)
{
	struct pollfd fd = { .fd = xs_fileno(host->xs), .events = POLLIN };
	double until = seconds_now() + seconds, left = seconds;
	char **event;
	int ready;

	/* A signal ends poll(2); one that came just before it is seen later. */
	while (left >= 0 && !interrupted()) {
		ready = poll(&fd, 1, (left < ASK_S ? left : ASK_S) * 1000 + 1);
		while ((event = xs_check_watch(host->xs)))
			free(event);
		/* Its end is no event: libxenstore says it when it is asked. */
		if (errno != EAGAIN) {
			clear_bar();
			error("xenstore is gone: is xenstored running?");
			return false;
		}
		if (ready)
			break;
		left = until - seconds_now();
	}
	return true;
}

/* The end of a domain may come without an event of its own. */
static bool wait_for_event_until(struct host *host, double until)
{
	double left = until - seconds_now();

	return wait_for_event(host, left < LOOK_S ? left : LOOK_S);
}

/* Whether the domain's keys are those of a domain that is there. */
static bool has_keys(struct context *ctx, const struct domain *d)
{
	char *id = store_get(ctx->host, XBT_NULL, "/local/domain/%u/domid",
			     d->id);
	bool there = id;

	free(id);
	return there;
}

/* Somebody else has asked since: once that is over, ours is too. Return: -1 until then. */
static int superseded(struct context *ctx, const struct domain *d, const char *id)
{
	enum outcome outcome = OUTCOME_NONE;
	char *now;
	int ret = -1;

	now = store_get(ctx->host, XBT_NULL, "/local/domain/%u/numa/request_id",
			d->id);
	if (now && strcmp(now, id)) {
		outcome = answer_outcome(d->result, now);
		if (outcome != OUTCOME_NONE)
			ret = EXIT_BUSY;
	} else if (!now && d->request == REQUEST_NONE && has_keys(ctx, d)) {
		ret = EXIT_BUSY;
	}
	free(now);
	if (ret >= 0)
		clear_bar();
	if (outcome == OUTCOME_WITHDRAWN) {
		error("%s: withdrawn by another command", d->name);
		ret = EXIT_REFUSED;
	} else if (ret == EXIT_BUSY) {
		error("%s: another request took its place; to see it: virtflexctl show %s",
		      d->name, d->name);
	}
	return ret;
}

/* Return: EXIT_TIMEOUT. */
static int say_late(const struct domain *d, const char *what)
{
	clear_bar();
	if (waiting.withdrawn)
		error(goes_back, d->name, what, d->name);
	else
		error(goes_on, d->name, what, d->name, d->name);
	return EXIT_TIMEOUT;
}

static int end_of_wait(struct context *ctx, struct domain *d, const char *id,
		       double started, double begin_by, enum outcome *outcome)
{
	char late[48];
	int ret;

	store_read_answer(ctx->host, d);
	*outcome = answer_outcome(d->result, id);
	if (*outcome != OUTCOME_NONE)
		return EXIT_DONE;
	if (!domain_alive(ctx->host, d->id)) {
		clear_bar();
		error("%s: the domain is gone, before its guest answered",
		      d->name);
		return EXIT_GONE;
	}
	ret = superseded(ctx, d, id);
	if (ret >= 0)
		return ret;
	if (interrupted())
		return say_late(d, "not waited for");
	if (waiting.timeout_s && seconds_now() - started >= waiting.timeout_s) {
		snprintf(late, sizeof(late), "no answer within %llu s",
			 (unsigned long long)waiting.timeout_s);
		return say_late(d, late);
	}
	if (seconds_now() >= begin_by)
		return say_late(d, no_reaction);
	return -1;
}

/* Whether the guest says that a change is going on: one that is withdrawn takes time, too. */
static bool is_at_it(const struct domain *d)
{
	struct progress p;

	return answer_progress(d->status, &p) && guest_listens(d->status);
}

/* A guest that is not at it any more, and has not answered. Return: -1 to go on. */
static int end_of_silence(struct context *ctx, const struct domain *d,
			  double *since)
{
	if (d->request != REQUEST_NONE || waiting.withdrawn || is_at_it(d) ||
	    !has_keys(ctx, d))
		*since = INFINITY;
	else if (isinf(*since))
		*since = seconds_now();
	if (seconds_now() < *since + SILENCE_S)
		return -1;
	clear_bar();
	error("%s: the guest has put the request away, and does not say how it ended; "
	      "what it says: virtflexctl show %s", d->name, d->name);
	return EXIT_ERROR;
}

/**
 * wait_for_answer() - wait until a guest has answered a request
 * @ctx: context
 * @d: domain, whose answer is read
 * @id: name of the request
 * @outcome: out: how it ended, if it did
 *
 * Return: EXIT_DONE if it is answered; EXIT_TIMEOUT, EXIT_GONE, EXIT_ERROR, which is
 * said.
 */
int wait_for_answer(struct context *ctx, struct domain *d, const char *id,
		    enum outcome *outcome)
{
	double started = seconds_now(), until, begin_by = started + PATIENCE_S;
	double silent_since = INFINITY;
	unsigned int last = 0;
	char path[48];
	int ret;

	snprintf(path, sizeof(path), "/local/domain/%u/numa", d->id);
	if (!xs_watch(ctx->host->xs, path, "numa")) {
		error("%s: xenstore: %s; is xenstored running?", d->name,
		      strerror(errno));
		return EXIT_ERROR;
	}
	catch_interrupts();
	do {
		/* One that stops in the middle has as long as one that does not begin. */
		if (is_at_it(d))
			begin_by = INFINITY;
		else if (isinf(begin_by))
			begin_by = seconds_now() + PATIENCE_S;
		until = waiting.timeout_s ? started + waiting.timeout_s : INFINITY;
		if (begin_by < until)
			until = begin_by;
		ret = wait_for_event_until(ctx->host, until) ?
		      end_of_wait(ctx, d, id, started, begin_by, outcome) :
		      EXIT_ERROR;
		if (ret < 0)
			ret = end_of_silence(ctx, d, &silent_since);
		if (ret < 0)
			show_progress(d, &last);
	} while (ret < 0);
	clear_bar();
	xs_unwatch(ctx->host->xs, path, "numa");
	return ret;
}

/**
 * wait_until_listening() - give a guest that has just been published time to say so
 * @ctx: context
 * @d: domain, whose answer is read
 * @seconds: how long
 *
 * Return: whether the guest's module is there.
 */
bool wait_until_listening(struct context *ctx, struct domain *d, double seconds)
{
	double until = seconds_now() + seconds;
	char path[48];

	snprintf(path, sizeof(path), "/local/domain/%u/numa", d->id);
	if (!xs_watch(ctx->host->xs, path, "listening"))
		return false;
	do {
		store_read_answer(ctx->host, d);
	} while (!guest_listens(d->status) && seconds_now() < until &&
		 wait_for_event_until(ctx->host, until) && !interrupted());
	xs_unwatch(ctx->host->xs, path, "listening");
	return guest_listens(d->status);
}
