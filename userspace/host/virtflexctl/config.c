// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl config: the part of a new domain's configuration that gives it nodes. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "exits.h"
#include "layout.h"

/* Where the next round of round-robin begins. */
#define NEXT	"/tool/virtflex/round-robin"

/* What Xen 4.17 takes: of nodes, and of an HVM domain's vCPUs */
#define MOST_VNODES	32
#define MOST_VCPUS	128

static uint64_t nr_vnodes = 2, memory_kb = 2 << 20, nr_vcpus = 4, seed;
static enum layout_policy policy = LAYOUT_INTERLEAVE;
static const char *name, *list, *format = "xl";
static bool has_seed;

static const char not_whole[] =
	"--memory is a multiple of 2 MiB for each node: %llu MiB or %llu MiB for %u";
static const char name_letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+";

static const struct {
	const char *name;
	enum layout_policy policy;
} policies[] = {
	{ "local", LAYOUT_LOCAL },
	{ "interleave", LAYOUT_INTERLEAVE },
	{ "round-robin", LAYOUT_ROUND_ROBIN },
	{ "random", LAYOUT_RANDOM },
};

/* "0,0,1" */
static bool take_list(unsigned int *pnode, unsigned int count)
{
	char *copy = strdup(list), *word, *save;
	unsigned int i = 0;
	uint64_t number;
	bool good = copy;

	for (word = copy ? strtok_r(copy, ",", &save) : NULL; word && good;
	     word = strtok_r(NULL, ",", &save)) {
		good = i < count && parse_count(word, UINT16_MAX, &number);
		if (good)
			pnode[i++] = number;
	}
	free(copy);
	return good && i == count;
}

/* Distances are the host's: what is near there is near in the guest. */
static unsigned int distance(const libxl_numainfo *info, int nr, unsigned int a,
			     unsigned int b)
{
	if ((int)a < nr && (int)b < info[a].num_dists && info[a].dists[b] &&
	    info[a].dists[b] != LIBXL_NUMAINFO_INVALID_ENTRY)
		return info[a].dists[b];
	return a == b ? 10 : 20;
}

/* Linux takes no distance but that to a node itself for 10 (ACPI). */
static unsigned int vdistance(const struct layout *l, const libxl_numainfo *info,
			      int nr, unsigned int i, unsigned int j)
{
	unsigned int d = distance(info, nr, l->pnode[i], l->pnode[j]);

	return i != j && d <= 10 ? 11 : d;
}

static void vcpus_text(const struct layout *l, unsigned int i, char *text,
		       size_t size)
{
	unsigned int first, count;

	layout_vcpus(l, i, &first, &count);
	if (count > 1)
		snprintf(text, size, "%u-%u", first, first + count - 1);
	else if (count)
		snprintf(text, size, "%u", first);
	else
		*text = 0;
}

static void print_xl(const struct layout *l, const libxl_numainfo *info, int nr)
{
	unsigned int i, j;
	char vcpus[32];

	if (name)
		printf("name = \"%s\"\ntype = \"hvm\"\n", name);
	/* xl wants to hear of more vCPUs than the host has CPUs twice. */
	printf("memory = %llu\nmaxmem = %llu\nvcpus = %llu\nmaxvcpus = %llu\n",
	       (unsigned long long)memory_kb >> 10,
	       (unsigned long long)memory_kb >> 10,
	       (unsigned long long)nr_vcpus, (unsigned long long)nr_vcpus);
	puts("vnuma = [");
	for (i = 0; i < l->nr_vnodes; i++) {
		vcpus_text(l, i, vcpus, sizeof(vcpus));
		printf("    [ \"pnode=%u\", \"size=%llu\", ", l->pnode[i],
		       (unsigned long long)l->vnode_kb >> 10);
		if (*vcpus)
			printf("\"vcpus=%s\", ", vcpus);
		printf("\"vdistances=");
		for (j = 0; j < l->nr_vnodes; j++)
			printf("%s%u", j ? "," : "",
			       vdistance(l, info, nr, i, j));
		puts("\" ],");
	}
	puts("]");
	if (name)
		puts("# It needs a disk and a network as any other domain.");
}

static void print_libvirt(const struct layout *l, const libxl_numainfo *info,
			  int nr)
{
	unsigned int i, j;
	char vcpus[32];

	printf("<memory unit='KiB'>%llu</memory>\n<vcpu placement='static'>%llu</vcpu>\n",
	       (unsigned long long)memory_kb, (unsigned long long)nr_vcpus);
	puts("<numatune>");
	for (i = 0; i < l->nr_vnodes; i++)
		printf("  <memnode cellid='%u' mode='strict' nodeset='%u'/>\n", i,
		       l->pnode[i]);
	puts("</numatune>\n<cpu>\n  <numa>");
	for (i = 0; i < l->nr_vnodes; i++) {
		vcpus_text(l, i, vcpus, sizeof(vcpus));
		printf("    <cell id='%u'", i);
		if (*vcpus)
			printf(" cpus='%s'", vcpus);
		printf(" memory='%llu' unit='KiB'>\n      <distances>\n",
		       (unsigned long long)l->vnode_kb);
		for (j = 0; j < l->nr_vnodes; j++)
			printf("        <sibling id='%u' value='%u'/>\n", j,
			       vdistance(l, info, nr, i, j));
		puts("      </distances>\n    </cell>");
	}
	puts("  </numa>\n</cpu>");
}

