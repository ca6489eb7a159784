// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Regions by the entry of the runtime that is named in ENTRY, called as compilers
 * call it. There is no pragma here: nothing else begins a region. What a runtime
 * lacks says so, and ends with 77.
 */
#include <string.h>

#include "program.h"

#define THREADS	2
#define N	1000
#define SUM	((long)N * (N - 1) / 2)

typedef void (*task_fn)(void *data);

/* What is declared here is in no header. A runtime may lack it. */
#define WEAK	__attribute__((weak))

/* ---- gcc's ---- */

/* Those that end in "runtime" have no chunk in gcc's runtime, but one in LLVM's. */
typedef void loop_fn(task_fn task, void *data, unsigned int threads, long start,
		     long end, long step, long chunk, unsigned int flags);
typedef void loop_start_fn(task_fn task, void *data, unsigned int threads,
			   long start, long end, long step, long chunk);
typedef _Bool next_fn(long *start, long *end);

WEAK void GOMP_parallel(task_fn task, void *data, unsigned int threads,
			unsigned int flags);
WEAK unsigned int GOMP_parallel_reductions(task_fn task, void *data,
					   unsigned int threads,
					   unsigned int flags);
WEAK void GOMP_parallel_sections(task_fn task, void *data, unsigned int threads,
				 unsigned int count, unsigned int flags);
WEAK void GOMP_teams_reg(task_fn task, void *data, unsigned int teams,
			 unsigned int limit, unsigned int flags);
WEAK loop_fn GOMP_parallel_loop_static;
WEAK loop_fn GOMP_parallel_loop_dynamic;
WEAK loop_fn GOMP_parallel_loop_guided;
WEAK loop_fn GOMP_parallel_loop_runtime;
WEAK loop_fn GOMP_parallel_loop_nonmonotonic_dynamic;
WEAK loop_fn GOMP_parallel_loop_nonmonotonic_guided;
WEAK loop_fn GOMP_parallel_loop_nonmonotonic_runtime;
WEAK loop_fn GOMP_parallel_loop_maybe_nonmonotonic_runtime;
/* of old compilers, whose programs end the region themselves */
WEAK void GOMP_parallel_start(task_fn task, void *data, unsigned int threads);
WEAK void GOMP_parallel_sections_start(task_fn task, void *data,
				       unsigned int threads, unsigned int count);
WEAK loop_start_fn GOMP_parallel_loop_static_start;
WEAK loop_start_fn GOMP_parallel_loop_dynamic_start;
WEAK loop_start_fn GOMP_parallel_loop_guided_start;
WEAK loop_start_fn GOMP_parallel_loop_runtime_start;
WEAK void GOMP_parallel_end(void);

/* what the threads of a region call */
WEAK unsigned int GOMP_sections_next(void);
WEAK void GOMP_sections_end_nowait(void);
WEAK next_fn GOMP_loop_static_next;
WEAK next_fn GOMP_loop_dynamic_next;
WEAK next_fn GOMP_loop_guided_next;
WEAK next_fn GOMP_loop_runtime_next;
WEAK next_fn GOMP_loop_nonmonotonic_dynamic_next;
WEAK next_fn GOMP_loop_nonmonotonic_guided_next;
WEAK next_fn GOMP_loop_nonmonotonic_runtime_next;
WEAK next_fn GOMP_loop_maybe_nonmonotonic_runtime_next;
WEAK void GOMP_loop_end_nowait(void);
WEAK void GOMP_taskgroup_reduction_unregister(unsigned long *data);

/* ---- LLVM's ---- */

struct ident {
	int reserved, flags, reserved2, reserved3;
	const char *source;
};

typedef void (*micro_fn)(int *thread, int *bound, ...);

WEAK int __kmpc_global_thread_num(struct ident *at);
WEAK void __kmpc_fork_call(struct ident *at, int nr_args, micro_fn micro, ...);
WEAK void __kmpc_fork_call_if(struct ident *at, int nr_args, micro_fn micro,
			      int condition, void *args);
WEAK void __kmpc_fork_teams(struct ident *at, int nr_args, micro_fn micro, ...);
WEAK void __kmpc_push_num_threads(struct ident *at, int thread, int threads);
WEAK void __kmpc_push_num_threads_strict(struct ident *at, int thread,
					 int threads, int severity,
					 const char *message);
WEAK void __kmpc_push_num_threads_list(struct ident *at, int thread,
				       unsigned int nr, int *threads);
WEAK void __kmpc_push_num_threads_list_strict(struct ident *at, int thread,
					      unsigned int nr, int *threads,
					      int severity,
					      const char *message);
WEAK void __kmpc_push_num_teams(struct ident *at, int thread, int teams,
				int limit);
WEAK void __kmpc_push_num_teams_51(struct ident *at, int thread, int least,
				   int most, int limit);

static struct ident here = { 0, 2, 0, 0, ";entry.c;main;1;1;;" };

