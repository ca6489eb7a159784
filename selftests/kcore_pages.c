// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a node's memory through /proc/kcore, as a debugger and a crash dump do:
 *
 *	kcore_pages NODE
 *
 * prints "PAGES ZERO ONES": pages read, those that are all 0, and those that are all
 * 1, which is what an emulated bus answers for an address with nothing behind it.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096UL

/* The node's pages, holes included: from *begin on, *nr of them; false if it has none. */
static bool find_node(int node, unsigned long *begin, unsigned long *nr)
{
	FILE *f = fopen("/proc/zoneinfo", "r");
	unsigned long first = -1UL, end = 0, spanned = 0, present = 0, start;
	bool inside = false;
	char line[256];
	int n;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %d, zone", &n) == 1)
			inside = n == node;
		if (!inside)
			continue;
		if (sscanf(line, " spanned %lu", &spanned) == 1 ||
		    sscanf(line, " present %lu", &present) == 1)
			continue;
		if (sscanf(line, " start_pfn: %lu", &start) != 1 || !present)
			continue;
		first = start < first ? start : first;
		end = start + spanned > end ? start + spanned : end;
	}
	if (f)
		fclose(f);
	*begin = first;
	*nr = end - first;
	return end;
}

static bool all_bytes(const unsigned char *page, unsigned char byte)
{
	return page[0] == byte && !memcmp(page, page + 1, PAGE - 1);
}

int main(int argc, char **argv)
{
	static unsigned char page[PAGE];
	unsigned long begin, nr, i, pages = 0, zero = 0, ones = 0, from, to;
	int fd = open("/proc/kcore", O_RDONLY), p;
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (argc != 2 || !find_node(atoi(argv[1]), &begin, &nr) ||
	    pread(fd, &head, sizeof(head), 0) != sizeof(head)) {
		fprintf(stderr, "usage: kcore_pages NODE, as root, with /proc/kcore\n");
		return 2;
	}
	for (p = 0; p < head.e_phnum; p++) {
		if (pread(fd, &part, sizeof(part), head.e_phoff + p * sizeof(part)) != sizeof(part))
			return 1;
		if (part.p_type != PT_LOAD || part.p_paddr == -1UL || part.p_memsz < PAGE)
			continue;
		from = part.p_paddr / PAGE;
		to = from + part.p_memsz / PAGE;
		for (i = from > begin ? from : begin; i < to && i < begin + nr; i++) {
			if (pread(fd, page, PAGE, part.p_offset + (i - from) * PAGE) != PAGE) {
				perror("kcore_pages");
				return 1;
			}
			pages++;
			zero += all_bytes(page, 0);
			ones += all_bytes(page, 0xff);
		}
	}
	printf("%lu %lu %lu\n", pages, zero, ones);
	return 0;
}
