// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "topology_file.h"

static const char *complain(const char *fmt, ...)
{
	static char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return what;
}

/* A field ends at spaces or at the end of the line. */
static char *take_field(char **line)
{
	char *field = *line, *end = field;

	while (*end && *end != ' ')
		end++;
	if (end == field)
		return NULL;
	*line = end;
	while (**line == ' ')
		(*line)++;
	*end = '\0';
	return field;
}

static bool take_number(const char *field, uint64_t *number)
{
	uint64_t value = 0;

	if (!field || !*field || strlen(field) > 18)
		return false;
	if (field[0] == '0' && field[1])
		return false;
	for (; *field; field++) {
		if (*field < '0' || *field > '9')
			return false;
		value = value * 10 + *field - '0';
	}
	*number = value;
	return true;
}

/* "-", which is -1, or a number */
static bool take_optional(const char *field, int *value)
{
	uint64_t number;

	*value = -1;
	if (field && !strcmp(field, "-"))
		return true;
	if (!take_number(field, &number))
		return false;
	*value = number;
	return true;
}

/* "-", or ascending ranges such as "0-1,4" */
static bool is_cpu_list(const char *list)
{
	long last = -2;

	if (!strcmp(list, "-"))
		return true;
	for (;;) {
		int used = 0, more = 0;
		long from, to;

		if (*list < '0' || *list > '9' ||
		    sscanf(list, "%ld%n", &from, &used) != 1)
			return false;
		list += used;
		to = from;
		if (*list == '-') {
			if (list[1] < '0' || list[1] > '9' ||
			    sscanf(list, "-%ld%n", &to, &more) != 1 ||
			    to <= from)
				return false;
			list += more;
		}
		if (from <= last + 1)
			return false;
		last = to;
		if (!*list)
			return true;
		if (*list++ != ',')
			return false;
	}
}

static const char *parse_node(char *line, struct topology_node *node,
			      int *distances)
{
	static const char * const states[] = {
		[NODE_ACTIVE] = "active", [NODE_ARRIVING] = "arriving",
		[NODE_LEAVING] = "leaving", [NODE_INACTIVE] = "inactive",
	};
	uint64_t number;
	char *field, *next, *list;
	unsigned int i;

	if (!take_number(take_field(&line), &number) ||
	    number >= VIRTFLEX_MAX_NODES)
		return "node without an ID";
	if (number >= NODES)
		return "a node beyond what these tests look at";
	node->id = number;

	field = take_field(&line);
	for (i = 0; field && i < 4 && strcmp(field, states[i]); i++)
		;
	if (!field || i == 4)
		return complain("node %d: state '%s'", node->id, field);
	node->state = i;

	field = take_field(&line);
	if (!take_optional(field, &node->pnode))
		return complain("node %d: physical node '%s'", node->id, field);

	field = take_field(&line);
	if (!field || !is_cpu_list(field))
		return complain("node %d: CPUs '%s'", node->id, field);
	snprintf(node->cpus, sizeof(node->cpus), "%s", field);

	if (!take_number(take_field(&line), &node->current_kb) ||
	    !take_number(take_field(&line), &node->target_kb) ||
	    !take_number(take_field(&line), &node->capacity_kb))
		return complain("node %d: a size is no number", node->id);

	list = take_field(&line);
	*distances = 0;
	for (field = list; field; field = next) {
		next = strchr(field, ',');
		if (next)
			*next++ = '\0';
		if (*distances == NODES || !take_number(field, &number))
			return complain("node %d: distance '%s'", node->id,
					field);
		node->distance[(*distances)++] = number;
	}
	field = take_field(&line);
	if (!take_optional(field, &node->vnode))
		return complain("node %d: number '%s' of Xen's", node->id,
				field);
	if (*line)
		return complain("node %d: more fields: '%s'", node->id, line);
	return NULL;
}

static const char *parse_state(char *line, struct topology *topo)
{
	static const char * const states[] = {
		[VIRTFLEX_STABLE] = "stable",
		[VIRTFLEX_EXPANDING] = "expanding",
		[VIRTFLEX_SHRINKING] = "shrinking",
	};
	unsigned int i;

	if (!strncmp(line, "failed: ", 8) && line[8]) {
		topo->state = VIRTFLEX_FAILED;
		snprintf(topo->why, sizeof(topo->why), "%s", line + 8);
		return NULL;
	}
	for (i = 0; i < sizeof(states) / sizeof(*states); i++) {
		topo->state = i;
		if (!strcmp(line, states[i]))
			return NULL;
	}
	return complain("state '%s'", line);
}

