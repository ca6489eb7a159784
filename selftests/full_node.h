/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A node without free memory, while this process and its children live.
 */
#ifndef FULL_NODE_H
#define FULL_NODE_H

/*
 * Take all that can be had of a node, down to where the kernel starts to keep
 * some for itself, without calling for the OOM killer: what does not fit stays
 * on another node, and is given back. Returns 0 or a negative errno.
 */
int fill_node(int node);

#endif
