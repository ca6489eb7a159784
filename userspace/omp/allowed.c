// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * CPUs that the process was started on, before it bound anything. From /proc,
 * as sched_getaffinity(2) leaves out those that are offline and may return.
 */
#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "omp.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct cpus allowed;
static struct cpus online;	/* of those, when the process started */

static unsigned int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10;
}

/* "00000000,0000000f": from the highest CPU down, four to a digit */
static void parse(const char *mask, struct cpus *cpus)
{
	const char *end = mask + strspn(mask, "0123456789abcdef,");
	unsigned int cpu = 0, bit;

	cpus_clear(cpus);
	while (end-- > mask) {
		if (*end == ',')
			continue;
		for (bit = 0; bit < 4; bit++, cpu++)
			if (digit(*end) >> bit & 1)
				cpus_add(cpus, cpu);
	}
}

static void read_allowed(void)
{
	static const char key[] = "\nCpus_allowed:\t";
	char text[8192];
	const char *at;
	ssize_t n = -1;
	int fd, state;

	/* binding is no cancellation point, but these are */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	pthread_setcancelstate(state, NULL);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, key);
	if (at)
		parse(at + sizeof(key) - 1, &allowed);
	if (cpus_empty(&allowed))
		memset(&allowed, 0xff, sizeof(allowed));
	cpus_clear(&online);
	sched_getaffinity(0, sizeof(online), online.set);
}

unsigned int allowed_cpus(struct cpus *cpus)
{
	pthread_once(&once, read_allowed);
	*cpus = allowed;
	return cpus_count(&online);
}

bool allowed_all(const struct cpus *cpus)
{
	pthread_once(&once, read_allowed);
	return cpus_within(&online, cpus);
}