const char *topology_parse(const char *text, struct topology *topo)
{
	char copy[TOPOLOGY_SIZE], *line = copy, *end, *keyword;
	int distances[NODES], at = 0, i;
	const char *wrong = NULL;
	uint64_t number;

	memset(topo, 0, sizeof(*topo));
	snprintf(copy, sizeof(copy), "%s", text);
	for (; *line && !wrong; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return complain("no newline after '%s'", line);
		*end = '\0';
		if (strchr(line, '\t') || *line == ' ' ||
		    (end > line && end[-1] == ' '))
			return complain("blanks in '%s'", line);
		/* comments come between the state and the nodes */
		if (*line == '#') {
			if (at < 3 || topo->nr)
				return "a comment in the wrong place";
			continue;
		}
		keyword = take_field(&line);
		if (!keyword)
			return "an empty line";
		switch (at++) {
		case 0:
			if (strcmp(keyword, "version") ||
			    !take_number(line, &number) || number != 1)
				return "does not start with version 1";
			break;
		case 1:
			if (strcmp(keyword, "generation") ||
			    !take_number(line, &topo->generation) ||
			    !topo->generation)
				return "no generation in the second line";
			break;
		case 2:
			if (strcmp(keyword, "state"))
				return "no state in the third line";
			wrong = parse_state(line, topo);
			break;
		default:
			if (strcmp(keyword, "node"))
				return complain("keyword '%s'", keyword);
			if (topo->nr == NODES)
				return "too many nodes";
			wrong = parse_node(line, &topo->node[topo->nr],
					   &distances[topo->nr]);
			topo->nr++;
		}
	}
	if (wrong)
		return wrong;
	if (at < 3 || !topo->nr)
		return complain("ends after %d lines", at);
	for (i = 0; i < topo->nr; i++) {
		if (distances[i] != topo->nr)
			return complain("node %d: %d distances to %d nodes",
					topo->node[i].id, distances[i],
					topo->nr);
		if (i && topo->node[i].id <= topo->node[i - 1].id)
			return "nodes are not in order";
	}
	return NULL;
}

ssize_t topology_text(int fd, size_t step, char *text)
{
	size_t size = 0;
	ssize_t got;

	while (size < TOPOLOGY_SIZE - 1) {
		if (step > TOPOLOGY_SIZE - 1 - size)
			step = TOPOLOGY_SIZE - 1 - size;
		got = read(fd, text + size, step);
		if (got < 0)
			return -errno;
		if (!got)
			break;
		size += got;
	}
	text[size] = '\0';
	return size;
}

const char *topology_read(struct topology *topo)
{
	char text[TOPOLOGY_SIZE];
	int fd = open(TOPOLOGY, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return complain("open: %s", strerror(errno));
	size = topology_text(fd, sizeof(text), text);
	close(fd);
	if (size < 0)
		return complain("read: %s", strerror(-size));
	return topology_parse(text, topo);
}

uint64_t topology_active(const struct topology *topo)
{
	uint64_t mask = 0;
	int i;

	for (i = 0; i < topo->nr; i++)
		if (topo->node[i].state == NODE_ACTIVE ||
		    topo->node[i].state == NODE_ARRIVING)
			mask |= 1ULL << topo->node[i].id;
	return mask;
}

static bool lists(const char *list, int cpu)
{
	int i, n;

	for (i = 0; (n = nth_of_list(list, i)) >= 0; i++)
		if (n == cpu)
			return true;
	return false;
}

void topology_cpu_back(int cpu)
{
	uint64_t until = now_ms() + 10000;
	struct topology topo;
	int i;

	cpu_online(cpu, true);
	while (module_loaded() && now_ms() < until && !topology_read(&topo)) {
		for (i = 0; i < topo.nr; i++)
			if (lists(topo.node[i].cpus, cpu))
				return;
		usleep(10000);
	}
}
