/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The active nodes, published by a module for tests: what the virtflex module
 * does where the host says so. publish_nodes.ko is beside the program that asks;
 * when that program ends, every node is active again, and the module is gone.
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

/* Insert the module. Returns NULL, or why nothing can be published here. */
const char *publish_need(void);
/* Publish these nodes, a bit each; 0: every node. Returns 0 or a negative errno. */
int publish(uint64_t nodes);
/* The same, and whether a strict bind may bend; publish() leaves that as it is. */
int publish_bend(uint64_t nodes, bool bend_bind);
/* Every node is active, and a bind bends. */
int publish_restore(void);
int publish_remove(void);

#endif
