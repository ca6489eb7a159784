// SPDX-License-Identifier: LGPL-2.1-or-later
/* libvirtflex, loaded when there is something to follow. */
#include <dlfcn.h>
#include <stddef.h>

#include "library.h"
#include "omp.h"

/* The name that programs of this version of the header link by. */
#define TEXT(number)	#number
#define SONAME(major)	"libvirtflex.so." TEXT(major)

static const struct {
	const char *name;
	size_t at;
} functions[] = {
#define FUNCTION(member) \
	{ "virtflex_" #member, offsetof(struct library, member) }
	FUNCTION(open),
	FUNCTION(close),
	FUNCTION(watch_open),
	FUNCTION(watch_close),
	FUNCTION(watch_fd),
	FUNCTION(watch_read),
	FUNCTION(topology_active),
	FUNCTION(topology_free),
	FUNCTION(migrate_all),
	FUNCTION(method_name),
#undef FUNCTION
	{ 0 },
};

bool library_load(struct library *lib)
{
	/* beside this object, which says so in its run path, or where they are */
	void *handle = dlopen(SONAME(VIRTFLEX_VERSION_MAJOR),
			      RTLD_NOW | RTLD_LOCAL), *p;
	unsigned int i;

	if (!handle) {
		omp_say("%s", dlerror());
		return false;
	}
	for (i = 0; functions[i].name; i++) {
		p = dlsym(handle, functions[i].name);
		if (!p) {
			omp_say("%s", dlerror());
			dlclose(handle);
			return false;
		}
		memcpy((char *)lib + functions[i].at, &p, sizeof(p));
	}
	return true;
}
