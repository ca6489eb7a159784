// SPDX-License-Identifier: GPL-2.0-only
/* virtflexctl config: a new domain's configuration, with its nodes placed on this host. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "ctl.h"
#include "exits.h"
#include "linux.h"
#include "text.h"

/**
 * struct format - whom a configuration is for
 * @name: of --format
 * @most_nodes: that it takes
 * @most_vcpus: that it takes
 * @write: writes it
 */
struct format {
	const char *name;
	unsigned int most_nodes;
	unsigned int most_vcpus;
	void (*write)(const struct config *c, FILE *f);
};

/* Xen 4.17, an HVM domain; QEMU 7.2, a q35 machine without an IOMMU */
static const struct format formats[] = {
	{ "xl", 32, 128, config_write_xl },
	{ "libvirt", 128, 255, config_write_libvirt },
};

#define FOR_LIBVIRT	(&formats[1])

static const struct {
	const char *name;
	enum layout_policy policy;
} policies[] = {
	{ "local", LAYOUT_LOCAL },
	{ "interleave", LAYOUT_INTERLEAVE },
	{ "round-robin", LAYOUT_ROUND_ROBIN },
	{ "random", LAYOUT_RANDOM },
};

static const struct format *format = formats;
static uint64_t nr_vnodes = 2, memory_kb = 2 << 20, nr_vcpus = 4, seed;
static enum layout_policy policy = LAYOUT_INTERLEAVE;
static const char *name = "flexible", *list;
static bool has_policy, has_seed, has_name, part;

/* "0,0,1" */
static bool take_list(unsigned int *pnode, unsigned int count)
{
	char *copy = strdup(list), *rest = copy, *word;
	unsigned int i = 0;
	uint64_t number;
	bool good = copy;

	while (good && (word = strsep(&rest, ","))) {
		good = i < count && parse_count(word, MAX_VNODES - 1, &number);
		if (good)
			pnode[i++] = number;
	}
	free(copy);
	return good && i == count;
}

/* Options that do not go together, and numbers that are too large for the format. */
static int check_options(const struct context *ctx)
{
	if (list && has_policy)
		return usage_error("config: either --policy or --pnodes");
	if (has_seed && policy != LAYOUT_RANDOM)
		return usage_error("config: --seed goes with --policy random");
	if (part && has_name)
		return usage_error("config: either --name or --part");
	if (ctx->sysroot && format != FOR_LIBVIRT)
		return usage_error("config: --sysroot goes with --format libvirt");
	if (nr_vnodes > format->most_nodes)
		return usage_error("--format %s takes no more than %u nodes, not %llu",
				   format->name, format->most_nodes,
				   (unsigned long long)nr_vnodes);
	if (nr_vcpus > format->most_vcpus)
		return usage_error("--format %s takes no more than %u vCPUs, not %llu",
				   format->name, format->most_vcpus,
				   (unsigned long long)nr_vcpus);
	return EXIT_DONE;
}

/* Memory that does not divide: what is next to it. */
static int divide(struct layout *l)
{
	static const char whole[] = "--memory is a multiple of 2 MiB for each node";
	uint64_t less, more;

	if (layout_divide(l, memory_kb, &less, &more))
		return EXIT_DONE;
	if (!less)
		return usage_error("%s: at least %llu MiB for %u", whole,
				   (unsigned long long)more >> 10, l->nr_vnodes);
	return usage_error("%s: %llu MiB or %llu MiB for %u", whole,
			   (unsigned long long)less >> 10,
			   (unsigned long long)more >> 10, l->nr_vnodes);
}

/* The host that the domain is for. */
static int read_machine(struct context *ctx, struct layout *l,
			struct machine **m)
{
	const char *root = ctx->sysroot ? ctx->sysroot : "";
	int ret;

	if (format == FOR_LIBVIRT) {
		if (linux_is_dom0(root)) {
			error("on Xen, libvirt puts node N on physical node N "
			      "whatever its XML says; take --format xl");
			return EXIT_REFUSED;
		}
		*m = linux_machine(root);
	} else {
		ret = need_host(ctx);
		if (ret && !linux_is_dom0(root))
			error("for a host of KVM take --format libvirt");
		if (ret)
			return ret;
		l->spare_kb = host_overhead_kb(memory_kb, nr_vcpus);
		*m = host_machine(ctx->host);
	}
	return *m ? EXIT_DONE : EXIT_ERROR;
}

/* What was counted, for whoever wants to know why. */
static void say_room(const struct layout *l, const struct machine *m)
{
	char each[24], spare[24], *room = machine_room_text(m);

	if (!room)
		return;
	fprintf(stderr, "%s: free on physical nodes%s: %s; wanted: %s for each node",
		program_name(),
		format == FOR_LIBVIRT ? " (page cache is as good)" : "", room,
		size_text(l->vnode_kb, each, sizeof(each)));
	if (l->spare_kb)
		fprintf(stderr, ", and %s there for Xen",
			size_text(l->spare_kb, spare, sizeof(spare)));
	fputc('\n', stderr);
	free(room);
}

