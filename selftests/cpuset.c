// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "numa_util.h"
#include "cpuset.h"

#define CGROUP	"/sys/fs/cgroup"
#define OURS	CGROUP "/virtflex-cpuset"

static int join(const char *procs)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", getpid());
	return write_file(procs, text);
}

const char *cpuset_enter(uint64_t nodes)
{
	char list[NODES * 3 + 1] = "", *at = list;
	int node;

	mount("cgroup2", CGROUP, "cgroup2", 0, NULL);
	if (access(CGROUP "/cgroup.controllers", R_OK))
		return "no cgroup2";
	if (write_file(CGROUP "/cgroup.subtree_control", "+cpuset"))
		return "no cpuset controller";
	mkdir(OURS, 0755);
	for (node = 0; node < NODES; node++)
		if (nodes & 1ULL << node)
			at += sprintf(at, "%s%d", at == list ? "" : ",", node);
	if (write_file(OURS "/cpuset.mems", list))
		return "cpuset.mems cannot be set";
	return join(OURS "/cgroup.procs") ? "the cgroup cannot be entered" : NULL;
}

void cpuset_leave(void)
{
	join(CGROUP "/cgroup.procs");
	rmdir(OURS);
}