/* ---- what threads do: each of them comes once, and all share a sum ---- */

static struct {
	long came;
	long sum;
	long teams;
	next_fn *next;
} work;

static void add(long *to, long n)
{
	__atomic_add_fetch(to, n, __ATOMIC_RELAXED);
}

static long sum_of(long start, long end)
{
	long sum = 0, i;

	for (i = start; i < end; i++)
		sum += i;
	return sum;
}

/* What this thread has of the whole, as a compiler would share it. */
static long share(void)
{
	int threads = omp_get_num_threads(), me = omp_get_thread_num();

	return sum_of((long)N * me / threads, (long)N * (me + 1) / threads);
}

static void do_share(void *data)
{
	(void)data;
	add(&work.came, 1);
	add(&work.sum, share());
}

static void do_loop(void *data)
{
	long start, end;

	(void)data;
	add(&work.came, 1);
	while (work.next(&start, &end))
		add(&work.sum, sum_of(start, end));
	GOMP_loop_end_nowait();
}

static void do_sections(void *data)
{
	unsigned int section;

	(void)data;
	add(&work.came, 1);
	while ((section = GOMP_sections_next()))
		add(&work.sum, sum_of((section - 1) * N / 4, section * N / 4));
	GOMP_sections_end_nowait();
}

/* Here each thread has a sum of its own, in memory of the runtime's. */
static void do_reduction(void *data)
{
	unsigned long *reduction = *(unsigned long **)data;
	char *sums = (char *)reduction[2];

	add(&work.came, 1);
	*(long *)(sums + omp_get_thread_num() * reduction[1]) += share();
}

static void do_share_of_team(void *data)
{
	int threads = omp_get_num_threads(), all = omp_get_num_teams() * threads;
	int me = omp_get_team_num() * threads + omp_get_thread_num();

	(void)data;
	add(&work.came, 1);
	add(&work.sum, sum_of((long)N * me / all, (long)N * (me + 1) / all));
}

/*
 * Two teams of as many threads as the runtime likes: gcc's has one team after the
 * other, LLVM's both at once.
 */
static void do_team(void *data)
{
	add(&work.teams, 1);
	GOMP_parallel(do_share_of_team, data, 0, 0);
}

static void micro_share(int *thread, int *bound, ...)
{
	(void)thread;
	(void)bound;
	do_share(NULL);
}

static void micro_team(int *thread, int *bound, ...)
{
	(void)thread;
	(void)bound;
	add(&work.teams, 1);
	do_share_of_team(NULL);
}

/* Nobody has said how many: one, that has a region. */
static void micro_only_team(int *thread, int *bound, ...)
{
	(void)thread;
	(void)bound;
	add(&work.teams, 1);
	__kmpc_fork_call(&here, 0, micro_share);
}

/* ---- the entries, each by its name ---- */

struct entry {
	const char *name;
	const void *function;
	void (*region)(void);
	long teams;
};

/* no flags; and no chunk, for those that may take it for flags */
#define LOOP(how, chunk)						\
static void by_GOMP_parallel_loop_##how(void)				\
{									\
	work.next = GOMP_loop_##how##_next;				\
	GOMP_parallel_loop_##how(do_loop, NULL, THREADS, 0, N, 1, chunk, 0); \
}

#define LOOP_START(how, chunk)						\
static void by_GOMP_parallel_loop_##how##_start(void)			\
{									\
	work.next = GOMP_loop_##how##_next;				\
	GOMP_parallel_loop_##how##_start(do_loop, NULL, THREADS, 0, N, 1, \
					 chunk);			\
	do_loop(NULL);							\
	GOMP_parallel_end();						\
}

LOOP(static, 10)
LOOP(dynamic, 10)
LOOP(guided, 10)
LOOP(runtime, 0)
LOOP(nonmonotonic_dynamic, 10)
LOOP(nonmonotonic_guided, 10)
LOOP(nonmonotonic_runtime, 0)
LOOP(maybe_nonmonotonic_runtime, 0)
LOOP_START(static, 10)
LOOP_START(dynamic, 10)
LOOP_START(guided, 10)
LOOP_START(runtime, 0)

static void by_GOMP_parallel(void)
{
	GOMP_parallel(do_share, NULL, THREADS, 0);
}

static void by_GOMP_parallel_start(void)
{
	GOMP_parallel_start(do_share, NULL, THREADS);
	do_share(NULL);
	GOMP_parallel_end();
}

static void by_GOMP_parallel_sections(void)
{
	GOMP_parallel_sections(do_sections, NULL, THREADS, 4, 0);
}

static void by_GOMP_parallel_sections_start(void)
{
	GOMP_parallel_sections_start(do_sections, NULL, THREADS, 4);
	do_sections(NULL);
	GOMP_parallel_end();
}

/*
 * One variable: how many there are, bytes for each thread, their alignment, which
 * becomes their address, -1; three of the runtime's; the variable, where its copy
 * is, one of the runtime's.
 */
