// SPDX-License-Identifier: GPL-2.0
/*
 * In dom0, lets a domain that has suspended itself go on:
 *
 *	resume_domain DOMID
 *
 * (Nothing else does: libxl does not save a guest with vNUMA, and has no way to
 * only suspend one.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <xenctrl.h>
#include <xenguest.h>

int main(int argc, char **argv)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	int ret;

	if (argc != 2 || !xc) {
		fprintf(stderr, "usage: resume_domain DOMID, in dom0\n");
		return 2;
	}
	/* As it is in memory, with what it was connected to */
	ret = xc_domain_resume(xc, atoi(argv[1]), 1);
	if (ret)
		perror("resume_domain");
	xc_interface_close(xc);
	return ret ? 1 : 0;
}
