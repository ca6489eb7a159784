// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hosts that are reached through libvirt: connected to, looked at, and changed. All guests
 * are read by one call; what seldom changes of them is remembered (libvirt_known.c).
 */
#include <errno.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "libvirt_host.h"

static struct libvirt_host *host_of(struct backend *backend)
{
	return (struct libvirt_host *)backend;
}

static const char *last_error(void)
{
	const char *text = virGetLastErrorMessage();

	return text && *text ? text : "libvirt does not say why";
}

/* What went wrong with a guest, or with the host below it. */
static enum backend_status failed(struct libvirt_host *h, const char *what,
				  struct why *why)
{
	int code = virGetLastErrorCode();

	why_say(why, "%s: %s", what, last_error());
	if (virConnectIsAlive(h->conn) != 1)
		return BACKEND_LOST;
	if (code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_OPERATION_INVALID)
		return BACKEND_GONE;
	return BACKEND_FAILED;
}

static uint64_t number(const virTypedParameter *p)
{
	switch (p->type) {
	case VIR_TYPED_PARAM_INT:
		return p->value.i < 0 ? 0 : p->value.i;
	case VIR_TYPED_PARAM_UINT:
		return p->value.ui;
	case VIR_TYPED_PARAM_LLONG:
		return p->value.l < 0 ? 0 : p->value.l;
	case VIR_TYPED_PARAM_ULLONG:
		return p->value.ul;
	default:
		return 0;
	}
}

/* When guests were read: nobody knows when each was, and on a busy host it takes its time. */
struct span {
	uint64_t began_ns, ended_ns;
};

/* "vcpu.N.time" and others of a vCPU */
static void take_vcpu(struct guest *g, const virTypedParameter *p)
{
	char *end;
	unsigned long n = strtoul(p->field + strlen("vcpu."), &end, 10);
	struct seen_vcpu *v;

	if (*end != '.' || n >= g->nr_vcpus)
		return;
	v = &g->vcpus[n];
	if (!strcmp(end, ".state")) {
		v->online = true;
	} else if (!strcmp(end, ".time")) {
		v->run_ns = number(p);
	} else if (!strcmp(end, ".delay")) {
		v->delay_ns = number(p);
		v->has_delay = true;
	}
}

static void take_balloon(struct guest_memory *m, const virTypedParameter *p)
{
	const char *name = p->field + strlen("balloon.");
	uint64_t value = number(p);

	if (!strcmp(name, "current"))
		m->actual_kb = value;
	else if (!strcmp(name, "maximum"))
		m->maximum_kb = value;
	else if (!strcmp(name, "rss"))
		m->rss_kb = value;
	else if (!strcmp(name, "available"))
		m->available_kb = value;
	else if (!strcmp(name, "last-update"))
		m->stats_at = value;
	if (strcmp(name, "usable"))
		return;
	m->usable_kb = value;
	m->has_usable = true;
}

static bool take_params(struct guest *g, const virDomainStatsRecord *record,
			const struct span *read)
{
	const virTypedParameter *p;
	unsigned int count = 0;
	int i;

	for (i = 0; i < record->nparams; i++)
		if (!strcmp(record->params[i].field, "vcpu.maximum"))
			count = number(&record->params[i]);
	if (!guest_set_vcpus(g, count, read->began_ns + (read->ended_ns - read->began_ns) / 2))
		return false;
	g->vcpus_unsure_ns = (read->ended_ns - read->began_ns) / 2;
	for (i = 0; i < record->nparams; i++) {
		p = &record->params[i];
		if (!strcmp(p->field, "state.state"))
			g->running = number(p) == VIR_DOMAIN_RUNNING;
		else if (!strncmp(p->field, "vcpu.", 5))
			take_vcpu(g, p);
		else if (!strncmp(p->field, "balloon.", 8))
			take_balloon(&g->memory, p);
	}
	g->memory.has_stats = g->memory.available_kb && g->memory.stats_at;
	return true;
}

static void take_memory(struct libvirt_host *h, virDomainPtr domain, struct known *k,
			struct guest *g)
{
	unsigned int period = h->backend.stats_period;
	uint64_t now = clock_now();
	int ret;

