// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Several runtimes in one process: that of this program, and those of the
 * libraries in LIBRARIES, which are loaded for nobody else to see and have a
 * region work() of their own.
 */
#include <dlfcn.h>
#include <string.h>

#include "program.h"

#define MOST	4

typedef int (*work_fn)(void);

int main(void)
{
	char *list = strdup(getenv("LIBRARIES")), *name;
	int i, nr = 0;
	work_fn work[MOST];
	void *library;

	for (name = strtok(list, ":"); name && nr < MOST; name = strtok(NULL, ":")) {
		library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
		program_check(!!library, "no such library");
		work[nr] = (work_fn)dlsym(library, "work");
		program_check(!!work[nr++], "no work");
	}
	program_begin();
	do {
		program_check(program_team() == 2, "own region");
		for (i = 0; i < nr; i++)
			program_check(work[i]() == 2, "region of a library");
	} while (program_goes_on());
	return program_done();
}
