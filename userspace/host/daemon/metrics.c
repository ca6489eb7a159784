// SPDX-License-Identifier: GPL-2.0-only
/* Metrics in a file, as the textfile collector of Prometheus' node exporter reads them. */
#include <stdlib.h>

#include "daemon.h"

/**
 * metric() - begin a metric
 * @f: file
 * @name: its name
 * @type: counter or gauge
 * @help: what it is, a line
 */
void metric(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* What a label's value may have, UTF-8: guests are named by their owners. */
static void put_label(FILE *f, const char *text)
{
	char *valid = valid_text(text);
	const char *c;

	for (c = valid ? valid : "?"; *c; c++) {
		if (*c == '\\' || *c == '"')
			fprintf(f, "\\%c", *c);
		else if (*c == '\n')
			fputs("\\n", f);
		else
			fputc(*c, f);
	}
	free(valid);
}

/**
 * metric_value() - write a value of a metric
 * @f: file
 * @name: name of the metric
 * @label: what tells this value from others; NULL if it is the only one
 * @label_value: which one it is
 * @value: value
 */
void metric_value(FILE *f, const char *name, const char *label,
		  const char *label_value, double value)
{
	fputs(name, f);
	if (label) {
		fprintf(f, "{%s=\"", label);
		put_label(f, label_value);
		fputs("\"}", f);
	}
	fprintf(f, " %.12g\n", value);
}

static void one(FILE *f, const char *name, const char *type, const char *help,
		double value)
{
	char whole[96];

	snprintf(whole, sizeof(whole), "%s_%s", program_name(), name);
	metric(f, whole, type, help);
	metric_value(f, whole, NULL, NULL, value);
}

static void write_all(FILE *f, const struct daemon *d)
{
	unsigned int i;

	one(f, "connected", "gauge", "Whether the host can be reached",
	    d->backend ? 1 : 0);
	one(f, "intervals_total", "counter", "Times that it has looked",
	    d->intervals);
	one(f, "changes_total", "counter", "Changes that were made", d->changes);
	one(f, "failures_total", "counter", "Changes that could not be made",
	    d->failures);
	one(f, "interval_seconds", "gauge", "Time that the last look and its changes took",
	    d->seconds);
	for (i = 0; d->backend && d->policies[i]; i++)
		if (d->policies[i]->metrics)
			d->policies[i]->metrics(f);
}

/**
 * metrics_write() - write metrics, if they are wanted
 * @d: program
 *
 * What is wrong is said once, until they can be written again. A full disk is no reason to
 * leave a host alone; a name that was never any good is one to end.
 *
 * Return: false if they cannot be written, and never could.
 */
bool metrics_write(const struct daemon *d)
{
	static bool written, said;
	const char *path = d->settings->metrics;
	struct beside b;
	bool done;

	if (!path)
		return true;
	done = beside_begin(&b, path);
	if (done) {
		write_all(b.f, d);
		done = beside_end(&b, true);
	}
	if (!done && !said)
		error("cannot write metrics to %s: %s; %s", path, b.why,
		      written ? "it goes on without, and tries again" :
				"it ends, as they were asked for");
	written |= done;
	said = !done;
	return written;
}
