// SPDX-License-Identifier: GPL-2.0
/*
 * In dom0, a page of a guest that somebody else has mapped:
 *
 *	foreign_page DOMID pfn|grant NUMBER
 *
 * maps the page with that number, or what the guest grants by that reference,
 * writable, prints "mapped", waits for a line, and prints "intact" if what was in
 * it is still there and can still be written, or "changed".
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

/* By which of them the page is mapped; the other is NULL. */
static struct {
	xenforeignmemory_handle *pages;
	xengnttab_handle *grants;
} xen;

static void *map(int domid, bool grant, unsigned long number)
{
	const int prot = PROT_READ | PROT_WRITE;
	xen_pfn_t pfn = number;

	if (grant) {
		xen.grants = xengnttab_open(NULL, 0);
		return xen.grants ? xengnttab_map_grant_ref(xen.grants, domid, number, prot) : NULL;
	}
	xen.pages = xenforeignmemory_open(NULL, 0);
	return xen.pages ? xenforeignmemory_map(xen.pages, domid, prot, 1, &pfn, NULL) : NULL;
}

static void unmap(void *at)
{
	if (xen.grants) {
		xengnttab_unmap(xen.grants, at, 1);
		xengnttab_close(xen.grants);
	} else {
		xenforeignmemory_unmap(xen.pages, at, 1);
		xenforeignmemory_close(xen.pages);
	}
}

int main(int argc, char **argv)
{
	bool grant = argc == 4 && !strcmp(argv[2], "grant");
	static char was[4096];
	char *at, line[64];

	if (!grant && (argc != 4 || strcmp(argv[2], "pfn"))) {
		fprintf(stderr, "usage: foreign_page DOMID pfn|grant NUMBER, in dom0\n");
		return 2;
	}
	at = map(atoi(argv[1]), grant, strtoul(argv[3], NULL, 0));
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
	unmap(at);
	return 0;
}
