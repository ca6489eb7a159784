/* SPDX-License-Identifier: GPL-2.0-only */
/* What was recorded of a host, as series to be drawn. */
#ifndef VIRTFLEXD_LOG_H
#define VIRTFLEXD_LOG_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct series - a value that changes with time
 * @name: what it is of
 * @count: how many points
 * @second: of each, from the beginning of the log
 * @value: of each
 */
struct series {
	char *name;
	size_t count;
	double *second;
	double *value;
};

/**
 * struct series_list - series of one kind
 * @count: how many
 * @all: by the order in which they were seen
 */
struct series_list {
	unsigned int count;
	struct series *all;
};

/**
 * struct log - what was recorded
 * @first_ns: time of the first line
 * @end: second of the last line
 * @loads: of each physical CPU, in percent
 * @sizes: memory of each guest, in GiB
 * @needs: what is in use of it
 * @available: of the host, one series or none
 * @owners: of each physical node, the index of its guest in @guests; -1 for nobody, -2 for
 *	several
 * @guests: those that own nodes, without values
 * @pins: of each physical CPU, vCPUs that were pinned to it, at its load
 * @resizes: of each guest, sizes that it was asked for
 * @moves: of nodes, by what was decided
 */
struct log {
	double first_ns;
	double end;
	struct series_list loads;
	struct series_list sizes;
	struct series_list needs;
	struct series_list available;
	struct series_list owners;
	struct series_list guests;
	struct series_list pins;
	struct series_list resizes;
	struct series_list moves;
};

struct log *log_read(const char *path);
void log_free(struct log *log);

#endif /* VIRTFLEXD_LOG_H */
