/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel says at its tracepoints while a test runs: a ring buffer of
 * the test's own records the events of one thread, and is read afterwards.
 *
 * Functions return -1 on failure and print nothing, except where said.
 */
#ifndef TRACE_UTIL_H
#define TRACE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct trace_record {
	/* without the name of the subsystem, such as "virtflex_batch" */
	char event[48];
	/* "name=value name=value": what the event prints */
	char fields[464];
};

struct trace {
	struct trace_record *record;
	size_t nr;
};

/*
 * Record events of a thread from now on, each as "subsystem/event"; the list
 * ends with NULL. Returns NULL, or why it cannot be done.
 */
const char *trace_start(pid_t tid, const char * const *events);
/*
 * End it, and read what was recorded. Fails, and says so, if the buffer was too
 * small: what is counted then is not all there was.
 */
int trace_stop(struct trace *trace);
void trace_free(struct trace *trace);
/*
 * Waits until so many more events are recorded, and takes them out: trace_stop()
 * has those that come later.
 */
int trace_wait(unsigned int nr);

/* Value of a number "name=..." in the fields; 0 if there is none */
uint64_t trace_value(const struct trace_record *record, const char *name,
		     int base);
/* Whether a field "name=..." has this value, of letters and underscores */
bool trace_is(const struct trace_record *record, const char *name,
	      const char *value);

/*
 * Send a signal to a process as soon as a thread of it passes a tracepoint, from
 * the CPU it is on: it is pending before the thread gets far. Lasts until the
 * descriptor that is returned is closed; a negative errno on failure.
 */
int trace_signal(pid_t tid, const char *event, int signal);

#endif