	g->memory.has_balloon = k->definition.has_balloon;
	g->memory.autodeflate = k->definition.autodeflate;
	g->memory.fixed = k->definition.fixed;
	g->memory.shared = k->definition.shared;
	if (!period || !h->backend.may_change(g) ||
	    !reporting_due(&k->reporting, g, now))
		return;
	ret = virDomainSetMemoryStatsPeriod(domain, period, VIR_DOMAIN_AFFECT_LIVE);
	reporting_asked(&k->reporting, !ret, now);
}

/* Adds a guest to a snapshot; one that has gone meanwhile is left out. */
static void take_guest(struct libvirt_host *h, const virDomainStatsRecord *record,
		       unsigned int what, const struct span *read, struct snapshot *s)
{
	struct guest *g = &s->guests[s->nr_guests];
	cpu_set_t online;
	struct known *k;

	snapshot_online(s, &online);
	*g = (struct guest){ .shares = 1 };
	if (virDomainGetUUIDString(record->dom, g->id))
		return;
	k = known_find(h, g->id, virDomainGetID(record->dom), s->nr_guests);
	if (!k)
		k = known_add(h, record->dom, g->id);
	if (k) {
		k->seen = true;
		known_define(k, record->dom);
	}
	g->name = strdup(virDomainGetName(record->dom));
	if (!k || !g->name || !take_params(g, record, read) ||
	    ((what & LOOK_VCPUS) && !known_see_affinity(h, record->dom, k, &online, g))) {
		guest_free(g);
		return;
	}
	if (what & LOOK_MEMORY)
		take_memory(h, record->dom, k, g);
	s->nr_guests++;
}

