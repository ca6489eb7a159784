/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the library share. Nothing of it is exported. */
#ifndef VF_INTERNAL_H
#define VF_INTERNAL_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "virtflex.h"

#define VF_EXPORT __attribute__((visibility("default")))

#define VF_PROC_TOPOLOGY "/proc/virtflex/topology"

/*
 * Bounds of what is read. Each is far above what a kernel can say, and keeps a
 * broken file from taking all memory.
 */
#define VF_MAX_CPUS		65536
#define VF_MAX_DISTANCE		255
#define VF_MAX_TOPOLOGY_BYTES	((size_t)32 << 20)
#define VF_MAX_MAPS_BYTES	((size_t)512 << 20)
#define VF_MAX_SYSFS_BYTES	((size_t)64 << 10)

#define VF_PAGE_BYTES		4096UL
#define VF_HUGE_BYTES		(2UL << 20)

/* No address of a process is at or above this. */
#define VF_TASK_END		(((uint64_t)1 << 56) - VF_PAGE_BYTES)

/** struct virtflex - see virtflex.h; nothing in it changes after opening */
struct virtflex {
	bool has_sysroot;
	char sysroot[];
};

/** struct vf_span - a piece of a text that is not terminated */
struct vf_span {
	const char *p;
	size_t len;
};

/* file.c */
int vf_open(const struct virtflex *vf, const char *path, int flags);
int vf_read_fd(int fd, size_t max, char **text, size_t *len);
int vf_read_file(const struct virtflex *vf, const char *path, size_t max,
		 char **text, size_t *len);
int vf_read_line(const struct virtflex *vf, const char *path,
		 struct vf_span *line);
int vf_read_nodelist(const struct virtflex *vf, const char *path,
		     struct virtflex_nodemask *mask);

/* text.c */
bool vf_next_line(struct vf_span *text, struct vf_span *line);
bool vf_next_field(struct vf_span *line, struct vf_span *field);
bool vf_span_is(struct vf_span s, const char *word);
bool vf_span_skip(struct vf_span *s, const char *prefix);
bool vf_find_key(struct vf_span text, const char *key, struct vf_span *value);
int vf_parse_u64(struct vf_span s, uint64_t *value);
int vf_parse_hex(struct vf_span s, uint64_t *value);
int vf_parse_list(struct vf_span s, unsigned int limit, bool ascending,
		  int (*add)(unsigned int first, unsigned int last, void *data),
		  void *data);
int vf_parse_node_count(struct vf_span field, unsigned int *node,
			uint64_t *count);

/* nodemask.c */
int vf_parse_nodelist(struct vf_span s, struct virtflex_nodemask *mask);
void vf_nodemask_and(struct virtflex_nodemask *mask,
		     const struct virtflex_nodemask *other);
bool vf_nodemask_empty(const struct virtflex_nodemask *mask);

/* topology.c */
int vf_topology_read_fd(int fd, struct virtflex_topology **topology);

/* wait.c */
int vf_wait(int fd, int cancel_fd, uint64_t generation, int timeout_ms,
	    struct virtflex_topology **topology);

/* maps.c */

/** enum vf_policy_mode - memory policy of a mapping, as numa_maps names it */
enum vf_policy_mode {
	VF_POLICY_DEFAULT,	/* default and local: the toucher's node */
	VF_POLICY_PREFERRED,
	VF_POLICY_PREFERRED_MANY,
	VF_POLICY_BIND,
	VF_POLICY_INTERLEAVE,
	VF_POLICY_WEIGHTED,
	VF_POLICY_UNKNOWN,	/* cut off or new: leave its pages alone */
};

/** struct vf_policy - a memory policy; @nodes is empty for the default */
struct vf_policy {
	enum vf_policy_mode mode;
	struct virtflex_nodemask nodes;
};

/**
 * struct vf_vma - a mapping, from maps and numa_maps together
 * @start: first address
 * @end: first address after it
 * @offset: offset into the file, in bytes
 * @policy: index into struct vf_maps.policies
 * @page_bytes: size of its pages: 4 KiB, or that of hugetlb
 * @pages: how many of these numa_maps counts in it; of transparent large pages
 *	it counts base pages
 * @present: it counts any
 * @special: the kernel's own memory, which has no other place
 * @text: of a program or library
 * @ino: inode
 * @dev: device, major << 32 | minor
 * @kernel_shm: memory of a memfd, System V or anonymous shared mapping
 * @accessible: it may be read, written or executed: one that may not is mostly
 *	address space that is kept free
 * @name: what it is of; part of the text that was parsed, and no longer there
 *	than that
 */
struct vf_vma {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	unsigned int policy;
	uint64_t page_bytes;
	uint64_t pages;
	bool present;
	bool special;
	bool text;
	bool kernel_shm;
	bool accessible;
	struct vf_span name;
	uint64_t ino;
	uint64_t dev;
};

