// SPDX-License-Identifier: GPL-2.0-only
/* The physical nodes of a host, from /sys/devices/system/node. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linux.h"
#include "shared.h"
#include "text.h"

#define NODES	"/sys/devices/system/node"

/* Most that is read of a file */
#define MOST	16384

/* The text of a file, to be freed; NULL with errno if it cannot be read. */
static char *read_file(const char *root, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static char *read_file(const char *root, const char *fmt, ...)
{
	char name[64], *path, *text;
	size_t len = 0;
	va_list args;
	FILE *f;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	if (asprintf(&path, "%s%s", root, name) < 0)
		return NULL;
	f = fopen(path, "re");
	free(path);
	if (!f)
		return NULL;
	text = malloc(MOST);
	if (text)
		len = fread(text, 1, MOST - 1, f);
	if (text && ferror(f)) {
		free(text);
		text = NULL;
	}
	fclose(f);
	if (text)
		text[len] = 0;
	return text;
}

/* A line of a file */
static char *read_line(const char *root, const char *name, unsigned int node)
{
	char *text = read_file(root, NODES "/node%u/%s", node, name);

	if (text)
		text[strcspn(text, "\n")] = 0;
	return text;
}

/* "Node 0 MemFree:       1234 kB"; 0 if it is not there */
static uint64_t amount(const char *meminfo, const char *key)
{
	const char *at = strstr(meminfo, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* The kernel takes from its page cache what a domain wants: that is as good as free. */
static void read_memory(const char *root, struct machine *m, unsigned int node)
{
	char *text = read_file(root, NODES "/node%u/meminfo", node);

	if (!text)
		return;
	m->pnodes[node].size_kb = amount(text, " MemTotal:");
	m->pnodes[node].free_kb = amount(text, " MemFree:") +
				  amount(text, " Active(file):") +
				  amount(text, " Inactive(file):");
	free(text);
}

static void read_cpus(const char *root, struct machine *m, unsigned int node)
{
	char *text = read_line(root, "cpulist", node);

	/* of a node without CPUs it is empty */
	if (text && *text && strspn(text, "0123456789,-") == strlen(text))
		m->cpus[node] = text;
	else
		free(text);
}

/* The k-th distance is to the k-th node that is online, which need not be node k. */
static void read_distances(const char *root, struct machine *m,
			   unsigned int node, const bool *online)
{
	char *text = read_line(root, "distance", node), *at = text, *end;
	unsigned long value;
	unsigned int to;

	for (to = 0; text && to < m->nr_pnodes; to++) {
		if (!online[to])
			continue;
		value = strtoul(at, &end, 10);
		if (end == at)
			break;
		if (value <= UINT8_MAX)
			m->distances[node * m->nr_pnodes + to] = value;
		at = end;
	}
	free(text);
}

/**
 * linux_machine() - read the physical nodes of a host
 * @root: directory to read below; "" for this host
 *
 * Return: machine, for machine_free(), or NULL: why is said.
 */
struct machine *linux_machine(const char *root)
{
	bool online[MAX_VNODES] = { false };
	unsigned int node, count = 0;
	struct machine *m = NULL;
	char *text;

	text = read_file(root, NODES "/online");
	if (!text) {
		error("%s" NODES "/online: %s; physical nodes are read from there",
		      root, strerror(errno));
		return NULL;
	}
	text[strcspn(text, "\n")] = 0;
	if (text_nodes(text, online))
		for (node = 0; node < MAX_VNODES; node++)
			count = online[node] ? node + 1 : count;
	free(text);
	if (!count) {
		error("%s" NODES "/online is no list of nodes", root);
		return NULL;
	}
	m = machine_new(count);
	if (!m) {
		error("%s", strerror(ENOMEM));
		return NULL;
	}
	for (node = 0; node < count; node++) {
		if (!online[node])
			continue;
		read_memory(root, m, node);
		read_cpus(root, m, node);
		read_distances(root, m, node, online);
	}
	return m;
}

/**
 * linux_is_dom0() - whether Xen is below this system, and this is its dom0
 * @root: as for linux_machine()
 *
 * Return: whether it is.
 */
bool linux_is_dom0(const char *root)
{
	char *text = read_file(root, "/proc/xen/capabilities");
	bool dom0 = text && strstr(text, "control_d");

	free(text);
	return dom0;
}

/**
 * linux_has_kvm() - whether domains can run on KVM
 * @root: as for linux_machine()
 *
 * Return: whether they can.
 */
bool linux_has_kvm(const char *root)
{
	char *path;
	bool has;

	if (asprintf(&path, "%s/dev/kvm", root) < 0)
		return false;
	has = !access(path, F_OK);
	free(path);
	return has;
}
