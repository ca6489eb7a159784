/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirtflex: the NUMA topology of this machine as it is now, a way to hear of
 * changes, and a way to make the pages of a process follow.
 *
 * Every function that returns int returns 0 or more on success and a negative
 * errno on failure. The library keeps no global state, caches nothing, prints
 * nothing and never exits. A handle may be used by any number of threads.
 */
#ifndef VIRTFLEX_H
#define VIRTFLEX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/virtflex.h>

#ifdef __cplusplus
extern "C" {
#endif

/** struct virtflex - a handle; opaque, constant after virtflex_open() */
struct virtflex;

/**
 * virtflex_open() - get a handle
 * @vf: where to store it
 * @sysroot: directory to read /proc and /sys below, for the readers and for
 *	tests; NULL for this machine
 *
 * Succeeds with and without the kernel module: what needs the module says so.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int virtflex_open(struct virtflex **vf, const char *sysroot);

/**
 * virtflex_close() - give a handle back
 * @vf: handle, or NULL
 *
 * Topologies and event pages got through the handle stay valid.
 */
void virtflex_close(struct virtflex *vf);

/* ---- sets of nodes ---------------------------------------------------- */

/**
 * virtflex_node_isset() - is a node in a set?
 * @mask: set
 * @node: node; ids from VIRTFLEX_MAX_NODES are in no set
 *
 * Return: 1 or 0.
 */
static inline int virtflex_node_isset(const struct virtflex_nodemask *mask,
				      unsigned int node)
{
	if (node >= VIRTFLEX_MAX_NODES)
		return 0;
	return (int)(mask->bits[node / 64] >> (node % 64) & 1);
}

/**
 * virtflex_node_set() - add a node to a set
 * @mask: set
 * @node: node; ids from VIRTFLEX_MAX_NODES are ignored
 */
static inline void virtflex_node_set(struct virtflex_nodemask *mask,
				     unsigned int node)
{
	if (node < VIRTFLEX_MAX_NODES)
		mask->bits[node / 64] |= (uint64_t)1 << (node % 64);
}

/**
 * virtflex_nodemask_parse() - read a list such as "0-1,3"
 * @list: text; nothing but the list
 * @mask: where to store the set
 *
 * Return: 0, -EINVAL if this is no list, -ERANGE for a node from
 * VIRTFLEX_MAX_NODES.
 */
int virtflex_nodemask_parse(const char *list, struct virtflex_nodemask *mask);

/* ---- topology --------------------------------------------------------- */

/**
 * enum virtflex_node_state - what a node is to be used for
 * @VIRTFLEX_NODE_ACTIVE: memory may be placed here
 * @VIRTFLEX_NODE_ARRIVING: a change that adds to this node is going on
 * @VIRTFLEX_NODE_LEAVING: no longer to be used; about to go
 * @VIRTFLEX_NODE_INACTIVE: no memory is to be placed here
 */
enum virtflex_node_state {
	VIRTFLEX_NODE_ACTIVE,
	VIRTFLEX_NODE_ARRIVING,
	VIRTFLEX_NODE_LEAVING,
	VIRTFLEX_NODE_INACTIVE,
};

/**
 * struct virtflex_node - a node of a topology
 * @id: as in /sys/devices/system/node/nodeID
 * @state: enum virtflex_node_state
 * @pnode: physical node behind it, -1 if the host did not say
 * @nr_cpus: length of @cpus
 * @cpus: online CPUs, ascending
 * @current_kb: memory the kernel has on it
 * @target_kb: memory the host wants it to have
 * @capacity_kb: most memory it can have
 * @distances: distance to each node of the topology, in the order of its
 *	nodes; 10 is local
 */
struct virtflex_node {
	unsigned int id;
	unsigned int state;
	int pnode;
	unsigned int nr_cpus;
	const unsigned int *cpus;
	uint64_t current_kb;
	uint64_t target_kb;
	uint64_t capacity_kb;
	const unsigned int *distances;
};

/**
 * struct virtflex_topology - one published topology
 * @version: format of the text, 1
 * @generation: from 1, one more for each topology published
 * @state: enum virtflex_state
 * @why: why the last change failed; NULL unless @state is VIRTFLEX_FAILED
 * @nr_nodes: length of @nodes
 * @nodes: the nodes, in the order of the text
 *
 * Fields may be added at the end of this structure and of struct virtflex_node:
 * only the library allocates them.
 */
struct virtflex_topology {
	unsigned int version;
	unsigned int state;
	uint64_t generation;
	const char *why;
	unsigned int nr_nodes;
	const struct virtflex_node *const *nodes;
};

/**
 * virtflex_topology_read() - read the topology as it is now
 * @vf: handle
 * @topology: where to store it; give it back with virtflex_topology_free()
 *
 * Return: 0; -ENOENT: there is no /proc/virtflex/topology, the module is not
 * loaded; -ENODEV: it was unloaded meanwhile; -EBADMSG: the text breaks its
 * grammar; -EPROTONOSUPPORT: it is of a version this library does not know;
 * -EFBIG, -ENOMEM, and what open(2) and read(2) give.
 */
int virtflex_topology_read(struct virtflex *vf,
			   struct virtflex_topology **topology);

/**
 * virtflex_topology_parse() - make a topology of a text got elsewhere
 * @text: what a read of /proc/virtflex/topology gave
 * @len: its length
 * @topology: where to store it
 *
 * Return: 0, -EBADMSG, -EPROTONOSUPPORT or -ENOMEM.
 */
int virtflex_topology_parse(const char *text, size_t len,
			    struct virtflex_topology **topology);

/**
 * virtflex_topology_free() - give a topology back
 * @topology: topology, or NULL
 */
void virtflex_topology_free(struct virtflex_topology *topology);

/**
 * virtflex_topology_active() - the nodes on which memory may be placed
 * @topology: topology
 * @active: where to store the set
 */
void virtflex_topology_active(const struct virtflex_topology *topology,
			      struct virtflex_nodemask *active);

/**
 * virtflex_wait() - sleep until there is another topology
 * @vf: handle
 * @generation: the generation that is known already; 0: return at once
 * @timeout_ms: longest time to sleep; -1: no limit
 * @topology: where to store the new topology; NULL if it is not wanted
 *
 * Asleep in poll(2). Any generation but @generation ends the wait: generations
 * grow, and start over only when the module is loaded again, which is news too.
 *
 * Return: 0; -ETIMEDOUT; -EINTR: a signal was handled; -ENODEV: the module was
 * unloaded; -EOPNOTSUPP: below a sysroot, where nothing changes; and what
 * virtflex_topology_read() gives.
 */
int virtflex_wait(struct virtflex *vf, uint64_t generation, int timeout_ms,
		  struct virtflex_topology **topology);

/* ---- event page ------------------------------------------------------- */

/**
 * virtflex_event_map() - map the event page
 * @vf: handle
 * @event: where to store its address
 *
 * Return: 0; -ENOENT: the module is not loaded; -EPROTONOSUPPORT: the page is of
 * a version this library does not know; -ENODEV: the module was unloaded
 * meanwhile, or (below a sysroot) there is no such page.
 */
int virtflex_event_map(struct virtflex *vf, const struct virtflex_event **event);

/**
 * virtflex_event_unmap() - give the event page back
 * @event: address of the event page, or NULL
 */
void virtflex_event_unmap(const struct virtflex_event *event);

/**
 * virtflex_generation() - has anything changed?
 * @event: event page
 *
 * Costs one load.
 *
 * Return: generation of the topology.
 */
static inline uint64_t virtflex_generation(const struct virtflex_event *event)
{
	return __atomic_load_n(&event->generation, __ATOMIC_ACQUIRE);
}

/**
 * virtflex_event_read() - read more than the generation, all of one topology
 * @event: event page
 * @generation: where to store the generation; NULL if not wanted
 * @state: where to store the enum virtflex_state; NULL if not wanted
 * @active: where to store the active nodes; NULL if not wanted
 *
 * Return: 0; -ENODEV: the module was unloaded; -EPROTONOSUPPORT: the page is of
 * a version this library does not know; -EAGAIN: the page was being written all
 * the time.
 */
int virtflex_event_read(const struct virtflex_event *event,
			uint64_t *generation, unsigned int *state,
			struct virtflex_nodemask *active);

/* ---- pages of a process ----------------------------------------------- */

/**
 * struct virtflex_pages - where the pages of a process are
 * @nr_nodes: length of @pages: the highest node with pages, and one
 * @pages: pages on each node, by node id
 * @total_pages: sum of @pages
 * @thp_pages: of these, mapped as transparent 2 MiB pages; 0 if the kernel does
 *	not tell
 * @hugetlb_pages: of these, in hugetlb pages
 *
 * All in base pages (4 KiB): a 2 MiB page counts 512.
 */
struct virtflex_pages {
	unsigned int nr_nodes;
	const uint64_t *pages;
	uint64_t total_pages;
	uint64_t thp_pages;
	uint64_t hugetlb_pages;
};

/**
 * virtflex_pages_read() - count the pages of a process per node
 * @vf: handle
 * @pid: process; 0 for the caller
 * @pages: where to store the counts; give them back with virtflex_pages_free()
 *
 * From /proc/PID/numa_maps, by any process that may read it. When the main thread
 * has exited, from that of another thread.
 *
 * Return: 0; -ESRCH: no such process, or it has ended, or is a kernel thread;
 * -EAGAIN: the main thread has exited, and the others exit before they can be
 * read; -EACCES: not yours to read; -ENOSYS: the kernel has no numa_maps;
 * -EBADMSG, -EFBIG, -ENOMEM.
 */
int virtflex_pages_read(struct virtflex *vf, pid_t pid,
			struct virtflex_pages **pages);

/**
 * virtflex_pages_free() - give the counts back
 * @pages: counts, or NULL
 */
void virtflex_pages_free(struct virtflex_pages *pages);

/* ---- migration -------------------------------------------------------- */

/**
 * enum virtflex_method - how pages are migrated
 * @VIRTFLEX_METHOD_ANY: the system call, where there is none move_pages(2)
 * @VIRTFLEX_METHOD_SYSCALL: virtflex_migrate(2)
 * @VIRTFLEX_METHOD_MOVE_PAGES: move_pages(2), from user space. It knows policies
 *	from /proc/PID/numa_maps, cannot mark pages to move at their next touch
 *	(they are counted as in place), and cannot tell pinned pages from busy
 *	ones; virtflex_migrate(3) has the whole list
 */
enum virtflex_method {
	VIRTFLEX_METHOD_ANY,
	VIRTFLEX_METHOD_SYSCALL,
	VIRTFLEX_METHOD_MOVE_PAGES,
};

/**
 * virtflex_migrate() - move pages of a process to their right nodes, one call
 * @vf: handle
 * @pidfd: process, as from pidfd_open(2), or VIRTFLEX_PIDFD_SELF
 * @args: arguments and report, see virtflex_migrate(2)
 * @size: sizeof(*args)
 * @method: in: enum virtflex_method to use; out: the one that was used; NULL
 *	for any
 *
 * Return: 0: the range is done; 1: the budget was spent before that, and
 * @args->cursor is the @args->start to go on from (or use
 * virtflex_migrate_all()); or a negative errno as virtflex_migrate(2) describes,
 * for a handle with a sysroot -EOPNOTSUPP.
 */
int virtflex_migrate(struct virtflex *vf, int pidfd,
		     struct virtflex_migrate_args *args, size_t size,
		     unsigned int *method);

/**
 * virtflex_migrate_fn - is told how far a migration is
 * @args: the report so far, summed over the calls
 * @data: what was given to virtflex_migrate_all()
 *
 * Return: 0 to go on, anything else to stop.
 */
typedef int (*virtflex_migrate_fn)(const struct virtflex_migrate_args *args,
				   void *data);

/**
 * virtflex_migrate_all() - move pages of a process to their right nodes
 * @vf: handle
 * @pidfd: process, as from pidfd_open(2), or VIRTFLEX_PIDFD_SELF
 * @args: arguments and report; the budget is that of each call
 * @size: sizeof(*args)
 * @method: as for virtflex_migrate()
 * @progress: called after each call; NULL if not wanted
 * @data: for @progress
 *
 * Calls until the end of the range. The counts are sums over all calls, also
 * when it returns an error; @args->start is left as it was.
 *
 * Return: 0, -ECANCELED if @progress stopped it, and as virtflex_migrate().
 */
int virtflex_migrate_all(struct virtflex *vf, int pidfd,
			 struct virtflex_migrate_args *args, size_t size,
			 unsigned int *method, virtflex_migrate_fn progress,
			 void *data);

#ifdef __cplusplus
}
#endif

#endif /* VIRTFLEX_H */
