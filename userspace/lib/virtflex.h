/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirtflex: the NUMA topology of this machine as it is now, a way to hear of
 * changes, and a way to make the pages of a process follow.
 *
 * Every function that returns int returns 0 or more on success and a negative
 * errno on failure; what it stores through a pointer is stored on success only,
 * unless it says otherwise. A pointer that must not be NULL, and is, gives
 * -EINVAL, and where a function cannot say so, nothing happens; inline functions
 * do not look.
 *
 * The library keeps no global state, caches nothing, prints nothing and never
 * ends the program. It starts threads where its caller asks for threads, and
 * nowhere else. Descriptors that it opens are closed on exec.
 *
 * C99 or C++11 at least; with GNU extensions, C89 will do.
 *
 * Units are in the names: _kb are KiB of 1024 bytes, _pages base pages of 4 KiB,
 * _ms milliseconds, _us microseconds, _ns nanoseconds.
 *
 * Threads: a handle does not change once it is open, and any number of threads
 * may use it. A watch is read by one thread at a time. What else the library
 * allocates belongs to its caller, does not change, and may be read by any
 * number of threads until it is given back. Masks are the caller's memory. No
 * function but virtflex_watch_cancel(), virtflex_generation(),
 * virtflex_event_read() and those for sets of nodes, but for reading and writing
 * lists, may be called from a signal handler.
 */
#ifndef VIRTFLEX_H
#define VIRTFLEX_H

#if !defined(__cplusplus) && defined(__STRICT_ANSI__) && \
	(!defined(__STDC_VERSION__) || __STDC_VERSION__ < 199901L)
#error "virtflex.h takes C99 or later, or GNU extensions"
#endif

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/virtflex.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Version of this header. Functions and fields are only added while the first
 * number stays.
 */
#define VIRTFLEX_VERSION_MAJOR	0
#define VIRTFLEX_VERSION_MINOR	2
#define VIRTFLEX_VERSION_PATCH	0
#define VIRTFLEX_VERSION	"0.2.0"

/** VIRTFLEX_VERSION_CODE - a version as a number that grows with it */
#define VIRTFLEX_VERSION_CODE(major, minor, patch) \
	((major) << 16 | (minor) << 8 | (patch))

/**
 * virtflex_version() - version of the library that the program runs with
 *
 * It may be newer than the header that the program was built with.
 *
 * Return: VIRTFLEX_VERSION_CODE() of it.
 */
unsigned int virtflex_version(void);

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
	return mask->bits[node / 64] >> (node % 64) & 1 ? 1 : 0;
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
		mask->bits[node / 64] |= UINT64_C(1) << (node % 64);
}

/**
 * virtflex_node_clear() - take a node out of a set
 * @mask: set
 * @node: node; ids from VIRTFLEX_MAX_NODES are ignored
 */
static inline void virtflex_node_clear(struct virtflex_nodemask *mask,
				       unsigned int node)
{
	if (node < VIRTFLEX_MAX_NODES)
		mask->bits[node / 64] &= ~(UINT64_C(1) << (node % 64));
}

/**
 * virtflex_nodemask_clear() - take all nodes out of a set
 * @mask: set
 */
static inline void virtflex_nodemask_clear(struct virtflex_nodemask *mask)
{
	unsigned int i;

	for (i = 0; i < VIRTFLEX_MAX_NODES / 64; i++)
		mask->bits[i] = 0;
}

/**
 * virtflex_nodemask_count() - how many nodes are in a set?
 * @mask: set
 *
 * Return: number of nodes.
 */
unsigned int virtflex_nodemask_count(const struct virtflex_nodemask *mask);

/**
 * virtflex_nodemask_next() - lowest node of a set from a node on
 * @mask: set
 * @node: node to begin with
 *
 * Return: the node; VIRTFLEX_MAX_NODES if there is none.
 */
unsigned int virtflex_nodemask_next(const struct virtflex_nodemask *mask,
				    unsigned int node);

/**
 * virtflex_for_each_node() - go through a set, ascending
 * @node: unsigned int that becomes each node of it
 * @mask: set; a node may be taken out while the loop is at it
 */
