// SPDX-License-Identifier: GPL-2.0
/*
 * Copies memory all the time and tells how fast, while something else goes on:
 * a line on standard input begins a phase of that name. At the end, a line for
 * each phase: name, samples, median and 1st percentile in MiB/s.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK		(1UL << 20)
#define AREA		(32UL << 20)
#define MOST_SAMPLES	1000000
#define MOST_PHASES	16

static uint32_t sample[MOST_SAMPLES];	/* ns for a chunk */
static char name[MOST_PHASES][32];
static size_t first[MOST_PHASES + 1];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double mib_s(uint32_t ns)
{
	return CHUNK / 1048576.0 * 1e9 / (ns ? ns : 1);
}

static void print_phase(int phase)
{
	size_t nr = first[phase + 1] - first[phase];
	uint32_t *s = sample + first[phase];

	if (!nr)
		return;
	qsort(s, nr, sizeof(*s), compare);
	printf("%s %zu %.1f %.1f\n", name[phase], nr, mib_s(s[nr / 2]),
	       mib_s(s[nr - 1 - nr / 100]));
}

int main(void)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	char *from = malloc(AREA), *to = malloc(AREA);
	size_t nr = 0, at = 0;
	int phases = 0, i;

	if (!from || !to)
		return 1;
	memset(from, 1, AREA);
	memset(to, 2, AREA);
	strcpy(name[phases++], "start");
	while (nr < MOST_SAMPLES) {
		uint64_t begin = now_ns();

		memcpy(to + at, from + at, CHUNK);
		sample[nr++] = now_ns() - begin;
		at = (at + CHUNK) % AREA;
		if (nr % 8 || poll(&in, 1, 0) <= 0)
			continue;
		if (phases == MOST_PHASES ||
		    !fgets(name[phases], sizeof(name[0]), stdin))
			break;
		name[phases][strcspn(name[phases], "\n")] = '\0';
		first[phases++] = nr;
	}
	first[phases] = nr;
	for (i = 1; i < phases; i++)
		print_phase(i);
	return 0;
}
