/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine of four nodes that is not there, for tests of the fallback: /proc
 * and /sys are a sysroot, and move_pages(2) works on a table.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "test.h"

#define BASE		0x7f0000000000ULL
#define NR_PAGES	2048u
#define PAGE_SIZE	4096ULL
#define ABSENT		(-1)
#define ZERO_PAGE	(-2)
#define UNMAPPED	(-3)
#define FOR_EVER	1000000

/**
 * struct machine - the process, and the memory of the machine
 * @node: of each page of the mapping at BASE; or ABSENT, ZERO_PAGE; or UNMAPPED:
 *	the mapping has no such address any more
 * @huge: the page is part of a 2 MiB page
 * @file: it is one of a file, not a private copy
 * @shared: other processes map it
 * @busy: how often it cannot be isolated
 * @stuck: it can be isolated, but does not migrate
 * @room: free pages of each node
 * @unmap_at: call of move_pages(2) before which all of the mapping goes away; 0:
 *	none
 * @can_scan: the kernel can scan a pagemap
 * @entry_ns: what a scan takes for each page of address space
 * @now_ns: time
 * @pid: process; 0 for the caller
 * @threads: of these, move_pages(2) finds the memory; 0 ends the list. Not
 *	asked for the caller
 * @not_to_move: number of a thread that is another process's by now: it has other
 *	pages
 * @exit_at: call of move_pages(2) before which the first of @threads exits; 0:
 *	none
 * @reuse_at: call that finds that the process has exited; for later ones, its
 *	number is another's; 0: none
 * @happen_at: call that asks where pages are, before which @happen is called; 0:
 *	none
 * @happen: what happens then
 * @fail_at: call that fails with @failure; 0: none
 * @failure: what it returns
 * @fleeting: a thread that was looked at exits before it is used
 * @exec_at: scan before which the process executes another program; 0: none
 * @exec: writes what the kernel says of that
 * @refused: what move_pages(2) returns for each node
 * @page_ns: what it takes to move a page
 * @alive: what its pidfd says
 * @denied: what move_pages(2) returns instead of doing anything
 * @denied_all: the same where it is asked for pages that are shared
 * @asked: thread of the last call of move_pages(2)
 * @calls: calls of move_pages(2)
 * @most_asked: most pages in one of these
 * @moves: calls that moved something, or tried to
 * @scans: scans
 * @longest_scan: most pages of address space in one of them
 */
struct machine {
	int node[NR_PAGES];
	bool huge[NR_PAGES];
	bool file[NR_PAGES];
	bool shared[NR_PAGES];
	int busy[NR_PAGES];
	bool stuck[NR_PAGES];
	long room[4];
	unsigned int unmap_at;
	bool can_scan;
	uint64_t entry_ns;
	uint64_t now_ns;
	pid_t pid;
	pid_t threads[4];
	pid_t not_to_move;
	unsigned int exit_at;
	unsigned int reuse_at;
	unsigned int happen_at;
	void (*happen)(void);
	unsigned int fail_at;
	int failure;
	bool fleeting;
	unsigned int exec_at;
	void (*exec)(void);
	int refused[4];
	uint64_t page_ns;
	int alive;
	int denied;
	int denied_all;
	pid_t asked;
	unsigned int calls;
	unsigned long most_asked;
	unsigned int moves;
	unsigned int scans;
	uint64_t longest_scan;
};

extern struct machine m;
extern char *root;
extern struct virtflex *vf;
extern const struct vf_os fake_os;
extern const struct virtflex_nodemask first_three;

int machine_setup(void **state);
int machine_teardown(void **state);
void write_process(const char *dir, const char *maps, const char *numa_maps);
void map_pages(const char *policy, const char *file, const char *page_kb,
	       uint64_t pages);
void map(const char *policy, const char *file, const char *page_kb);
void map_anon(const char *policy);
void place(unsigned int first, unsigned int count, int node);
void assert_nodes(unsigned int first, unsigned int count, int node);
void clear_counts(struct virtflex_migrate_args *args);
int run_at(int pidfd, struct virtflex_migrate_args *args);
int run(struct virtflex_migrate_args *args);

#endif /* MACHINE_H */