#define virtflex_for_each_node(node, mask)				\
	for ((node) = virtflex_nodemask_next((mask), 0);		\
	     (node) < VIRTFLEX_MAX_NODES;				\
	     (node) = virtflex_nodemask_next((mask), (node) + 1))

/**
 * virtflex_nodemask_parse() - read a list such as "0-1,3"
 * @list: text; nothing but the list
 * @mask: where to store the set
 *
 * Return: 0, -EINVAL if this is no list, -ERANGE for a node from
 * VIRTFLEX_MAX_NODES.
 */
int virtflex_nodemask_parse(const char *list, struct virtflex_nodemask *mask);

/** VIRTFLEX_NODEMASK_LEN - bytes that the list of any set fits into */
#define VIRTFLEX_NODEMASK_LEN	4096

/**
 * virtflex_nodemask_format() - write a set as a list such as "0-1,3"
 * @mask: set
 * @list: where to store it, as much as fits, with a zero byte at its end; NULL
 *	if @size is 0
 * @size: bytes there
 *
 * The list of the empty set is "", which virtflex_nodemask_parse() refuses.
 *
 * Return: length of the whole list: if it is @size or more, it was cut off; or
 * -EINVAL.
 */
int virtflex_nodemask_format(const struct virtflex_nodemask *mask, char *list,
			     size_t size);

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
 * @vnode: Xen's number of it, as the host names it; -1 without Xen, and with a
 *	module that does not say
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
	int vnode;
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
 * virtflex_topology_node() - a node by its id
 * @topology: topology
 * @id: id of the node
 *
 * Return: the node, which is part of the topology; NULL if there is none.
 */
const struct virtflex_node *
virtflex_topology_node(const struct virtflex_topology *topology,
		       unsigned int id);

/**
 * virtflex_topology_cpus() - the CPUs of some nodes
 * @topology: topology
 * @nodes: nodes; NULL for those that are active
 * @size: bytes of @cpus, sizeof(cpu_set_t) or what CPU_ALLOC_SIZE() says
 * @cpus: where to store the set; NULL if @size is 0
 *
 * For sched_setaffinity(2) and its like. A set from CPU_ALLOC() has to be
 * large enough for the highest CPU of @nodes.
 *
 * Return: number of CPUs in the set; -ERANGE: a CPU is beyond @size; -EINVAL.
 */
int virtflex_topology_cpus(const struct virtflex_topology *topology,
			   const struct virtflex_nodemask *nodes, size_t size,
			   cpu_set_t *cpus);

/**
 * virtflex_topology_nr_cpus() - how many CPUs a set of them has to have room for
 * @topology: topology
 *
 * For CPU_ALLOC().
 *
 * Return: one more than the highest CPU of any node; 0 if there is none.
 */
unsigned int
virtflex_topology_nr_cpus(const struct virtflex_topology *topology);

/**
 * virtflex_state_name() - a word for a state
 * @state: enum virtflex_state
 *
 * Return: "stable", "expanding", "shrinking" or "failed"; "unknown" for any other.
 */
const char *virtflex_state_name(unsigned int state);

/**
 * virtflex_node_state_name() - a word for the state of a node
 * @state: enum virtflex_node_state
 *
 * Return: "active", "arriving", "leaving" or "inactive"; "unknown" for any other.
 */
const char *virtflex_node_state_name(unsigned int state);

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

/* ---- watch ------------------------------------------------------------ */

/** struct virtflex_watch - a descriptor that tells of changes; opaque */
struct virtflex_watch;

/**
 * virtflex_watch_open() - begin to watch the topology
 * @vf: handle; may be closed before the watch
 * @watch: where to store it
 *
 * Nothing is read yet: the first virtflex_watch_read() gives the topology there
 * is.
 *
 * Return: 0; -ENOENT: the module is not loaded; -EOPNOTSUPP: below a sysroot,
 * where nothing changes; -EINVAL, -ENOMEM, and what open(2) and eventfd(2) give.
 */