/**
 * struct vf_maps - all mappings of a process, ascending, as a thread sees them
 * @vmas: mappings
 * @nr_vmas: length of @vmas
 * @policies: policies of mappings; of one that has none, that of the thread
 * @nr_policies: length of @policies
 * @has_default: "default" is one of them, which is neither a mapping's own
 *	policy nor a thread's: the thread has no policy
 * @has_task_policy: vf_threads_compare() found a policy of all threads
 * @task_policy: index of that
 */
struct vf_maps {
	struct vf_vma *vmas;
	size_t nr_vmas;
	struct vf_policy *policies;
	size_t nr_policies;
	bool has_default;
	bool has_task_policy;
	unsigned int task_policy;
};

/**
 * struct vf_numa_line - a line of numa_maps
 * @start: first address of the mapping
 * @policy: text of its policy
 * @page_bytes: size of its pages
 * @pages: number of them; of transparent large ones, their base pages
 * @hugetlb: whether these are hugetlb pages
 * @present: whether it has pages
 */
struct vf_numa_line {
	uint64_t start;
	struct vf_span policy;
	uint64_t page_bytes;
	uint64_t pages;
	bool hugetlb;
	bool present;
};

int vf_parse_policy(struct vf_span s, struct vf_policy *policy);
int vf_parse_numa_head(struct vf_span *line, uint64_t *start,
		       struct vf_span *policy);
int vf_parse_numa_line(struct vf_span line, struct vf_numa_line *out,
		       uint64_t *pages);
int vf_parse_maps_line(struct vf_span line, struct vf_vma *vma);
int vf_maps_parse(struct vf_span maps, struct vf_span numa_maps,
		  struct vf_maps *out);
int vf_maps_compare(struct vf_maps *maps, struct vf_span numa_maps);
int vf_maps_forget(struct vf_maps *maps, unsigned int policy);
void vf_maps_free(struct vf_maps *maps);

/* find.c */

/* Longest directory of a thread in /proc, and what follows it at most. */
#define VF_PROC_DIR_LEN		40

int vf_find_memory(const struct virtflex *vf, pid_t pid, const char *name,
		   char dir[VF_PROC_DIR_LEN], char **text, size_t *len);
int vf_find_process(const struct virtflex *vf, int pidfd, pid_t *pid);

/* copy.c */
int vf_copy_from(void *to, const void *from, size_t size);
int vf_copy_to(void *to, const void *from, size_t size);

/* threads.c */

/*
 * How often to look for a thread that has not exited. Where they exit before
 * they can be looked at, this is a second or so.
 */
#define VF_MAX_LOOKS		200

int vf_threads_open(const struct virtflex *vf, pid_t pid, DIR **dir);
pid_t vf_threads_next(DIR *dir);
int vf_threads_compare(const struct virtflex *vf, pid_t pid, pid_t seen_by,
		       struct vf_maps *maps);

/* os.c */

/**
 * struct vf_region - pages next to each other; see vf_os.scan
 * @start: address
 * @end: first address after them
 * @huge: they are 2 MiB pages
 * @file: they are those of a file, not private
 */
struct vf_region {
	uint64_t start;
	uint64_t end;
	bool huge;
	bool file;
};

/**
 * struct vf_os - what the fallback asks of the kernel, replaced in tests
 * @move_pages: move_pages(2), the errno negated
 * @scan: present pages from @start on: fills @regions, and *@next with the
 *	address to go on from; -ENOTTY where the kernel cannot tell, -ESRCH if the
 *	memory is not that of the process any more
 * @present: is there a page at an address? 1, 0, or a negative errno
 * @now_ns: monotonic time
 * @alive: 0 while the process of a pidfd lives, -ESRCH afterwards, or another
 *	negative errno
 */
struct vf_os {
	long (*move_pages)(pid_t pid, unsigned long count, void **pages,
			   const int *nodes, int *status, int flags);
	int (*scan)(int pagemap_fd, uint64_t start, uint64_t end,
		    struct vf_region *regions, unsigned int nr_regions,
		    uint64_t *next);
	int (*present)(int pagemap_fd, uint64_t addr);
	uint64_t (*now_ns)(void);
	int (*alive)(int pidfd);
};

extern const struct vf_os vf_os_kernel;

/* walk.c, with walk.h */
struct vf_walk;

int vf_walk_open(const struct virtflex *vf, const struct vf_os *os, int pidfd,
		 const struct virtflex_migrate_args *args,
		 struct vf_walk **walk);
int vf_walk_step(struct vf_walk *walk, struct virtflex_migrate_args *args);
void vf_walk_close(struct vf_walk *walk);

#endif /* VF_INTERNAL_H */