static void say_placed(const struct layout *l)
{
	unsigned int i, first, count, without = 0;
	char each[24];

	for (i = 0; i < l->nr_vnodes; i++) {
		layout_vcpus(l, i, &first, &count);
		without += !count;
	}
	if (without)
		fprintf(stderr, "%s: %u of the nodes have no vCPUs, as there are only %u\n",
			program_name(), without, l->nr_vcpus);
	fprintf(stderr, "%s: %u nodes of %s on physical nodes", program_name(),
		l->nr_vnodes, size_text(l->vnode_kb, each, sizeof(each)));
	for (i = 0; i < l->nr_vnodes; i++)
		fprintf(stderr, "%s%u", i ? "," : " ", l->pnode[i]);
	if (l->policy == LAYOUT_RANDOM)
		fprintf(stderr, ", --seed %u", l->seed);
	fputc('\n', stderr);
}

static int place(struct context *ctx, struct layout *l, const struct machine *m)
{
	const char *root = ctx->sysroot ? ctx->sysroot : "";
	struct reason why;
	bool placed;
	int turn = -1;

	if (l->policy == LAYOUT_ROUND_ROBIN) {
		turn = turn_take(root, &l->next);
		if (turn < 0)
			return EXIT_ERROR;
	}
	placed = layout_place(l, m->pnodes, m->nr_pnodes, &why);
	say_room(l, m);
	if (!placed)
		error("%s", why.text);
	/* Where it was not placed, it is the same one's turn. */
	if (turn >= 0 && !turn_pass(turn, l->next))
		return EXIT_ERROR;
	return placed ? EXIT_DONE : EXIT_REFUSED;
}

static int write_config(struct context *ctx, const struct layout *l,
			const struct machine *m)
{
	const struct config c = {
		.layout = l,
		.machine = m,
		.name = name,
		.emulated = !linux_has_kvm(ctx->sysroot ? ctx->sysroot : ""),
		.part = part,
	};

	format->write(&c, stdout);
	flush_output();
	if (format == FOR_LIBVIRT && c.emulated && !part)
		fprintf(stderr, "%s: no /dev/kvm: the domain is one that QEMU emulates\n",
			program_name());
	say_placed(l);
	return EXIT_DONE;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct layout l = {
		.nr_vnodes = nr_vnodes,
		.nr_vcpus = nr_vcpus,
		.policy = list ? LAYOUT_LIST : policy,
		.seed = has_seed ? seed : (unsigned int)time(NULL),
	};
	struct machine *m = NULL;
	int ret;

	(void)argc;
	(void)argv;
	ret = check_options(ctx);
	if (!ret)
		ret = divide(&l);
	if (ret)
		return ret;
	l.pnode = calloc(l.nr_vnodes, sizeof(*l.pnode));
	if (!l.pnode)
		return EXIT_ERROR;
	if (list && !take_list(l.pnode, l.nr_vnodes))
		ret = usage_error("--pnodes is a list of %u physical nodes, such as 0,1",
				  l.nr_vnodes);
	if (!ret)
		ret = read_machine(ctx, &l, &m);
	if (!ret)
		ret = place(ctx, &l, m);
	if (!ret)
		ret = write_config(ctx, &l, m);
	machine_free(m);
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
		has_policy = true;
		return EXIT_DONE;
	}
	return usage_error_of(arg, "--policy is local, interleave, round-robin or random, not");
}

static int take_format(const char *arg)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (strcmp(arg, formats[i].name))
			continue;
		format = &formats[i];
		return EXIT_DONE;
	}
	return usage_error_of(arg, "--format is xl or libvirt, not");
}

static int take_name(const char *arg)
{
	name = arg;
	has_name = true;
	if (config_name_is_good(arg))
		return EXIT_DONE;
	return usage_error_of(arg, "--name is a letter and then up to 63 "
			      "letters, digits or -_.+, not");
}

static int option(struct context *ctx, const char *opt, const char *arg)
{
	(void)ctx;
	if (!strcmp(opt, "nodes"))
		return take_number(opt, arg, "", 1, FOR_LIBVIRT->most_nodes,
				   &nr_vnodes);
	if (!strcmp(opt, "vcpus"))
		return take_number(opt, arg, "", 1, FOR_LIBVIRT->most_vcpus,
				   &nr_vcpus);
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
	if (!strcmp(opt, "format"))
		return take_format(arg);
	if (!strcmp(opt, "name"))
		return take_name(arg);
	if (!strcmp(opt, "part"))
		part = true;
	else
		list = arg;
	return EXIT_DONE;
}

static const struct option_desc options[] = {
	{ "nodes", 0, "N", "number of nodes (2)" },
	{ "memory", 'm', "SIZE", "of the whole domain, all nodes together (2G)" },
	{ "vcpus", 0, "N", "of the whole domain (4)" },
	{ "policy", 0, "POLICY", "interleave (default), local, round-robin, random" },
	{ "pnodes", 0, "LIST", "these physical nodes, one for each node" },
	{ "seed", 0, "N", "with --policy random: repeats a placement" },
	{ "name", 0, "NAME", "of the domain (flexible)" },
	{ "part", 0, NULL, "only memory, vCPUs and nodes, to add to the rest" },
	{ "format", 0, "FORMAT", "xl, or libvirt: XML, for this host of KVM" },
	{ "sysroot", 0, "DIR", "with libvirt: the host is described below DIR" },
	{ 0 },
};

const struct command cmd_config = {
	.name = "config",
	.synopsis = "",
	.summary = "Print a new domain's configuration, with nodes",
	.options = options,
	.option = option,
	.run = run,
};
