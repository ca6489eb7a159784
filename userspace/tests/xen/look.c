// SPDX-License-Identifier: GPL-2.0-only
/*
 * look KEY...: what is in these keys, of one moment: a line each time that it is something
 * else, until the program is ended.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

static bool read_all(struct xs_handle *xs, char **keys, char *line, size_t size)
{
	xs_transaction_t t = xs_transaction_start(xs);
	unsigned int len;
	char *value;

	*line = 0;
	for (; *keys; keys++) {
		value = xs_read(xs, t, *keys, &len);
		snprintf(line + strlen(line), size - strlen(line), "%s%s",
			 *line ? "|" : "", value ? value : "-");
		free(value);
	}
	return xs_transaction_end(xs, t, false);
}

int main(int argc, char **argv)
{
	char line[4096], last[sizeof(line)] = "";
	struct xs_handle *xs = xs_open(0);

	if (argc < 2 || !xs)
		return 1;
	for (;;) {
		if (!read_all(xs, argv + 1, line, sizeof(line))) {
			if (errno == EAGAIN)
				continue;
			return 0;
		}
		if (strcmp(line, last)) {
			puts(line);
			fflush(stdout);
			strcpy(last, line);
		}
	}
}
