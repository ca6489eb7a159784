// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the environment says. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "omp.h"

enum { UNKNOWN, OFF, ON };
static int state;	/* atomic: any thread may be the first to ask */

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value && strcmp(value, "0");
}

bool omp_enabled(void)
{
	int now = __atomic_load_n(&state, __ATOMIC_RELAXED);
	const char *value;

	if (now == UNKNOWN) {
		value = getenv("VIRTFLEX");
		now = ON;
		if ((value && !strcmp(value, "0")) ||
		    access("/proc/virtflex/topology", R_OK))
			now = OFF;
		__atomic_store_n(&state, now, __ATOMIC_RELAXED);
	}
	return now == ON;
}

bool omp_says(void)
{
	return is_set("VIRTFLEX_VERBOSE");
}

void omp_say(const char *fmt, ...)
{
	char text[512];
	va_list args;
	int len, cancel;

	if (!omp_says())
		return;
	/* a line is one write(2): those of several threads do not mix */
	len = snprintf(text, sizeof(text), "virtflex[%d]: ", (int)getpid());
	va_start(args, fmt);
	vsnprintf(text + len, sizeof(text) - len - 1, fmt, args);
	va_end(args);
	strcat(text, "\n");
	/* a caller of ours may not know that it could be cancelled here */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	len = write(STDERR_FILENO, text, strlen(text));
	(void)len;	/* there may be nobody to hear it */
	pthread_setcancelstate(cancel, NULL);
}
