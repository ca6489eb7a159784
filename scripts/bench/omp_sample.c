// SPDX-License-Identifier: GPL-2.0
/*
 * Looks at a process, until it is gone:
 *
 *	omp_sample PID MS NODES
 *
 * prints "cpus MOMENT NUMBER" whenever another number of CPUs is online, and all MS
 * "sample MOMENT THREADS... PAGES...", for each node how many of the threads were
 * last on a CPU of it, and how many pages it has. Moments are in ms of the monotonic
 * clock. Threads of the adaptor are no threads of the program.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_NODES	8
#define MOST_CPUS	64
#define LOOK_MS		25

static int nr_nodes;
static int node_of[MOST_CPUS];

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

/* As long as all are online: a node has no CPU that is not. */
static void find_nodes(void)
{
	char path[96];
	int node, cpu;

	for (node = 0; node < nr_nodes; node++)
		for (cpu = 0; cpu < MOST_CPUS; cpu++) {
			snprintf(path, sizeof(path),
				 "/sys/devices/system/node/node%d/cpu%d", node,
				 cpu);
			if (!access(path, F_OK))
				node_of[cpu] = node;
		}
}

/* A list such as 0-2,5 */
static int count_online(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/online", "r");
	int first, last, nr = 0;
	char next;

	if (!file)
		return 0;
	while (fscanf(file, "%d%c", &first, &next) == 2) {
		last = first;
		if (next == '-' && fscanf(file, "%d%c", &last, &next) < 1)
			break;
		nr += last - first + 1;
		if (next != ',')
			break;
	}
	fclose(file);
	return nr;
}

static void print_threads(int pid)
{
	int threads[MOST_NODES] = { 0 }, cpu, i;
	char path[96], line[1024], *at;
	struct dirent *entry;
	FILE *file;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", pid,
			 entry->d_name);
		file = *entry->d_name == '.' ? NULL : fopen(path, "r");
		if (!file)
			continue;
		at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
		fclose(file);
		if (!at || strstr(line, "(virtflex)"))
			continue;
		/* the 39th of all, of which the second ends at the bracket */
		for (i = 2; at && i < 39; i++)
			at = strchr(at + 1, ' ');
		cpu = at ? atoi(at) : -1;
		if (cpu >= 0 && cpu < MOST_CPUS)
			threads[node_of[cpu]]++;
	}
	if (dir)
		closedir(dir);
	for (i = 0; i < nr_nodes; i++)
		printf(" %d", threads[i]);
}

static void print_pages(int pid)
{
	long pages[MOST_NODES] = { 0 };
	char path[64], line[4096], *at;
	FILE *file;
	int i;

	snprintf(path, sizeof(path), "/proc/%d/numa_maps", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strstr(line, "anon="))
			continue;
		for (at = strstr(line, " N"); at; at = strstr(at + 1, " N")) {
			i = atoi(at + 2);
			if (i < nr_nodes && strchr(at, '='))
				pages[i] += atol(strchr(at, '=') + 1);
		}
	}
	if (file)
		fclose(file);
	for (i = 0; i < nr_nodes; i++)
		printf(" %ld", pages[i]);
}

int main(int argc, char **argv)
{
	struct timespec nap = { .tv_nsec = LOOK_MS * 1000000L };
	int pid, ms, online, before = -1;
	uint64_t next = 0;
	char path[64];

	if (argc != 4)
		return 2;
	pid = atoi(argv[1]);
	ms = atoi(argv[2]);
	nr_nodes = atoi(argv[3]);
	if (nr_nodes < 1 || nr_nodes > MOST_NODES)
		return 2;
	find_nodes();
	/* of one that has ended, but was not waited for, there is no such link */
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	while (readlink(path, (char[8]){ 0 }, 8) > 0) {
		online = count_online();
		if (online != before) {
			printf("cpus %llu %d\n", (unsigned long long)now_ms(),
			       online);
			before = online;
		}
		if (now_ms() >= next) {
			next = now_ms() + ms;
			printf("sample %llu", (unsigned long long)now_ms());
			print_threads(pid);
			print_pages(pid);
			printf("\n");
		}
		nanosleep(&nap, NULL);
	}
	return 0;
}
