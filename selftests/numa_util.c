// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include "numa_util.h"

#define NODE_DIR	"/sys/devices/system/node"

struct numa numa;

ssize_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, buf, size - 1);
	if (got < 0)
		got = -errno;
	close(fd);
	if (got < 0)
		return got;
	while (got && buf[got - 1] == '\n')
		got--;
	buf[got] = '\0';
	return got;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

long read_long(const char *path, long otherwise)
{
	char buf[64];

	if (read_file(path, buf, sizeof(buf)) <= 0)
		return otherwise;
	return atol(buf);
}

int nth_of_list(const char *list, int nth)
{
	while (*list >= '0' && *list <= '9') {
		char *end;
		long first = strtol(list, &end, 10);
		long last = first;

		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		if (nth <= last - first)
			return first + nth;
		nth -= last - first + 1;
		list = *end == ',' ? end + 1 : end;
	}
	return -1;
}

int online_cpu_of(int node, int nth)
{
	char path[128], list[512];

	snprintf(path, sizeof(path), NODE_DIR "/node%d/cpulist", node);
	if (read_file(path, list, sizeof(list)) < 0)
		return -1;
	return nth_of_list(list, nth);
}

static void numa_init(void)
{
	char list[512];
	int i, node;

	numa.nr = 0;
	if (read_file(NODE_DIR "/has_memory", list, sizeof(list)) < 0)
		return;
	for (i = 0; i < NODES && (node = nth_of_list(list, i)) >= 0; i++) {
		if (node >= NODES)
			break;
		numa.node[i] = node;
		numa.cpu[i] = online_cpu_of(node, 0);
		numa.nr++;
	}
}

const char *numa_need(int nodes)
{
	int i;

	numa_init();
	if (numa.nr < nodes)
		return "needs more nodes with memory";
	for (i = 0; i < nodes; i++)
		if (numa.cpu[i] < 0)
			return "needs a CPU on each node";
	return NULL;
}

uint64_t numa_mask(void)
{
	uint64_t mask = 0;
	int i;

	for (i = 0; i < numa.nr; i++)
		mask |= 1ULL << numa.node[i];
	return mask;
}

int numa_distance(int from, int to)
{
	char path[128], line[1024], online[512], *next = line;
	int i, node;

	snprintf(path, sizeof(path), NODE_DIR "/node%d/distance", from);
	if (read_file(path, line, sizeof(line)) < 0 ||
	    read_file(NODE_DIR "/online", online, sizeof(online)) < 0)
		return -1;
	for (i = 0; (node = nth_of_list(online, i)) >= 0; i++) {
		long distance = strtol(next, &next, 10);

		if (node == to)
			return distance;
	}
	return -1;
}

int run_on_node(int node)
{
	cpu_set_t cpus;
	int i, cpu;

	CPU_ZERO(&cpus);
	for (i = 0; (cpu = online_cpu_of(node, i)) >= 0; i++)
		CPU_SET(cpu, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus);
}

int run_on_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus);
}

int run_on_all(void)
{
	cpu_set_t cpus;

	memset(&cpus, 0xff, sizeof(cpus));
	return sched_setaffinity(0, sizeof(cpus), &cpus);
}

int cpu_online(int cpu, bool online)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	return write_file(path, online ? "1" : "0");
}

int spare_cpu(void)
{
	char path[128];
	int i, cpu;

	numa_init();
	for (i = numa.nr - 1; i >= 0; i--) {
		cpu = online_cpu_of(numa.node[i], 1);
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/online", cpu);
		if (cpu > 0 && !access(path, W_OK))
			return cpu;
	}
	return -1;
}

long sys_virtflex_migrate(int pidfd, void *args, size_t size)
{
	return syscall(VIRTFLEX_MIGRATE_NR, pidfd, args, size);
}

const char *migrate_need(int nodes)
{
	if (sys_virtflex_migrate(-1, NULL, 0) < 0 && errno == ENOSYS)
		return "this kernel has no virtflex_migrate(2)";
	return numa_need(nodes);
}

uint64_t count_sum(const struct virtflex_migrate_args *args)
{
	return args->in_place + args->moved + args->marked + args->busy +
	       args->pinned + args->nomem + args->shared + args->unmovable;
}

