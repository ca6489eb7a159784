// SPDX-License-Identifier: GPL-2.0
/* In which functions the kernel is while this thread works, by samples. */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kernel_samples.h"

#define PAGE		4096UL
#define MOST_SYMBOLS	400000
#define MOST_LINES	60
#define RING_PAGES	1024

struct symbol {
	uint64_t addr;
	unsigned long hits;
	char name[64];
};

static struct symbol *symbols;
static size_t nr_symbols;

static struct perf_event_mmap_page *ring;
static int fd = -1;

static void read_symbols(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long addr;
	char line[256], type;

	symbols = calloc(MOST_SYMBOLS, sizeof(*symbols));
	if (!f || !symbols)
		err(1, "/proc/kallsyms");
	while (nr_symbols < MOST_SYMBOLS && fgets(line, sizeof(line), f)) {
		struct symbol *s = &symbols[nr_symbols];

		if (sscanf(line, "%llx %c %63s", &addr, &type, s->name) == 3 &&
		    (type == 't' || type == 'T' || type == 'W')) {
			s->addr = addr;
			nr_symbols++;
		}
	}
	fclose(f);
}

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static int by_hits(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->hits < y->hits) - (x->hits > y->hits);
}

static void count_hit(uint64_t ip)
{
	size_t low = 0, high = nr_symbols, mid;

	while (high - low > 1) {
		mid = (low + high) / 2;
		if (symbols[mid].addr <= ip)
			low = mid;
		else
			high = mid;
	}
	symbols[low].hits++;
}

void samples_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK, .sample_period = 20000,
		.sample_type = PERF_SAMPLE_IP, .exclude_user = 1, .disabled = 1,
	};

	fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	if (fd < 0)
		err(1, "perf_event_open");
	ring = mmap(NULL, (1 + RING_PAGES) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		err(1, "perf_event_open");
	read_symbols();
	qsort(symbols, nr_symbols, sizeof(*symbols), by_addr);
}

void samples_take(bool on)
{
	if (fd >= 0)
		ioctl(fd, on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
}

unsigned long samples_count(void)
{
	unsigned long hits = 0;
	uint64_t at;

	for (at = 0; at < ring->data_head;) {
		struct perf_event_header *h = (void *)ring + PAGE + at % (RING_PAGES * PAGE);

		if (h->type == PERF_RECORD_SAMPLE) {
			count_hit(*(uint64_t *)(h + 1));
			hits++;
		}
		at += h->size;
	}
	qsort(symbols, nr_symbols, sizeof(*symbols), by_hits);
	return hits;
}

void samples_print(const char *before, unsigned long hits)
{
	size_t i;

	for (i = 0; i < MOST_LINES && symbols[i].hits; i++)
		printf("%s %s %.2f\n", before, symbols[i].name, 100.0 * symbols[i].hits / hits);
}
