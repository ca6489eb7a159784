// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include "numa_util.h"
#include "publish.h"

#define MODULE		"publish_nodes"
#define PARAMETERS	"/sys/module/" MODULE "/parameters/"

static bool inserted(void)
{
	return !access(PARAMETERS "nodes", W_OK);
}

static int insert(void)
{
	char path[512];
	ssize_t got = readlink("/proc/self/exe", path,
			       sizeof(path) - sizeof(MODULE ".ko"));
	char *name;

	if (got < 0)
		return -errno;
	path[got] = '\0';
	name = strrchr(path, '/') + 1;
	strcpy(name, MODULE ".ko");
	return module_insert_file(path);
}

const char *publish_need(void)
{
	static char why[64];
	int err;

	if (module_loaded())
		return "the virtflex module cannot be taken out, and publishes nodes";
	err = inserted() ? 0 : insert();
	if (!err)
		return NULL;
	snprintf(why, sizeof(why), MODULE ".ko: %s", strerror(-err));
	return why;
}

int publish(uint64_t nodes)
{
	char list[NODES * 3 + 2] = "", *at = list;
	int node;

	for (node = 0; node < NODES; node++)
		if (nodes & 1ULL << node)
			at += sprintf(at, "%s%d", at == list ? "" : ",", node);
	strcpy(at, "\n");
	return write_file(PARAMETERS "nodes", list);
}

int publish_bend(uint64_t nodes, bool bend_bind)
{
	int err = write_file(PARAMETERS "bend_bind", bend_bind ? "1" : "0");

	return err ? err : publish(nodes);
}

int publish_restore(void)
{
	return publish_bend(0, true);
}

int publish_remove(void)
{
	return syscall(SYS_delete_module, MODULE, O_NONBLOCK) ? -errno : 0;
}

/*
 * A test that was killed has restored nothing; its children end, too. The
 * virtflex module would publish as well: it is out while such a program runs.
 */
static pid_t owner;
static bool taken_out;

__attribute__((constructor)) static void begin(void)
{
	owner = getpid();
	taken_out = module_loaded() && !module_remove();
}

__attribute__((destructor)) static void end(void)
{
	if (owner != getpid())
		return;
	if (inserted())
		publish_remove();
	if (taken_out && module_insert())
		puts("# the virtflex module could not be inserted again");
}
