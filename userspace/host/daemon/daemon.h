/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs have in common that keep a host in balance. */
#ifndef HOST_DAEMON_H
#define HOST_DAEMON_H

#include <stdio.h>

#include "backend.h"
#include "cpulist.h"
#include "shared.h"

/**
 * struct settings - what the command line says
 * @seconds: length of an interval
 * @connect: host: a URI of libvirt, xen, or a file
 * @domains: guests that may be changed, as a pattern of names; NULL for all
 * @metrics: file for metrics; NULL for none
 * @record: file to record what is seen in; NULL for none
 * @cpus: physical CPUs that guests may have, if @has_cpus; else all that are online
 * @has_cpus: whether they were named
 * @floor_kb: memory that each guest has to have beyond what is in use
 * @once: whether to decide once and end
 * @dry_run: whether nothing is to be changed
 * @json: whether to print JSON
 * @verbose: whether to print each interval
 */
struct settings {
	uint64_t seconds;
	const char *connect;
	const char *domains;
	const char *metrics;
	const char *record;
	cpu_set_t cpus;
	bool has_cpus;
	uint64_t floor_kb;
	bool once;
	bool dry_run;
	bool json;
	bool verbose;
};

/**
 * struct daemon - a program at work
 * @policies: what it does, one after the other; NULL ends them
 * @at: which of them is acting now
 * @settings: what the command line says
 * @backend: host that it is connected to
 * @record: file to record what is seen in; NULL for none
 * @reached: whether the host was ever seen
 * @said_lost: whether it was said that it is out of reach
 * @pause: how long it is waited before it is tried to be reached again, in seconds; 0 if
 *	it was seen since it was reached
 * @failed_looks: how many looks in a row have failed
 * @before: what was seen in the interval before; NULL if nothing was since it was reached
 * @line: what is told of this interval as JSON; NULL if nobody wants it
 * @decided: of each of @policies, a bit: whether there was enough to see for a decision
 * @changes: how many changes were made since it was started
 * @failures: how many could not be made
 * @intervals: how many times it has looked
 * @seconds: how long the last interval's work took
 */
struct daemon {
	const struct policy *const *policies;
	unsigned int at;
	const struct settings *settings;
	struct backend *backend;
	FILE *record;
	bool reached;
	bool said_lost;
	unsigned int pause;
	unsigned int failed_looks;
	struct snapshot *before;
	struct json_object *line;
	unsigned int decided;
	uint64_t changes;
	uint64_t failures;
	uint64_t intervals;
	double seconds;
};

/**
 * struct policy - what is done each interval
 * @name: what it is about, a word
 * @program: program that does only this, which would be in its way; NULL for none
 * @what: what it looks at: enum backend_look
 * @act: decides by what is seen, and changes guests
 * @wait: waits until a time of the backend's clock, if it has something to do meanwhile;
 *	or NULL
 * @forget: forgets what it has seen, as the host was out of reach, or at the end
 * @metrics: writes metrics of its own
 */
struct policy {
	const char *name;
	const char *program;
	unsigned int what;
	enum backend_status (*act)(struct daemon *d, const struct snapshot *now,
				   struct why *why);
	enum backend_status (*wait)(struct daemon *d, uint64_t until_ns,
				    struct why *why);
	void (*forget)(void);
	void (*metrics)(FILE *f);
};

/* options.c */
extern struct settings settings;
#define OPTION_CONNECT \
	{ "connect", 'c', "URI", "URI of libvirt, xen, replay:FILE or record:FILE" }
#define OPTION_DOMAINS \
	{ "domains", 'd', "GLOB", "change only guests with such names" }
/* All programs take these, so that they can be called alike; one may have no use for them. */
#define OPTION_CPUS \
	{ "cpus", 0, "LIST", "physical CPUs that guests may have (all)" }
#define OPTION_MIN \
	{ "min", 0, "SIZE", "memory that a guest has beyond what is in use (128M)" }
#define OPTION_CPUS_UNUSED \
	{ "cpus", 0, "LIST", "no meaning here: for who pins vCPUs" }
#define OPTION_MIN_UNUSED \
	{ "min", 0, "SIZE", "no meaning here: for who gives guests memory" }
#define OPTION_ONCE \
	{ "once", '1', NULL, "decide once, and end" }
#define OPTION_DRY_RUN \
	{ "dry-run", 'n', NULL, "print what would be changed, and change nothing" }
#define OPTION_METRICS \
	{ "metrics", 'm', "FILE", "keep metrics in FILE, as Prometheus reads them" }
#define OPTION_RECORD \
	{ "record", 'r', "FILE", "record what is seen in FILE, for record:FILE" }
#define OPTION_VERBOSE \
	{ "verbose", 'v', NULL, "print what is seen in each interval" }
#define OPTION_JSON_LINES \
	OPTION_JSON("print a line of JSON for each interval")
bool daemon_option(const char *name, const char *arg, int *status);
int daemon_unused(const char *name, const char *arg, const char *why);
int take_cpus(const char *name, const char *arg, cpu_set_t *set);
int take_size(const char *name, const char *arg, uint64_t *kb);
int daemon_interval(struct context *ctx, int argc, char **argv);
bool daemon_may_change(const struct guest *guest);

/* run.c */
int daemon_run(const struct policy *const *policies);
void daemon_decided(struct daemon *d);
struct json_object *daemon_line(const struct daemon *d);
bool daemon_changed(struct daemon *d, enum backend_status status,
		    const struct why *why);

/* hosts.c */
const char *host_default(void);
const char *host_file(const char *connect);
enum backend_status host_connect_to(const char *connect, struct backend **backend,
				    struct why *why);

/* lock.c */
int lock_take(const char *program, const char *connect, int *fd);

/* metrics.c */
void metric(FILE *f, const char *name, const char *type, const char *help);
void metric_value(FILE *f, const char *name, const char *label,
		  const char *label_value, double value);
bool metrics_write(const struct daemon *d);

#endif /* HOST_DAEMON_H */
