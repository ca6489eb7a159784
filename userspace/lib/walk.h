/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fallback's own: a walk through a process, which os.c, process.c, nodes.c,
 * index.c, place.c, scan.c, move.c and walk.c work on.
 */
#ifndef VF_WALK_H
#define VF_WALK_H

#include "internal.h"

/* Units (pages, or 2 MiB pages) of a batch: some ms of work. */
#define VF_BATCH_UNITS		512
/* Base pages of a batch where there is a limit to the time: the same of them. */
#define VF_TIMED_PAGES		512
/* This many base pages of addresses without pages count as one page. */
#define VF_EMPTY_PAGES		512

/**
 * enum vf_kind - what memory a page is made of: a node may have some kinds only
 * @VF_KIND_BASE: a page
 * @VF_KIND_HUGE: 2 MiB in one piece
 * @VF_KIND_HUGETLB: one of a pool
 * @VF_KIND_GIGANTIC: one of a pool of larger ones
 */
enum vf_kind {
	VF_KIND_BASE,
	VF_KIND_HUGE,
	VF_KIND_HUGETLB,
	VF_KIND_GIGANTIC,
	VF_NR_KINDS,
};

/**
 * struct vf_unit - a page as it is moved: whole
 * @addr: an address in it
 * @pages: base pages of it that are in the range
 * @ilx: its index for interleaving
 * @policy: index of its policy
 * @kind: kind of memory
 * @any_turn: it was placed without an index, and may be on any of the nodes of
 *	its interleave policy
 * @node: where it is
 * @target: where it belongs
 * @status: what move_pages(2) said last
 */
struct vf_unit {
	uint64_t addr;
	uint64_t pages;
	uint64_t ilx;
	unsigned int policy;
	enum vf_kind kind;
	bool any_turn;
	int node;
	int target;
	int status;
};

/**
 * struct vf_rule - a policy, given the active nodes
 * @policy: index of the policy
 * @valid: the rest is that of @policy
 * @right: nodes of the policy that are active; if none is, the nearest to them
 * @stand_in: none is
 * @slots: length of the policy's turn of interleaving: a node has as many slots
 *	in it as its weight
 * @right_slots: slots of @right
 */
struct vf_rule {
	unsigned int policy;
	bool valid;
	struct virtflex_nodemask right;
	bool stand_in;
	unsigned int slots;
	unsigned int right_slots;
};

/**
 * struct vf_walk - a walk through a process, over one or more calls
 * @vf: where to read
 * @os: how to ask the kernel
 * @pidfd: process, or VIRTFLEX_PIDFD_SELF
 * @pid: the same; 0 is the caller's
 * @tid: a thread of it that has not exited: the one to name to move_pages(2)
 * @pagemap_fd: its pagemap, -1 if there is none
 * @can_scan: the kernel can scan it
 * @flags: rows to do, and MPOL_MF_MOVE or MPOL_MF_MOVE_ALL in @move_flags
 * @move_flags: for move_pages(2)
 * @online: nodes that are online
 * @active: nodes that pages may be on
 * @full: nodes of these that had no room for a kind of memory
 * @maps: mappings as they were when the walk began
 * @vma: index of the mapping the walk is at
 * @begun: a step was made
 * @distances: from each node to each, 0 if not known
 * @weights: of weighted interleaving
 * @tmpfs: devices that are tmpfs, read once one is needed
 * @nr_tmpfs: number of @tmpfs
 * @has_tmpfs: @tmpfs was read
 * @nr_nodes: one more than the highest node that is online
 * @rule: for the policy asked for last
 * @again: pages that were busy, for another try at the end of the step
 * @nr_again: length of @again
 * @again_pages: base pages of these
 * @units: pages at work
 * @addrs: of move_pages(2)
 * @nodes: the same
 * @status: the same
 */
struct vf_walk {
	const struct virtflex *vf;
	const struct vf_os *os;
	int pidfd;
	pid_t pid;
	pid_t tid;
	int pagemap_fd;
	bool can_scan;
	uint64_t flags;
	int move_flags;
	struct virtflex_nodemask online;
	struct virtflex_nodemask active;
	struct virtflex_nodemask full[VF_NR_KINDS];
	struct vf_maps maps;
	size_t vma;
	bool begun;
	unsigned char *distances;
	unsigned char weights[VIRTFLEX_MAX_NODES];
	uint64_t *tmpfs;
	size_t nr_tmpfs;
	bool has_tmpfs;
	unsigned int nr_nodes;
	struct vf_rule rule;
	struct vf_unit again[2 * VF_BATCH_UNITS];
	unsigned int nr_again;
	uint64_t again_pages;
	struct vf_unit units[VF_BATCH_UNITS];
	void *addrs[VF_BATCH_UNITS];
	int nodes[VF_BATCH_UNITS];
	int status[VF_BATCH_UNITS];
};

/* process.c */
int vf_process_find_thread(struct vf_walk *w);
bool vf_process_has_thread(const struct vf_walk *w);
void vf_process_path(const struct vf_walk *w, const char *name, char *path,
		     size_t size);
int vf_process_error(int err);
int vf_process_read_maps(struct vf_walk *w);
long vf_process_move_pages(struct vf_walk *w, unsigned int count,
			   const int *nodes);

/* nodes.c */
int vf_nodes_choose(struct vf_walk *w, uint64_t nodemask);
int vf_nodes_read(struct vf_walk *w, uint64_t nodemask);
int vf_nodes_read_distances(struct vf_walk *w);
int vf_nodes_read_weights(struct vf_walk *w);
unsigned int vf_nodes_distance(const struct vf_walk *w, unsigned int from,
			       unsigned int to);

/* index.c */
int vf_index_in_memory_file(struct vf_walk *w, const struct vf_vma *vma);
bool vf_index_any_turn(const struct vf_walk *w, const struct vf_vma *vma,
		       bool memory_file);
uint64_t vf_index_of(const struct vf_vma *vma, uint64_t addr, uint64_t bytes,
		     bool memory_file);

/* place.c */

/** enum vf_where - see vf_place_choose() */
enum vf_where {
	VF_IN_PLACE,
	VF_ELSEWHERE,
	VF_NO_ROOM,
};

enum vf_where vf_place_choose(struct vf_walk *w, struct vf_unit *u);

/* scan.c */
int vf_scan_units(struct vf_walk *w, const struct vf_vma *vma, uint64_t from,
		  uint64_t end, uint64_t max_pages, bool memory_file,
		  uint64_t *next);

/* move.c */
int vf_move_units(struct vf_walk *w, const struct vf_vma *vma,
		  unsigned int count, uint64_t max_pages, uint64_t *next,
		  struct virtflex_migrate_args *args);
int vf_move_again(struct vf_walk *w, uint64_t deadline,
		  struct virtflex_migrate_args *args);

#endif /* VF_WALK_H */
