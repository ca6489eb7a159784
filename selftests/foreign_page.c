// SPDX-License-Identifier: GPL-2.0
/*
 * In dom0, a page of a guest that somebody else has mapped:
 *
 *	foreign_page DOMID PFN
 *
 * maps the page writable, prints "mapped", waits for a line, and prints "intact"
 * if what was in it is still there and can still be written, or "changed".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenforeignmemory.h>

int main(int argc, char **argv)
{
	static char was[4096];
	xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
	xen_pfn_t pfn = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	char *at, line[64];

	if (!memory || !pfn) {
		fprintf(stderr, "usage: foreign_page DOMID PFN, in dom0\n");
		return 2;
	}
	at = xenforeignmemory_map(memory, atoi(argv[1]), PROT_READ | PROT_WRITE,
				  1, &pfn, NULL);
	if (!at) {
		perror("foreign_page");
		return 1;
	}
	memcpy(was, at, sizeof(was));
	printf("mapped\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	if (memcmp(was, at, sizeof(was))) {
		printf("changed\n");
		return 1;
	}
	/* Faults if it is no longer there */
	memset(at, 0xa5, sizeof(was));
	printf("intact\n");
	xenforeignmemory_unmap(memory, at, 1);
	xenforeignmemory_close(memory);
	return 0;
}
