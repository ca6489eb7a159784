// SPDX-License-Identifier: GPL-2.0-only
/* Connections to the host, and its physical nodes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "xen.h"

static int failed(struct host *host, const char *what, const char *remedy)
{
	error("%s: %s; %s", what, strerror(errno), remedy);
	host_close(host);
	return EXIT_ERROR;
}

/**
 * host_open() - connect to xenstore, the hypervisor and the toolstack
 * @host: out
 * @verbose: whether libxenlight says what goes wrong in it
 *
 * Return: enum exit_code.
 */
int host_open(struct host **host, bool verbose)
{
	xentoollog_level level = verbose ? XTL_ERROR : XTL_CRITICAL;
	struct host *h = calloc(1, sizeof(*h));

	if (!h)
		return failed(NULL, "virtflexctl", "try again");
	h->log = (xentoollog_logger *)
		xtl_createlogger_stdiostream(stderr, level, 0);
	h->xs = xs_open(0);
	if (!h->xs)
		return failed(h, "no xenstore",
			      "is this dom0, and are you root?");
	h->xc = xc_interface_open(h->log, h->log, 0);
	if (!h->xc)
		return failed(h, "no hypervisor",
			      "is this dom0 of Xen, and are you root?");
	if (libxl_ctx_alloc(&h->ctx, LIBXL_VERSION, 0, h->log)) {
		errno = EIO;
		return failed(h, "no toolstack", "try xl list");
	}
	*host = h;
	return EXIT_DONE;
}

/**
 * host_close() - undo host_open()
 * @host: host, or NULL
 */
void host_close(struct host *host)
{
	if (!host)
		return;
	if (host->ctx)
		libxl_ctx_free(host->ctx);
	if (host->xc)
		xc_interface_close(host->xc);
	if (host->xs)
		xs_close(host->xs);
	if (host->log)
		xtl_logger_destroy(host->log);
	free(host);
}

/**
 * host_pnodes() - physical nodes
 * @host: host
 * @count: how many
 *
 * Return: nodes by number, to be freed; NULL if they cannot be read.
 */
struct pnode *host_pnodes(struct host *host, unsigned int *count)
{
	libxl_numainfo *info;
	struct pnode *pnodes;
	int nr, i;

	info = libxl_get_numainfo(host->ctx, &nr);
	if (!info)
		return NULL;
	pnodes = calloc(nr + 1, sizeof(*pnodes));
	for (i = 0; pnodes && i < nr; i++) {
		if (info[i].size == LIBXL_NUMAINFO_INVALID_ENTRY)
			continue;
		pnodes[i].size_kb = info[i].size >> 10;
		pnodes[i].free_kb = info[i].free >> 10;
	}
	libxl_numainfo_list_free(info, nr);
	*count = nr;
	return pnodes;
}