int virtflex_watch_open(struct virtflex *vf, struct virtflex_watch **watch);

/**
 * virtflex_watch_close() - end a watch
 * @watch: watch, or NULL; nobody may be using it
 *
 * Its descriptor is closed: take it out of epoll and io_uring before.
 */
void virtflex_watch_close(struct virtflex_watch *watch);

/**
 * virtflex_watch_fd() - descriptor for poll(2), epoll(7), io_uring(7)
 * @watch: watch
 *
 * It is ready for reading (POLLIN) as long as there is a topology that
 * virtflex_watch_read() has not seen, and once the module is unloaded (POLLHUP).
 * Wait for POLLIN, and read by virtflex_watch_read() only. It stays the same, and
 * the watch's.
 *
 * Return: the descriptor, or -EINVAL.
 */
int virtflex_watch_fd(const struct virtflex_watch *watch);

/**
 * virtflex_watch_read() - take note of the topology as it is now
 * @watch: watch
 * @topology: where to store it if it is news; NULL if it is not wanted
 *
 * Does not wait. Generations that came and went between two calls are skipped;
 * the last one is not.
 *
 * Return: 1: it is of another generation than at the call before; 0: it is
 * not, and nothing is stored; -ENODEV: the module was unloaded, close the watch;
 * and what virtflex_topology_read() gives.
 */
int virtflex_watch_read(struct virtflex_watch *watch,
			struct virtflex_topology **topology);

/**
 * virtflex_watch_wait() - the same, asleep until there is news
 * @watch: watch
 * @timeout_ms: longest time to sleep; -1: no limit
 * @topology: where to store it; NULL if it is not wanted
 *
 * Return: 0; -ETIMEDOUT; -EINTR: a signal was handled; -ECANCELED: by
 * virtflex_watch_cancel(); -ENODEV: the module was unloaded, close the watch; and
 * what virtflex_topology_read() gives.
 */
int virtflex_watch_wait(struct virtflex_watch *watch, int timeout_ms,
			struct virtflex_topology **topology);

/**
 * virtflex_watch_cancel() - end a wait
 * @watch: watch
 *
 * The virtflex_watch_wait() that is asleep, and all later ones of this watch,
 * return -ECANCELED. From any thread, and from a signal handler. The descriptor
 * is not affected, nor is virtflex_watch_read().
 *
 * Return: 0 or -EINVAL.
 */
int virtflex_watch_cancel(struct virtflex_watch *watch);

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

/**
 * virtflex_pages_on() - pages that are on some nodes
 * @pages: counts
 * @nodes: nodes
 *
 * Return: sum of the pages on them.
 */
uint64_t virtflex_pages_on(const struct virtflex_pages *pages,
			   const struct virtflex_nodemask *nodes);

/**
 * struct virtflex_mapping - a mapping of a process, and where its pages are
 * @start: first address
 * @end: first address after it
 * @policy: memory policy as the kernel writes it in numa_maps, "bind:0-1"; that
 *	of a thread where the mapping has none
 * @name: file, "[heap]" or the like, as in /proc/PID/maps; "" if it has none
 * @page_kb: size of its pages; transparent large ones are counted as 4
 * @hugetlb: 1 if these are hugetlb pages, 0 if not
 * @nr_nodes: length of @pages: the highest node with pages, and one
 * @pages: base pages on each node, by node id
 * @total_pages: sum of @pages
 */
struct virtflex_mapping {
	uint64_t start;
	uint64_t end;
	const char *policy;
	const char *name;
	unsigned int page_kb;
	unsigned int hugetlb;
	unsigned int nr_nodes;
	const uint64_t *pages;
	uint64_t total_pages;
};

/**
 * struct virtflex_mappings - the mappings of a process
 * @nr_mappings: length of @mappings
 * @mappings: the mappings, by address
 */
struct virtflex_mappings {
	size_t nr_mappings;
	const struct virtflex_mapping *const *mappings;
};

