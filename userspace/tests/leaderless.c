// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process whose main thread has exited. Its number is printed once that is
 * so; the other thread lives until standard input ends, with 64 pages of its own.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEN	(64 * 4096UL)

/* The state is what follows the name in parentheses. */
static int main_is_zombie(void)
{
	char path[64], text[512] = "", *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	f = fopen(path, "re");
	if (!f)
		exit(1);
	if (!fgets(text, sizeof(text), f))
		exit(1);
	fclose(f);
	end = strrchr(text, ')');
	return end && end[1] == ' ' && end[2] == 'Z';
}

static void *worker(void *arg)
{
	char *mem, c;

	(void)arg;
	mem = mmap(NULL, LEN, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		exit(1);
	memset(mem, 1, LEN);
	while (!main_is_zombie())
		sched_yield();
	printf("%d\n", getpid());
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	exit(0);
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, worker, NULL))
		return 1;
	/* not pthread_exit(): the thread alone, at once */
	syscall(SYS_exit, 0);
	return 1;
}
