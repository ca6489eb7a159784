// SPDX-License-Identifier: GPL-2.0
/*
 * Sleeps until the next generation of the topology, or for so many
 * milliseconds: for scripts.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include "topology_file.h"

int main(int argc, char **argv)
{
	char text[TOPOLOGY_SIZE];
	struct pollfd poller = { .fd = open(TOPOLOGY, O_RDONLY),
				 .events = POLLIN };

	if (poller.fd < 0 ||
	    topology_text(poller.fd, sizeof(text), text) <= 0)
		return 2;
	return poll(&poller, 1, argc > 1 ? atoi(argv[1]) : -1) != 1;
}
