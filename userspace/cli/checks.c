// SPDX-License-Identifier: GPL-2.0-only
/*
 * What virtflex needs, from the kernel up to what this process may do. Each
 * check looks at one thing and knows one remedy.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"

#define BALLOON	"/sys/devices/system/xen_memory/xen_memory0"

/* The kernel that module and series are for. */
#define LEAST_MAJOR	6
#define LEAST_MINOR	12

static void found(struct finding *f, enum check_state state, const char *remedy,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void found(struct finding *f, enum check_state state, const char *remedy,
		  const char *fmt, ...)
{
	va_list args;

	f->state = state;
	f->remedy = remedy;
	va_start(args, fmt);
	if (vasprintf(&f->found, fmt, args) < 0)
		f->found = NULL;
	va_end(args);
}

/* Of a copy nothing can be mounted or loaded; something may not have been copied. */
static const char *lacking(const struct context *ctx, const char *remedy)
{
	return ctx->sysroot ? "copy that too, if the machine has it" : remedy;
}

static void check_kernel(const struct context *ctx, struct finding *f)
{
	char *release = read_text(ctx, "/proc/sys/kernel/osrelease");
	unsigned int major, minor;

	if (!release)
		found(f, CHECK_MISSING, lacking(ctx, "mount /proc"),
		      "no %s/proc/sys/kernel/osrelease", root_of(ctx));
	else if (sscanf(release, "%u.%u", &major, &minor) != 2)
		found(f, CHECK_MISSING, lacking(ctx, "mount /proc"),
		      "no Linux release in %s/proc/sys/kernel/osrelease",
		      root_of(ctx));
	else if (major < LEAST_MAJOR ||
		 (major == LEAST_MAJOR && minor < LEAST_MINOR))
		found(f, CHECK_MISSING, "install Linux 6.12 or newer",
		      "Linux %s", release);
	else
		found(f, CHECK_OK, NULL, "Linux %s", release);
	free(release);
}

static bool read_nodes(const struct context *ctx,
		       struct virtflex_nodemask *nodes)
{
	char *list = read_text(ctx, "/sys/devices/system/node/has_memory");
	bool ok = list && !virtflex_nodemask_parse(list, nodes);

	free(list);
	return ok;
}

/* What a machine is to Xen. */
enum machine { NOT_XEN, DOM0, GUEST };

#define LOOK_IN_A_GUEST	"look in a guest: dom0 has no nodes that come and go"

static enum machine machine_kind(const struct context *ctx)
{
	char *type = read_text(ctx, "/sys/hypervisor/type");
	char *can = read_text(ctx, "/proc/xen/capabilities");
	enum machine kind = NOT_XEN;

	if (type && !strcmp(type, "xen"))
		kind = can && strstr(can, "control_d") ? DOM0 : GUEST;
	free(type);
	free(can);
	return kind;
}

static void check_nodes(const struct context *ctx, struct finding *f)
{
	static const char *const remedies[] = {
		"give the machine several NUMA nodes, if it is a virtual one",
		LOOK_IN_A_GUEST,
		"give the guest several nodes: vnuma= in its xl configuration",
	};
	struct virtflex_nodemask nodes;
	char list[128];

	if (!read_nodes(ctx, &nodes)) {
		found(f, CHECK_MISSING,
		      lacking(ctx, "mount /sys, or build a kernel with CONFIG_NUMA"),
		      "no list of nodes in %s/sys/devices/system/node",
		      root_of(ctx));
		return;
	}
	virtflex_nodemask_format(&nodes, list, sizeof(list));
	if (virtflex_nodemask_count(&nodes) < 2)
		found(f, CHECK_MISSING, remedies[machine_kind(ctx)],
		      "one node with memory: %s", list);
	else
		found(f, CHECK_OK, NULL, "nodes with memory: %s", list);
}

/* Whether the kernel has a symbol; where no symbols are to be seen, it has not. */
static bool has_symbol(const struct context *ctx, const char *name, bool *known)
{
	FILE *f = open_text(ctx, "/proc/kallsyms");
	char line[512], symbol[256];
	bool has = false;

	*known = f;
	while (f && !has && fgets(line, sizeof(line), f))
		has = sscanf(line, "%*s %*s %255s", symbol) == 1 &&
		      !strcmp(symbol, name);
	if (f)
		fclose(f);
	return has;
}

static void check_series(const struct context *ctx, struct finding *f)
{
	bool known;

	if (has_symbol(ctx, "virtflex_set_active_nodes", &known))
		found(f, CHECK_OK, NULL,
		      "new memory is placed on active nodes");
	else if (!known)
		found(f, CHECK_MISSING,
		      lacking(ctx, "mount /proc, or build a kernel with CONFIG_KALLSYMS"),
		      "no %s/proc/kallsyms: nothing is known of the kernel",
		      root_of(ctx));
	else
		found(f, CHECK_MISSING,
		      "build a kernel with kernel-patches/ and Kconfig.snippet",
		      "the kernel does not know of active nodes");
}

static void check_syscall(const struct context *ctx, struct finding *f)
{
	unsigned int method = VIRTFLEX_METHOD_SYSCALL;
	struct virtflex_migrate_args args = { 0 };
	int ret;

	/* nobody has this descriptor: if it is looked at, the call is there */
	ret = virtflex_migrate(ctx->vf, -1, &args, sizeof(args), &method);
	if (ret == -EOPNOTSUPP)
		found(f, CHECK_UNUSED, NULL, "not to be seen in a copy");
	else if (ret == -ENOSYS)
		found(f, CHECK_MISSING,
		      "build a kernel with kernel-patches/ and Kconfig.snippet",
		      "no virtflex_migrate(2): pages do not move at their next touch");
	else
		found(f, CHECK_OK, NULL, "virtflex_migrate(2) is there");
}

static void check_fallback(const struct context *ctx, struct finding *f)
{
	char *maps = read_text(ctx, "/proc/self/numa_maps");

	if (maps)
		found(f, CHECK_OK, NULL, "/proc/PID/numa_maps is there");
	else
		found(f, CHECK_MISSING,
		      lacking(ctx, "mount /proc, or build a kernel with CONFIG_NUMA"),
		      "no %s/proc/self/numa_maps: pages cannot be counted",
		      root_of(ctx));
	free(maps);
}

static void check_module(const struct context *ctx, struct finding *f)
{
	struct virtflex_topology *t;
	int ret;

	ret = virtflex_topology_read(ctx->vf, &t);
	switch (ret) {
	case 0:
		found(f, CHECK_OK, NULL, "generation %llu, %s%s%s",
		      (unsigned long long)t->generation,
		      virtflex_state_name(t->state), t->why ? ": " : "",
		      t->why ? t->why : "");
		virtflex_topology_free(t);
		break;
	case -ENOENT:
	case -ENODEV:
		found(f, CHECK_MISSING, ctx->sysroot ?
		      "load the module there and copy that too" : LOAD_MODULE,
		      "no %s/proc/virtflex/topology", root_of(ctx));
		break;
	case -EPROTONOSUPPORT:
		found(f, CHECK_MISSING, "update virtflex and its library",
		      "%s/proc/virtflex/topology is of a newer version",
		      root_of(ctx));
		break;
	default:
		found(f, CHECK_MISSING, "load the module of this version",
		      "%s/proc/virtflex/topology: %s", root_of(ctx),
		      strerror(-ret));
	}
}

static void check_xen(const struct context *ctx, struct finding *f)
{
	char *type = read_text(ctx, "/sys/hypervisor/guest_type");
	enum machine kind = machine_kind(ctx);

	if (kind == NOT_XEN)
		found(f, CHECK_UNUSED, NULL,
		      "not on Xen: the topology is the kernel's own");
	else if (kind == DOM0)
		found(f, CHECK_MISSING, LOOK_IN_A_GUEST, "dom0, not a guest");
	else if (type && !strcmp(type, "PV"))
		found(f, CHECK_MISSING,
		      "make it an HVM or PVH guest: type= in its xl configuration",
		      "a PV guest, which has no nodes");
	else
		found(f, CHECK_OK, NULL, "%s guest", type ? type : "a");
	free(type);
}

/* Of how many nodes of the topology the host has said which one is behind them. */
static unsigned int nr_described(const struct context *ctx)
{
	struct virtflex_topology *t;
	unsigned int i, count = 0;

	if (virtflex_topology_read(ctx->vf, &t))
		return 0;
	for (i = 0; i < t->nr_nodes; i++)
		count += t->nodes[i]->pnode >= 0;
	virtflex_topology_free(t);
	return count;
}

static bool file_exists(const struct context *ctx, const char *path)
{
	char *full;
	bool ret;

	if (asprintf(&full, "%s%s", root_of(ctx), path) < 0)
		return false;
	ret = !access(full, F_OK);
	free(full);
	return ret;
}

static void check_xenstore(const struct context *ctx, struct finding *f)
{
	static const char *const build =
		"build a kernel with CONFIG_XEN and CONFIG_XENFS, and mount /dev";
	unsigned int described = nr_described(ctx);

	if (machine_kind(ctx) != GUEST)
		found(f, CHECK_UNUSED, NULL, "not a guest on Xen");
	else if (!file_exists(ctx, "/dev/xen/xenbus") &&
		 !file_exists(ctx, "/proc/xen/xenbus"))
		found(f, CHECK_MISSING, lacking(ctx, build),
		      "no %s/dev/xen/xenbus", root_of(ctx));
	else if (!described)
		found(f, CHECK_MISSING,
		      "in dom0: virtflexctl publish DOMAIN",
		      "the host has not said which physical nodes there are");
	else
		found(f, CHECK_OK, NULL, "the host has described %u nodes",
		      described);
}

static void check_balloon(const struct context *ctx, struct finding *f)
{
	char *current = read_text(ctx, BALLOON "/info/current_kb");
	char *target = read_text(ctx, BALLOON "/target_kb");
	bool known;

	if (machine_kind(ctx) != GUEST)
		found(f, CHECK_UNUSED, NULL, "not a guest on Xen");
	else if (!current || !target)
		found(f, CHECK_MISSING,
		      lacking(ctx, "build a kernel with CONFIG_XEN_BALLOON"),
		      "no balloon driver: memory cannot come or go");
	else
		found(f, CHECK_OK, NULL, "it has %s KiB and is to have %s KiB%s",
		      current, target,
		      has_symbol(ctx, "balloon_account", &known) ?
			      "" : "; its count changes without its lock");
	free(current);
	free(target);
}

static bool read_allowed(const struct context *ctx,
			 struct virtflex_nodemask *allowed)
{
	char *text = read_text(ctx, "/proc/self/status"), *list;
	bool ok = false;

	list = text ? strstr(text, "\nMems_allowed_list:") : NULL;
	if (list) {
		list += strcspn(list, ":") + 1;
		list += strspn(list, " \t");
		list[strcspn(list, "\n")] = 0;
		ok = !virtflex_nodemask_parse(list, allowed);
	}
	free(text);
	return ok;
}

static void check_cpuset(const struct context *ctx, struct finding *f)
{
	struct virtflex_nodemask allowed, active, barred = { 0 };
	struct virtflex_topology *t;
	char list[128];
	unsigned int node;

	if (!read_allowed(ctx, &allowed)) {
		found(f, CHECK_UNUSED, NULL,
		      "no list of nodes in %s/proc/self/status: no cpusets",
		      root_of(ctx));
		return;
	}
	if (!virtflex_topology_read(ctx->vf, &t)) {
		virtflex_topology_active(t, &active);
		virtflex_topology_free(t);
	} else if (!read_nodes(ctx, &active)) {
		virtflex_nodemask_clear(&active);
	}
	virtflex_for_each_node(node, &active)
		if (!virtflex_node_isset(&allowed, node))
			virtflex_node_set(&barred, node);
	virtflex_nodemask_format(&barred, list, sizeof(list));
	if (*list)
		found(f, CHECK_MISSING, "add them to cpuset.mems of its control group",
		      "active nodes that are closed to this process: %s", list);
	else
		found(f, CHECK_OK, NULL, "all active nodes are open to this process");
}

static void check_limits(const struct context *ctx, struct finding *f)
{
	if (ctx->sysroot)
		found(f, CHECK_UNUSED, NULL, "not to be seen in a copy");
	else if (!has_capability(CAP_SYS_PTRACE) || !has_capability(CAP_SYS_NICE))
		found(f, CHECK_MISSING,
		      "run as root, or with CAP_SYS_PTRACE and CAP_SYS_NICE",
		      "only processes of the same user, and no --shared");
	else
		found(f, CHECK_OK, NULL, "processes of all users, and --shared");
}

/* Where the dynamic loader looks by itself, on one distribution or another. */
static const char *const library_dirs[] = {
	"/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib",
	"/usr/local/lib/x86_64-linux-gnu", "/usr/local/lib64", "/usr/local/lib",
	"/lib/x86_64-linux-gnu", "/lib64", "/lib",
};

static bool has_library(const struct context *ctx, const char *name)
{
	bool has = false;
	char path[256];
	unsigned int i;

	for (i = 0; i < sizeof(library_dirs) / sizeof(*library_dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", library_dirs[i], name);
		has |= file_exists(ctx, path);
	}
	return has;
}

/* OpenMP runtimes, joined; "" if there is none. */
static void find_runtimes(const struct context *ctx, char *list, size_t size)
{
	static const char *const names[] = {
		"libgomp.so.1", "libomp.so.5", "libiomp5.so"
	};
	size_t used = 0;
	unsigned int i;

	*list = 0;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (has_library(ctx, names[i]))
			used += snprintf(list + used, size - used, "%s%s",
					 used ? ", " : "", names[i]);
}

/* Beside the library of this command; of a copy, where libraries are. */
static bool has_adaptor(const struct context *ctx)
{
	char *path;
	bool has;

	if (ctx->sysroot)
		return has_library(ctx, ADAPTOR_NAME);
	if (beside_library(ADAPTOR_NAME, &path))
		return false;
	has = !access(path, R_OK);
	free(path);
	return has;
}

/* Nothing else needs them: what is not there is not missing. */
static void check_openmp(const struct context *ctx, struct finding *f)
{
	static const char *const remedy =
		"for virtflex run: make install puts it beside the library";
	bool adaptor = has_adaptor(ctx), runtime;
	char runtimes[64];

	find_runtimes(ctx, runtimes, sizeof(runtimes));
	runtime = *runtimes;
	found(f, runtime && adaptor ? CHECK_OK : CHECK_UNUSED,
	      adaptor || ctx->sysroot ? NULL : remedy, "%s, %s%s " ADAPTOR_NAME,
	      runtime ? runtimes : "no OpenMP runtime in the usual directories",
	      adaptor == runtime ? "and" : "but", adaptor ? "" : " no");
}

const struct check checks[] = {
	{ "kernel", "Linux 6.12 or newer", check_kernel },
	{ "nodes", "more than one node", check_nodes },
	{ "fallback", "pages can be counted, and moved by move_pages(2)",
	  check_fallback },
	{ "series", "kernel-patches: memory management knows active nodes",
	  check_series },
	{ "syscall", "virtflex_migrate(2)", check_syscall },
	{ "module", "virtflex.ko, and its topology", check_module },
	{ "xen", "a guest that can have nodes", check_xen },
	{ "xenstore", "the host describes the nodes", check_xenstore },
	{ "balloon", "the balloon driver, by which memory comes and goes",
	  check_balloon },
	{ "cpuset", "this process may use all active nodes", check_cpuset },
	{ "limits", "this process may move pages of others", check_limits },
	{ "openmp", "OpenMP programs can follow: virtflex run", check_openmp },
	{ 0 },
};
