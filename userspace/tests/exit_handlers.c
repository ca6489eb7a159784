// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded: ends the program when the adaptor's thread has something registered for exit.
 * The program may be exiting by then, with destructors behind it, in a moment that no
 * test can choose.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static int by_adaptor(void (*fn)(void *data))
{
	char name[16] = "";
	Dl_info of;

	prctl(PR_GET_NAME, name);
	return !strcmp(name, "virtflex") && dladdr((void *)fn, &of) &&
	       strstr(of.dli_fname, "libvirtflex-omp");
}

int __cxa_atexit(void (*fn)(void *data), void *arg, void *object);
int __cxa_atexit(void (*fn)(void *data), void *arg, void *object)
{
	int (*next)(void (*fn)(void *data), void *arg, void *object) =
		dlsym(RTLD_NEXT, "__cxa_atexit");

	if (by_adaptor(fn)) {
		fputs("registered for exit by the adaptor's thread\n", stderr);
		abort();
	}
	return next(fn, arg, object);
}