void print_counts(const struct virtflex_migrate_args *args)
{
	printf("# scanned %llu: in_place %llu moved %llu marked %llu ",
	       args->scanned, args->in_place, args->moved, args->marked);
	printf("busy %llu pinned %llu nomem %llu shared %llu unmovable %llu\n",
	       args->busy, args->pinned, args->nomem, args->shared,
	       args->unmovable);
}

bool adds_up(const struct virtflex_migrate_args *args)
{
	if (args->scanned == count_sum(args))
		return true;
	print_counts(args);
	return false;
}

int migrate(void *start, size_t len, uint64_t flags, uint64_t active,
	    struct virtflex_migrate_args *sum)
{
	struct virtflex_nodemask mask = { .bits[0] = active };
	struct virtflex_migrate_args args = {
		.flags = flags,
		.start = (uintptr_t)start,
		.end = (uintptr_t)start + len,
		.nodemask = active ? (uintptr_t)&mask : 0,
	};
	long ret;

	memset(sum, 0, sizeof(*sum));
	do {
		ret = sys_virtflex_migrate(VIRTFLEX_PIDFD_SELF, &args,
					   sizeof(args));
		if (ret < 0)
			return -errno;
		sum->scanned += args.scanned;
		sum->in_place += args.in_place;
		sum->moved += args.moved;
		sum->marked += args.marked;
		sum->busy += args.busy;
		sum->pinned += args.pinned;
		sum->nomem += args.nomem;
		sum->shared += args.shared;
		sum->unmovable += args.unmovable;
		sum->cursor = args.cursor;
		args.start = args.cursor;
	} while (ret > 0);
	return 0;
}

static char *reserve(size_t len)
{
	char *area = mmap(NULL, len + 3 * HUGE_PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		return NULL;
	return (char *)(((uintptr_t)area + 2 * HUGE_PAGE - 1) &
			~(HUGE_PAGE - 1));
}

static void *map_region(size_t len, int flags, int fd, bool huge)
{
	char *start = reserve(len);

	if (!start)
		return NULL;
	start = mmap(start, len, PROT_READ | PROT_WRITE, flags | MAP_FIXED,
		     fd, 0);
	if (start == MAP_FAILED)
		return NULL;
	madvise(start, len, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return start;
}

void *region_new(size_t len, bool huge)
{
	return map_region(len, MAP_PRIVATE | MAP_ANONYMOUS, -1, huge);
}

void *region_new_file(size_t len, int fd, bool huge)
{
	return map_region(len, MAP_SHARED, fd, huge);
}

void region_free(void *start, size_t len)
{
	munmap(start, len);
}

long set_policy(int mode, uint64_t nodes)
{
	return syscall(SYS_set_mempolicy, mode, nodes ? &nodes : NULL,
		       nodes ? NODES + 1 : 0);
}

long bind_range(void *start, size_t len, int mode, uint64_t nodes)
{
	return syscall(SYS_mbind, start, len, mode, nodes ? &nodes : NULL,
		       nodes ? NODES + 1 : 0, 0);
}

static uint64_t word_at(size_t word, unsigned int seed)
{
	return (word + 1) * 0x9e3779b97f4a7c15ULL + seed;
}

void fill(void *start, size_t len, unsigned int seed)
{
	uint64_t *words = start;
	size_t i;

	for (i = 0; i < len / sizeof(*words); i++)
		words[i] = word_at(i, seed);
}

bool filled(const void *start, size_t len, unsigned int seed)
{
	const uint64_t *words = start;
	size_t i;

	for (i = 0; i < len / sizeof(*words); i++) {
		if (words[i] == word_at(i, seed))
			continue;
		printf("# byte %zu of %zu is not what was written\n",
		       i * sizeof(*words), len);
		return false;
	}
	return true;
}

int settle(void *page)
{
	return place(page, PAGE, node_of(page));
}

long faults_of_writes(void *start, size_t len, size_t unit)
{
	struct rusage before, after;
	size_t at;

	getrusage(RUSAGE_THREAD, &before);
	for (at = 0; at < len; at += unit)
		*(volatile char *)(start + at) += 0;
	getrusage(RUSAGE_THREAD, &after);
	return after.ru_minflt - before.ru_minflt;
}

int place(void *start, size_t len, int node)
{
	size_t pages = len / PAGE, i;
	void **addr = calloc(pages, sizeof(*addr));
	int *to = calloc(pages, sizeof(*to));
	int *status = calloc(pages, sizeof(*status));
	long ret = -ENOMEM;

	if (addr && to && status) {
		for (i = 0; i < pages; i++) {
			addr[i] = (char *)start + i * PAGE;
			to[i] = node;
			*(volatile char *)addr[i] = *(volatile char *)addr[i];
		}
		ret = syscall(SYS_move_pages, 0, pages, addr, to, status, 0);
		if (ret < 0)
			ret = -errno;
		for (i = 0; !ret && i < pages; i++)
			if (node_of(addr[i]) != node)
				ret = -EAGAIN;
	}
	free(addr);
	free(to);
	free(status);
	return ret;
}

long vm_counter(const char *name)
{
	FILE *file = fopen("/proc/vmstat", "r");
	long value, found = -1;
	char key[64];

	if (!file)
		return -1;
	while (found < 0 && fscanf(file, "%63s %ld", key, &value) == 2)
		if (!strcmp(key, name))
			found = value;
	fclose(file);
	return found;
}

long node_zones_kb(int node, const char *field)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	char line[256], word[64];
	long kb = 0, pages;
	int at = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Node %d,", &at) == 1)
			continue;
		if (at == node && sscanf(line, " %63s %ld", word, &pages) == 2 &&
		    !strcmp(word, field))
			kb += pages * 4;
	}
	fclose(file);
	return kb;
}