static int print_config(struct context *ctx, struct layout *l)
{
	libxl_numainfo *info;
	unsigned int i;
	int nr;

	info = libxl_get_numainfo(ctx->host->ctx, &nr);
	if (!info)
		nr = 0;
	if (!strcmp(format, "xl"))
		print_xl(l, info, nr);
	else
		print_libvirt(l, info, nr);
	flush_output();
	fprintf(stderr, "virtflexctl: %u nodes on physical nodes", l->nr_vnodes);
	for (i = 0; i < l->nr_vnodes; i++)
		fprintf(stderr, "%s%u", i ? "," : " ", l->pnode[i]);
	if (l->policy == LAYOUT_RANDOM)
		fprintf(stderr, ", --seed %u", l->seed);
	fputc('\n', stderr);
	if (info)
		libxl_numainfo_list_free(info, nr);
	return EXIT_DONE;
}

static int place(struct context *ctx, struct layout *l)
{
	unsigned int count = 0;
	struct pnode *pnodes = host_pnodes(ctx->host, &count);
	struct reason why;
	char *next, text[16];
	uint64_t number;
	int ret = EXIT_REFUSED;

	if (!pnodes || !count) {
		error("physical nodes cannot be read");
		free(pnodes);
		return EXIT_ERROR;
	}
	next = store_get(ctx->host, XBT_NULL, NEXT);
	l->next = next && parse_count(next, UINT16_MAX, &number) ? number : 0;
	free(next);
	if (l->policy == LAYOUT_LIST && !take_list(l->pnode, l->nr_vnodes))
		ret = usage_error("--pnodes is a list of %u physical nodes, such as 0,1",
				  l->nr_vnodes);
	else if (!layout_place(l, pnodes, count, &why))
		error("%s", why.text);
	else
		ret = EXIT_DONE;
	if (!ret && l->policy == LAYOUT_ROUND_ROBIN) {
		snprintf(text, sizeof(text), "%u", l->next);
		store_set(ctx->host, XBT_NULL, text, NEXT);
	}
	free(pnodes);
	return ret;
}

/* Memory that does not divide: what is next to it. */
static int not_even(const struct layout *l)
{
	uint64_t less = l->vnode_kb ? l->vnode_kb : 2048;
	uint64_t more = l->vnode_kb + 2048;

	return usage_error(not_whole,
			   (unsigned long long)(less * nr_vnodes >> 10),
			   (unsigned long long)(more * nr_vnodes >> 10),
			   l->nr_vnodes);
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct layout l = {
		.nr_vnodes = nr_vnodes,
		/* whole extents */
		.vnode_kb = memory_kb / nr_vnodes / 2048 * 2048,
		.nr_vcpus = nr_vcpus,
		.policy = list ? LAYOUT_LIST : policy,
		.seed = has_seed ? seed : (unsigned int)time(NULL),
	};
	int ret;

	(void)argc;
	(void)argv;
	if (!l.vnode_kb || l.vnode_kb * nr_vnodes != memory_kb)
		return not_even(&l);
	l.pnode = calloc(l.nr_vnodes, sizeof(*l.pnode));
	if (!l.pnode)
		return EXIT_ERROR;
	ret = need_host(ctx);
	if (!ret)
		ret = place(ctx, &l);
	if (!ret)
		ret = print_config(ctx, &l);
	free(l.pnode);
	return ret;
}

static int take_policy(const char *arg)
{
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		if (strcmp(arg, policies[i].name))
			continue;
		policy = policies[i].policy;
		return EXIT_DONE;
	}
	return usage_error_of(arg, "--policy is local, interleave, round-robin or random, not");
}

static int option(struct context *ctx, const char *opt, const char *arg)
{
	(void)ctx;
	if (!strcmp(opt, "nodes"))
		return take_number(opt, arg, "", 1, MOST_VNODES, &nr_vnodes);
	if (!strcmp(opt, "vcpus"))
		return take_number(opt, arg, "", 1, MOST_VCPUS, &nr_vcpus);
	if (!strcmp(opt, "policy"))
		return take_policy(arg);
	if (!strcmp(opt, "seed")) {
		has_seed = true;
		return take_number(opt, arg, "", 0, UINT32_MAX, &seed);
	}
	if (!strcmp(opt, "memory")) {
		if (parse_size(arg, &memory_kb) && memory_kb)
			return EXIT_DONE;
		return usage_error_of(arg, "--memory is a size such as 512M or 4G, not");
	}
	if (!strcmp(opt, "format")) {
		format = arg;
		if (!strcmp(arg, "xl") || !strcmp(arg, "libvirt"))
			return EXIT_DONE;
		return usage_error_of(arg, "--format is xl or libvirt, not");
	}
	if (!strcmp(opt, "pnodes")) {
		list = arg;
		return EXIT_DONE;
	}
	name = arg;
	if (*arg && strspn(arg, name_letters) == strlen(arg))
		return EXIT_DONE;
	return usage_error_of(arg, "--name is letters, digits and -_.+, not");
}

static const struct option_desc options[] = {
	{ "nodes", 0, "N", "so many nodes (2)" },
	{ "memory", 'm', "SIZE", "memory of all of them (2G)" },
	{ "vcpus", 0, "N", "vCPUs of all of them (4)" },
	{ "policy", 0, "POLICY", "interleave, local, round-robin or random" },
	{ "pnodes", 0, "LIST", "these physical nodes, one for each node" },
	{ "seed", 0, "N", "of --policy random, to have the same again" },
	{ "name", 0, "NAME", "also print name= and type=" },
	{ "format", 0, "FORMAT", "xl, or libvirt for its XML" },
	{ 0 },
};

const struct command cmd_config = {
	.name = "config",
	.synopsis = "",
	.summary = "Print the configuration that gives a new domain nodes",
	.options = options,
	.option = option,
	.run = run,
};
