// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vCPUs do while it is waited for the next interval. Xen says how long each has run, and
 * not how long it was blocked: that is known by looking often.
 */
#include <sched.h>
#include <stdlib.h>

#include "shared.h"
#include "xen_host.h"

/* Pauses between two looks, in nanoseconds: of different lengths, as loads have rhythms. */
#define LEAST_PAUSE	UINT64_C(30000000)
#define MOST_PAUSE	UINT64_C(50000000)
/* A look may take this part of the time, on a host with many vCPUs. */
#define COST_DIVISOR	50

static uint64_t pause_ns(uint64_t cost_ns)
{
	static unsigned int state = 1;
	uint64_t pause;

	/* any numbers will do that have no rhythm */
	state = state * 1103515245 + 12345;
	pause = LEAST_PAUSE + (state >> 16) % 1000 * (MOST_PAUSE - LEAST_PAUSE) / 1000;
	return pause > cost_ns * COST_DIVISOR ? pause : cost_ns * COST_DIVISOR;
}

/* The physical CPU that this program runs on */
static int own_cpu(struct xen_host *h)
{
	int vcpu = sched_getcpu();
	xc_vcpuinfo_t info;

	if (vcpu < 0 || xc_vcpu_getinfo(h->host.xc, 0, vcpu, &info))
		return -1;
	return info.cpu;
}

static bool take_glance(struct xen_host *h, unsigned int domid, unsigned int vcpu,
			int own, struct glance *glance)
{
	xc_vcpuinfo_t info;

	if (xc_vcpu_getinfo(h->host.xc, domid, vcpu, &info) || !info.online)
		return false;
	glance->beside = (int)info.cpu == own;
	glance->doing = info.running ? DOING_WORK :
			info.blocked ? DOING_NOTHING : DOING_WAIT;
	return true;
}

static unsigned int count_vcpus(const struct xen_host *h)
{
	unsigned int i, count = 0;

	for (i = 0; i < h->nr_known; i++)
		count += h->known[i].nr_vcpus;
	return count;
}

/* All of one moment are looked at before any is taken. */
static void glance_at_all(struct xen_host *h)
{
	unsigned int most = count_vcpus(h), count = 0, i, v, beside;
	struct waiting **whose = calloc(most + 1, sizeof(*whose));
	struct glance *glances = calloc(most + 1, sizeof(*glances));
	int own = own_cpu(h);
	struct known_domain *k;

	for (i = 0; whose && glances && i < h->nr_known; i++) {
		k = &h->known[i];
		for (v = 0; k->running && v < k->nr_vcpus; v++) {
			if (!k->vcpus[v].online ||
			    !take_glance(h, k->domid, v, own, &glances[count]))
				continue;
			whose[count++] = &k->vcpus[v].waiting;
		}
	}
	beside = glances ? glances_beside(glances, count) : 0;
	for (i = 0; i < count; i++)
		waiting_glance(whose[i], &glances[i], beside);
	free(whose);
	free(glances);
}

/**
 * xen_watch_vcpus() - look at what vCPUs do until it is time, or a signal arrives
 * @h: host
 * @until_ns: when
 */
void xen_watch_vcpus(struct xen_host *h, uint64_t until_ns)
{
	uint64_t began = clock_now(), next;

	while (began < until_ns && !interrupted()) {
		glance_at_all(h);
		next = clock_now();
		next += pause_ns(next - began);
		clock_wait(next < until_ns ? next : until_ns);
		began = clock_now();
	}
}
