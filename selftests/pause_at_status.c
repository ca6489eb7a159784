// SPDX-License-Identifier: GPL-2.0
/*
 * In dom0, a domain that is stopped in the middle of a change:
 *
 *	pause_at_status DOMID PATTERN
 *
 * prints "watching", and pauses the domain as soon as its numa/status is like
 * PATTERN, as the shell has it, which it says by "paused". A shell alone would
 * come too late: it starts processes, for which a change does not wait.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>
#include <xenstore.h>

/* Is the value at a path like the pattern now? */
static bool is_like(struct xs_handle *xs, const char *path, const char *pattern)
{
	char *value = xs_read(xs, XBT_NULL, path, NULL);
	bool like = value && !fnmatch(pattern, value, 0);

	free(value);
	return like;
}

int main(int argc, char **argv)
{
	struct xs_handle *xs = xs_open(0);
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	unsigned int nr;
	char path[64];

	if (argc != 3) {
		fprintf(stderr, "usage: pause_at_status DOMID PATTERN, in dom0\n");
		return 2;
	}
	if (!xs || !xc) {
		fprintf(stderr, "pause_at_status: no xenstore, or no hypercalls\n");
		return 1;
	}
	snprintf(path, sizeof(path), "/local/domain/%s/numa/status", argv[1]);
	if (!xs_watch(xs, path, "")) {
		perror("pause_at_status: xs_watch");
		return 1;
	}
	puts("watching");
	fflush(stdout);
	while (!is_like(xs, path, argv[2]))
		free(xs_read_watch(xs, &nr));
	if (xc_domain_pause(xc, atoi(argv[1]))) {
		perror("pause_at_status: xc_domain_pause");
		return 1;
	}
	puts("paused");
	xc_interface_close(xc);
	xs_close(xs);
	return 0;
}
