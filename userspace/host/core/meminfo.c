// SPDX-License-Identifier: GPL-2.0-only
/* Memory of a machine, as its kernel tells it in /proc/meminfo. */
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

static uint64_t less(uint64_t kb, uint64_t by_kb)
{
	return kb > by_kb ? kb - by_kb : 0;
}

static uint64_t line_kb(const char *text, const char *name)
{
	uint64_t kb;

	return meminfo_kb(text, name, &kb) ? kb : 0;
}

static bool is_number(const char *text, uint64_t *kb)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*kb = strtoull(text, &end, 10);
	return !*end || !strcmp(end, "\n");
}

/**
 * meminfo_told() - what of a guest's memory is in use, as it tells its host
 * @text: lines of /proc/meminfo, or a number: KiB in use
 * @total_kb: out: what its kernel takes for all there is; 0 if it does not tell
 * @used_kb: out: what is in use of it; what is swapped out counts
 *
 * That is what Qubes' guests tell in memory/meminfo.
 *
 * Return: whether it says so.
 */
bool meminfo_told(const char *text, uint64_t *total_kb, uint64_t *used_kb)
{
	uint64_t free_kb;

	*total_kb = 0;
	if (is_number(text, used_kb))
		return true;
	if (!meminfo_kb(text, "MemTotal", total_kb) || !*total_kb)
		return false;
	if (!meminfo_kb(text, "MemAvailable", &free_kb)) {
		if (!meminfo_kb(text, "MemFree", &free_kb))
			return false;
		free_kb += line_kb(text, "Buffers") + line_kb(text, "Cached");
	}
	*used_kb = less(*total_kb, free_kb) +
		   less(line_kb(text, "SwapTotal"), line_kb(text, "SwapFree"));
	return true;
}
