// SPDX-License-Identifier: GPL-2.0-only
/*
 * Publishing. There is one writer, the worker of change.c (and, before and
 * after its time, module load and unload); readers take a reference to the
 * latest snapshot and keep it as long as they like.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/wait.h>

#include "compat.h"
#include "state.h"

static bool bend_bind = true;
module_param(bend_bind, bool, 0644);
MODULE_PARM_DESC(bend_bind, "memory bound to nodes that all left is allocated on active ones (needs the kernel series; from the next generation on)");

static struct {
	struct mutex lock;		/* Protects what says so. */
	struct vf_snapshot *snapshot;	/* Protected by lock. */
	struct page *page;		/* Set at load, const from then on. */
	struct virtflex_event *event;	/* Written under lock; in page. */
	bool gone;			/* Written under lock; one way. */
	wait_queue_head_t queue;	/* Has a lock of its own. */
} state = {
	.lock = __MUTEX_INITIALIZER(state.lock),
	.queue = __WAIT_QUEUE_HEAD_INITIALIZER(state.queue),
};

/* What a poll may report or wait for. */
#define POLL_NEWS	(EPOLLIN | EPOLLRDNORM | EPOLLPRI)
#define POLL_GONE	(POLL_NEWS | EPOLLERR | EPOLLHUP)

static void snapshot_free(struct kref *ref)
{
	struct vf_snapshot *s = container_of(ref, struct vf_snapshot, ref);
	u32 i;

	for (i = 0; i < s->nr_nodes; i++)
		kfree(s->node[i].cpus);
	kvfree(s->distance);
	kvfree(s);
}

/**
 * vf_state_put() - give back vf_state_get()
 * @snapshot: may be NULL
 */
void vf_state_put(struct vf_snapshot *snapshot)
{
	if (snapshot)
		kref_put(&snapshot->ref, snapshot_free);
}

/**
 * vf_state_get() - the latest snapshot
 *
 * Return: a snapshot, to be given back with vf_state_put(); NULL before the
 * first is published, and after vf_state_gone().
 */
struct vf_snapshot *vf_state_get(void)
{
	struct vf_snapshot *snapshot;

	mutex_lock(&state.lock);
	snapshot = state.gone ? NULL : state.snapshot;
	if (snapshot)
		kref_get(&snapshot->ref);
	mutex_unlock(&state.lock);
	return snapshot;
}

/**
 * vf_state_generation() - generation of the latest snapshot
 *
 * Return: the generation; 0 before the first.
 */
u64 vf_state_generation(void)
{
	u64 generation;

	mutex_lock(&state.lock);
	generation = state.snapshot ? state.snapshot->generation : 0;
	mutex_unlock(&state.lock);
	return generation;
}

static bool node_shown(const struct vf_guest *guest,
		       const struct vf_wanted *change, u32 node)
{
	return guest->nodes[node].online || guest->nodes[node].described ||
	       (change && change->nodes[node].named);
}

static enum vf_node_state shown_state(const struct vf_guest *guest,
				      const struct vf_wanted *change, u32 node)
{
	bool before = guest->nodes[node].active;
	bool after = change ? vf_wanted_active(guest, change, node) : before;

	if (before)
		return after ? VF_NODE_ACTIVE : VF_NODE_LEAVING;
	return after ? VF_NODE_ARRIVING : VF_NODE_INACTIVE;
}

static const char *node_cpus(const struct vf_guest *guest, u32 node)
{
	cpumask_var_t mask;
	const char *cpus;
	u32 i;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return NULL;
	for (i = 0; i < guest->nr_vcpus; i++)
		if (guest->vcpus[i].node == node && guest->vcpus[i].online)
			cpumask_set_cpu(guest->vcpus[i].cpu, mask);
	if (cpumask_empty(mask))
		cpus = kstrdup("-", GFP_KERNEL);
	else
		cpus = kasprintf(GFP_KERNEL, "%*pbl", cpumask_pr_args(mask));
	free_cpumask_var(mask);
	return cpus;
}

static void show_node(const struct vf_guest *guest,
		      const struct vf_wanted *change, u32 node,
		      struct vf_shown_node *shown)
{
	const struct vf_wanted_node *w = change ? &change->nodes[node] : NULL;
	const struct vf_node *n = &guest->nodes[node];

	shown->id = n->id;
	shown->vnode = n->vnode;
	shown->state = shown_state(guest, change, node);
	shown->current_kb = n->current_kb;
	if (w && w->named) {
		shown->pnode = w->has[VF_KEY_PNODE] ?
			(s32)w->value[VF_KEY_PNODE] : VF_PNODE_UNKNOWN;
		shown->target_kb = w->value[VF_KEY_TARGET];
		shown->capacity_kb = w->value[VF_KEY_CAPACITY];
	} else if (n->described) {
		shown->pnode = n->pnode;
		shown->target_kb = n->target_kb;
		shown->capacity_kb = n->capacity_kb;
	} else {
		shown->pnode = VF_PNODE_UNKNOWN;
		shown->target_kb = n->current_kb;
		shown->capacity_kb = n->current_kb;
	}
}

