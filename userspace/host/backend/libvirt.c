// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hosts that are reached through libvirt. All guests are read by one call; what seldom
 * changes of a guest, its bounds and its balloon, is read when it is first seen, and its
 * bounds now and then.
 */
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "cpulist.h"
#include "definition.h"
#include "meminfo.h"
#include "reporting.h"

#define SECOND	UINT64_C(1000000000)
/* How old what was read of a guest's bounds may be */
#define BOUNDS_NS	(30 * SECOND)

/**
 * struct known - what is remembered of a guest
 * @id: UUID
 * @domain: number that libvirt gave it when it was started
 * @seen: whether it was there at the last look
 * @definition: what does not change of its memory
 * @reporting: whether it says how its memory is
 * @nr_vcpus: length of @bounds and @found
 * @bounds: physical CPUs that each vCPU may be pinned to
 * @found: those that it could run on when it was first seen, if several
 * @bounds_ns: when they were read; 0 if they were not
 */
struct known {
	char id[GUEST_ID];
	int domain;
	bool seen;
	struct definition definition;
	struct reporting reporting;
	unsigned int nr_vcpus;
	cpu_set_t *bounds;
	cpu_set_t *found;
	uint64_t bounds_ns;
};

/**
 * struct libvirt_host - a connection to libvirt
 * @backend: what others see of it
 * @conn: connection
 * @is_local: whether that is to this machine, as far as its URI says
 * @nr_cpus: how many physical CPUs there are
 * @cpus: how they are on nodes and cores
 * @known: guests
 * @nr_known: how many
 */
struct libvirt_host {
	struct backend backend;
	virConnectPtr conn;
	bool is_local;
	unsigned int nr_cpus;
	struct host_cpu *cpus;
	struct known *known;
	unsigned int nr_known;
};

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

/* The value of an attribute of a tag, which libvirt writes in one way only. */
static bool take_attribute(const char *tag, const char *name, unsigned int *value)
{
	const char *end = strchr(tag, '>'), *at;
	char text[40];

	snprintf(text, sizeof(text), " %s='", name);
	at = strstr(tag, text);
	if (!at || !end || at > end)
		return false;
	*value = strtoul(at + strlen(text), NULL, 10);
	return true;
}

/* Hyperthreads of a core have a list of each other; the first of it names the core. */
static void place_cpu(struct libvirt_host *h, const char *tag, int node)
{
	unsigned int cpu, first;

	if (!take_attribute(tag, "id", &cpu) || cpu >= h->nr_cpus)
		return;
	h->cpus[cpu].node = node;
	if (take_attribute(tag, "siblings", &first))
		h->cpus[cpu].core = first;
}

/* <cell id='0'> ... <cpu id='0' socket_id='0' core_id='0' siblings='0-1'/> ... */
static void place_cpus(struct libvirt_host *h, const char *capabilities)
{
	const char *at = strstr(capabilities, "<topology>"), *end;
	unsigned int node = 0;

	end = at ? strstr(at, "</topology>") : NULL;
	while (end && (at = strchr(at + 1, '<')) && at < end) {
		if (!strncmp(at, "<cell ", 6))
			take_attribute(at, "id", &node);
		else if (!strncmp(at, "<cpu ", 5))
			place_cpu(h, at, node);
	}
}

static bool read_cpus(struct libvirt_host *h)
{
	int count = virNodeGetCPUMap(h->conn, NULL, NULL, 0);
	char *capabilities;
	unsigned int i;

	if (count <= 0)
		return false;
	h->nr_cpus = count < MAX_HOST_CPUS ? count : MAX_HOST_CPUS;
	h->cpus = calloc(h->nr_cpus, sizeof(*h->cpus));
	if (!h->cpus)
		return false;
	for (i = 0; i < h->nr_cpus; i++)
		h->cpus[i] = (struct host_cpu){ .node = 0, .core = i };
	capabilities = virConnectGetCapabilities(h->conn);
	if (capabilities)
		place_cpus(h, capabilities);
	free(capabilities);
	return true;
}

/* CPUs go offline and come back while the host runs. */
static bool read_online(struct libvirt_host *h, struct snapshot *s)
{
	unsigned char *map = NULL;
	unsigned int i, online;
	int count = virNodeGetCPUMap(h->conn, &map, &online, 0);

	if (count <= 0)
		return false;
	for (i = 0; i < s->nr_cpus; i++) {
		s->cpus[i] = h->cpus[i];
		s->cpus[i].online = (int)i < count && VIR_CPU_USED(map, i);
	}
	free(map);
	return true;
}

/*
 * Whether this is the host that the program runs on, and what its kernel takes for
 * available: that knows which part of the page cache can be dropped.
 */
