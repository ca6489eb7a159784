// SPDX-License-Identifier: GPL-2.0-only
/* Regions of a program that first leaves all files but those below ROOT. */
#include <unistd.h>

#include "program.h"

int main(void)
{
	program_check(!chdir(getenv("ROOT")) && !chroot("."), "chroot");
	program_begin();
	do {
		program_check(program_team() == 2, "region");
	} while (program_goes_on());
	return program_done();
}
