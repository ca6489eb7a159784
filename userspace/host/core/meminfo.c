// SPDX-License-Identifier: GPL-2.0-only
/* A host's memory, as its kernel tells it in /proc/meminfo. */
#include <stdlib.h>
#include <string.h>

#include "meminfo.h"

/**
 * meminfo_kb() - find a line of /proc/meminfo
 * @text: what was read of it
 * @name: name of the line
 * @kb: out: its value, in KiB
 *
 * Return: whether there is one.
 */
bool meminfo_kb(const char *text, const char *name, uint64_t *kb)
{
	size_t length = strlen(name);
	char *end;

	while (text) {
		if (!strncmp(text, name, length) && text[length] == ':') {
			*kb = strtoull(text + length + 1, &end, 10);
			return !strncmp(end, " kB", 3);
		}
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return false;
}
