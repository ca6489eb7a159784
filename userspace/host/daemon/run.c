// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a program that keeps a host in balance: connect, look and act each
 * interval, connect again if the host was out of reach. A change is one call of the
 * backend, whole or not at all, so that the program can end between any two of them.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"

#define SECOND	UINT64_C(1000000000)
/* Longest pause before it is tried again to reach a host, in seconds */
#define LONGEST_PAUSE	60
/* So many looks in a row that fail: all will. */
#define MOST_FAILED_LOOKS	5

/* What guests say is to be of this interval. */
static unsigned int stats_period(const struct settings *s)
{
	return s->seconds > 2 ? s->seconds / 2 : 1;
}

/* What was reached once may be again, whatever is wrong now. */
static enum backend_status connect_host(struct daemon *d, struct why *why)
{
	enum backend_status status;

	status = host_connect_to(d->settings->connect, &d->backend, why);
	if (status == BACKEND_FAILED && d->reached)
		return BACKEND_LOST;
	if (status == BACKEND_OK && (d->policy->what & LOOK_MEMORY) &&
	    !d->settings->dry_run) {
		d->backend->stats_period = stats_period(d->settings);
		d->backend->may_change = daemon_may_change;
	}
	return status;
}

static void disconnect(struct daemon *d)
{
	if (d->backend)
		d->backend->ops->close(d->backend);
	d->backend = NULL;
	d->policy->forget();
}

static void say_reached(struct daemon *d)
{
	if (d->said_lost)
		error("%s: reached again", d->settings->connect);
	d->reached = true;
	d->said_lost = false;
	d->pause = 0;
	d->failed_looks = 0;
}

/*
 * A host that was seen before may be busy: an interval is left out, which is said once. A
 * description with a mistake in it will have that again.
 */
static bool may_skip(struct daemon *d, const struct why *why)
{
	if (!d->reached || host_file(d->settings->connect) ||
	    ++d->failed_looks >= MOST_FAILED_LOOKS)
		return false;
	if (d->failed_looks == 1)
		error("%s; this interval is left out", why->text);
	return true;
}

static enum backend_status look_and_act(struct daemon *d, uint64_t *at,
					struct why *why)
{
	struct snapshot *now = NULL;
	uint64_t began = clock_now();
	enum backend_status status;

	status = d->backend->ops->look(d->backend, d->policy->what, &now, why);
	if (status == BACKEND_FAILED || status == BACKEND_GONE) {
		*at = began;
		return may_skip(d, why) ? BACKEND_OK : BACKEND_FAILED;
	}
	if (status != BACKEND_OK)
		return status;
	say_reached(d);
	*at = now->ns;
	if (d->record && !record_look(d->record, now)) {
		why_say(why, "cannot write to %s: %s", d->settings->record,
			strerror(errno));
		snapshot_free(now);
		return BACKEND_FAILED;
	}
	status = d->policy->act(d, now, why);
	d->intervals++;
	d->seconds = (double)(clock_now() - began) / SECOND;
	flush_output();
	/* nobody reads what it says: program_main() says so */
	return ferror(stdout) ? BACKEND_OVER : status;
}

/*
 * Until it is to end, or the host is out of reach. Intervals begin at fixed times; those
 * that were missed, as the machine was asleep, are left out.
 */
static enum backend_status work(struct daemon *d, struct why *why)
{
	uint64_t interval = d->settings->seconds * SECOND, next = 0, now = 0;
	enum backend_status status;

	while (!interrupted()) {
		status = look_and_act(d, &now, why);
		if (status != BACKEND_OK)
			return status;
		if (!metrics_write(d)) {
			why->text[0] = 0;
			return BACKEND_FAILED;
		}
		if (d->settings->once && d->decided)
			return BACKEND_OVER;
		if (!next)
			next = now;
		next = next + interval > now ? next + interval : now + interval;
		d->backend->ops->wait(d->backend, next);
	}
	return BACKEND_OVER;
}

/**
 * daemon_changed() - count a change, and say what went wrong
 * @d: program
 * @status: how it went
 * @why: why, if not well
 *
 * A guest that has gone meanwhile, or is being changed, is nothing that went wrong.
 *
 * Return: whether it was made.
 */
bool daemon_changed(struct daemon *d, enum backend_status status,
		    const struct why *why)
{
	if (status == BACKEND_OK) {
		d->changes++;
		return true;
	}
	if (status == BACKEND_FAILED) {
		d->failures++;
		error("%s", why->text);
	} else if ((status == BACKEND_GONE || status == BACKEND_BUSY) &&
		   d->settings->verbose) {
		error("%s", why->text);
	}
	return false;
}

/* What is wrong is said once, until the host was seen again. */
static void say_lost(struct daemon *d, const struct why *why)
{
	if (d->said_lost)
		return;
	d->said_lost = true;
	if (d->reached)
		error("lost %s: %s; trying to reach it again", d->settings->connect,
		      why->text);
	else
		error("%s; trying again from time to time", why->text);
}

/* Waits longer each time, until a look has succeeded. */
static void pause_longer(struct daemon *d)
{
	d->pause = d->pause ? 2 * d->pause : 1;
	if (d->pause > LONGEST_PAUSE)
		d->pause = LONGEST_PAUSE;
	clock_wait(clock_now() + d->pause * SECOND);
}

static int serve(struct daemon *d)
{
	enum backend_status status;
	struct why why;

	while (!interrupted()) {
		why.text[0] = 0;
		status = connect_host(d, &why);
		if (status == BACKEND_OK)
			status = work(d, &why);
		disconnect(d);
		if (status == BACKEND_OVER)
			break;
		if (status != BACKEND_LOST || d->settings->once) {
			if (*why.text)
				error("%s", why.text);
			return EXIT_ERROR;
		}
		say_lost(d, &why);
		if (!metrics_write(d))
			return EXIT_ERROR;
		pause_longer(d);
	}
	return EXIT_DONE;
}

/* Whether a file is the one that the host is read from, by this name or another one. */
static bool is_read(const char *path, const char *connect)
{
	const char *from = host_file(connect);
	struct stat one, other;

	return from && !stat(path, &one) && !stat(from, &other) &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static int open_record(struct daemon *d)
{
	const char *path = d->settings->record;

	if (!path)
		return EXIT_DONE;
	if (is_read(path, d->settings->connect)) {
		error("%s is the file that is read; --record takes another one",
		      path);
		return EXIT_ERROR;
	}
	d->record = fopen(path, "we");
	if (d->record)
		return EXIT_DONE;
	error("cannot write to %s: %s", path, strerror(errno));
	return EXIT_ERROR;
}

/**
 * daemon_run() - keep a host in balance until a signal arrives
 * @policy: how
 *
 * Return: enum exit_code.
 */
int daemon_run(const struct policy *policy)
{
	struct daemon d = { .policy = policy, .settings = &settings };
	int fd = -1, ret = EXIT_DONE;

	/* one that changes nothing real is in nobody's way */
	if (!settings.dry_run && !host_file(settings.connect))
		ret = lock_take(program_name(), settings.connect, &fd);
	/* what another one records is left as it is */
	if (!ret)
		ret = open_record(&d);
	if (!ret) {
		catch_interrupts();
		/* libvirt writes to a daemon that may have gone */
		signal(SIGPIPE, SIG_IGN);
		ret = serve(&d);
	}
	if (fd >= 0)
		close(fd);
	if (d.record)
		fclose(d.record);
	return ret;
}
