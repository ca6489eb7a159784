// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many CPUs a guest would use. As long as it does not use all that it has, that is
 * what it uses. Else its host cannot see how many it would: as many as it used when it had
 * more, or all that it was built with.
 *
 * What it used then is believed until it is seen to be another amount. If it were forgotten
 * after some time, a node would go and come back for nothing under a load that is always the
 * same.
 */
#include "appetite.h"

/* Whoever uses less than this share of its CPUs could not use more. */
#define SATURATED	0.9

/**
 * appetite_see() - how many CPUs a guest would use
 * @a: what is remembered of it
 * @demand: CPUs that its vCPUs wanted in the last interval
 * @cpus: CPUs that it has
 * @all: CPUs that it has with all its nodes
 *
 * Return: CPUs, from @demand to @all.
 */
double appetite_see(struct appetite *a, double demand, double cpus, double all)
{
	if (demand < SATURATED * cpus || cpus >= all) {
		*a = (struct appetite){ .has = true, .cpus = demand };
		return demand < all ? demand : all;
	}
	/* more than it was known to use: nobody knows how much */
	if (a->has && a->cpus < SATURATED * cpus)
		a->has = false;
	if (!a->has)
		return all;
	return a->cpus > demand ? a->cpus : demand;
}
