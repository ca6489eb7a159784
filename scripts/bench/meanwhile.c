// SPDX-License-Identifier: GPL-2.0
/*
 * What a program notices while something else goes on:
 *
 *	meanwhile copy|sleep
 *
 * copies 1 MiB over and over, or sleeps 1 ms over and over, and tells how long
 * that takes. A line on standard input begins a phase of that name. At the end,
 * a line for each phase: name, samples, then median, 99th percentile and most,
 * in ns; of a sleep, what was beyond the 1 ms.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK		(1UL << 20)
#define AREA		(32UL << 20)
#define NAP_NS		1000000
#define MOST_SAMPLES	1000000
#define MOST_PHASES	16

static uint32_t sample[MOST_SAMPLES];	/* ns */
static char name[MOST_PHASES][32];
static size_t first[MOST_PHASES + 1];
static char *from, *to;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static uint64_t time_copy(void)
{
	static size_t at;
	uint64_t begin = now_ns();

	memcpy(to + at, from + at, CHUNK);
	at = (at + CHUNK) % AREA;
	return now_ns() - begin;
}

static uint64_t time_sleep(void)
{
	struct timespec nap = { .tv_nsec = NAP_NS };
	uint64_t begin = now_ns(), took;

	nanosleep(&nap, NULL);
	took = now_ns() - begin;
	return took > NAP_NS ? took - NAP_NS : 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void print_phase(int phase)
{
	size_t nr = first[phase + 1] - first[phase];
	uint32_t *s = sample + first[phase];

	if (!nr)
		return;
	qsort(s, nr, sizeof(*s), compare);
	printf("%s %zu %u %u %u\n", name[phase], nr, s[nr / 2],
	       s[nr - 1 - nr / 100], s[nr - 1]);
}

int main(int argc, char **argv)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	uint64_t (*time_it)(void) = time_copy;
	size_t nr = 0;
	int phases = 0, i;

	if (argc > 1 && !strcmp(argv[1], "sleep"))
		time_it = time_sleep;
	from = malloc(AREA);
	to = malloc(AREA);
	if (!from || !to)
		return 1;
	memset(from, 1, AREA);
	memset(to, 2, AREA);
	strcpy(name[phases++], "start");
	while (nr < MOST_SAMPLES) {
		sample[nr++] = time_it();
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
