/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the virtflex selftests share: the system call, nodes and CPUs, memory
 * placed on chosen nodes, and the questions about placement that are asked of
 * the kernel's other interfaces (move_pages(2), numa_maps, smaps), never of the
 * call under test.
 *
 * Functions return -1 or a negative errno on failure and print nothing, except
 * where said.
 */
#ifndef NUMA_UTIL_H
#define NUMA_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/mempolicy.h>
#include <linux/virtflex.h>

#define TOPOLOGY	"/proc/virtflex/topology"
#define KIB		1024UL
#define MIB		(1024 * KIB)
#define PAGE		(4 * KIB)
#define HUGE_PAGE	(2 * MIB)
/* base pages of a 2 MiB page */
#define HUGE_PAGES	(HUGE_PAGE / PAGE)
/* nodes these tests look at */
#define NODES		64

#ifndef MPOL_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE	6
#endif

/* The nodes with memory, in order, read once from /sys by numa_init() */
struct numa {
	int nr;
	int node[NODES];
	/* an online CPU of the node, or -1 */
	int cpu[NODES];
};

extern struct numa numa;

/* Returns NULL, or why tests with this many nodes (with CPUs) cannot run. */
const char *numa_need(int nodes);
uint64_t numa_mask(void);
int numa_distance(int from, int to);
int run_on_node(int node);
int run_on_cpu(int cpu);
int run_on_all(void);
/* nth (from 0) number of a list such as "0-3,5", or -1 */
int nth_of_list(const char *list, int nth);
int online_cpu_of(int node, int nth);
int cpu_online(int cpu, bool online);
/* a CPU that may go offline, on a node that keeps another one; or -1 */
int spare_cpu(void);

/* Sum of a field of the node's zones in /proc/zoneinfo, such as "present" */
long node_zones_kb(int node, const char *field);

/* A counter of /proc/vmstat, or -1 */
long vm_counter(const char *name);

/* Files of one line, as in /sys */
int write_file(const char *path, const char *text);
ssize_t read_file(const char *path, char *buf, size_t size);
long read_long(const char *path, long otherwise);

/* The call under test; errno as by syscall(2) */
long sys_virtflex_migrate(int pidfd, void *args, size_t size);
/* Returns NULL, or why the call cannot be tested, with so many nodes. */
const char *migrate_need(int nodes);

/*
 * virtflex_migrate() of the calling process for a range, until it is done.
 * @active: the nodes to take as active, a bit each; 0 takes the published ones
 * Counts of all calls are summed up in *sum. Returns 0 or a negative errno.
 */
int migrate(void *start, size_t len, uint64_t flags, uint64_t active,
	    struct virtflex_migrate_args *sum);
uint64_t count_sum(const struct virtflex_migrate_args *args);
/* Whether the counts add up; prints them if not. */
bool adds_up(const struct virtflex_migrate_args *args);
void print_counts(const struct virtflex_migrate_args *args);

/*
 * Anonymous memory aligned to 2 MiB, between two inaccessible areas so that no
 * neighbour is merged with it: numa_maps has it as lines of its own.
 * @huge: ask for 2 MiB pages; otherwise there will be none
 */
void *region_new(size_t len, bool huge);
void region_free(void *start, size_t len);
/* Anything else at such an address: a file or shared memory */
void *region_new_file(size_t len, int fd, bool huge);

long set_policy(int mode, uint64_t nodes);
long bind_range(void *start, size_t len, int mode, uint64_t nodes);
/* Writes every page with what only this page has, offset by seed. */
void fill(void *start, size_t len, unsigned int seed);
/* Whether every byte is as fill() wrote it; prints the first that is not. */
bool filled(const void *start, size_t len, unsigned int seed);
/* Writes a byte of each unit, as it was; returns how many minor faults that took. */
long faults_of_writes(void *start, size_t len, size_t unit);
/* Fault memory in on a node whatever its policy is now, leave that policy be. */
int place(void *start, size_t len, int node);
/*
 * Let pages that are on their way to a list of the LRU arrive there, by asking for
 * a page that stays where it is. One that has not cannot be isolated.
 */
int settle(void *page);

/* Size of a node's pool of 2 MiB hugetlb pages; 0 if it could be had */
int hugetlb_reserve(int node, int pages);
/*
 * Fill a node but for about leave_kb, with a pool of hugetlb pages: nothing is
 * written, and nobody is killed for it. Returns their number, or -1.
 * hugetlb_reserve(node, 0) gives them back.
 */
int node_fill_pool(int node, long leave_kb);
/* Free memory of a node, exactly, and its lowest watermark, in KiB, or -1 */
long node_exact_free_kb(int node);
long node_min_kb(int node);

/* Node of a page by move_pages(2), or a negative errno */
int node_of(const void *page);
int nodes_of(pid_t pid, const void *start, size_t len, int *nodes);
/* Pages per node of a range, indexed by node, from one and the other source */
int count_query(pid_t pid, const void *start, size_t len, long *nodes);
int count_numa_maps(pid_t pid, const void *start, size_t len, long *nodes);
/*
 * Whether both agree that a node, or the nodes of a mask, have all of the
 * range's pages; prints what they say if not.
 */
bool all_on(const void *start, size_t len, int node);
bool all_on_mask(const void *start, size_t len, uint64_t mask);
bool all_on_mask_of(pid_t pid, const void *start, size_t len, uint64_t mask);
/* For a part of a mapping, which numa_maps does not tell: by move_pages alone */
bool part_on(const void *start, size_t len, int node);
/* AnonHugePages and the like of the lines of smaps in the range, in KiB */
long smaps_kb(const void *start, size_t len, const char *field);

int pidfd_open_of(pid_t pid);
/* Milliseconds of CLOCK_MONOTONIC */
uint64_t now_ms(void);

/* A file of a module of the kernel, into it; 0 or a negative errno */
int module_insert_file(const char *path);
/* The module: its file is $VIRTFLEX_KO or what is found where guests keep it. */
bool module_loaded(void);
const char *module_file(void);
int module_insert(void);
int module_remove(void);
/* The running topology's generation, or 0 */
uint64_t topology_generation(void);

#endif
