/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of CPUs, as many as any kernel is built for. */
#ifndef OMP_CPUS_H
#define OMP_CPUS_H

#include <sched.h>
#include <stdbool.h>
#include <string.h>

#define OMP_MAX_CPUS	8192
#define OMP_CPU_WORDS	(OMP_MAX_CPUS / (8 * sizeof(long)))

/**
 * struct cpus - a set of CPUs
 * @set: for what sched.h and pthread.h have for sets
 * @words: the same, to look at two sets at once: with a third one for what they
 *	have in common, small stacks of threads would be full soon
 */
struct cpus {
	union {
		cpu_set_t set[OMP_MAX_CPUS / CPU_SETSIZE];
		unsigned long words[OMP_CPU_WORDS];
	};
};

static inline void cpus_clear(struct cpus *c)
{
	CPU_ZERO_S(sizeof(*c), c->set);
}

/* CPUs from OMP_MAX_CPUS on are ignored. */
static inline void cpus_add(struct cpus *c, unsigned int cpu)
{
	CPU_SET_S(cpu, sizeof(*c), c->set);
}

static inline unsigned int cpus_count(const struct cpus *c)
{
	return CPU_COUNT_S(sizeof(*c), c->set);
}

static inline bool cpus_empty(const struct cpus *c)
{
	unsigned int i;

	for (i = 0; i < OMP_CPU_WORDS; i++)
		if (c->words[i])
			return false;
	return true;
}

static inline void cpus_and(struct cpus *to, const struct cpus *a,
			    const struct cpus *b)
{
	CPU_AND_S(sizeof(*to), to->set, a->set, b->set);
}

static inline void cpus_or(struct cpus *to, const struct cpus *a,
			   const struct cpus *b)
{
	CPU_OR_S(sizeof(*to), to->set, a->set, b->set);
}

static inline bool cpus_equal(const struct cpus *a, const struct cpus *b)
{
	return CPU_EQUAL_S(sizeof(*a), a->set, b->set);
}

static inline unsigned int cpus_common(const struct cpus *a,
				       const struct cpus *b)
{
	unsigned int i, common = 0;
	unsigned long both;

	/* most words are empty, and not each compiler has an instruction for this */
	for (i = 0; i < OMP_CPU_WORDS; i++) {
		both = a->words[i] & b->words[i];
		if (both)
			common += __builtin_popcountl(both);
	}
	return common;
}

/* Is all of @a in @b? */
static inline bool cpus_within(const struct cpus *a, const struct cpus *b)
{
	unsigned int i;

	for (i = 0; i < OMP_CPU_WORDS; i++)
		if (a->words[i] & ~b->words[i])
			return false;
	return true;
}

/* The set that a caller has in @size bytes; what does not fit is left out. */
static inline void cpus_copy(struct cpus *to, const void *from, size_t size)
{
	cpus_clear(to);
	memcpy(to, from, size < sizeof(*to) ? size : sizeof(*to));
}

#endif /* OMP_CPUS_H */
