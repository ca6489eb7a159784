// SPDX-License-Identifier: GPL-2.0-only
/*
 * The initial thread leaves by pthread_exit(3): the process goes on as long as there
 * is another, and the last one has its exit handlers run. With LEAVES=region the
 * initial thread has had a region, and there is no other thread but those of the
 * runtime; with LEAVES=thread it had none, and a thread has regions until SIGTERM.
 */
#include <pthread.h>
#include <string.h>

#include "program.h"

static void *work(void *data)
{
	do {
		program_check(program_team() == 2, "region");
	} while (program_goes_on());
	return data;
}

static void say(void)
{
	program_done();
}

int main(void)
{
	const char *how = getenv("LEAVES");
	pthread_t thread;

	program_begin();
	atexit(say);
	if (how && !strcmp(how, "region"))
		program_check(program_team() == 2, "region");
	else if (pthread_create(&thread, NULL, work, NULL))
		return 1;
	pthread_exit(NULL);
}