static struct vf_snapshot *snapshot_make(const struct vf_guest *guest,
					 const struct vf_wanted *change,
					 enum virtflex_state what,
					 const char *why)
{
	struct vf_snapshot *s;
	u32 i, j, nr = 0;

	for (i = 0; i < guest->nr_nodes; i++)
		nr += node_shown(guest, change, i);
	s = kvzalloc(struct_size(s, node, nr), GFP_KERNEL);
	if (!s)
		return NULL;
	kref_init(&s->ref);
	s->nr_nodes = nr;
	s->state = what;
	strscpy(s->why.text, why, sizeof(s->why.text));
	s->distance = kvmalloc_array(nr, nr, GFP_KERNEL);
	if (!s->distance)
		goto err;
	for (i = 0, nr = 0; i < guest->nr_nodes; i++) {
		struct vf_shown_node *shown = &s->node[nr];

		if (!node_shown(guest, change, i))
			continue;
		show_node(guest, change, i, shown);
		shown->cpus = node_cpus(guest, i);
		if (!shown->cpus)
			goto err;
		if (shown->state == VF_NODE_ACTIVE)
			s->active.bits[shown->id / 64] |= BIT_ULL(shown->id % 64);
		nr++;
	}
	for (i = 0; i < nr; i++)
		for (j = 0; j < nr; j++)
			s->distance[i * nr + j] =
				node_distance(s->node[i].id, s->node[j].id);
	return s;
err:
	vf_state_put(s);
	return NULL;
}

static bool snapshot_same(const struct vf_snapshot *a,
			  const struct vf_snapshot *b)
{
	u32 i;

	if (a->nr_nodes != b->nr_nodes || a->state != b->state ||
	    strcmp(a->why.text, b->why.text) ||
	    memcmp(a->distance, b->distance,
		   array_size(a->nr_nodes, a->nr_nodes)))
		return false;
	for (i = 0; i < a->nr_nodes; i++) {
		const struct vf_shown_node *x = &a->node[i];
		const struct vf_shown_node *y = &b->node[i];

		if (x->id != y->id || x->state != y->state ||
		    x->pnode != y->pnode || x->current_kb != y->current_kb ||
		    x->target_kb != y->target_kb ||
		    x->capacity_kb != y->capacity_kb ||
		    strcmp(x->cpus, y->cpus))
			return false;
	}
	return true;
}

/*
 * The sequence is odd while fields change, and a reader who sees the same even
 * value before and after has seen them all of one write. The generation alone
 * is one store, so that one load is enough to look at it.
 */
static void event_begin(struct virtflex_event *event)
{
	lockdep_assert_held(&state.lock);
	WRITE_ONCE(event->seq, event->seq + 1);
	smp_wmb(); /* the odd sequence before any field */
}

static void event_end(struct virtflex_event *event)
{
	smp_wmb(); /* all fields before the even sequence */
	WRITE_ONCE(event->seq, event->seq + 1);
}

static void event_write(struct virtflex_event *event,
			const struct vf_snapshot *s)
{
	u32 i;

	event_begin(event);
	WRITE_ONCE(event->version, VIRTFLEX_EVENT_VERSION);
	WRITE_ONCE(event->state, s->state);
	for (i = 0; i < ARRAY_SIZE(event->active.bits); i++)
		WRITE_ONCE(event->active.bits[i], s->active.bits[i]);
	WRITE_ONCE(event->generation, s->generation);
	event_end(event);
}

static void tell_kernel(const struct vf_snapshot *s)
{
	nodemask_t active = NODE_MASK_NONE;
	u32 i;

	for (i = 0; i < s->nr_nodes; i++)
		if (s->node[i].state == VF_NODE_ACTIVE)
			node_set(s->node[i].id, active);
	if (vf_set_active_nodes(&active, READ_ONCE(bend_bind)))
		pr_warn_ratelimited("the kernel does not take nodes %*pbl for active\n",
				    nodemask_pr_args(&active));
}

static void publish(struct vf_snapshot *s)
{
	struct vf_snapshot *old;

	mutex_lock(&state.lock);
	old = state.snapshot;
	s->generation = old ? old->generation + 1 : 1;
	state.snapshot = s;
	tell_kernel(s);
	event_write(state.event, s);
	mutex_unlock(&state.lock);
	wake_up_interruptible_poll(&state.queue, POLL_NEWS);
	vf_state_put(old);
}

/**
 * vf_state_publish() - a new generation
 * @guest: what there is
 * @change: what is wanted and not yet so; NULL if no change is going on
 * @what: what the topology is doing
 * @why: with VIRTFLEX_FAILED, one line that says why; otherwise ""
 *
 * Return: 0 or -ENOMEM.
 */
