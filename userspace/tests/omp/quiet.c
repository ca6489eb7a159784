// SPDX-License-Identifier: LGPL-2.1-or-later
/* Regions with pauses between them: a thousand threads are too many for others else. */
#include <unistd.h>

#include "program.h"

int main(void)
{
	program_begin();
	do {
		program_check(program_team() == omp_get_max_threads(), "a smaller team");
		usleep(100000);
	} while (program_goes_on());
	return program_done();
}
