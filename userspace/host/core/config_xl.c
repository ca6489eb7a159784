// SPDX-License-Identifier: GPL-2.0-only
/* A configuration as xl.cfg(5) has it. */
#include "config.h"

static void write_vnode(const struct config *c, unsigned int vnode, FILE *f)
{
	const struct layout *l = c->layout;
	unsigned int i;
	char vcpus[32];

	fprintf(f, "    [ \"pnode=%u\", \"size=%llu\", ", l->pnode[vnode],
		(unsigned long long)l->vnode_kb >> 10);
	if (*config_vcpus(c, vnode, vcpus, sizeof(vcpus)))
		fprintf(f, "\"vcpus=%s\", ", vcpus);
	fputs("\"vdistances=", f);
	for (i = 0; i < l->nr_vnodes; i++)
		fprintf(f, "%s%u", i ? "," : "", config_distance(c, vnode, i));
	fputs("\" ],\n", f);
}

/**
 * config_write_xl() - write a configuration that xl create takes
 * @c: configuration
 * @f: where to
 */
void config_write_xl(const struct config *c, FILE *f)
{
	const struct layout *l = c->layout;
	unsigned long long mib = (l->vnode_kb * l->nr_vnodes) >> 10;
	unsigned int i;

	if (!c->part)
		fprintf(f, "name = \"%s\"\ntype = \"hvm\"\n", c->name);
	/* xl wants to hear of more vCPUs than the host has CPUs twice. */
	fprintf(f, "memory = %llu\nmaxmem = %llu\nvcpus = %u\nmaxvcpus = %u\n",
		mib, mib, l->nr_vcpus, l->nr_vcpus);
	fputs("vnuma = [\n", f);
	for (i = 0; i < l->nr_vnodes; i++)
		write_vnode(c, i, f);
	fputs("]\n", f);
	if (!c->part)
		fputs("# As any domain it needs something to boot from, and a network:\n"
		      "#disk = [ \"/dev/vg/guest,raw,xvda,rw\" ]\n"
		      "#vif = [ \"bridge=xenbr0\" ]\n", f);
}