/* A guest that is busy with something else is not waited for. */
static int read_guests(struct libvirt_host *h, unsigned int what,
		       virDomainStatsRecordPtr **records)
{
	unsigned int stats = VIR_DOMAIN_STATS_STATE;

	if (what & LOOK_VCPUS)
		stats |= VIR_DOMAIN_STATS_VCPU;
	if (what & LOOK_MEMORY)
		stats |= VIR_DOMAIN_STATS_BALLOON;
	return virConnectGetAllDomainStats(h->conn, stats, records,
					   VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE |
					   VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
}

static enum backend_status look(struct backend *backend, unsigned int what,
				struct snapshot **snapshot, struct why *why)
{
	struct libvirt_host *h = host_of(backend);
	virDomainStatsRecordPtr *records = NULL;
	enum backend_status status;
	struct span read;
	struct snapshot *s;
	int count, i;

	read.began_ns = clock_now();
	count = read_guests(h, what, &records);
	read.ended_ns = clock_now();
	if (count < 0)
		return failed(h, "guests cannot be read", why);
	s = snapshot_new(h->nr_cpus, count);
	if (!s) {
		virDomainStatsRecordListFree(records);
		why_say(why, "%s", strerror(ENOMEM));
		return BACKEND_FAILED;
	}
	s->ns = read.ended_ns;
	if (!machine_see_cpus(h, s) || ((what & LOOK_MEMORY) && !machine_see_memory(h, s))) {
		status = failed(h, "the host cannot be read", why);
		virDomainStatsRecordListFree(records);
		snapshot_free(s);
		return status;
	}
	for (i = 0; i < count; i++)
		take_guest(h, records[i], what, &read, s);
	virDomainStatsRecordListFree(records);
	known_forget_unseen(h);
	*snapshot = s;
	return BACKEND_OK;
}

static virDomainPtr find_domain(struct libvirt_host *h, const struct guest *guest)
{
	return virDomainLookupByUUIDString(h->conn, guest->id);
}

static enum backend_status pin(struct backend *backend,
			       const struct guest *guest, unsigned int vcpu,
			       const cpu_set_t *cpus, struct why *why)
{
	struct libvirt_host *h = host_of(backend);
	virDomainPtr domain = find_domain(h, guest);
	unsigned char map[MAX_HOST_CPUS / 8] = { 0 };
	enum backend_status status = BACKEND_OK;
	unsigned int i;

	for (i = 0; i < h->nr_cpus; i++)
		if (CPU_ISSET(i, cpus))
			VIR_USE_CPU(map, i);
	if (!domain ||
	    virDomainPinVcpuFlags(domain, vcpu, map, VIR_CPU_MAPLEN(h->nr_cpus),
				  VIR_DOMAIN_AFFECT_LIVE))
		status = failed(h, guest->name, why);
	else
		known_pinned(h, guest->id, vcpu, cpus);
	if (domain)
		virDomainFree(domain);
	return status;
}

static enum backend_status resize(struct backend *backend,
				  const struct guest *guest, uint64_t kb,
				  struct why *why)
{
	struct libvirt_host *h = host_of(backend);
	virDomainPtr domain = find_domain(h, guest);
	enum backend_status status = BACKEND_OK;

	if (!domain || virDomainSetMemoryFlags(domain, kb,
					       VIR_DOMAIN_AFFECT_LIVE))
		status = failed(h, guest->name, why);
	if (domain)
		virDomainFree(domain);
	return status;
}

static void wait_real(struct backend *backend, uint64_t until_ns)
{
	(void)backend;
	clock_wait(until_ns);
}

static void close_host(struct backend *backend)
{
	struct libvirt_host *h = host_of(backend);

	known_keep(h);
	free(h->cpus);
	if (h->conn)
		virConnectClose(h->conn);
	alive_end();
	free(h);
}

static const struct backend_ops ops = {
	.look = look,
	.pin = pin,
	.resize = resize,
	.wait = wait_real,
	.close = close_host,
};

/* Errors are told by the program, not by libvirt. */
static void say_nothing(void *data, virErrorPtr error)
{
	(void)data;
	(void)error;
}

/* Why there is no connection, and whether there may be one later. */
static enum backend_status not_connected(const char *uri, struct why *why)
{
	virErrorPtr e = virGetLastError();
	int code = e ? e->code : VIR_ERR_INTERNAL_ERROR;
	int system = code == VIR_ERR_SYSTEM_ERROR ? e->int1 : 0;

	if (code == VIR_ERR_AUTH_FAILED || code == VIR_ERR_AUTH_UNAVAILABLE ||
	    code == VIR_ERR_AUTH_CANCELLED || code == VIR_ERR_ACCESS_DENIED ||
	    code == VIR_ERR_OPERATION_DENIED || system == EACCES ||
	    system == EPERM) {
		why_say(why, "no permission for %s: %s; run it as root, or join the group libvirt",
			uri, last_error());
		return BACKEND_FAILED;
	}
	if (code == VIR_ERR_NO_CONNECT || code == VIR_ERR_INVALID_ARG ||
	    code == VIR_ERR_NO_SUPPORT || code == VIR_ERR_CONFIG_UNSUPPORTED) {
		why_say(why, "cannot connect to %s: %s; a URI is such as qemu:///system or qemu+ssh://host/system, and libvirt needs its driver",
			uri, last_error());
		return BACKEND_FAILED;
	}
	why_say(why, "cannot reach %s: %s; is libvirtd running there? (systemctl start libvirtd)",
		uri, last_error());
	return BACKEND_LOST;
}

/* A URI without a host: qemu:///system, but not qemu+ssh://host/system */
static bool is_local(virConnectPtr conn)
{
	char *uri = virConnectGetURI(conn);
	const char *host = uri ? strstr(uri, "://") : NULL;
	bool none = host && strchr("/?", host[3]);

	free(uri);
	return none;
}

/**
 * libvirt_open() - connect to libvirt
 * @uri: what to connect to
 * @backend: out: the host
 * @why: out: why not
 *
 * Return: BACKEND_OK; BACKEND_LOST if it may be worth trying again, or BACKEND_FAILED.
 */
enum backend_status libvirt_open(const char *uri, struct backend **backend,
				 struct why *why)
{
	struct libvirt_host *h = calloc(1, sizeof(*h));
	enum backend_status status;

	virSetErrorFunc(NULL, say_nothing);
	if (!h || virInitialize()) {
		free(h);
		why_say(why, "%s", strerror(ENOMEM));
		return BACKEND_FAILED;
	}
	h->backend.ops = &ops;
	if (!alive_begin()) {
		free(h);
		why_say(why, "libvirt's events: %s", last_error());
		return BACKEND_FAILED;
	}
	known_recall(h);
	h->conn = virConnectOpenAuth(uri, virConnectAuthPtrDefault, 0);
	if (!h->conn || !machine_read_cpus(h)) {
		status = not_connected(uri, why);
		close_host(&h->backend);
		return status;
	}
	h->is_local = is_local(h->conn);
	if (!h->is_local)
		alive_watch(h->conn);
	*backend = &h->backend;
	return BACKEND_OK;
}
