// SPDX-License-Identifier: GPL-2.0-only
/* What configurations have in common, whoever reads them. */
#include <ctype.h>
#include <string.h>

#include "config.h"

#define LONGEST_NAME	64

/**
 * config_name_is_good() - whether a domain can have this name
 * @name: name
 *
 * It stands in xl's strings, in XML, in names of files and on command lines as it is, and is
 * told from a domain's number.
 *
 * Return: whether it is a letter, and then letters, digits and -_.+, 64 at most.
 */
bool config_name_is_good(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+";
	size_t len = strlen(name);

	return len && len <= LONGEST_NAME && strspn(name, letters) == len &&
	       isalpha((unsigned char)*name);
}

/**
 * config_distance() - distance of two nodes
 * @c: configuration
 * @from: node
 * @to: node
 *
 * Return: the one of the physical nodes that they are on. Linux takes no distance but that
 * to a node itself for 10, as ACPI says.
 */
unsigned int config_distance(const struct config *c, unsigned int from,
			     unsigned int to)
{
	unsigned int d = machine_distance(c->machine, c->layout->pnode[from],
					  c->layout->pnode[to]);

	return from != to && d <= 10 ? 11 : d;
}

/**
 * config_vcpus() - vCPUs of a node
 * @c: configuration
 * @vnode: node
 * @buf: where to write them
 * @size: of @buf
 *
 * Return: @buf: "4-5", "4", or "" if it has none.
 */
const char *config_vcpus(const struct config *c, unsigned int vnode, char *buf,
			 size_t size)
{
	unsigned int first, count;

	layout_vcpus(c->layout, vnode, &first, &count);
	if (count > 1)
		snprintf(buf, size, "%u-%u", first, first + count - 1);
	else if (count)
		snprintf(buf, size, "%u", first);
	else
		*buf = 0;
	return buf;
}