int hugetlb_reserve(int node, int pages)
{
	char path[160], text[16];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/nr_hugepages",
		 node);
	snprintf(text, sizeof(text), "%d", pages);
	if (write_file(path, text))
		return -1;
	return read_long(path, -1) == pages ? 0 : -1;
}

long node_exact_free_kb(int node)
{
	char path[128], text[4096], *at;

	/* counts that CPUs keep to themselves are summed up */
	write_file("/proc/sys/vm/stat_refresh", "1");
	snprintf(path, sizeof(path), NODE_DIR "/node%d/meminfo", node);
	if (read_file(path, text, sizeof(text)) <= 0)
		return -1;
	at = strstr(text, "MemFree:");
	return at ? atol(at + strlen("MemFree:")) : -1;
}

long node_min_kb(int node)
{
	return node_zones_kb(node, "min");
}

int node_fill_pool(int node, long leave_kb)
{
	char path[160], text[32];
	long pages, free_kb = node_exact_free_kb(node);

	snprintf(path, sizeof(path), NODE_DIR
		 "/node%d/hugepages/hugepages-2048kB/nr_hugepages", node);
	pages = read_long(path, -1);
	if (free_kb < 0 || pages < 0)
		return -1;
	if (free_kb > leave_kb)
		pages += (free_kb - leave_kb) / (long)(HUGE_PAGE / KIB);
	snprintf(text, sizeof(text), "%ld", pages);
	if (write_file(path, text))
		return -1;
	return read_long(path, -1);
}

int nodes_of(pid_t pid, const void *start, size_t len, int *nodes)
{
	size_t pages = len / PAGE, i;
	void **addr = calloc(pages, sizeof(*addr));
	long ret;

	if (!addr)
		return -ENOMEM;
	for (i = 0; i < pages; i++)
		addr[i] = (char *)start + i * PAGE;
	ret = syscall(SYS_move_pages, pid, pages, addr, NULL, nodes, 0);
	if (ret < 0)
		ret = -errno;
	free(addr);
	return ret;
}

int node_of(const void *page)
{
	int node, err = nodes_of(0, page, PAGE, &node);

	return err ? err : node;
}

int count_query(pid_t pid, const void *start, size_t len, long *nodes)
{
	size_t pages = len / PAGE, i;
	int *node = calloc(pages, sizeof(*node));
	int err = -ENOMEM;

	memset(nodes, 0, NODES * sizeof(*nodes));
	if (node)
		err = nodes_of(pid, start, len, node);
	for (i = 0; !err && i < pages; i++)
		if (node[i] >= 0 && node[i] < NODES)
			nodes[node[i]]++;
	free(node);
	return err;
}

