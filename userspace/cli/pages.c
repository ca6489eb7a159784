// SPDX-License-Identifier: GPL-2.0-only
/* virtflex pages: where the pages of a process are. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define BAR_WIDTH	40
#define PAGE_KB		4

/* A line for each node of the topology, and for each that has pages. */
static bool shown(const struct virtflex_topology *t,
		  const struct virtflex_pages *p, unsigned int id)
{
	return find_node(t, id) || (id < p->nr_nodes && p->pages[id]);
}

static uint64_t pages_of(const struct virtflex_pages *p, unsigned int id)
{
	return id < p->nr_nodes ? p->pages[id] : 0;
}

static struct json_object *pages_json(const struct virtflex_topology *t,
				      const struct virtflex_pages *p,
				      uint64_t pid)
{
	struct json_object *root = json_object_new_object();
	struct json_object *nodes = json_object_new_array();
	const struct virtflex_node *n;
	struct json_object *o;
	unsigned int id;

	json_object_object_add(root, "pid", json_u64(pid));
	json_object_object_add(root, "page_kb", json_u64(PAGE_KB));
	json_object_object_add(root, "total_pages", json_u64(p->total_pages));
	json_object_object_add(root, "thp_pages", json_u64(p->thp_pages));
	json_object_object_add(root, "hugetlb_pages",
			       json_u64(p->hugetlb_pages));
	json_object_object_add(root, "nodes", nodes);
	for (id = 0; id < VIRTFLEX_MAX_NODES; id++) {
		if (!shown(t, p, id))
			continue;
		n = find_node(t, id);
		o = json_object_new_object();
		json_object_array_add(nodes, o);
		json_object_object_add(o, "id", json_u64(id));
		json_object_object_add(o, "state", n ?
			json_object_new_string(node_state_text(n->state)) :
			NULL);
		json_object_object_add(o, "pages", json_u64(pages_of(p, id)));
	}
	return root;
}

static void print_pages(const struct virtflex_topology *t,
			const struct virtflex_pages *p, uint64_t pid)
{
	const struct virtflex_node *n;
	char size[24], thp[24], hugetlb[24];
	uint64_t largest = 0;
	unsigned int id;

	for (id = 0; id < p->nr_nodes; id++)
		if (p->pages[id] > largest)
			largest = p->pages[id];
	printf("process %llu: %s", (unsigned long long)pid,
	       size_text(p->total_pages * PAGE_KB, size, sizeof(size)));
	if (p->thp_pages)
		printf(", %s of it in transparent 2 MiB pages",
		       size_text(p->thp_pages * PAGE_KB, thp, sizeof(thp)));
	if (p->hugetlb_pages)
		printf(", %s in hugetlb pages",
		       size_text(p->hugetlb_pages * PAGE_KB, hugetlb,
				 sizeof(hugetlb)));
	printf("\n\nnode state         pages       size\n");
	for (id = 0; id < VIRTFLEX_MAX_NODES; id++) {
		if (!shown(t, p, id))
			continue;
		n = find_node(t, id);
		printf("%4u %s%-8s%s %10llu %10s  %s", id,
		       n ? node_state_color(n->state) : "",
		       n ? node_state_text(n->state) : "-",
		       n ? paint(PLAIN) : "",
		       (unsigned long long)pages_of(p, id),
		       size_text(pages_of(p, id) * PAGE_KB, size, sizeof(size)),
		       n ? node_state_color(n->state) : "");
		print_bar(pages_of(p, id), largest, BAR_WIDTH, false);
		printf("%s\n", n ? paint(PLAIN) : "");
	}
}

/* One that has ended is there until somebody asks how; it has no memory. */
static bool process_exists(const struct context *ctx, uint64_t pid)
{
	bool ret;
	char *path;

	if (asprintf(&path, "%s/proc/%llu", ctx->sysroot ? ctx->sysroot : "",
		     (unsigned long long)pid) < 0)
		return true;
	ret = !access(path, F_OK);
	free(path);
	return ret;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct virtflex_topology *t = NULL;
	struct virtflex_pages *p;
	uint64_t pid;
	int ret;

	if (argc < 1)
		return usage_error("pages needs a PID");
	if (!parse_count(argv[0], INT_MAX, &pid) || !pid)
		return usage_error("%s is no PID", argv[0]);
	ret = virtflex_pages_read(ctx->vf, pid, &p);
	switch (ret) {
	case 0:
		break;
	case -ESRCH:
		if (process_exists(ctx, pid))
			error("process %s has ended, or is a kernel thread",
			      argv[0]);
		else
			error("there is no process %s", argv[0]);
		return EXIT_ERROR;
	case -EACCES:
	case -EPERM:
		error("process %s is not yours; try as its user or as root",
		      argv[0]);
		return EXIT_ERROR;
	case -EAGAIN:
		error("threads of process %s exit before it can be looked at; try again",
		      argv[0]);
		return EXIT_ERROR;
	case -ENOSYS:
		error("this kernel has no /proc/PID/numa_maps: it was built without CONFIG_NUMA");
		return EXIT_ERROR;
	default:
		error("/proc/%s/numa_maps: %s", argv[0], strerror(-ret));
		return EXIT_ERROR;
	}
	/* without the module, states are not known, and that is all */
	ret = virtflex_topology_read(ctx->vf, &t);
	if (ret && ret != -ENOENT)
		error_topology(ret);
	if (ret)
		t = NULL;
	ret = EXIT_DONE;
	if (ctx->json)
		ret = print_json(pages_json(t, p, pid),
				 JSON_C_TO_STRING_PRETTY |
				 JSON_C_TO_STRING_SPACED);
	else
		print_pages(t, p, pid);
	virtflex_topology_free(t);
	virtflex_pages_free(p);
	return ret;
}

static const struct option_desc options[] = {
	{ "json", NULL, "print JSON" },
	{ "sysroot", "DIR", "read /proc and /sys below DIR" },
	{ 0 },
};

const struct command cmd_pages = {
	.name = "pages",
	.synopsis = "PID",
	.summary = "Show on which nodes the pages of a process are",
	.options = options,
	.max_args = 1,
	.run = run,
};
