// SPDX-License-Identifier: GPL-2.0-only
/* A configuration as libvirt's XML has it. All that is written needs no escaping. */
#include "config.h"

/* vCPUs run on the CPUs of the physical node that their memory is on, if it has some. */
static void write_pins(const struct config *c, FILE *f)
{
	const struct layout *l = c->layout;
	unsigned int i, vcpu, first, count, pins = 0;
	const char *cpus;

	for (i = 0; i < l->nr_vnodes; i++) {
		cpus = c->machine->cpus[l->pnode[i]];
		layout_vcpus(l, i, &first, &count);
		for (vcpu = first; cpus && vcpu < first + count; vcpu++)
			fprintf(f, "%s    <vcpupin vcpu='%u' cpuset='%s'/>\n",
				pins++ ? "" : "  <cputune>\n", vcpu, cpus);
	}
	if (pins)
		fputs("  </cputune>\n", f);
}

static void write_cell(const struct config *c, unsigned int vnode, FILE *f)
{
	const struct layout *l = c->layout;
	unsigned int i;
	char vcpus[32];

	fprintf(f, "      <cell id='%u'", vnode);
	if (*config_vcpus(c, vnode, vcpus, sizeof(vcpus)))
		fprintf(f, " cpus='%s'", vcpus);
	fprintf(f, " memory='%llu' unit='KiB'>\n        <distances>\n",
		(unsigned long long)l->vnode_kb);
	for (i = 0; i < l->nr_vnodes; i++)
		fprintf(f, "          <sibling id='%u' value='%u'/>\n", i,
			config_distance(c, vnode, i));
	fputs("        </distances>\n      </cell>\n", f);
}

static void write_nodes(const struct config *c, FILE *f)
{
	const struct layout *l = c->layout;
	unsigned int i;

	fprintf(f, "  <memory unit='KiB'>%llu</memory>\n  <vcpu placement='static'>%u</vcpu>\n",
		(unsigned long long)l->vnode_kb * l->nr_vnodes, l->nr_vcpus);
	write_pins(c, f);
	fputs("  <numatune>\n", f);
	for (i = 0; i < l->nr_vnodes; i++)
		fprintf(f, "    <memnode cellid='%u' mode='strict' nodeset='%u'/>\n", i,
			l->pnode[i]);
	fputs("  </numatune>\n", f);
	/* An emulated CPU has no host's to be like. */
	fprintf(f, "  <cpu%s>\n    <numa>\n",
		c->emulated ? "" : " mode='host-model'");
	for (i = 0; i < l->nr_vnodes; i++)
		write_cell(c, i, f);
	fputs("    </numa>\n  </cpu>\n", f);
}

/**
 * config_write_libvirt() - write a configuration that virsh define takes
 * @c: configuration
 * @f: where to
 *
 * The guest learns of its nodes by ACPI.
 */
void config_write_libvirt(const struct config *c, FILE *f)
{
	if (!c->part)
		fprintf(f, "<domain type='%s'>\n  <name>%s</name>\n",
			c->emulated ? "qemu" : "kvm", c->name);
	write_nodes(c, f);
	if (c->part)
		return;
	fputs("  <os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n  </os>\n"
	      "  <features>\n    <acpi/>\n    <apic/>\n  </features>\n"
	      "  <devices>\n"
	      "    <!-- As any domain it needs a disk and an interface. -->\n"
	      "    <console type='pty'/>\n"
	      "  </devices>\n</domain>\n", f);
}
