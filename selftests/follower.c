// SPDX-License-Identifier: GPL-2.0
/*
 * A program with interleaved memory on all nodes that follows the topology:
 * sleeps in poll(), has its pages moved at each new generation, checks every
 * byte, and says what it found:
 *
 *	ready PID
 *	generation G moved N nomem N busy N intact|damaged
 *
 * until SIGTERM, which it answers with exit status 0 if all went well. With
 * --probe it only tells whether the kernel has virtflex_migrate(2).
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "topology_file.h"

#define LEN	(16 * MIB)

static volatile sig_atomic_t ended;

static void on_term(int signal)
{
	ended = 1;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_term };
	struct virtflex_migrate_args sum;
	struct topology topo;
	char text[TOPOLOGY_SIZE];
	sigset_t term, none;
	struct pollfd poller = { .events = POLLIN };
	bool good = true;
	char *mem;

	if (argc > 1 && !strcmp(argv[1], "--probe"))
		return !!migrate_need(1);
	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);

	poller.fd = open(TOPOLOGY, O_RDONLY);
	mem = region_new(LEN, false);
	if (poller.fd < 0 || numa_need(1) || !mem ||
	    bind_range(mem, LEN, MPOL_INTERLEAVE, numa_mask()))
		return 2;
	fill(mem, LEN, 1);
	if (topology_text(poller.fd, sizeof(text), text) <= 0)
		return 2;
	printf("ready %d\n", getpid());
	/* the signal is taken in ppoll() alone, so that none is missed */
	while (!ended) {
		if (ppoll(&poller, 1, NULL, &none) != 1)
			continue;
		if (poller.revents & (POLLHUP | POLLERR))
			return 3;
		if (lseek(poller.fd, 0, SEEK_SET) ||
		    topology_text(poller.fd, sizeof(text), text) <= 0 ||
		    topology_parse(text, &topo))
			return 2;
		if (migrate(mem, LEN, 0, 0, &sum))
			return 2;
		good = good && filled(mem, LEN, 1);
		printf("generation %llu moved %llu nomem %llu busy %llu %s\n",
		       (unsigned long long)topo.generation, sum.moved,
		       sum.nomem, sum.busy, good ? "intact" : "damaged");
	}
	return !good;
}
