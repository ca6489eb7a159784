// SPDX-License-Identifier: GPL-2.0
/*
 * In dom0, fragments the memory of a physical node that another domain has:
 *
 *	perforate DOMID MIB
 *
 * gives back to Xen all pages but the first of each 2 MiB, of so many MiB of the
 * domain's memory from 2 MiB on. What was one extent there cannot be one again as
 * long as the domain lives. Prints how many pages Xen has got.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <xenctrl.h>

#define PAGES 512

int main(int argc, char **argv)
{
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);
	unsigned long extent, all = 0;
	xen_pfn_t frames[PAGES - 1];
	int i, ret;

	if (argc != 3 || !xc) {
		fprintf(stderr, "usage: perforate DOMID MIB, in dom0\n");
		return 2;
	}
	for (extent = 1; extent <= strtoul(argv[2], NULL, 0) / 2; extent++) {
		for (i = 0; i < PAGES - 1; i++)
			frames[i] = extent * PAGES + 1 + i;
		ret = xc_domain_decrease_reservation(xc, atoi(argv[1]), PAGES - 1, 0, frames);
		if (ret < 0) {
			perror("perforate");
			return 1;
		}
		all += ret;
	}
	printf("%lu\n", all);
	xc_interface_close(xc);
	return 0;
}
