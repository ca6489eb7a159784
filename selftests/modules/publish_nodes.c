// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: publish the active nodes as the virtflex module does, without a
 * host. Loaded, it changes nothing; writing a list of nodes to its parameter
 * "nodes" publishes them, an empty list every node, and unloading too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/string.h>
#include <linux/virtflex.h>

static bool bend_bind = true;
module_param(bend_bind, bool, 0600);
MODULE_PARM_DESC(bend_bind, "as of the virtflex module; read when nodes are written");

static nodemask_t nodes;

static int publish(const nodemask_t *mask)
{
#ifdef VIRTFLEX_BEND_BIND
	return virtflex_set_active_nodes(mask, bend_bind ? VIRTFLEX_BEND_BIND : 0);
#else
	return virtflex_set_active_nodes(mask);
#endif
}

static int nodes_set(const char *text, const struct kernel_param *kp)
{
	nodemask_t mask;
	char list[64];
	int err;

	if (strscpy(list, text, sizeof(list)) < 0)
		return -EINVAL;
	err = nodelist_parse(strim(list), mask);
	if (err)
		return err;
	err = publish(nodes_empty(mask) ? NULL : &mask);
	if (!err)
		nodes = mask;
	return err;
}

static int nodes_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%*pbl\n", nodemask_pr_args(&nodes));
}

static const struct kernel_param_ops nodes_ops = {
	.set = nodes_set,
	.get = nodes_get,
};
module_param_cb(nodes, &nodes_ops, NULL, 0600);
MODULE_PARM_DESC(nodes, "list of the active nodes; empty: every node");

static int __init publish_nodes_init(void)
{
	return 0;
}
module_init(publish_nodes_init);

static void __exit publish_nodes_exit(void)
{
	publish(NULL);
}
module_exit(publish_nodes_exit);

MODULE_DESCRIPTION("Publish active nodes, for tests");
MODULE_LICENSE("GPL");
