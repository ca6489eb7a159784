// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long vCPUs have waited for a physical CPU, where a host says how long they ran, and
 * only at any moment whether they are blocked. When a vCPU runs is known exactly; of the rest
 * of the time, the share in which it waited is that of the glances at it that found it so.
 *
 * The program that looks runs on a physical CPU itself, and what was there has to wait for
 * it: of those that wait there, one would run.
 */
#include "waiting.h"

/**
 * glances_beside() - how many vCPUs wait for the CPU of the program that looks
 * @glances: of all vCPUs at one moment
 * @count: how many
 *
 * Return: that.
 */
unsigned int glances_beside(const struct glance *glances, unsigned int count)
{
	unsigned int i, beside = 0;

	for (i = 0; i < count; i++)
		beside += glances[i].beside && glances[i].doing == DOING_WAIT;
	return beside;
}

/**
 * waiting_glance() - take what a vCPU does at a moment
 * @w: what is known of it
 * @glance: what it does
 * @beside: what glances_beside() says of that moment
 */
void waiting_glance(struct waiting *w, const struct glance *glance,
		    unsigned int beside)
{
	if (glance->doing == DOING_NOTHING)
		w->nothing++;
	else if (glance->doing == DOING_WAIT)
		w->wait += glance->beside && beside ? (beside - 1.0) / beside : 1;
}

/**
 * waiting_read() - take how long a vCPU has run
 * @w: what is known of it; @w->delay_ns is how long it has waited
 * @ns: when
 * @run_ns: how long it has run since it was made
 *
 * One that ran all the time that it was not blocked has not waited. Where nobody has looked
 * since the last time, all of the rest may be either.
 *
 * Return: whether it is known how long it waited since the last time.
 */
bool waiting_read(struct waiting *w, uint64_t ns, uint64_t run_ns)
{
	uint64_t passed = ns - w->seen_ns, ran = run_ns - w->run_ns;
	double all = w->nothing + w->wait;
	bool first = !w->seen_ns || run_ns < w->run_ns;
	uint64_t rest = passed > ran ? passed - ran : 0;
	bool known = first || all > 0 || rest < passed / 100;

	if (first)
		w->delay_ns = 0;
	else if (all > 0)
		w->delay_ns += rest * (w->wait / all);
	w->seen_ns = ns;
	w->run_ns = run_ns;
	w->nothing = 0;
	w->wait = 0;
	return known;
}