int vf_state_publish(const struct vf_guest *guest,
		     const struct vf_wanted *change, enum virtflex_state what,
		     const char *why)
{
	struct vf_snapshot *s = snapshot_make(guest, change, what, why);

	if (!s)
		return -ENOMEM;
	publish(s);
	return 0;
}

/**
 * vf_state_republish() - a new generation if what is shown is no longer so
 * @guest: what there is; no change is going on
 *
 * Return: 0 or -ENOMEM.
 */
int vf_state_republish(const struct vf_guest *guest)
{
	struct vf_snapshot *old = vf_state_get();
	struct vf_snapshot *s;

	s = snapshot_make(guest, NULL, old ? old->state : VIRTFLEX_STABLE,
			  old ? old->why.text : "");
	if (s && old && snapshot_same(old, s))
		vf_state_put(s);
	else if (s)
		publish(s);
	vf_state_put(old);
	return s ? 0 : -ENOMEM;
}

/**
 * vf_state_poll() - ->poll of the topology
 * @file: the open file
 * @wait: what to queue
 * @seen: generation this file has read
 *
 * Return: the events there are.
 */
__poll_t vf_state_poll(struct file *file, poll_table *wait, u64 seen)
{
	poll_wait(file, &state.queue, wait);
	/*
	 * After queueing, not before: either vf_state_drain() finds us in the
	 * queue, or we took the queue's lock after it did and find this set.
	 * Every event is reported then, so that nobody who polls here, for
	 * whatever, goes on sleeping.
	 */
	if (smp_load_acquire(&state.gone))
		return POLL_GONE;
	return vf_state_generation() != seen ? POLL_NEWS : 0;
}

/**
 * vf_state_mmap() - map the event page
 * @vma: where
 *
 * Nothing of the module is left in @vma, no operations either: the page alone,
 * which its mappings keep when the module is long gone.
 *
 * Return: 0, -EINVAL for anything but the one page, -EPERM to write.
 */
int vf_state_mmap(struct vm_area_struct *vma)
{
	if (vma_pages(vma) != 1 || vma->vm_pgoff)
		return -EINVAL;
	if (vma->vm_flags & VM_WRITE)
		return -EPERM;
	vm_flags_mod(vma, VM_DONTEXPAND, VM_MAYWRITE);
	return vm_insert_page(vma, vma->vm_start, state.page);
}

/**
 * vf_state_init() - at load, first of all
 *
 * Return: 0 or -ENOMEM.
 */
int vf_state_init(void)
{
	BUILD_BUG_ON(sizeof(struct virtflex_event) > PAGE_SIZE);

	state.page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!state.page)
		return -ENOMEM;
	state.event = page_address(state.page);
	return 0;
}

/**
 * vf_state_gone() - at unload, when nothing is published any more
 *
 * The file still exists. From here on every poll of it reports that it is
 * gone, which is what those who are woken by vf_state_drain() find, and reading
 * fails as it will without the file: select() does not tell what it woke for.
 */
void vf_state_gone(void)
{
	mutex_lock(&state.lock);
	event_begin(state.event);
	WRITE_ONCE(state.event->version, 0);
	WRITE_ONCE(state.event->generation, state.event->generation + 1);
	event_end(state.event);
	/* What vf_state_poll() finds true is complete. */
	smp_store_release(&state.gone, true);
	mutex_unlock(&state.lock);
	vf_set_active_nodes(NULL, false);
}

static bool queue_empty(void)
{
	bool empty;

	/*
	 * With the lock, not waitqueue_active(): who took itself off the queue
	 * has then let go of the lock too, which is in our memory.
	 */
	spin_lock_irq(&state.queue.lock);
	empty = list_empty(&state.queue.head);
	spin_unlock_irq(&state.queue.lock);
	return empty;
}

/**
 * vf_state_drain() - get everybody off the queue of those who wait
 *
 * The queue is in the module, and those on it do not hold the module: an epoll
 * instance keeps its entry until the file is closed, and closing does not ask
 * us. POLLFREE makes epoll, aio and io_uring drop their entries at once; poll
 * and select leave when their task runs, which finds vf_state_gone() to be so
 * and does not sleep again. Somebody may queue while this looks: it is called
 * once while the file exists, so that all that sleep are told, and once more
 * when it no longer does, so that none can come.
 *
 * There is no event for "the queue is empty" to wait on.
 */
void vf_state_drain(void)
{
	while (!queue_empty()) {
		__wake_up(&state.queue, TASK_NORMAL, 0,
			  poll_to_key(POLL_GONE | POLLFREE));
		usleep_range(1000, 2000);
	}
}

/**
 * vf_state_exit() - at unload, last of all
 */
void vf_state_exit(void)
{
	/* epoll may look at a queue it was told to forget, under RCU. */
	synchronize_rcu();
	vf_state_put(state.snapshot);
	state.snapshot = NULL;
	put_page(state.page);
}
