// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * OpenMP runtimes: objects of this process that have GOMP_parallel(). Found by an
 * address in their code, since neither the name of the file nor the order in
 * which objects are searched tells: there are several in some processes, renamed
 * and loaded with RTLD_LOCAL.
 */
#include <dlfcn.h>
#include <link.h>

#include "omp.h"
#include "symbols.h"

bool runtime_at(const void *pc, struct runtime *runtime)
{
	struct dl_find_object object;
	struct symbols symbols;
	void *parallel;

	if (_dl_find_object((void *)pc, &object) ||
	    !symbols_of(object.dlfo_link_map->l_addr, object.dlfo_link_map->l_ld,
			&symbols))
		return false;
	parallel = symbols_find(&symbols, "GOMP_parallel");
	if (!parallel)
		return false;
	if (runtime) {
		runtime->base = object.dlfo_map_start;
		runtime->parallel = (omp_parallel_fn)parallel;
		runtime->set_dynamic = (void (*)(int dynamic))
			symbols_find(&symbols, "omp_set_dynamic");
		runtime->get_num_threads = (int (*)(void))
			symbols_find(&symbols, "omp_get_num_threads");
		runtime->name = object.dlfo_link_map->l_name;
	}
	return true;
}
