// SPDX-License-Identifier: GPL-2.0-only
/* A host and its guests as they were seen at one time. */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

/**
 * snapshot_new() - an empty snapshot
 * @nr_cpus: how many physical CPUs; all are online, on a core of their own each
 * @most_guests: how many guests it can take; their number is set by the caller
 *
 * Return: snapshot for snapshot_free(), or NULL if there is no memory.
 */
struct snapshot *snapshot_new(unsigned int nr_cpus, unsigned int most_guests)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	unsigned int i;

	if (!s)
		return NULL;
	s->cpus = calloc(nr_cpus + 1, sizeof(*s->cpus));
	s->guests = calloc(most_guests + 1, sizeof(*s->guests));
	if (!s->cpus || !s->guests) {
		snapshot_free(s);
		return NULL;
	}
	s->nr_cpus = nr_cpus;
	for (i = 0; i < nr_cpus; i++)
		s->cpus[i] = (struct host_cpu){
			.online = true, .node = NODE_UNKNOWN, .core = i,
		};
	return s;
}

/**
 * guest_set_vcpus() - make room for the vCPUs of a guest that has none yet
 * @guest: guest
 * @count: how many
 * @ns: when they are seen
 *
 * Return: the first of them, all zero; NULL if there is no memory.
 */
struct seen_vcpu *guest_set_vcpus(struct guest *guest, unsigned int count,
				  uint64_t ns)
{
	guest->vcpus = calloc(count + 1, sizeof(*guest->vcpus));
	if (guest->vcpus)
		guest->nr_vcpus = count;
	guest->vcpus_ns = ns;
	return guest->vcpus;
}

/**
 * guest_set_nodes() - make room for the virtual nodes of a guest that has none yet
 * @guest: guest
 * @count: how many
 *
 * Return: the first of them, all zero, on physical nodes that are not known; NULL if there
 * is no memory.
 */
struct guest_node *guest_set_nodes(struct guest *guest, unsigned int count)
{
	unsigned int i;

	guest->nodes = calloc(count + 1, sizeof(*guest->nodes));
	if (!guest->nodes)
		return NULL;
	for (i = 0; i < count; i++)
		guest->nodes[i].pnode = NODE_UNKNOWN;
	guest->nr_nodes = count;
	return guest->nodes;
}

/**
 * guest_free() - free what a guest of a snapshot has
 * @guest: guest, which is empty then
 */
void guest_free(struct guest *guest)
{
	free(guest->name);
	free(guest->vcpus);
	free(guest->nodes);
	free(guest->said);
	free(guest->memory.advice);
	*guest = (struct guest){ .name = NULL };
}

/**
 * snapshot_set_nodes() - make room for the nodes of a host
 * @s: snapshot that has none yet
 * @count: how many
 *
 * Return: the first of them, all zero; NULL if there is no memory.
 */
struct host_node *snapshot_set_nodes(struct snapshot *s, unsigned int count)
{
	s->nodes = calloc(count + 1, sizeof(*s->nodes));
	if (s->nodes)
		s->nr_nodes = count;
	return s->nodes;
}

/**
 * snapshot_online() - physical CPUs that are online
 * @s: snapshot
 * @online: out
 */
void snapshot_online(const struct snapshot *s, cpu_set_t *online)
{
	unsigned int i;

	CPU_ZERO(online);
	for (i = 0; i < s->nr_cpus; i++)
		if (s->cpus[i].online)
			CPU_SET(i, online);
}

/**
 * snapshot_find() - find a guest
 * @s: snapshot
 * @id: its UUID
 * @hint: where it may be, as it was there in another snapshot
 *
 * Return: guest, or NULL if it was not there.
 */
const struct guest *snapshot_find(const struct snapshot *s, const char *id,
				  unsigned int hint)
{
	unsigned int i;

	if (hint < s->nr_guests && !strcmp(s->guests[hint].id, id))
		return &s->guests[hint];
	for (i = 0; i < s->nr_guests; i++)
		if (!strcmp(s->guests[i].id, id))
			return &s->guests[i];
	return NULL;
}

/**
 * snapshot_free() - free a snapshot
 * @s: snapshot, or NULL
 */
void snapshot_free(struct snapshot *s)
{
	unsigned int i;

	if (!s)
		return;
	for (i = 0; i < s->nr_guests; i++)
		guest_free(&s->guests[i]);
	free(s->guests);
	free(s->nodes);
	free(s->cpus);
	free(s);
}
