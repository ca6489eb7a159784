// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded before libvirt, of which the driver for tests is used: a host that is out of reach
 * now and then. UNRELIABLE says how each connection and each look goes, in turn; then a
 * signal ends the program. A letter each:
 *   o  a connection is made		s  a look sees that there is no guest
 *   r  it is refused			l  the connection is lost in a look
 *   p  there is no permission		f  a look fails, and the connection stays
 * The host says that it has UNRELIABLE_KB of memory, and 1 KiB of each other kind.
 */
#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static virError error;
static bool lost;

/* What comes next, of the letters that it may be */
static char next(void)
{
	static const char *at;

	if (!at)
		at = getenv("UNRELIABLE");
	if (*at)
		return *at++;
	raise(SIGTERM);
	return 0;
}

static void fail(int code, char *message)
{
	error.code = code;
	error.message = message;
}

virConnectPtr virConnectOpenAuth(const char *name, virConnectAuthPtr auth,
				 unsigned int flags)
{
	virConnectPtr (*real)(const char *name, virConnectAuthPtr auth,
			      unsigned int flags) =
		dlsym(RTLD_NEXT, "virConnectOpenAuth");

	switch (next()) {
	case 'o':
		lost = false;
		return real(name, auth, flags);
	case 'p':
		fail(VIR_ERR_AUTH_FAILED, "authentication failed");
		return NULL;
	default:
		fail(VIR_ERR_SYSTEM_ERROR, "connection refused");
		return NULL;
	}
}

int virConnectGetAllDomainStats(virConnectPtr conn, unsigned int stats,
				virDomainStatsRecordPtr **records,
				unsigned int flags)
{
	(void)conn;
	(void)stats;
	(void)flags;
	switch (next()) {
	case 'f':
		fail(VIR_ERR_OPERATION_TIMEOUT, "nobody answers");
		return -1;
	case 'l':
		fail(VIR_ERR_RPC, "end of file");
		lost = true;
		return -1;
	default:
		*records = calloc(1, sizeof(**records));
		return *records ? 0 : -1;
	}
}

void virDomainStatsRecordListFree(virDomainStatsRecordPtr *records)
{
	free(records);
}

int virNodeGetMemoryStats(virConnectPtr conn, int cell, virNodeMemoryStatsPtr fields,
			  int *count, unsigned int flags)
{
	static const char *const names[] = {
		VIR_NODE_MEMORY_STATS_TOTAL, VIR_NODE_MEMORY_STATS_FREE,
		VIR_NODE_MEMORY_STATS_BUFFERS, VIR_NODE_MEMORY_STATS_CACHED,
	};
	const char *total = getenv("UNRELIABLE_KB");
	int i;

	(void)conn;
	(void)cell;
	(void)flags;
	for (i = 0; i < *count; i++) {
		strcpy(fields[i].field, names[i]);
		fields[i].value = i || !total ? 1 : strtoull(total, NULL, 10);
	}
	return 0;
}

int virConnectIsAlive(virConnectPtr conn)
{
	(void)conn;
	return !lost;
}

int virGetLastErrorCode(void)
{
	return error.code;
}

const char *virGetLastErrorMessage(void)
{
	return error.message;
}

virErrorPtr virGetLastError(void)
{
	return &error;
}