/**
 * virtflex_mappings_read() - count the pages of a process per mapping and node
 * @vf: handle
 * @pid: process; 0 for the caller
 * @mappings: where to store them; give them back with virtflex_mappings_free()
 *
 * From /proc/PID/maps and numa_maps, which are read one after the other: a
 * mapping that came or went meanwhile is left out.
 *
 * Return: as virtflex_pages_read().
 */
int virtflex_mappings_read(struct virtflex *vf, pid_t pid,
			   struct virtflex_mappings **mappings);

/**
 * virtflex_mappings_free() - give mappings back
 * @mappings: mappings, or NULL
 */
void virtflex_mappings_free(struct virtflex_mappings *mappings);

/* ---- threads of a process --------------------------------------------- */

/**
 * struct virtflex_thread - a thread, and where it runs
 * @tid: its number
 * @cpu: CPU it runs on, or ran on last
 * @node: node of that CPU; -1 if it has gone offline, or nothing is known
 * @state: a letter as in proc(5): 'R', 'S', 'D', ...
 * @name: its name, which may be any bytes; at most 63
 */
struct virtflex_thread {
	pid_t tid;
	int cpu;
	int node;
	char state;
	const char *name;
};

/**
 * struct virtflex_threads - the threads of a process
 * @nr_threads: length of @threads
 * @threads: the threads, as /proc lists them; those that have exited are left out
 * @nodes: nodes that any of them runs on; with virtflex_pages_on(), the pages
 *	that are near a thread
 */
struct virtflex_threads {
	size_t nr_threads;
	const struct virtflex_thread *const *threads;
	struct virtflex_nodemask nodes;
};

/**
 * virtflex_threads_read() - find out on which nodes the threads of a process are
 * @vf: handle
 * @pid: process; 0 for the caller
 * @threads: where to store them; give them back with virtflex_threads_free()
 *
 * From /proc/PID/task, which anybody may read. Kernel threads have one thread.
 *
 * Return: 0; -ESRCH: there is no such process, or it has ended; -EBADMSG,
 * -EINVAL, -ENOMEM, and what open(2) and read(2) give.
 */
int virtflex_threads_read(struct virtflex *vf, pid_t pid,
			  struct virtflex_threads **threads);

/**
 * virtflex_threads_free() - give threads back
 * @threads: threads, or NULL
 */
void virtflex_threads_free(struct virtflex_threads *threads);

/* ---- unplugged memory ------------------------------------------------- */

/**
 * struct virtflex_node_counters - unplugged memory of a node, and counters since the
 *	module was loaded
 * @id: node
 * @unplugged_kb: memory of it that is unplugged now
 * @leaked_kb: of it, what nobody can use while this kernel runs
 * @unplug_free: extents of 2 MiB unplugged that were free
 * @unplug_evacuated: extents unplugged that were evacuated first
 * @unplug_pages: base pages unplugged in smaller blocks
 * @plug_extents: extents plugged whole
 * @plug_pages: base pages plugged in smaller blocks
 * @evacuate_fail: attempts to evacuate an extent that failed
 * @unplug_us: time spent unplugging
 * @evacuate_us: of it, evacuating extents
 * @decrease_us: of it, in the hypervisor
 * @plug_us: time spent plugging
 * @populate_us: of it, in the hypervisor
 */
struct virtflex_node_counters {
	unsigned int id;
	uint64_t unplugged_kb;
	uint64_t leaked_kb;
	uint64_t unplug_free;
	uint64_t unplug_evacuated;
	uint64_t unplug_pages;
	uint64_t plug_extents;
	uint64_t plug_pages;
	uint64_t evacuate_fail;
	uint64_t unplug_us;
	uint64_t evacuate_us;
	uint64_t decrease_us;
	uint64_t plug_us;
	uint64_t populate_us;
};

/**
 * struct virtflex_counters - /proc/virtflex/counters
 * @version: format of the text, 1
 * @nr_nodes: length of @nodes
 * @nodes: a node each, in the order of the text
 */
struct virtflex_counters {
	unsigned int version;
	unsigned int nr_nodes;
	const struct virtflex_node_counters *const *nodes;
};

