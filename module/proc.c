// SPDX-License-Identifier: GPL-2.0-only
/*
 * The topology as text. What is shown is fixed when a file is read from its
 * start, and stays for reads further on.
 */
#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include <xen/xen.h>

#include "memory.h"
#include "proc.h"
#include "state.h"

/**
 * struct vf_reader - an open file
 * @lock: one read at a time
 * @snapshot: what it reads. Protected by @lock
 * @seen: generation it has read; 0 for none
 */
struct vf_reader {
	struct mutex lock;	/* Protects snapshot. */
	struct vf_snapshot *snapshot;
	atomic64_t seen;
};

static struct proc_dir_entry *vf_proc_dir;

static const char *const state_names[] = {
	[VF_NODE_INACTIVE]	= "inactive",
	[VF_NODE_ARRIVING]	= "arriving",
	[VF_NODE_ACTIVE]	= "active",
	[VF_NODE_LEAVING]	= "leaving",
};

static void show_state(struct seq_file *m, const struct vf_snapshot *s)
{
	switch (s->state) {
	case VIRTFLEX_STABLE:
		seq_puts(m, "state       stable\n");
		break;
	case VIRTFLEX_EXPANDING:
		seq_puts(m, "state       expanding\n");
		break;
	case VIRTFLEX_SHRINKING:
		seq_puts(m, "state       shrinking\n");
		break;
	case VIRTFLEX_FAILED:
		seq_printf(m, "state       failed: %s\n", s->why.text);
		break;
	}
}

/* Returns how many characters the distances of a node take; shows them if there is m. */
static int show_distances(struct seq_file *m, const struct vf_snapshot *s,
			  u32 node)
{
	const u8 *distance = &s->distance[node * s->nr_nodes];
	int width = 0;
	u32 i;

	for (i = 0; i < s->nr_nodes; i++) {
		width += snprintf(NULL, 0, "%s%u", i ? "," : "", distance[i]);
		if (m)
			seq_printf(m, "%s%u", i ? "," : "", distance[i]);
	}
	return width;
}

static void show_node(struct seq_file *m, const struct vf_snapshot *s, u32 node,
		      int cpus_width, int distances_width)
{
	const struct vf_shown_node *n = &s->node[node];
	char pnode[12] = "-", vnode[12] = "-";
	int width;

	if (n->pnode != VF_PNODE_UNKNOWN)
		snprintf(pnode, sizeof(pnode), "%d", n->pnode);
	if (xen_domain())
		snprintf(vnode, sizeof(vnode), "%u", n->vnode);
	seq_printf(m, "node %4u %-8s %5s %-*s %10llu %12llu %12llu ",
		   n->id, state_names[n->state], pnode, cpus_width, n->cpus,
		   n->current_kb, n->target_kb, n->capacity_kb);
	width = show_distances(m, s, node);
	seq_printf(m, "%*s %5s\n", distances_width - width, "", vnode);
}

static int vf_proc_show(struct seq_file *m, void *unused)
{
	const struct vf_reader *reader = m->private;
	const struct vf_snapshot *s = reader->snapshot;
	int cpus_width = 10, distances_width = sizeof("distances") - 1;
	u32 i;

	for (i = 0; i < s->nr_nodes; i++) {
		cpus_width = max_t(int, cpus_width, strlen(s->node[i].cpus));
		distances_width = max(distances_width,
				      show_distances(NULL, s, i));
	}

	seq_puts(m, "version     1\n");
	seq_printf(m, "generation  %llu\n", s->generation);
	show_state(m, s);
	seq_printf(m, "#      id state    pnode %-*s %10s %12s %12s %-*s vnode\n",
		   cpus_width, "cpus", "current_kb", "target_kb",
		   "capacity_kb", distances_width, "distances");
	for (i = 0; i < s->nr_nodes; i++)
		show_node(m, s, i, cpus_width, distances_width);
	return 0;
}

