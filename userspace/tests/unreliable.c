// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded before libvirt, of which the driver for tests is used: a host that is out of reach
 * now and then. UNRELIABLE says how each connection and each look goes, in turn; then a
 * signal ends the program. A letter each:
 *   o  a connection is made		s  a look sees that there is no guest
 *					g  a look sees one that runs, with UNRELIABLE_VCPUS
 *					   vCPUs, or one
 *   r  it is refused			l  the connection is lost in a look
 *   p  there is no permission		f  a look fails, and the connection stays
 * The connection is lost when that guest is to be pinned, and "asked to report" is said when it
 * is. The host says that it has UNRELIABLE_KB of memory, and 1 KiB of each other kind. With
 * UNRELIABLE_KEPT, vCPUs may run on CPUs 0 and 1, or once a connection was lost on CPU 0 alone,
 * and that many of them are kept on CPU 0. With UNRELIABLE_ONLINE so many CPUs are online, the
 * first ones; what is not kept anywhere is said to be kept on these, as libvirt says it. With
 * UNRELIABLE_BALLOON the guest has a balloon device once a connection was lost, and none before:
 * it was started anew meanwhile, and has the number that it had.
 */
#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static virError error;
static bool lost, was_lost;

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

/* The guest that the driver for tests has */
static virDomainStatsRecordPtr see_guest(virConnectPtr conn)
{
	virDomainStatsRecordPtr record = calloc(1, sizeof(*record));
	const char *vcpus = getenv("UNRELIABLE_VCPUS");
	int most = 0, count = vcpus ? atoi(vcpus) : 1, i;
	char name[32];

	if (!record)
		return NULL;
	record->dom = virDomainLookupByName(conn, "test");
	virTypedParamsAddInt(&record->params, &record->nparams, &most, "state.state",
			     VIR_DOMAIN_RUNNING);
	virTypedParamsAddUInt(&record->params, &record->nparams, &most, "vcpu.maximum",
			      count);
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "vcpu.%d.state", i);
		virTypedParamsAddInt(&record->params, &record->nparams, &most, name,
				     VIR_VCPU_RUNNING);
	}
	return record;
}

char *virDomainGetXMLDesc(virDomainPtr domain, unsigned int flags)
{
	char *(*real)(virDomainPtr domain, unsigned int flags) =
		dlsym(RTLD_NEXT, "virDomainGetXMLDesc");

	if (!getenv("UNRELIABLE_BALLOON"))
		return real(domain, flags);
	return strdup(was_lost ? "<memballoon model='virtio'/>" : "<memballoon model='none'/>");
}

int virDomainGetVcpuPinInfo(virDomainPtr domain, int count, unsigned char *maps, int length,
			    unsigned int flags)
{
	int (*real)(virDomainPtr domain, int count, unsigned char *maps, int length,
		    unsigned int flags) = dlsym(RTLD_NEXT, "virDomainGetVcpuPinInfo");
	const char *kept = getenv("UNRELIABLE_KEPT"), *online = getenv("UNRELIABLE_ONLINE");
	unsigned char map = was_lost ? 1 : 3;
	int i;

	if (!kept && !online)
		return real(domain, count, maps, length, flags);
	if (flags & VIR_DOMAIN_AFFECT_CONFIG) {
		map = online ? (1 << atoi(online)) - 1 : 1;
		if (kept && atoi(kept) < count)
			count = atoi(kept);
	}
	memset(maps, 0, (size_t)count * length);
	for (i = 0; i < count; i++)
		maps[i * length] = map;
	return count;
}

int virNodeGetCPUMap(virConnectPtr conn, unsigned char **map, unsigned int *online,
		     unsigned int flags)
{
	int (*real)(virConnectPtr conn, unsigned char **map, unsigned int *online,
		    unsigned int flags) = dlsym(RTLD_NEXT, "virNodeGetCPUMap");
	const char *most = getenv("UNRELIABLE_ONLINE");
	int count = real(conn, map, online, flags), i;

	for (i = 0; most && map && i < count; i++)
		if (i < atoi(most))
			VIR_USE_CPU(*map, i);
		else
			VIR_UNUSE_CPU(*map, i);
	return count;
}

int virDomainPinVcpuFlags(virDomainPtr domain, unsigned int vcpu, unsigned char *map,
			  int length, unsigned int flags)
{
	(void)domain;
	(void)vcpu;
	(void)map;
	(void)length;
	(void)flags;
	fail(VIR_ERR_RPC, "broken pipe");
	lost = true;
	was_lost = true;
	return -1;
}

int virDomainSetMemoryStatsPeriod(virDomainPtr domain, int period, unsigned int flags)
{
	(void)domain;
	(void)flags;
	fprintf(stderr, "asked to report every %d s\n", period);
	return 0;
}

int virConnectGetAllDomainStats(virConnectPtr conn, unsigned int stats,
				virDomainStatsRecordPtr **records,
				unsigned int flags)
{
	char letter = next();

	(void)stats;
	(void)flags;
	switch (letter) {
	case 'f':
		fail(VIR_ERR_OPERATION_TIMEOUT, "nobody answers");
		return -1;
	case 'l':
		fail(VIR_ERR_RPC, "end of file");
		lost = true;
		was_lost = true;
		return -1;
	default:
		*records = calloc(2, sizeof(**records));
		if (!*records)
			return -1;
		if (letter == 'g')
			**records = see_guest(conn);
		return **records ? 1 : 0;
	}
}

void virDomainStatsRecordListFree(virDomainStatsRecordPtr *records)
{
	if (*records) {
		virTypedParamsFree((*records)->params, (*records)->nparams);
		virDomainFree((*records)->dom);
		free(*records);
	}
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