/**
 * virtflex_counters_read() - read what is unplugged, and the counters
 * @vf: handle
 * @counters: where to store it; give it back with virtflex_counters_free()
 *
 * Each number is right; they are not all of one moment.
 *
 * Return: as virtflex_topology_read().
 */
int virtflex_counters_read(struct virtflex *vf,
			   struct virtflex_counters **counters);

/**
 * virtflex_counters_parse() - the same of a text got elsewhere
 * @text: what a read of /proc/virtflex/counters gave
 * @len: its length
 * @counters: where to store it
 *
 * Return: 0, -EBADMSG, -EPROTONOSUPPORT, -EINVAL or -ENOMEM.
 */
int virtflex_counters_parse(const char *text, size_t len,
			    struct virtflex_counters **counters);

/**
 * virtflex_counters_node() - the counters of a node by its id
 * @counters: counters
 * @id: id of the node
 *
 * Return: the counters, which are part of @counters; NULL if there are none.
 */
const struct virtflex_node_counters *
virtflex_counters_node(const struct virtflex_counters *counters,
		       unsigned int id);

/**
 * virtflex_counters_free() - give counters back
 * @counters: counters, or NULL
 */
void virtflex_counters_free(struct virtflex_counters *counters);

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
 * virtflex_method_name() - a word for a method
 * @method: enum virtflex_method
 *
 * Return: "any", "virtflex_migrate" or "move_pages"; "unknown" for any other.
 */
const char *virtflex_method_name(unsigned int method);

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
 * VIRTFLEX_BUDGET_NS - budget of each call where its caller gives none
 *
 * Of virtflex_migrate_all() and virtflex_migrate_threads(): 20 ms.
 */
#define VIRTFLEX_BUDGET_NS	20000000

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
 * @args: arguments and report; the budgets are those of each call. Without any,
 *	a call has VIRTFLEX_BUDGET_NS
 * @size: sizeof(*args)
 * @method: as for virtflex_migrate()
 * @progress: called after each call; NULL if not wanted
 * @data: for @progress
 *
 * Calls until the end of the range. The counts are sums over all calls, also
 * when it returns an error; what was input is left as it was.
 *
 * Return: 0, -ECANCELED if @progress stopped it, and as virtflex_migrate().
 */
int virtflex_migrate_all(struct virtflex *vf, int pidfd,
			 struct virtflex_migrate_args *args, size_t size,
			 unsigned int *method, virtflex_migrate_fn progress,
			 void *data);

/** VIRTFLEX_MAX_THREADS - most threads for virtflex_migrate_threads() */
#define VIRTFLEX_MAX_THREADS	256

/**
 * virtflex_migrate_threads() - the same, by some threads at once
 * @vf: handle
 * @pidfd: process, as from pidfd_open(2), or VIRTFLEX_PIDFD_SELF
 * @args: as for virtflex_migrate_all()
 * @size: sizeof(*args)
 * @method: as for virtflex_migrate()
 * @progress: called by the calling thread, after one or more calls; NULL if not
 *	wanted
 * @data: for @progress
 * @nr_threads: threads to start, up to VIRTFLEX_MAX_THREADS; 0 and 1: none, as
 *	virtflex_migrate_all()
 *
 * Each thread works on a part of the range at a time. They run with all signals
 * blocked, and have ended when this returns; the calling thread cannot be
 * cancelled (pthread_cancel(3)) meanwhile. Where no thread can be started, the
 * calling thread does the work. In a child that @progress forks there are no
 * such threads: there it returns -ECANCELED.
 *
 * After an error, @args->cursor is the first address that may not be done: the
 * counts of what lies behind it may be in the report already.
 *
 * Return: 0, -ECANCELED if @progress stopped it, and as virtflex_migrate().
 */
int virtflex_migrate_threads(struct virtflex *vf, int pidfd,
			     struct virtflex_migrate_args *args, size_t size,
			     unsigned int *method,
			     virtflex_migrate_fn progress, void *data,
			     unsigned int nr_threads);

#ifdef __cplusplus
}
#endif

#endif /* VIRTFLEX_H */