static int vf_proc_open(struct inode *inode, struct file *file)
{
	struct vf_reader *reader;
	int ret;

	reader = kzalloc(sizeof(*reader), GFP_KERNEL_ACCOUNT);
	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	reader->snapshot = vf_state_get();
	ret = reader->snapshot ? single_open(file, vf_proc_show, reader) :
				 -ENOENT;
	if (ret) {
		vf_state_put(reader->snapshot);
		kfree(reader);
	}
	return ret;
}

static struct vf_reader *file_reader(struct file *file)
{
	return ((struct seq_file *)file->private_data)->private;
}

static ssize_t vf_proc_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct vf_reader *reader = file_reader(iocb->ki_filp);
	bool from_start = !iocb->ki_pos;
	struct vf_snapshot *latest;
	ssize_t ret = -EIO;

	mutex_lock(&reader->lock);
	if (from_start) {
		latest = vf_state_get();
		if (!latest)
			goto out;
		vf_state_put(reader->snapshot);
		reader->snapshot = latest;
	}
	ret = seq_read_iter(iocb, to);
	if (from_start && ret > 0)
		atomic64_set(&reader->seen, reader->snapshot->generation);
out:
	mutex_unlock(&reader->lock);
	return ret;
}

static __poll_t vf_proc_poll(struct file *file, poll_table *wait)
{
	return vf_state_poll(file, wait,
			     atomic64_read(&file_reader(file)->seen));
}

static int vf_proc_mmap(struct file *file, struct vm_area_struct *vma)
{
	return vf_state_mmap(vma);
}

static int vf_proc_release(struct inode *inode, struct file *file)
{
	struct vf_reader *reader = file_reader(file);

	vf_state_put(reader->snapshot);
	mutex_destroy(&reader->lock);
	kfree(reader);
	return single_release(inode, file);
}

static const struct proc_ops vf_proc_ops = {
	.proc_open	= vf_proc_open,
	.proc_read_iter	= vf_proc_read_iter,
	.proc_lseek	= seq_lseek,
	.proc_poll	= vf_proc_poll,
	.proc_mmap	= vf_proc_mmap,
	.proc_release	= vf_proc_release,
};

/* Nobody is woken when they change. See docs/proc.md. */
static int vf_proc_counters(struct seq_file *m, void *unused)
{
	struct vf_memory_counts c;
	u32 node;

	seq_puts(m, "version     1\n");
	seq_printf(m, "#      id %12s %10s %12s %16s %12s %12s %10s %13s %12s %12s %12s %12s %12s\n",
		   "unplugged_kb", "leaked_kb", "unplug_free",
		   "unplug_evacuated", "unplug_pages", "plug_extents",
		   "plug_pages", "evacuate_fail", "unplug_us", "evacuate_us",
		   "decrease_us", "plug_us", "populate_us");
	for_each_online_node(node) {
		vf_memory_counts(node, &c);
		seq_printf(m, "node %4u %12llu %10llu %12llu %16llu %12llu %12llu %10llu %13llu %12llu %12llu %12llu %12llu %12llu\n",
			   node, c.unplugged_kb, c.leaked_kb, c.unplug_free,
			   c.unplug_evacuated, c.unplug_pages, c.plug_extents,
			   c.plug_pages, c.evacuate_fail, c.unplug_us,
			   c.evacuate_us, c.decrease_us, c.plug_us,
			   c.populate_us);
	}
	return 0;
}

/**
 * vf_proc_init() - create the files; the first generation is published
 *
 * Return: 0 or -ENOMEM.
 */
int vf_proc_init(void)
{
	vf_proc_dir = proc_mkdir("virtflex", NULL);
	if (!vf_proc_dir)
		return -ENOMEM;
	if (!proc_create("topology", 0444, vf_proc_dir, &vf_proc_ops) ||
	    !proc_create_single("counters", 0444, vf_proc_dir,
				vf_proc_counters)) {
		proc_remove(vf_proc_dir);
		return -ENOMEM;
	}
	return 0;
}

/**
 * vf_proc_exit() - remove the files
 *
 * Waits for operations on it that are running, and releases what is open; from
 * then on nothing of it runs.
 */
void vf_proc_exit(void)
{
	proc_remove(vf_proc_dir);
}