static void by_GOMP_parallel_reductions(void)
{
	long sum = 0;
	unsigned long reduction[10] = {
		1, 64, 64, -1UL, 0, 0, 0, (unsigned long)&sum, 0, 0
	};
	unsigned long *data = reduction;
	unsigned int threads, i;

	threads = GOMP_parallel_reductions(do_reduction, &data, THREADS, 0);
	for (i = 0; i < threads; i++)
		add(&work.sum, *(long *)(reduction[2] + i * reduction[1]));
	GOMP_taskgroup_reduction_unregister(reduction);
}

static void by_GOMP_teams_reg(void)
{
	GOMP_teams_reg(do_team, NULL, 2, 0, 0);
}

static void by___kmpc_fork_call(void)
{
	__kmpc_fork_call(&here, 0, micro_share);
}

static void by___kmpc_fork_call_if(void)
{
	__kmpc_fork_call_if(&here, 0, micro_share, 1, NULL);
}

static void by___kmpc_fork_teams(void)
{
	__kmpc_fork_teams(&here, 0, micro_only_team);
}

/* These say how many threads the next region has; otherwise it would be one. */
#define PUSHED(entry, ...)						\
static void by_##entry(void)						\
{									\
	omp_set_num_threads(1);						\
	entry(&here, __kmpc_global_thread_num(&here), __VA_ARGS__);	\
	__kmpc_fork_call(&here, 0, micro_share);			\
}

#define PUSHED_TEAMS(entry, ...)					\
static void by_##entry(void)						\
{									\
	entry(&here, __kmpc_global_thread_num(&here), __VA_ARGS__);	\
	__kmpc_fork_teams(&here, 0, micro_team);			\
}

/* of the region, and of regions in it */
static int levels[] = { THREADS, 1 };

PUSHED(__kmpc_push_num_threads, THREADS)
PUSHED(__kmpc_push_num_threads_strict, THREADS, 2, "")
PUSHED(__kmpc_push_num_threads_list, 2, levels)
PUSHED(__kmpc_push_num_threads_list_strict, 2, levels, 2, "")
PUSHED_TEAMS(__kmpc_push_num_teams, 2, 1)
PUSHED_TEAMS(__kmpc_push_num_teams_51, 2, 2, 1)

#define ENTRY(entry, teams)	{ #entry, entry, by_##entry, teams }

static const struct entry entries[] = {
	ENTRY(GOMP_parallel, 0),
	ENTRY(GOMP_parallel_loop_static, 0),
	ENTRY(GOMP_parallel_loop_dynamic, 0),
	ENTRY(GOMP_parallel_loop_guided, 0),
	ENTRY(GOMP_parallel_loop_runtime, 0),
	ENTRY(GOMP_parallel_sections, 0),
	ENTRY(GOMP_parallel_loop_nonmonotonic_dynamic, 0),
	ENTRY(GOMP_parallel_loop_nonmonotonic_guided, 0),
	ENTRY(GOMP_parallel_loop_nonmonotonic_runtime, 0),
	ENTRY(GOMP_parallel_loop_maybe_nonmonotonic_runtime, 0),
	ENTRY(GOMP_parallel_reductions, 0),
	ENTRY(GOMP_teams_reg, 2),
	ENTRY(GOMP_parallel_start, 0),
	ENTRY(GOMP_parallel_loop_static_start, 0),
	ENTRY(GOMP_parallel_loop_dynamic_start, 0),
	ENTRY(GOMP_parallel_loop_guided_start, 0),
	ENTRY(GOMP_parallel_loop_runtime_start, 0),
	ENTRY(GOMP_parallel_sections_start, 0),
	ENTRY(__kmpc_fork_call, 0),
	ENTRY(__kmpc_fork_call_if, 0),
	ENTRY(__kmpc_fork_teams, 1),
	ENTRY(__kmpc_push_num_threads, 0),
	ENTRY(__kmpc_push_num_threads_strict, 0),
	ENTRY(__kmpc_push_num_threads_list, 0),
	ENTRY(__kmpc_push_num_threads_list_strict, 0),
	ENTRY(__kmpc_push_num_teams, 2),
	ENTRY(__kmpc_push_num_teams_51, 2),
	{ 0 },
};

int main(void)
{
	const char *name = getenv("ENTRY");
	const struct entry *entry = entries;

	while (entry->name && strcmp(entry->name, name))
		entry++;
	program_check(!!entry->name, "no such entry");
	if (!entry->function) {
		printf("this runtime has no %s\n", name);
		return 77;
	}
	program_begin();
	do {
		work.came = 0;
		work.sum = 0;
		work.teams = 0;
		entry->region();
		program_check(work.came >= THREADS, "fewer threads than it asked for");
		program_check(work.sum == SUM, "sum");
		program_check(work.teams == entry->teams, "teams");
	} while (program_goes_on());
	return program_done();
}
