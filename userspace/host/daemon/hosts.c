// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hosts that a program can be connected to: those whose libraries were there when it was
 * built, and described and recorded ones.
 */
#include <string.h>

#include "daemon.h"

#ifndef WITH_LIBVIRT
#define WITH_LIBVIRT	0
#endif
#ifndef WITH_XEN
#define WITH_XEN	0
#endif

/* What comes after a prefix; NULL if it is another one. */
static const char *after(const char *connect, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(connect, prefix, length) ? NULL : connect + length;
}

/**
 * host_file() - which file a host is read from
 * @connect: what the command line says
 *
 * Return: its name; NULL if it is a real host.
 */
const char *host_file(const char *connect)
{
	const char *path = after(connect, "replay:");

	return path ? path : after(connect, "record:");
}

/**
 * host_default() - the host where none is named
 *
 * Return: xen in dom0 of a host of Xen, and where there is nothing else; else libvirt's.
 */
const char *host_default(void)
{
	if (WITH_XEN && (!WITH_LIBVIRT || is_dom0()))
		return "xen";
	return "qemu:///system";
}

#if WITH_XEN
static enum backend_status open_xen(struct backend **backend, struct why *why)
{
	return xen_open(backend, why);
}
#else
static enum backend_status open_xen(struct backend **backend, struct why *why)
{
	(void)backend;
	why_say(why, "this program was built without Xen: install libxen-dev and build it "
		"again, or name a host of libvirt");
	return BACKEND_FAILED;
}
#endif

#if WITH_LIBVIRT
static enum backend_status open_libvirt(const char *uri, struct backend **backend,
					struct why *why)
{
	return libvirt_open(uri, backend, why);
}
#else
static enum backend_status open_libvirt(const char *uri, struct backend **backend,
					struct why *why)
{
	(void)backend;
	why_say(why, "%s: this program was built without libvirt: install libvirt-dev and "
		"build it again, or say --connect xen", uri);
	return BACKEND_FAILED;
}
#endif

/**
 * host_connect_to() - connect to a host
 * @connect: which
 * @backend: out: the host
 * @why: out: why not
 *
 * Return: BACKEND_OK; BACKEND_LOST if it may be worth trying again, or BACKEND_FAILED.
 */
enum backend_status host_connect_to(const char *connect, struct backend **backend,
				    struct why *why)
{
	if (after(connect, "replay:"))
		return replay_open(after(connect, "replay:"), backend, why);
	if (after(connect, "record:"))
		return record_open(after(connect, "record:"), backend, why);
	if (!strcmp(connect, "xen"))
		return open_xen(backend, why);
	return open_libvirt(connect, backend, why);
}
