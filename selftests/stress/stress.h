/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the processes of migrate_stress share. Owners have memory of which they know
 * the content, and do to it what programs do; movers migrate owners' pages; the
 * others change what there is to decide by: active nodes, CPUs, free memory.
 *
 *	migrate_stress.c  starts all of them, and in the end judges
 *	owner.c		a process with areas, and threads that write to memory
 *	area.c		  memory whose content is known
 *	hot.c		  memory that a thread writes all the time
 *	mover.c		virtflex_migrate(2) of owners, beside the kernel's own calls
 *	weather.c	nodes, CPUs and free memory come and go; allocations fail
 *	counters.c	the kernel's counters, before and after
 *	swap.c		a disk in memory to swap to
 */
#ifndef STRESS_H
#define STRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OWNERS		6
#define MOVERS		3
#define OWNER_AREAS	6
#define TOLD_AREAS	(OWNER_AREAS + 1)	/* the last one is hot, if there is one */

/**
 * struct shared - memory that all processes have in common
 * @end: the time is up
 * @owner: the owners' numbers, 0: none just now; and where their areas are. Read
 *	without a lock: what is there no more is a case to try
 * @faults: allocations of movers may fail
 *
 * The rest is counted, for the report, and to see that something was tried.
 */
struct shared {
	bool end;
	bool faults;
	struct {
		pid_t pid;
		struct {
			char *start;
			size_t len;
		} area[TOLD_AREAS];
	} owner[OWNERS];
	struct {
		unsigned long long calls, failed;
		unsigned long long moved, marked, busy, nomem;
		unsigned long long operations, forks, killed, swapped;
		unsigned long long changes;
	} count;
};

extern struct shared *shared;

/* Random numbers of the calling process */
void random_seed(unsigned int seed);
unsigned int random_below(unsigned int limit);
/* A set of the nodes with memory, never an empty one */
uint64_t random_nodes(void);
void count_up(unsigned long long *counter, uint64_t by);
bool ended(void);

/* What each kind of process does until the end. Returns its exit status. */
int owner_run(int number);
int mover_run(void);
int weather_run(void);
/* The calling process' own allocations may fail from now on, where the kernel can. */
void faults_prepare(void);
void faults_take(void);

/* Swap to this many MiB of memory. Returns NULL, or why not. */
const char *swap_begin(unsigned int mib);
void swap_end(void);

/* Remembers counters; and says, in the end, whether they are the same again. */
void counters_before(void);
bool counters_agree(void);
/* Does kmemleak know of memory that nobody has? True where there is no kmemleak. */
bool nothing_leaked(void);

#endif