static bool read_meminfo(const struct libvirt_host *h, struct snapshot *s)
{
	FILE *f = h->is_local ? fopen("/proc/meminfo", "re") : NULL;
	char text[8192];
	uint64_t total, available;
	size_t length;

	if (!f)
		return false;
	length = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[length] = 0;
	if (!meminfo_kb(text, "MemTotal", &total) || total != s->total_kb ||
	    !meminfo_kb(text, "MemAvailable", &available))
		return false;
	s->available_kb = available;
	return true;
}

/*
 * It takes four fields and nothing else, and says them in KiB. What it says is cached is
 * files, and memory that programs share: that of guests may be.
 */
static bool read_memory(struct libvirt_host *h, struct snapshot *s)
{
	virNodeMemoryStats fields[4];
	int count = 4, i;

	if (virNodeGetMemoryStats(h->conn, VIR_NODE_MEMORY_STATS_ALL_CELLS,
				  fields, &count, 0))
		return false;
	for (i = 0; i < count; i++) {
		if (!strcmp(fields[i].field, VIR_NODE_MEMORY_STATS_TOTAL))
			s->total_kb = fields[i].value;
		else
			s->available_kb += fields[i].value;
	}
	s->shared_is_free = !read_meminfo(h, s);
	return true;
}

static void set_from_map(cpu_set_t *set, const unsigned char *map,
			 unsigned int nr_cpus)
{
	unsigned int i;

	CPU_ZERO(set);
	for (i = 0; i < nr_cpus; i++)
		if (VIR_CPU_USED(map, i))
			CPU_SET(i, set);
}

/* Which physical CPUs vCPUs are pinned to, now or as it is kept; NULL if there is none. */
static unsigned char *read_pins(struct libvirt_host *h, virDomainPtr domain,
				unsigned int nr_vcpus, unsigned int flags)
{
	int length = VIR_CPU_MAPLEN(h->nr_cpus);
	unsigned char *maps = calloc(nr_vcpus + 1, length);

	if (maps && virDomainGetVcpuPinInfo(domain, nr_vcpus, maps, length,
					    flags) >= 0)
		return maps;
	free(maps);
	return NULL;
}

/*
 * Where an administrator wants a vCPU: in the configuration that is kept; else where it was
 * when it was first seen, if that is more than one CPU: on a single one it is just placed.
 */
static void bound_vcpu(struct known *k, unsigned int vcpu, const cpu_set_t *kept,
		       const cpu_set_t *now, unsigned int nr_cpus)
{
	cpu_set_t *found = &k->found[vcpu];
	unsigned int i;

	if (!k->bounds_ns) {
		*found = *now;
		for (i = 0; CPU_COUNT(now) < 2 && i < nr_cpus; i++)
			CPU_SET(i, found);
	}
	if (kept && (unsigned int)CPU_COUNT(kept) < nr_cpus)
		k->bounds[vcpu] = *kept;
	else
		k->bounds[vcpu] = *found;
}

/* A guest seldom has more vCPUs than before; then it is as if it were new. */
static bool room_for_bounds(struct known *k, unsigned int nr_vcpus)
{
	if (k->nr_vcpus >= nr_vcpus)
		return true;
	free(k->bounds);
	free(k->found);
	k->bounds = calloc(nr_vcpus, sizeof(*k->bounds));
	k->found = calloc(nr_vcpus, sizeof(*k->found));
	k->nr_vcpus = k->bounds && k->found ? nr_vcpus : 0;
	k->bounds_ns = 0;
	return k->nr_vcpus;
}

static bool read_bounds(struct libvirt_host *h, virDomainPtr domain, struct known *k,
			const struct guest *g)
{
	unsigned int i, length = VIR_CPU_MAPLEN(h->nr_cpus);
	unsigned char *maps;
	cpu_set_t kept;

	if (!room_for_bounds(k, g->nr_vcpus))
		return false;
	/* a guest that is not kept has none */
	maps = read_pins(h, domain, g->nr_vcpus, VIR_DOMAIN_AFFECT_CONFIG);
	for (i = 0; i < g->nr_vcpus; i++) {
		if (maps)
			set_from_map(&kept, VIR_GET_CPUMAP(maps, (int)length, (int)i),
				     h->nr_cpus);
		bound_vcpu(k, i, maps ? &kept : NULL, &g->vcpus[i].affinity,
			   h->nr_cpus);
	}
	free(maps);
	k->bounds_ns = clock_now();
	return true;
}

static struct known *find_known(struct libvirt_host *h, const char *id, int domain,
				unsigned int hint)
{
	unsigned int i;

	if (hint < h->nr_known && !strcmp(h->known[hint].id, id) &&
	    h->known[hint].domain == domain)
		return &h->known[hint];
	for (i = 0; i < h->nr_known; i++)
		if (!strcmp(h->known[i].id, id) && h->known[i].domain == domain)
			return &h->known[i];
	return NULL;
}

