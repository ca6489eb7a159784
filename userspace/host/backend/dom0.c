// SPDX-License-Identifier: GPL-2.0-only
/* Whether this machine is the domain that controls a host of Xen. */
#include <stdio.h>
#include <string.h>

#include "backend.h"

/**
 * is_dom0() - is this the domain that controls a host of Xen?
 *
 * Return: whether its kernel says so.
 */
bool is_dom0(void)
{
	FILE *f = fopen("/proc/xen/capabilities", "re");
	char text[64] = "";

	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	return strstr(text, "control_d");
}
