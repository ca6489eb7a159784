/* SPDX-License-Identifier: GPL-2.0-only */
/* A new domain's configuration, in the words of the toolstack that is to make it. Pure. */
#ifndef HOST_CONFIG_H
#define HOST_CONFIG_H

#include <stdio.h>

#include "layout.h"
#include "machine.h"

/**
 * struct config - what a configuration says
 * @layout: nodes, placed
 * @machine: what they are placed on
 * @name: of the domain: config_name_is_good()
 * @emulated: the host has no KVM
 * @part: only memory, vCPUs and nodes, for a configuration that has the rest
 */
struct config {
	const struct layout *layout;
	const struct machine *machine;
	const char *name;
	bool emulated;
	bool part;
};

bool config_name_is_good(const char *name);
unsigned int config_distance(const struct config *c, unsigned int from,
			     unsigned int to);
const char *config_vcpus(const struct config *c, unsigned int vnode, char *buf,
			 size_t size);

/* config_xl.c, config_libvirt.c */
void config_write_xl(const struct config *c, FILE *f);
void config_write_libvirt(const struct config *c, FILE *f);

#endif /* HOST_CONFIG_H */
