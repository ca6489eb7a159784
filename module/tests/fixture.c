// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "fixture.h"

void fixture_init(struct fixture *f)
{
	u32 i;

	memset(f, 0, sizeof(*f));
	f->guest.nr_nodes = FIXTURE_NODES;
	f->guest.nr_vcpus = FIXTURE_VCPUS;
	f->guest.nodes = f->nodes;
	f->guest.vcpus = f->vcpus;
	f->wanted.nodes = f->wanted_nodes;
	f->wanted.vcpus = f->wanted_vcpus;
	f->plan.step = f->plan_steps;
	f->plan.max = ARRAY_SIZE(f->plan_steps);
	f->initial.nodes = f->was_nodes;
	f->initial.vcpus = f->was_vcpus;
	for (i = 0; i < FIXTURE_NODES; i++) {
		f->nodes[i].id = i;
		f->nodes[i].vnode = i;
		f->nodes[i].online = true;
		f->nodes[i].active = true;
		f->nodes[i].pnode = VF_PNODE_UNKNOWN;
		/* What firmware takes, the kernel does not count. */
		f->nodes[i].current_kb = FIXTURE_KB - (i ? 0 : 392);
		f->nodes[i].was_kb = f->nodes[i].current_kb;
	}
	for (i = 0; i < FIXTURE_VCPUS; i++) {
		f->vcpus[i].id = i;
		f->vcpus[i].cpu = i;
		f->vcpus[i].node = i / 2;
		f->vcpus[i].present = true;
		f->vcpus[i].online = true;
		f->vcpus[i].was_online = true;
	}
}

/* Value of a key among lines; NULL if there is none. */
static const char *value_of(char **lines, size_t nr, size_t prefix,
			    const char *key)
{
	const char *value = NULL;
	size_t i, len = strlen(key);

	for (i = 0; i < nr; i++)
		if (!strncmp(lines[i] + prefix, key, len) &&
		    lines[i][prefix + len] == ' ')
			value = lines[i] + prefix + len + 1;
	return value;
}

/* One node: its lines say which keys there are. */
static int read_node(struct fixture *f, const char *name, char **lines,
		     size_t nr)
{
	size_t i, prefix = strlen("node/") + strlen(name) + 1;
	const char *value;
	enum vf_key key;
	u32 node;
	int ret;

	ret = vf_wanted_node(&f->guest, &f->wanted, name, &node, &f->err);
	if (ret)
		return ret;
	for (key = 0; key < VF_NR_KEYS; key++) {
		value = value_of(lines, nr, prefix, vf_key_name(key));
		ret = vf_wanted_key(&f->guest, &f->wanted, node, key, value,
				    value ? strlen(value) : 0, &f->err);
		if (ret)
			return ret;
	}
	value = value_of(lines, nr, prefix, "vcpus");
	ret = vf_wanted_vcpus(&f->guest, &f->wanted, node, value,
			      value ? strlen(value) : 0, &f->err);
	if (ret)
		return ret;
	for (i = 0; i < nr; i++) {
		char *vcpu = lines[i] + prefix;
		char *space = strchr(vcpu, ' ');

		if (strncmp(vcpu, "vcpu/", 5))
			continue;
		if (space)
			*space = '\0';
		ret = vf_wanted_vcpu(&f->guest, &f->wanted, node, vcpu + 5,
				     space ? space + 1 : NULL,
				     space ? strlen(space + 1) : 0, &f->err);
		if (ret)
			return ret;
	}
	return 0;
}

/* A line that says how; -ENOENT if it is none. */
static int read_option(struct fixture *f, const char *line)
{
	enum vf_option option;

	for (option = 0; option < VF_NR_OPTIONS; option++) {
		size_t len = strlen(vf_option_name(option));

		if (strncmp(line, vf_option_name(option), len) ||
		    line[len] != ' ')
			continue;
		return vf_wanted_option(&f->wanted, option, line + len + 1,
					strlen(line + len + 1), &f->err);
	}
	return -ENOENT;
}

static int read_lines(struct fixture *f, char **lines, size_t nr)
{
	size_t i, end;
	int ret;

	for (i = 0; i < nr; i = end) {
		char name[64];
		size_t len;

		end = i + 1;
		if (!strncmp(lines[i], "topo_change ", 12)) {
			ret = vf_wanted_request(&f->wanted, lines[i] + 12,
						strlen(lines[i] + 12), &f->err);
			if (ret)
				return ret;
			continue;
		}
		if (!strncmp(lines[i], "request_id ", 11)) {
			ret = vf_wanted_id(&f->wanted, lines[i] + 11,
					   strlen(lines[i] + 11), &f->err);
			if (ret)
				return ret;
			continue;
		}
		ret = read_option(f, lines[i]);
		if (ret && ret != -ENOENT)
			return ret;
		if (strncmp(lines[i], "node/", 5))
			continue;
		len = strcspn(lines[i] + 5, "/");
		if (!lines[i][5 + len] || len >= sizeof(name))
			continue;
		memcpy(name, lines[i] + 5, len);
		name[len] = '\0';
		while (end < nr && !strncmp(lines[i], lines[end], len + 6))
			end++;
		ret = read_node(f, name, lines + i, end - i);
		if (ret)
			return ret;
	}
	return 0;
}

int fixture_read(struct fixture *f, const char *text)
{
	char *copy = strdup(text), *lines[256], *line, *save;
	size_t nr = 0;
	int ret;

	vf_wanted_clear(&f->guest, &f->wanted);
	f->err.text[0] = '\0';
	for (line = strtok_r(copy, "\n", &save); line && nr < ARRAY_SIZE(lines);
	     line = strtok_r(NULL, "\n", &save))
		lines[nr++] = line;
	ret = read_lines(f, lines, nr);
	free(copy);
	return ret;
}
