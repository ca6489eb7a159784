// SPDX-License-Identifier: GPL-2.0-only
/* Connections to the host, and its physical nodes. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "xen.h"

/**
 * host_error() - say what has failed, or keep it for who asks
 * @host: host
 * @fmt: a line without newline, as for printf(3)
 */
void host_error(struct host *host, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(host->why, sizeof(host->why), fmt, args);
	va_end(args);
	if (!host->keeps_why)
		error("%s", host->why);
}

static enum host_failure failed(struct host *host, const char *what,
				const char *remedy)
{
	enum host_failure failure = errno == EACCES || errno == EPERM ?
					    HOST_DENIED : HOST_NOT_THERE;

	host_error(host, "%s: %s; %s", what, strerror(errno), remedy);
	return failure;
}

/**
 * host_connect() - connect to xenstore, the hypervisor and the toolstack
 * @host: host without connections, for host_disconnect() in any case
 * @verbose: whether libxenlight says what goes wrong in it
 *
 * Return: HOST_CONNECTED, or why not, which is said or kept.
 */
enum host_failure host_connect(struct host *host, bool verbose)
{
	xentoollog_level level = verbose ? XTL_ERROR : XTL_CRITICAL;

	host->log = (xentoollog_logger *)
		xtl_createlogger_stdiostream(stderr, level, 0);
	host->xs = xs_open(0);
	if (!host->xs)
		return failed(host, "no xenstore",
			      "is this dom0, and are you root?");
	host->xc = xc_interface_open(host->log, host->log, 0);
	if (!host->xc)
		return failed(host, "no hypervisor",
			      "is this dom0 of Xen, and are you root?");
	if (libxl_ctx_alloc(&host->ctx, LIBXL_VERSION, 0, host->log)) {
		errno = EIO;
		return failed(host, "no toolstack", "try xl list");
	}
	return HOST_CONNECTED;
}

/**
 * host_open() - connect to xenstore, the hypervisor and the toolstack
 * @host: out
 * @verbose: whether libxenlight says what goes wrong in it
 *
 * Return: enum exit_code; what is wrong is said.
 */
int host_open(struct host **host, bool verbose)
{
	struct host *h = calloc(1, sizeof(*h));

	if (!h) {
		error("%s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	if (host_connect(h, verbose)) {
		host_close(h);
		return EXIT_ERROR;
	}
	*host = h;
	return EXIT_DONE;
}

/**
 * host_disconnect() - undo host_connect()
 * @host: host
 */
void host_disconnect(struct host *host)
{
	if (host->ctx)
		libxl_ctx_free(host->ctx);
	if (host->xc)
		xc_interface_close(host->xc);
	if (host->xs)
		xs_close(host->xs);
	if (host->log)
		xtl_logger_destroy(host->log);
}

/**
 * host_close() - undo host_open()
 * @host: host, or NULL
 */
void host_close(struct host *host)
{
	if (!host)
		return;
	host_disconnect(host);
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
