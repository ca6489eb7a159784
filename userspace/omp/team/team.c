// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * omp_get_max_threads(), for "virtflex run --team=follow": a program that asks how
 * many threads a region would have is told no more than there are CPUs, and gets
 * as many. An object of its own, since a name of OpenMP's makes programs that
 * have no runtime believe that they have one.
 *
 * Nowhere else is the size of a team changed: programs that asked once, and have
 * an array for each thread, would compute wrong.
 */
#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "symbols.h"

#define EXPORT __attribute__((visibility("default")))

typedef int (*get_fn)(void);
typedef void (*set_fn)(int value);

EXPORT int omp_get_max_threads(void);
EXPORT int omp_get_max_threads_(void);

/** struct asked - what the calling thread was told, and what it may have */
static __thread struct {
	int most;	/* what the program would have without us */
	int last;	/* what it was told last */
} asked;

/* of libvirtflex-omp.so, which is preloaded beside this */
#pragma weak virtflex_omp_cpus
int virtflex_omp_cpus(void);

/**
 * struct search - for the runtime of an object
 * @map: the object
 * @runtime: what was found so far
 * @found: whether it was
 */
struct search {
	const struct link_map *map;
	struct symbols runtime;
	bool found;
};

/* An entry that names something, the next after @d if that is not NULL; or NULL. */
static const Elf64_Dyn *entry(const Elf64_Dyn *dynamic, Elf64_Sxword tag,
			      const Elf64_Dyn *d)
{
	for (d = d ? d + 1 : dynamic; d->d_tag != DT_NULL; d++)
		if (d->d_tag == tag)
			return d;
	return NULL;
}

/* Does an object link by the name of another one? */
static bool needs(const struct link_map *map, const Elf64_Dyn *dynamic,
		  const struct symbols *other)
{
	const Elf64_Dyn *name = entry(dynamic, DT_SONAME, NULL);
	const Elf64_Dyn *needed = NULL;
	struct symbols s;

	if (!name || !symbols_of(map->l_addr, map->l_ld, &s))
		return false;
	while ((needed = entry(map->l_ld, DT_NEEDED, needed)))
		if (!strcmp(s.strings + needed->d_un.d_val,
			    other->strings + name->d_un.d_val))
			return true;
	return false;
}

static const Elf64_Dyn *dynamic_of(const struct dl_phdr_info *info)
{
	unsigned int i;

	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			return (const Elf64_Dyn *)(info->dlpi_addr +
						   info->dlpi_phdr[i].p_vaddr);
	return NULL;
}

static bool is_this(uintptr_t base)
{
	struct dl_find_object object;

	return !_dl_find_object((void *)is_this, &object) &&
	       object.dlfo_link_map->l_addr == base;
}

static int look_at(struct dl_phdr_info *info, size_t size, void *data)
{
	const Elf64_Dyn *dynamic = dynamic_of(info);
	struct search *search = data;
	struct symbols s;

	(void)size;
	if (!symbols_of(info->dlpi_addr, dynamic, &s) ||
	    !symbols_find(&s, "omp_get_max_threads") ||
	    is_this(info->dlpi_addr))
		return 0;
	if (search->map && (search->map->l_addr == info->dlpi_addr ||
			    needs(search->map, dynamic, &s))) {
		search->runtime = s;
		search->found = true;
		return 1;
	}
	/* else the first, which is what the dynamic loader would find */
	if (!search->found)
		search->runtime = s;
	search->found = true;
	return 0;
}

/*
 * The runtime that the caller's object uses, which it may have for itself. dlsym(3)
 * waits for the constructors of a library that is being loaded, and they may wait for
 * this thread; the lock that this takes is nobody's for long.
 */
static bool find_runtime(const void *caller, struct symbols *runtime)
{
	struct search search = { 0 };
	struct dl_find_object object;

	if (!_dl_find_object((void *)caller, &object))
		search.map = object.dlfo_link_map;
	dl_iterate_phdr(look_at, &search);
	*runtime = search.runtime;
	return search.found;
}

static int answer(const void *caller)
{
	struct symbols runtime;
	get_fn get, inside;
	int now, cpus = 0;
	set_fn set;

	if (!find_runtime(caller, &runtime))
		return 1;
	get = (get_fn)symbols_find(&runtime, "omp_get_max_threads");
	set = (set_fn)symbols_find(&runtime, "omp_set_num_threads");
	inside = (get_fn)symbols_find(&runtime, "omp_in_parallel");
	if (!get || !set || !inside)
		return 1;
	now = get();
	if (inside())
		return now;
	/* the program has said how many it wants */
	if (now != asked.last)
		asked.most = now;
	if (virtflex_omp_cpus)
		cpus = virtflex_omp_cpus();
	asked.last = cpus && cpus < asked.most ? cpus : asked.most;
	if (asked.last != now)
		set(asked.last);
	return asked.last;
}

int omp_get_max_threads(void)
{
	return answer(__builtin_return_address(0));
}

/* from Fortran */
int omp_get_max_threads_(void)
{
	return answer(__builtin_return_address(0));
}
