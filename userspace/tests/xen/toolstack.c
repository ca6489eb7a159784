// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked into programs in the place of those functions of libxenlight and libxenctrl that
 * ask a hypervisor: the host is one that a test makes up (host.h). What a program tells it is
 * a line in the file XEN_CALLS; what it asks for that takes long is one in the file XEN_ASKED.
 * XEN_SLOW_MS is how long it takes to say a domain's configuration, or what its vCPUs did. As
 * long as there is a file XEN_SILENT, vCPUs cannot be read; the file XEN_HARD has "FIRST LAST",
 * the CPUs that they may run on.
 *
 * Xenstore is real. BEFORE_COMMIT is a command that runs once, in the moment before the
 * first transaction of more than reading is to end: for another writer, or for an end.
 */
#include <errno.h>
#include <libxl.h>
#include <libxl_utils.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenstore.h>

#include "host.h"

static struct made_host host;
static bool has_written;

bool __real_xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
		     const void *data, unsigned int len);
bool __wrap_xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
		     const void *data, unsigned int len);
bool __real_xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort);
bool __wrap_xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort);

bool __wrap_xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
		     const void *data, unsigned int len)
{
	has_written |= t != XBT_NULL;
	return __real_xs_write(h, t, path, data, len);
}

bool __wrap_xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
	const char *command = getenv("BEFORE_COMMIT");
	static unsigned int times;
	const char *most = getenv("BEFORE_COMMIT_TIMES");

	if (command && has_written && !abort &&
	    times++ < (most ? strtoul(most, NULL, 10) : 1) && system(command))
		exit(99);
	has_written = false;
	return __real_xs_transaction_end(h, t, abort);
}

static void vnote(const char *path, const char *fmt, va_list args)
{
	FILE *f = path ? fopen(path, "ae") : NULL;

	if (!f)
		return;
	vfprintf(f, fmt, args);
	fclose(f);
}

static void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vnote(getenv("XEN_CALLS"), fmt, args);
	va_end(args);
}

static void note_asked(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void note_asked(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vnote(getenv("XEN_ASKED"), fmt, args);
	va_end(args);
}

static const struct made_domain *find(uint32_t id)
{
	made_host_read(&host);
	return made_domain_find(&host, id);
}

static unsigned int count_vcpus(const struct made_domain *d)
{
	return d->nr_vnodes ? d->nr_vnodes * d->vcpus_each : d->vcpus_each;
}

static unsigned int pnode_of(unsigned int vnode)
{
	return host.nr_pnodes ? vnode % host.nr_pnodes : 0;
}

/* What a domain has: what its guest says of its nodes, and 4 MiB of which it knows nothing */
static uint64_t memory_of(const struct made_domain *d)
{
	/* a domain has one connection, which is taken */
	bool may_ask = d->nr_vnodes && !getenv("XENSTORED_PATH");
	struct xs_handle *xs = may_ask ? xs_open(0) : NULL;
	uint64_t kb = d->nr_vnodes ? 4096 : d->vnode_kb;
	unsigned int i, len;
	char path[80], *text;

	for (i = 0; i < d->nr_vnodes; i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/numa/node/%u/current",
			 d->id, i);
		text = xs ? xs_read(xs, XBT_NULL, path, &len) : NULL;
		kb += text && *text ? strtoul(text, NULL, 10) : d->vnode_kb;
		free(text);
	}
	if (xs)
		xs_close(xs);
	return kb;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000;
}

