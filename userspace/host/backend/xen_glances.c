// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vCPUs do while it is waited for the next interval. Xen says how long each has run, and
 * not how long it was blocked: that is known by looking often.
 */
#include <sched.h>
#include <stdlib.h>

#include "shared.h"
#include "xen_host.h"

/* Longest pause between two looks, in nanoseconds, but where a look takes long */
#define LONGEST_PAUSE	UINT64_C(50000000)
/* A look may take this part of the time, on a host with many vCPUs or that is busy itself. */
#define COST_DIVISOR	50
/*
 * So many looks there are in each interval, whatever they take: without any, a vCPU that waits
 * is not told from one that is blocked.
 */
#define LEAST_GLANCES	8

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How long to wait for the next look, of which the last one took some time. */
static uint64_t pause_ns(const struct xen_host *h, uint64_t cost_ns, uint64_t left_ns)
{
	uint64_t longest = larger(cost_ns * COST_DIVISOR, LONGEST_PAUSE), enough;
	static unsigned int state = 1;

	if (h->nr_glances < LEAST_GLANCES) {
		enough = left_ns / (LEAST_GLANCES - h->nr_glances);
		if (longest > enough)
			longest = larger(enough, LONGEST_PAUSE);
	}
	/* of different lengths, as loads have rhythms; any numbers will do that have none */
	state = state * 1103515245 + 12345;
	return longest * (600 + (state >> 16) % 400) / 1000;
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
 * @until_ns: when; later if there were too few looks by then
 */
void xen_watch_vcpus(struct xen_host *h, uint64_t until_ns)
{
	uint64_t began = clock_now(), now, next;

	while ((began < until_ns || h->nr_glances < LEAST_GLANCES) && !interrupted()) {
		glance_at_all(h);
		h->nr_glances++;
		now = clock_now();
		next = now + pause_ns(h, now - began, until_ns > now ? until_ns - now : 0);
		if (next > until_ns && h->nr_glances >= LEAST_GLANCES)
			next = until_ns;
		clock_wait(next);
		began = clock_now();
	}
}
