// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/perf_event.h>
#include "numa_util.h"
#include "trace_util.h"

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/virtflex-selftests"
/* of each CPU: some ten thousand records */
#define BUFFER_KIB	"1024"

static int pipe_fd = -1;

static int set_event(const char *event, const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), INSTANCE "/events/%s/%s", event, file);
	return write_file(path, text);
}

static void drop_instance(void)
{
	if (pipe_fd >= 0)
		close(pipe_fd);
	pipe_fd = -1;
	write_file(INSTANCE "/events/enable", "0");
	rmdir(INSTANCE);
}

const char *trace_start(pid_t tid, const char * const *events)
{
	char filter[64];

	if (access(TRACING "/instances", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	/* one that a test left that was killed */
	drop_instance();
	if (mkdir(INSTANCE, 0700))
		return "no tracefs instance";
	write_file(INSTANCE "/buffer_size_kb", BUFFER_KIB);
	/* CPUs agree on it, so that records of several are in order */
	write_file(INSTANCE "/trace_clock", "global");
	snprintf(filter, sizeof(filter), "common_pid == %d", tid);
	for (; *events; events++) {
		if (set_event(*events, "filter", filter) ||
		    set_event(*events, "enable", "1")) {
			drop_instance();
			return "no such tracepoint";
		}
	}
	return NULL;
}

int trace_wait(unsigned int nr)
{
	char buf[4096], *at;
	ssize_t got;

	if (pipe_fd < 0)
		pipe_fd = open(INSTANCE "/trace_pipe", O_RDONLY | O_CLOEXEC);
	while (nr) {
		got = pipe_fd < 0 ? -1 : read(pipe_fd, buf, sizeof(buf) - 1);
		if (got <= 0)
			return -1;
		buf[got] = '\0';
		for (at = buf; nr && (at = strchr(at, '\n')); at++)
			nr--;
	}
	return 0;
}

/* " comm-123 [001] flags 12.345678: event: fields": false for anything else */
static bool parse(char *line, struct trace_record *record)
{
	char *at = strstr(line, "] "), *end;
	size_t len;

	if (line[0] == '#' || !at)
		return false;
	at = strstr(at, ": ");
	if (!at)
		return false;
	at += 2;
	end = strchr(at, ':');
	if (!end)
		return false;
	len = end - at;
	if (len >= sizeof(record->event))
		return false;
	memcpy(record->event, at, len);
	record->event[len] = '\0';
	end[strcspn(end, "\n")] = '\0';
	snprintf(record->fields, sizeof(record->fields), "%s", end + 1);
	return true;
}

int trace_stop(struct trace *trace)
{
	unsigned long kept, written;
	char *line = NULL, *at;
	size_t size = 0, room = 0;
	bool whole = false;
	FILE *file;

	*trace = (struct trace) { };
	write_file(INSTANCE "/tracing_on", "0");
	file = fopen(INSTANCE "/trace", "r");
	while (file && getline(&line, &size, file) > 0) {
		at = strstr(line, "entries-in-buffer/entries-written:");
		if (at && sscanf(at, "%*[^:]: %lu/%lu", &kept, &written) == 2) {
			whole = kept == written;
			if (!whole)
				printf("# trace: %lu of %lu records\n", kept,
				       written);
		}
		if (trace->nr == room) {
			room = room ? 2 * room : 64;
			trace->record = realloc(trace->record, room *
						sizeof(*trace->record));
			if (!trace->record)
				abort();
		}
		if (parse(line, &trace->record[trace->nr]))
			trace->nr++;
	}
	free(line);
	if (file)
		fclose(file);
	drop_instance();
	if (whole)
		return 0;
	trace_free(trace);
	return -1;
}

void trace_free(struct trace *trace)
{
	free(trace->record);
	*trace = (struct trace) { };
}

static const char *field(const struct trace_record *record, const char *name)
{
	const char *at = record->fields;
	size_t len = strlen(name);

	while ((at = strstr(at, name))) {
		if (at > record->fields && at[-1] == ' ' && at[len] == '=')
			return at + len + 1;
		at += len;
	}
	return NULL;
}

uint64_t trace_value(const struct trace_record *record, const char *name,
		     int base)
{
	const char *value = field(record, name);

	return value ? strtoull(value, NULL, base) : 0;
}

bool trace_is(const struct trace_record *record, const char *name,
	      const char *value)
{
	const char *at = field(record, name);
	size_t len = strlen(value);

	return at && !strncmp(at, value, len) && at[len] != '_' &&
	       !isalnum(at[len]);
}

int trace_signal(pid_t tid, const char *event, int signal)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.wakeup_events = 1,
	};
	char path[256];
	int fd, err;

	if (access(TRACING "/events", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	snprintf(path, sizeof(path), TRACING "/events/%s/id", event);
	attr.config = read_long(path, 0);
	if (!attr.config)
		return -ENOENT;
	fd = syscall(SYS_perf_event_open, &attr, tid, -1, -1,
		     PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETOWN, tid) || fcntl(fd, F_SETSIG, signal) ||
	    fcntl(fd, F_SETFL, O_ASYNC)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}
