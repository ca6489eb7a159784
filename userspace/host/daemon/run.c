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
#define MOST_POLICIES	3
/* Longest pause before it is tried again to reach a host, in seconds */
#define LONGEST_PAUSE	60
/* So many looks in a row that fail: all will. */
#define MOST_FAILED_LOOKS	5

/* What guests say is to be of this interval. */
static unsigned int stats_period(const struct settings *s)
{
	return s->seconds > 2 ? s->seconds / 2 : 1;
}

/* What all policies look at */
static unsigned int looked_at(const struct daemon *d)
{
	unsigned int i, what = 0;

	for (i = 0; d->policies[i]; i++)
		what |= d->policies[i]->what;
	return what;
}

/* What was reached once may be again, whatever is wrong now. */
static enum backend_status connect_host(struct daemon *d, struct why *why)
{
	enum backend_status status;

	status = host_connect_to(d->settings->connect, &d->backend, why);
	if (status == BACKEND_FAILED && d->reached)
		return BACKEND_LOST;
	if (status == BACKEND_OK && (looked_at(d) & LOOK_MEMORY) &&
	    !d->settings->dry_run) {
		d->backend->stats_period = stats_period(d->settings);
		d->backend->may_change = daemon_may_change;
	}
	return status;
}

static void disconnect(struct daemon *d)
{
	unsigned int i;

	if (d->backend)
		d->backend->ops->close(d->backend);
	d->backend = NULL;
	snapshot_free(d->before);
	d->before = NULL;
	for (i = 0; d->policies[i]; i++)
		d->policies[i]->forget();
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

/**
 * daemon_decided() - there was enough to see for the policy that acts now
 * @d: program
 */
void daemon_decided(struct daemon *d)
{
	d->decided |= 1u << d->at;
}

static bool all_decided(const struct daemon *d)
{
	unsigned int i;

	for (i = 0; d->policies[i]; i++)
		if (!(d->decided & 1u << i))
			return false;
	return true;
}

/**
 * daemon_line() - where the policy that acts now tells what it saw and did
 * @d: program
 *
 * Return: object of JSON, its own or all of the line; NULL if nobody wants it.
 */
struct json_object *daemon_line(const struct daemon *d)
{
	struct json_object *own;

	if (!d->line || !d->policies[1])
		return d->line;
	own = json_object_new_object();
	json_object_object_add(d->line, d->policies[d->at]->name, own);
	return own;
}

static enum backend_status act_all(struct daemon *d, const struct snapshot *now,
				   struct why *why)
{
	enum backend_status status = BACKEND_OK;

	if (d->settings->json || d->record) {
		d->line = json_object_new_object();
		json_object_object_add(d->line, "interval",
				       json_u64(d->intervals));
	}
	for (d->at = 0; d->policies[d->at] && status == BACKEND_OK; d->at++)
		status = d->policies[d->at]->act(d, now, why);
	return status;
}

/*
 * What was seen, with what was decided by it. A full disk is no reason to leave a host alone; one
 * that is described or recorded, or looked at once, is looked at for this.
 */
static enum backend_status record(struct daemon *d, const struct snapshot *now,
				  struct why *why)
{
	static bool written, said;
	bool done = !d->record || record_look(d->record, now, d->line);

	if (!done && (!written || d->settings->once || host_file(d->settings->connect))) {
		why_say(why, "cannot write to %s: %s", d->settings->record,
			strerror(errno));
		return BACKEND_FAILED;
	}
	if (!done && !said)
		error("cannot write to %s: %s; it goes on without, and tries again",
		      d->settings->record, strerror(errno));
	written |= done;
	said = !done;
	return BACKEND_OK;
}

/*
 * Whether what it says does not arrive, which is a reason to end: program_main() says so. A log
 * on a full disk is none to leave a host alone.
 */
static bool is_unheard(const struct daemon *d)
{
	static bool said;

	flush_output();
	if (!ferror(stdout)) {
		said = false;
		return false;
	}
	if (d->settings->once || host_file(d->settings->connect) || !output_retry(!said))
		return true;
	said = true;
	return false;
}

/* A line in which nothing is told is none: there was too little to see. */
static void print_line(struct daemon *d)
{
	if (d->line && d->settings->json && json_object_object_length(d->line) > 1)
		print_json(d->line, JSON_LINE);
	else
		json_object_put(d->line);
	d->line = NULL;
}

static enum backend_status look_and_act(struct daemon *d, uint64_t *at,
					struct why *why)
{
	struct snapshot *now = NULL;
	uint64_t began = clock_now();
	enum backend_status status;

	status = d->backend->ops->look(d->backend, looked_at(d), &now, why);
	if (status == BACKEND_FAILED || status == BACKEND_GONE) {
		*at = began;
		return may_skip(d, why) ? BACKEND_OK : BACKEND_FAILED;
	}
	if (status != BACKEND_OK)
		return status;
	say_reached(d);
	*at = now->ns;
	status = act_all(d, now, why);
	if (record(d, now, why) != BACKEND_OK)
		status = BACKEND_FAILED;
	print_line(d);
	snapshot_free(d->before);
	d->before = now;
	d->intervals++;
	d->seconds = (double)(clock_now() - began) / SECOND;
	return is_unheard(d) ? BACKEND_OVER : status;
}

/* One policy at most has something to do between two intervals. */
static enum backend_status wait_until(struct daemon *d, uint64_t ns,
				      struct why *why)
{
	for (d->at = 0; d->policies[d->at]; d->at++)
		if (d->policies[d->at]->wait)
			return d->policies[d->at]->wait(d, ns, why);
	d->backend->ops->wait(d->backend, ns);
	return BACKEND_OK;
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
		if (d->settings->once && all_decided(d))
			return BACKEND_OVER;
		if (!next)
			next = now;
		next = next + interval > now ? next + interval : now + interval;
		status = wait_until(d, next, why);
		if (status != BACKEND_OK)
			return status;
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

/*
 * There is one of this program for a host, and none that does a part of what it does. One
 * that changes nothing real is in nobody's way.
 */
static int take_locks(const struct policy *const *policies, int *fds)
{
	const char *program;
	unsigned int i;
	int ret = EXIT_DONE;

	if (settings.dry_run || host_file(settings.connect))
		return EXIT_DONE;
	ret = lock_take(program_name(), settings.connect, &fds[0]);
	for (i = 0; !ret && policies[i]; i++) {
		program = policies[i]->program;
		if (program && strcmp(program, program_name()))
			ret = lock_take(program, settings.connect, &fds[i + 1]);
	}
	return ret;
}

static void free_locks(const int *fds)
{
	unsigned int i;

	for (i = 0; i <= MOST_POLICIES; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/**
 * daemon_run() - keep a host in balance until a signal arrives
 * @policies: how; NULL ends them
 *
 * Return: enum exit_code.
 */
int daemon_run(const struct policy *const *policies)
{
	struct daemon d = { .policies = policies, .settings = &settings };
	int fds[MOST_POLICIES + 1], ret;

	memset(fds, -1, sizeof(fds));
	ret = take_locks(policies, fds);
	/* what another one records is left as it is */
	if (!ret)
		ret = open_record(&d);
	if (!ret) {
		catch_interrupts();
		/* libvirt writes to a daemon that may have gone */
		signal(SIGPIPE, SIG_IGN);
		ret = serve(&d);
	}
	free_locks(fds);
	if (d.record)
		fclose(d.record);
	return ret;
}
