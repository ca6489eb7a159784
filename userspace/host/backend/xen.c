// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host of Xen whose dom0 this is: connected to, looked at, and changed, through
 * libxenlight, xenstore and, where these do not say enough, libxenctrl.
 */
#include <errno.h>
#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>

#include "xen_host.h"

static struct xen_host *host_of(struct backend *backend)
{
	return (struct xen_host *)backend;
}

static bool answers(struct xen_host *h)
{
	unsigned int count;
	char **names = xs_directory(h->host.xs, XBT_NULL, "/", &count);
	bool there = names;

	free(names);
	return there;
}

/**
 * xen_failed() - what has gone wrong, with a guest or with the host below it
 * @h: host, which may have kept why
 * @k: guest that it was about; NULL if it is not there
 * @what: what could not be done, or whose that is; NULL if @why is said already
 * @why: out
 *
 * Return: what that comes to.
 */
enum backend_status xen_failed(struct xen_host *h, const struct known_domain *k,
			       const char *what, struct why *why)
{
	if (what)
		why_say(why, "%s%s%s", what, *h->host.why ? ": " : "", h->host.why);
	if (!answers(h))
		return BACKEND_LOST;
	if (!k || !domain_alive(&h->host, k->domid))
		return BACKEND_GONE;
	return BACKEND_FAILED;
}

/* Adds a guest to a snapshot; one that has gone meanwhile, or cannot be read, is left out. */
static void see_guest(struct xen_host *h, const libxl_dominfo *info, unsigned int what,
		      struct snapshot *s)
{
	struct guest *g = &s->guests[s->nr_guests];
	char *name = libxl_domid_to_name(h->host.ctx, info->domid);
	struct known_domain *k;
	bool done;

	*g = (struct guest){
		.name = name,
		.running = !info->paused && !info->shutdown,
		.untouched = !info->domid,
		.shares = 1,
	};
	snprintf(g->id, sizeof(g->id), LIBXL_UUID_FMT, LIBXL_UUID_BYTES(info->uuid));
	k = name ? xen_known(h, g->id, info->domid) : NULL;
	if (k) {
		/* it is there, also if what follows cannot be read now */
		k->seen = true;
		k->running = g->running;
		k->memory_kb = info->current_memkb;
	}
	done = k && (!(what & LOOK_VCPUS) || xen_see_vcpus(h, k, g, s, info->cpupool)) &&
	       (!(what & (LOOK_MEMORY | LOOK_NODES)) || xen_see_memory(h, k, g, s));
	if (done)
		s->nr_guests++;
	else
		guest_free(g);
}

static enum backend_status look(struct backend *backend, unsigned int what,
				struct snapshot **snapshot, struct why *why)
{
	struct xen_host *h = host_of(backend);
	libxl_dominfo *list;
	struct snapshot *s;
	int count, i;

	*h->host.why = 0;
	list = libxl_list_domain(h->host.ctx, &count);
	s = list ? xen_see_machine(h, count) : NULL;
	if (!s || !answers(h)) {
		if (list)
			libxl_dominfo_list_free(list, count);
		snapshot_free(s);
		why_say(why, "the host cannot be read; try xl list and xl info -n");
		return answers(h) ? BACKEND_FAILED : BACKEND_LOST;
	}
	s->ns = clock_now();
	h->looks++;
	/* a look at other things in between does not change that */
	if (what & LOOK_VCPUS) {
		h->watches_vcpus = true;
		h->nr_glances = 0;
	}
	for (i = 0; i < count; i++)
		if (!list[i].dying)
			see_guest(h, &list[i], what, s);
	libxl_dominfo_list_free(list, count);
	xen_forget_unseen(h);
	*snapshot = s;
	return BACKEND_OK;
}

static void wait_watching(struct backend *backend, uint64_t until_ns)
{
	struct xen_host *h = host_of(backend);

	if (h->watches_vcpus)
		xen_watch_vcpus(h, until_ns);
	else
		clock_wait(until_ns);
}

static void close_host(struct backend *backend)
{
	struct xen_host *h = host_of(backend);

	xen_forget_all(h);
	host_disconnect(&h->host);
	free(h);
}

static const struct backend_ops ops = {
	.look = look,
	.pin = xen_pin,
	.resize = xen_resize,
	.set_nodes = xen_set_nodes,
	.withdraw = xen_withdraw,
	.wait = wait_watching,
	.close = close_host,
};

/**
 * xen_open() - connect to the host of Xen whose dom0 this is
 * @backend: out: the host
 * @why: out: why not
 *
 * Return: BACKEND_OK; BACKEND_LOST if it may be worth trying again, or BACKEND_FAILED.
 */
enum backend_status xen_open(struct backend **backend, struct why *why)
{
	struct xen_host *h = calloc(1, sizeof(*h));
	enum host_failure failure;

	if (!h) {
		why_say(why, "%s", strerror(ENOMEM));
		return BACKEND_FAILED;
	}
	h->backend.ops = &ops;
	h->host.keeps_why = true;
	failure = host_connect(&h->host, false);
	if (!failure) {
		*backend = &h->backend;
		return BACKEND_OK;
	}
	why_say(why, "cannot reach Xen: %s", h->host.why);
	host_disconnect(&h->host);
	free(h);
	/* in dom0 it may just not have been started yet */
	return failure == HOST_NOT_THERE && is_dom0() ? BACKEND_LOST : BACKEND_FAILED;
}