static void read_definition(virDomainPtr domain, struct known *k)
{
	char *xml = virDomainGetXMLDesc(domain, 0);

	if (xml)
		definition_read(&k->definition, xml);
	free(xml);
}

static struct known *add_known(struct libvirt_host *h, virDomainPtr domain,
			       const char *id)
{
	struct known *all, *k;

	all = realloc(h->known, (h->nr_known + 1) * sizeof(*all));
	if (!all)
		return NULL;
	h->known = all;
	k = &all[h->nr_known++];
	*k = (struct known){ .domain = virDomainGetID(domain) };
	strcpy(k->id, id);
	read_definition(domain, k);
	return k;
}

static void forget_unseen(struct libvirt_host *h)
{
	unsigned int i, kept = 0;

	for (i = 0; i < h->nr_known; i++) {
		if (!h->known[i].seen) {
			free(h->known[i].bounds);
			free(h->known[i].found);
			continue;
		}
		h->known[kept] = h->known[i];
		h->known[kept++].seen = false;
	}
	h->nr_known = kept;
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

static bool take_params(struct guest *g, const virDomainStatsRecord *record)
{
	const virTypedParameter *p;
	unsigned int count = 0;
	int i;

	for (i = 0; i < record->nparams; i++)
		if (!strcmp(record->params[i].field, "vcpu.maximum"))
			count = number(&record->params[i]);
	if (!guest_set_vcpus(g, count))
		return false;
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

/* Where its vCPUs may run; false if the guest has gone. */
static bool take_affinity(struct libvirt_host *h, virDomainPtr domain, struct known *k,
			  struct guest *g)
{
	unsigned int i, length = VIR_CPU_MAPLEN(h->nr_cpus);
	unsigned char *maps = read_pins(h, domain, g->nr_vcpus,
					VIR_DOMAIN_AFFECT_LIVE);

	if (!maps)
		return false;
	for (i = 0; i < g->nr_vcpus; i++)
		set_from_map(&g->vcpus[i].affinity,
			     VIR_GET_CPUMAP(maps, (int)length, (int)i),
			     h->nr_cpus);
	free(maps);
	if ((!k->bounds_ns || k->nr_vcpus < g->nr_vcpus ||
	     clock_now() - k->bounds_ns > BOUNDS_NS) &&
	    !read_bounds(h, domain, k, g))
		return false;
	for (i = 0; i < g->nr_vcpus; i++)
		g->vcpus[i].bound = k->bounds[i];
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
		       unsigned int what, struct snapshot *s)
{
	struct guest *g = &s->guests[s->nr_guests];
	struct known *k;

	*g = (struct guest){ .shares = 1 };
	if (virDomainGetUUIDString(record->dom, g->id))
		return;
	k = find_known(h, g->id, virDomainGetID(record->dom), s->nr_guests);
	if (!k)
		k = add_known(h, record->dom, g->id);
	g->name = strdup(virDomainGetName(record->dom));
	if (!k || !g->name || !take_params(g, record) ||
	    ((what & LOOK_VCPUS) && !take_affinity(h, record->dom, k, g))) {
		free(g->name);
		free(g->vcpus);
		*g = (struct guest){ .name = NULL };
		return;
	}
	k->seen = true;
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
	struct snapshot *s;
	int count, i;

	count = read_guests(h, what, &records);
	if (count < 0)
		return failed(h, "guests cannot be read", why);
	s = snapshot_new(h->nr_cpus, count);
	if (!s) {
		virDomainStatsRecordListFree(records);
		why_say(why, "%s", strerror(ENOMEM));
		return BACKEND_FAILED;
	}
	s->ns = clock_now();
	for (i = 0; i < count; i++)
		take_guest(h, records[i], what, s);
	virDomainStatsRecordListFree(records);
	forget_unseen(h);
	if (!read_online(h, s) || ((what & LOOK_MEMORY) && !read_memory(h, s))) {
		snapshot_free(s);
		return failed(h, "the host cannot be read", why);
	}
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
	unsigned int i;

	for (i = 0; i < h->nr_known; i++) {
		free(h->known[i].bounds);
		free(h->known[i].found);
	}
	free(h->known);
	free(h->cpus);
	if (h->conn)
		virConnectClose(h->conn);
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
	h->conn = virConnectOpenAuth(uri, virConnectAuthPtrDefault, 0);
	if (!h->conn || !read_cpus(h)) {
		status = not_connected(uri, why);
		close_host(&h->backend);
		return status;
	}
	h->is_local = is_local(h->conn);
	*backend = &h->backend;
	return BACKEND_OK;
}