int count_numa_maps(pid_t pid, const void *start, size_t len, long *nodes)
{
	char path[64], *line = NULL, *field;
	long on_line[NODES];
	size_t size = 0;
	FILE *maps;

	memset(nodes, 0, NODES * sizeof(*nodes));
	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/numa_maps", pid);
	else
		strcpy(path, "/proc/self/numa_maps");
	maps = fopen(path, "r");
	if (!maps)
		return -errno;
	while (getline(&line, &size, maps) > 0) {
		uintptr_t at = strtoull(line, NULL, 16);
		long kb = 4;
		int i;

		if (at < (uintptr_t)start || at >= (uintptr_t)start + len)
			continue;
		memset(on_line, 0, sizeof(on_line));
		for (field = strtok(line, "\n "); field;
		     field = strtok(NULL, "\n ")) {
			int node;
			long pages;

			if (sscanf(field, "N%d=%ld", &node, &pages) == 2 &&
			    node < NODES)
				on_line[node] += pages;
			else
				sscanf(field, "kernelpagesize_kB=%ld", &kb);
		}
		for (i = 0; i < NODES; i++)
			nodes[i] += on_line[i] * (kb / 4);
	}
	free(line);
	fclose(maps);
	return 0;
}

bool all_on_mask_of(pid_t pid, const void *start, size_t len, uint64_t mask)
{
	long query[NODES], maps[NODES], on_mask = 0;
	int err, err2, i;

	err = count_query(pid, start, len, query);
	err2 = count_numa_maps(pid, start, len, maps);
	if (err || err2) {
		printf("# move_pages: %d, numa_maps: %d\n", err, err2);
		return false;
	}
	for (i = 0; i < NODES; i++)
		if (mask & 1ULL << i)
			on_mask += query[i];
	if (on_mask == (long)(len / PAGE) && !memcmp(query, maps, sizeof(maps)))
		return true;
	printf("# expected %lu pages on nodes %#llx\n", len / PAGE,
	       (unsigned long long)mask);
	for (i = 0; i < NODES; i++)
		if (query[i] || maps[i])
			printf("# node %d: %ld by move_pages, %ld by numa_maps\n",
			       i, query[i], maps[i]);
	return false;
}

bool all_on_mask(const void *start, size_t len, uint64_t mask)
{
	return all_on_mask_of(0, start, len, mask);
}

bool all_on(const void *start, size_t len, int node)
{
	return all_on_mask(start, len, 1ULL << node);
}

bool part_on(const void *start, size_t len, int node)
{
	long query[NODES];
	int err = count_query(0, start, len, query);

	if (!err && query[node] == (long)(len / PAGE))
		return true;
	printf("# %ld of %lu pages on node %d (%d)\n", err ? 0 : query[node],
	       len / PAGE, node, err);
	return false;
}

long smaps_kb(const void *start, size_t len, const char *field)
{
	char *line = NULL;
	size_t size = 0;
	bool inside = false;
	long sum = 0;
	FILE *smaps = fopen("/proc/self/smaps", "r");

	if (!smaps)
		return -errno;
	while (getline(&line, &size, smaps) > 0) {
		unsigned long at, to;

		if (sscanf(line, "%lx-%lx ", &at, &to) == 2)
			inside = at >= (uintptr_t)start &&
				 at < (uintptr_t)start + len;
		else if (inside && !strncmp(line, field, strlen(field)) &&
			 line[strlen(field)] == ':')
			sum += atol(line + strlen(field) + 1);
	}
	free(line);
	fclose(smaps);
	return sum;
}

int pidfd_open_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

bool module_loaded(void)
{
	return !access(TOPOLOGY, F_OK);
}

const char *module_file(void)
{
	static char path[512];
	const char *env = getenv("VIRTFLEX_KO");
	struct utsname uts;

	if (env)
		return env;
	strcpy(path, "/lib/virtflex/virtflex.ko");
	if (!access(path, R_OK))
		return path;
	uname(&uts);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/virtflex.ko",
		 uts.release);
	return access(path, R_OK) ? NULL : path;
}

int module_insert_file(const char *path)
{
	int fd, err = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0))
		err = -errno;
	close(fd);
	return err;
}

int module_insert(void)
{
	const char *path = module_file();

	return path ? module_insert_file(path) : -ENOENT;
}

int module_remove(void)
{
	return syscall(SYS_delete_module, "virtflex", O_NONBLOCK) ? -errno : 0;
}

uint64_t topology_generation(void)
{
	char text[8192], *at;

	if (read_file(TOPOLOGY, text, sizeof(text)) <= 0)
		return 0;
	at = strstr(text, "\ngeneration");
	return at ? strtoull(at + strlen("\ngeneration"), NULL, 10) : 0;
}