static void take_long(void)
{
	const char *text = getenv("XEN_SLOW_MS");
	unsigned long ms = text ? strtoul(text, NULL, 10) : 0;
	struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* A guest that has no memory on a node has taken its vCPUs offline. */
static bool is_online(const struct made_domain *d, unsigned int vcpu)
{
	static struct xs_handle *xs;
	unsigned int len;
	char path[80], *current;
	bool online;

	/* a domain has one connection, which is taken */
	if (!d->nr_vnodes || getenv("XENSTORED_PATH"))
		return true;
	if (!xs)
		xs = xs_open(0);
	snprintf(path, sizeof(path), "/local/domain/%u/numa/node/%u/current", d->id,
		 vcpu / d->vcpus_each);
	current = xs ? xs_read(xs, XBT_NULL, path, &len) : NULL;
	online = !current || strcmp(current, "0");
	free(current);
	return online;
}

/* ---- libxenlight */

int libxl_ctx_alloc(libxl_ctx **ctx, int version, unsigned int flags,
		    xentoollog_logger *lg)
{
	(void)version;
	(void)flags;
	(void)lg;
	*ctx = (libxl_ctx *)&host;
	return 0;
}

int libxl_ctx_free(libxl_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static void tell(const struct made_domain *d, libxl_dominfo *info)
{
	info->domid = d->id;
	info->running = !strcmp(d->state, "running");
	info->shutdown = !strcmp(d->state, "shutdown");
	info->dying = !strcmp(d->state, "dying");
	info->current_memkb = memory_of(d);
	memset(&info->uuid, d->id, sizeof(info->uuid));
}

int libxl_domain_info(libxl_ctx *ctx, libxl_dominfo *info, uint32_t domid)
{
	const struct made_domain *d = find(domid);

	(void)ctx;
	if (!d)
		return ERROR_DOMAIN_NOTFOUND;
	tell(d, info);
	return 0;
}

libxl_dominfo *libxl_list_domain(libxl_ctx *ctx, int *count)
{
	libxl_dominfo *list;
	unsigned int i;

	(void)ctx;
	made_host_read(&host);
	list = calloc(host.nr_domains + 1, sizeof(*list));
	for (i = 0; i < host.nr_domains; i++) {
		libxl_dominfo_init(&list[i]);
		tell(&host.domains[i], &list[i]);
	}
	*count = host.nr_domains;
	return list;
}

int libxl_name_to_domid(libxl_ctx *ctx, const char *name, uint32_t *domid)
{
	unsigned int i;

	(void)ctx;
	made_host_read(&host);
	for (i = 0; i < host.nr_domains; i++) {
		if (strcmp(host.domains[i].name, name))
			continue;
		*domid = host.domains[i].id;
		return 0;
	}
	return ERROR_INVAL;
}

char *libxl_domid_to_name(libxl_ctx *ctx, uint32_t domid)
{
	const struct made_domain *d = find(domid);

	(void)ctx;
	return d ? strdup(d->name) : NULL;
}

int libxl_retrieve_domain_configuration(libxl_ctx *ctx, uint32_t domid,
					libxl_domain_config *config,
					const libxl_asyncop_how *how)
{
	const struct made_domain *d = find(domid);
	unsigned int i;

	(void)ctx;
	(void)how;
	note_asked("configuration %u\n", domid);
	take_long();
	if (!d)
		return ERROR_INVAL;
	config->b_info.vnuma_nodes = calloc(d->nr_vnodes + 1,
					    sizeof(*config->b_info.vnuma_nodes));
	config->b_info.num_vnuma_nodes = d->nr_vnodes;
	for (i = 0; i < d->nr_vnodes; i++) {
		libxl_vnode_info_init(&config->b_info.vnuma_nodes[i]);
		config->b_info.vnuma_nodes[i].pnode = pnode_of(i);
	}
	return 0;
}

/* One pool with all CPUs but the last, which is offline, if XEN_OFFLINE is set */
int libxl_cpupool_info(libxl_ctx *ctx, libxl_cpupoolinfo *info, uint32_t poolid)
{
	int count = host.nr_pnodes * CPUS_EACH, i;

	info->poolid = poolid;
	libxl_cpu_bitmap_alloc(ctx, &info->cpumap, count);
	for (i = 0; i < count - !!getenv("XEN_OFFLINE"); i++)
		libxl_bitmap_set(&info->cpumap, i);
	return 0;
}

libxl_cpupoolinfo *libxl_list_cpupool(libxl_ctx *ctx, int *count)
{
	libxl_cpupoolinfo *info = calloc(1, sizeof(*info));

	made_host_read(&host);
	libxl_cpupoolinfo_init(info);
	libxl_cpupool_info(ctx, info, 0);
	*count = 1;
	return info;
}

int libxl_get_physinfo(libxl_ctx *ctx, libxl_physinfo *info)
{
	unsigned int i;

	(void)ctx;
	made_host_read(&host);
	for (i = 0; i < host.nr_pnodes; i++) {
		info->total_pages += host.size_kb[i] / 4;
		info->free_pages += host.free_kb[i] / 4;
	}
	return 0;
}

int libxl_set_memory_target(libxl_ctx *ctx, uint32_t domid, int64_t kb, int relative,
			    int enforce)
{
	(void)ctx;
	note("memory %u %lld%s%s\n", domid, (long long)kb, relative ? " relative" : "",
	     enforce ? "" : " not enforced");
	return 0;
}

libxl_numainfo *libxl_get_numainfo(libxl_ctx *ctx, int *count)
{
	libxl_numainfo *info;
	unsigned int i;

	(void)ctx;
	made_host_read(&host);
	info = calloc(host.nr_pnodes + 1, sizeof(*info));
	for (i = 0; i < host.nr_pnodes; i++) {
		libxl_numainfo_init(&info[i]);
		info[i].size = (uint64_t)host.size_kb[i] << 10;
		info[i].free = (uint64_t)host.free_kb[i] << 10;
	}
	*count = host.nr_pnodes;
	return info;
}

libxl_cputopology *libxl_get_cpu_topology(libxl_ctx *ctx, int *count)
{
	libxl_cputopology *cpus;
	unsigned int i;

	(void)ctx;
	made_host_read(&host);
	*count = host.nr_pnodes * CPUS_EACH;
	cpus = calloc(*count + 1, sizeof(*cpus));
	for (i = 0; i < host.nr_pnodes * CPUS_EACH; i++) {
		cpus[i].node = i / CPUS_EACH;
		/* some hypervisors do not know cores */
		cpus[i].core = LIBXL_CPUTOPOLOGY_INVALID_ENTRY;
	}
	return cpus;
}

int libxl_cpu_bitmap_alloc(libxl_ctx *ctx, libxl_bitmap *map, int most)
{
	(void)ctx;
	if (!most)
		most = host.nr_pnodes * CPUS_EACH;
	map->size = (most + 7) / 8;
	map->map = calloc(map->size + 1, 1);
	return 0;
}

static bool is_silent(void)
{
	const char *path = getenv("XEN_SILENT");

	return path && !access(path, F_OK);
}

static void read_hard(unsigned int *first, unsigned int *last)
{
	const char *path = getenv("XEN_HARD");
	FILE *f = path ? fopen(path, "re") : NULL;

	if (!f || fscanf(f, "%u %u", first, last) != 2) {
		*first = 0;
		*last = host.nr_pnodes * CPUS_EACH - 1;
	}
	if (f)
		fclose(f);
}

/* Any vCPU prefers the CPUs of its physical node, as xl has it when it builds one. */
libxl_vcpuinfo *libxl_list_vcpu(libxl_ctx *ctx, uint32_t domid, int *nr_vcpus,
				int *nr_cpus)
{
	const struct made_domain *d = find(domid);
	unsigned int i, p, c, first, last;
	libxl_vcpuinfo *info;

	if (!d || is_silent())
		return NULL;
	read_hard(&first, &last);
	*nr_cpus = host.nr_pnodes * CPUS_EACH;
	take_long();
	*nr_vcpus = count_vcpus(d);
	info = calloc(*nr_vcpus + 1, sizeof(*info));
	for (i = 0; i < count_vcpus(d); i++) {
		libxl_vcpuinfo_init(&info[i]);
		info[i].online = is_online(d, i);
		info[i].vcpu_time = now_ms() * 10000 * d->busy;
		libxl_cpu_bitmap_alloc(ctx, &info[i].cpumap, *nr_cpus);
		libxl_cpu_bitmap_alloc(ctx, &info[i].cpumap_soft, *nr_cpus);
		p = pnode_of(i / d->vcpus_each);
		for (c = 0; c < host.nr_pnodes * CPUS_EACH; c++) {
			if (c >= first && c <= last)
				libxl_bitmap_set(&info[i].cpumap, c);
			if (c / CPUS_EACH == p)
				libxl_bitmap_set(&info[i].cpumap_soft, c);
		}
	}
	return info;
}

int libxl_set_vcpuaffinity(libxl_ctx *ctx, uint32_t domid, uint32_t vcpu,
			   const libxl_bitmap *hard, const libxl_bitmap *soft)
{
	const libxl_bitmap *map = hard ? hard : soft;
	unsigned int c;

	(void)ctx;
	note("affinity %u %u %s", domid, vcpu, hard ? "hard" : "soft");
	for (c = 0; c < host.nr_pnodes * CPUS_EACH; c++)
		if (libxl_bitmap_test(map, c))
			note(" %u", c);
	note("\n");
	return 0;
}

/* ---- libxenctrl */

xc_interface *xc_interface_open(xentoollog_logger *logger,
				xentoollog_logger *dombuild_logger,
				unsigned int flags)
{
	(void)logger;
	(void)dombuild_logger;
	(void)flags;
	return (xc_interface *)&host;
}

int xc_interface_close(xc_interface *xch)
{
	(void)xch;
	return 0;
}

int xc_vcpu_getinfo(xc_interface *xch, uint32_t domid, uint32_t vcpu,
		    xc_vcpuinfo_t *info)
{
	const struct made_domain *d = find(domid);

	(void)xch;
	if (!d || vcpu >= count_vcpus(d))
		return -1;
	memset(info, 0, sizeof(*info));
	info->online = is_online(d, vcpu);
	info->running = now_ms() % 100 < d->busy;
	info->blocked = !info->running && !d->waits;
	info->cpu = pnode_of(vcpu / d->vcpus_each) * CPUS_EACH;
	return 0;
}

static int fail(int why)
{
	errno = why;
	return -1;
}

int xc_domain_getvnuma(xc_interface *xch, uint32_t domid, uint32_t *nr_vnodes,
		       uint32_t *nr_ranges, uint32_t *nr_vcpus,
		       xen_vmemrange_t *ranges, unsigned int *distances,
		       unsigned int *vnode_of)
{
	const struct made_domain *d = find(domid);
	uint64_t bytes;
	unsigned int i;

	(void)xch;
	if (!d)
		return fail(ESRCH);
	if (!d->nr_vnodes)
		return fail(EOPNOTSUPP);
	*nr_vnodes = d->nr_vnodes;
	*nr_ranges = d->nr_vnodes;
	*nr_vcpus = d->nr_vnodes * d->vcpus_each;
	if (!ranges)
		return fail(ENOBUFS);
	bytes = (uint64_t)d->vnode_kb << 10;
	for (i = 0; i < d->nr_vnodes; i++)
		ranges[i] = (xen_vmemrange_t){
			.start = i * bytes, .end = (i + 1) * bytes, .nid = i,
		};
	for (i = 0; i < d->nr_vnodes * d->nr_vnodes; i++)
		distances[i] = i / d->nr_vnodes == i % d->nr_vnodes ? 10 : 20;
	for (i = 0; i < *nr_vcpus; i++)
		vnode_of[i] = i / d->vcpus_each;
	return 0;
}

int xc_domain_setvnuma(xc_interface *xch, uint32_t domid, uint32_t nr_vnodes,
		       uint32_t nr_ranges, uint32_t nr_vcpus,
		       xen_vmemrange_t *ranges, unsigned int *distances,
		       unsigned int *vnode_of, unsigned int *pnodes)
{
	unsigned int i;

	(void)xch;
	(void)nr_ranges;
	(void)nr_vcpus;
	(void)ranges;
	(void)distances;
	(void)vnode_of;
	note("setvnuma %u", domid);
	for (i = 0; i < nr_vnodes; i++)
		note(" %u", pnodes[i]);
	note("\n");
	return 0;
}
