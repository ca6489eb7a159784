/* SPDX-License-Identifier: GPL-2.0-only */
/* Who gets a whole node: what the parts of that policy share. */
#ifndef HOST_NODE_H
#define HOST_NODE_H

#include "appetite.h"
#include "daemon.h"
#include "place.h"
#include "seen.h"

/* More nodes than any host has; what is larger is not believed. */
#define MOST_HOST_NODES	1024
/* So many decisions are kept. */
#define MOST_DECISIONS	200
/* A node of which less than this share is free is not one to be given. */
#define LEAST_FREE	0.5

/**
 * struct node_rule - what an administrator says of some guests
 * @glob: pattern of their names
 * @weight: how much what they lack counts
 * @home: virtual node that they always keep; -1 for that of vCPU 0
 * @most: most nodes that they may have
 * @fixed: whether they keep the nodes that they have, and get no others
 * @nodes: physical nodes that they may have, if @has_nodes
 * @has_nodes: whether these are named
 */
struct node_rule {
	char *glob;
	double weight;
	int home;
	unsigned int most;
	bool fixed;
	cpu_set_t nodes;
	bool has_nodes;
};

/**
 * struct node_rules - the policy file
 * @margin: how often a change has to gain what it costs
 * @cooldown_s: how long a node stays where it went, at least
 * @longest_s: how long it is expected at most that loads stay as they are
 * @shrink_s: how long it takes to give a node back, as long as that was not measured
 * @expand_s: how long it takes to get one
 * @nr_rules: length of @rules
 * @rules: of guests; the first whose pattern fits counts
 */
struct node_rules {
	double margin;
	double cooldown_s;
	double longest_s;
	double shrink_s;
	double expand_s;
	unsigned int nr_rules;
	struct node_rule *rules;
};

/**
 * struct node_settings - what the command line says of nodes
 * @policy: policy file; NULL for none
 * @state: file in which is kept what outlives the program; NULL for none
 */
struct node_settings {
	const char *policy;
	const char *state;
};

/**
 * struct node_guest - a guest with nodes, and what is remembered of it
 * @seen: which one it is
 * @rule: what is said of it; only of this interval
 * @cpus: CPUs that it has
 * @want: what it wants, of the last two intervals
 * @nr_wants: of how many intervals that is known, since its nodes were changed
 * @least_memory: GiB that it cannot do without
 * @said_home: home of its rule that it was said not to have; 0, which all have, for none
 */
struct node_guest {
	struct seen_guest seen;
	const struct node_rule *rule;
	double cpus;
	double want[2][NR_PLACE_RESOURCES];
	unsigned int nr_wants;
	double least_memory;
	int said_home;
};

/**
 * struct lesson - what was learned of a guest, by its name
 * @name: name
 * @appetite: how many CPUs it would use
 * @shrink_s: how long it takes to give a node back; 0 if that was never measured
 * @expand_s: how long it takes to get one
 * @rest_s: how long it is left alone after it has refused a change; 0 if it did the last one
 * @rests_until_ns: until when that is
 * @used_ns: when it was last of use
 */
struct lesson {
	char *name;
	struct appetite appetite;
	double shrink_s;
	double expand_s;
	double rest_s;
	uint64_t rests_until_ns;
	uint64_t used_ns;
};

/**
 * enum move_phase - where a change is
 * @MOVE_NONE: there is none
 * @MOVE_LEAVE: a guest gives the node back
 * @MOVE_COME: another one gets it
 */
enum move_phase {
	MOVE_NONE,
	MOVE_LEAVE,
	MOVE_COME,
};

/**
 * struct node_move - a node on its way from one guest to another
 * @phase: where it is
 * @node: physical node
 * @from: name of who gives it; "" for nobody
 * @to: name of who gets it
 * @asked: whether the guest of this phase was asked
 * @gave_kb: what @from had of the node
 * @phase_ns: when the guest was asked, or this phase began
 * @began_ns: when it began
 */
struct node_move {
	enum move_phase phase;
	unsigned int node;
	char *from;
	char *to;
	bool asked;
	uint64_t gave_kb;
	uint64_t phase_ns;
	uint64_t began_ns;
};

/**
 * struct node_state - what outlives the program
 * @nr_lessons: length of @lessons
 * @lessons: what was learned of guests
 * @rests_until_ns: by physical node, until when it stays where it is
 * @move: the change that is going on
 * @decisions: what was decided, an array of JSON, the oldest first
 */
struct node_state {
	unsigned int nr_lessons;
	struct lesson *lessons;
	uint64_t rests_until_ns[MOST_HOST_NODES];
	struct node_move move;
	struct json_object *decisions;
};

extern struct node_settings node_settings;
extern struct node_rules node_rules;
extern struct node_state node_state;
extern struct seen_guests node_guests;
struct node_guest *node_guest_at(unsigned int i);

/* rules.c */
bool rules_read(const char *path, struct node_rules *rules, struct why *why);
void rules_free(struct node_rules *rules);
const struct node_rule *rules_find(const struct node_rules *rules,
				   const char *name);

/* state.c */
bool state_read(const char *path, uint64_t ns, struct why *why);
void state_save(uint64_t ns);
void state_forget(void);
struct lesson *lesson_of(const char *name, uint64_t ns);

/* guests.c */
bool node_guests_see(const struct snapshot *before, const struct snapshot *now);
struct node_guest *node_guest_find(const char *name);
void node_guests_forget(void);
bool guest_has_node(const struct guest *g, int pnode);

/* reading.c */
bool rule_has_node(const struct node_rule *rule, unsigned int pnode);
bool guest_stays(const struct guest *g, const struct node_rule *rule);
int guest_home(const struct guest *g, const struct node_rule *rule);
uint64_t guest_kb_on(const struct guest *g, unsigned int pnode);
uint64_t node_spare_kb(const struct snapshot *now, unsigned int pnode, uint64_t more_kb);
struct placement *node_placement(const struct snapshot *now);

/* standing.c */
double standing(const char *from, const char *to, bool gains, double seconds);
void standing_done(void);
void standing_end(const char *to);
void standing_forget(void);

/* move.c */
enum backend_status move_begin(struct daemon *d, const struct snapshot *now,
			       unsigned int node, const char *from,
			       const char *to, struct why *why);
enum backend_status move_see(struct daemon *d, const struct snapshot *now,
			     struct why *why);

/* decision.c */
struct json_object *decision(const char *what, unsigned int node, const char *from,
			     const char *to);
void decision_add(const struct daemon *d, uint64_t ns, struct json_object *o);
struct json_object *decision_list(void);
void decision_print(FILE *f, struct json_object *o);

/* act.c */
extern const struct policy node_policy;
void node_reread(int signal);

/* warnings.c */
void node_warn(const struct daemon *d, const struct placement *p);
void node_warn_forget(void);
void node_warn_again(void);

/* report.c */
void node_report(const struct daemon *d, const struct placement *p);
void node_report_line(const struct daemon *d);
void node_report_forget(void);
void node_metrics(FILE *f);

#endif /* HOST_NODE_H */
