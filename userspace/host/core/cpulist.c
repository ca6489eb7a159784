// SPDX-License-Identifier: GPL-2.0-only
/* Sets of physical CPUs. */
#include <errno.h>
#include <stdlib.h>

#include "cpulist.h"
#include "shared.h"

/* A number of a CPU, and what follows it; NULL if there is none, or too large a one. */
static const char *take_cpu(const char *text, unsigned long *cpu)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	*cpu = strtoul(text, &end, 10);
	return errno || *cpu >= MAX_HOST_CPUS ? NULL : end;
}

/**
 * cpulist_parse() - read a list of CPUs
 * @text: list such as "0-3,8", in any order
 * @set: out: those that are named
 *
 * Return: whether it is one, of one CPU at least; if not, @set is undefined.
 */
bool cpulist_parse(const char *text, cpu_set_t *set)
{
	unsigned long first, last;

	CPU_ZERO(set);
	for (;;) {
		text = take_cpu(text, &first);
		last = first;
		if (text && *text == '-')
			text = take_cpu(text + 1, &last);
		if (!text || last < first)
			return false;
		for (; first <= last; first++)
			CPU_SET(first, set);
		if (*text != ',')
			return !*text;
		text++;
	}
}

/**
 * cpulist_first() - the lowest CPU of a set
 * @set: set
 *
 * Return: its number; MAX_HOST_CPUS if the set is empty.
 */
unsigned int cpulist_first(const cpu_set_t *set)
{
	unsigned int cpu;

	for (cpu = 0; cpu < MAX_HOST_CPUS && !CPU_ISSET(cpu, set); cpu++)
		;
	return cpu;
}

/**
 * cpulist_within() - does a set have only CPUs of another?
 * @set: set
 * @of: the other
 *
 * Return: whether it has.
 */
bool cpulist_within(const cpu_set_t *set, const cpu_set_t *of)
{
	cpu_set_t both;

	CPU_AND(&both, set, of);
	return CPU_EQUAL(&both, set);
}

/**
 * cpulist_text() - a set as a list such as "0-3,8"
 * @set: set
 *
 * Return: text to be freed; "-" for an empty set; NULL if there is no memory.
 */
char *cpulist_text(const cpu_set_t *set)
{
	unsigned int numbers[MAX_HOST_CPUS], count = 0, cpu;

	for (cpu = 0; cpu < MAX_HOST_CPUS; cpu++)
		if (CPU_ISSET(cpu, set))
			numbers[count++] = cpu;
	return list_text(numbers, count, true);
}
