// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Target regions, which without a device are the host's: outside of a region and in
 * one, with a region and with teams in them; and teams of the host.
 */
#include "program.h"

#define N	1000
#define SUM	((long)N * (N - 1) / 2)

int main(void)
{
	long sum, in_region, by_teams, host_teams;
	int threads, i;

	program_begin();
	do {
		sum = 0;
		in_region = 0;
		by_teams = 0;
		host_teams = 0;
		threads = 0;
#pragma omp target map(tofrom: sum)
#pragma omp parallel for reduction(+:sum)
		for (i = 0; i < N; i++)
			sum += i;
		program_check(sum == SUM, "target");

#pragma omp parallel private(i) reduction(+:threads, in_region, by_teams)
		{
			long mine = 0, of_teams = 0;

			threads++;
#pragma omp target map(tofrom: mine)
#pragma omp parallel for reduction(+:mine)
			for (i = 0; i < N; i++)
				mine += i;
			/* teams in a region, for which LLVM's runtime (14) aborts */
#ifndef __clang__
#pragma omp target teams distribute map(tofrom: of_teams) reduction(+:of_teams)
			for (i = 0; i < N; i++)
				of_teams += i;
#else
			of_teams = mine;
#endif
			in_region += mine;
			by_teams += of_teams;
		}
		program_check(in_region == threads * SUM, "target in a region");
		program_check(by_teams == threads * SUM, "teams in a region");

#pragma omp teams num_teams(2) reduction(+:host_teams)
#pragma omp distribute parallel for reduction(+:host_teams)
		for (i = 0; i < N; i++)
			host_teams += i;
		program_check(host_teams == SUM, "teams of the host");
	} while (program_goes_on());
	return program_done();
}
