// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What objects of this process export. The tables are those of the ELF specification
 * and, for the hash, of the System V ABI's GNU extension.
 */
#include <string.h>

#include "symbols.h"

/* The dynamic loader has made addresses of these, but for those it may not write. */
static const void *table(uintptr_t base, const Elf64_Dyn *entry)
{
	uintptr_t p = entry->d_un.d_ptr;

	return (const void *)(p < base ? base + p : p);
}

bool symbols_of(uintptr_t base, const Elf64_Dyn *dynamic, struct symbols *s)
{
	const Elf64_Dyn *d;

	*s = (struct symbols){ .base = base };
	for (d = dynamic; d && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_SYMTAB)
			s->symbols = table(s->base, d);
		else if (d->d_tag == DT_STRTAB)
			s->strings = table(s->base, d);
		else if (d->d_tag == DT_GNU_HASH)
			s->hash = table(s->base, d);
	}
	return s->symbols && s->strings && s->hash;
}

static uint32_t hash_of(const char *name)
{
	uint32_t h = 5381;

	while (*name)
		h = h * 33 + (unsigned char)*name++;
	return h;
}

void *symbols_find(const struct symbols *s, const char *name)
{
	uint32_t nr_buckets = s->hash[0], first = s->hash[1];
	uint32_t nr_words = s->hash[2];
	const uint32_t *buckets = s->hash + 4 +
				  nr_words * (sizeof(Elf64_Addr) / 4);
	const uint32_t *chain = buckets + nr_buckets;
	uint32_t hash = hash_of(name), i;
	const Elf64_Sym *sym;

	if (!nr_buckets)
		return NULL;
	i = buckets[hash % nr_buckets];
	if (i < first)
		return NULL;
	for (;; i++) {
		sym = &s->symbols[i];
		if ((chain[i - first] | 1) == (hash | 1) &&
		    sym->st_shndx != SHN_UNDEF &&
		    ELF64_ST_TYPE(sym->st_info) == STT_FUNC &&
		    !strcmp(s->strings + sym->st_name, name))
			return (void *)(s->base + sym->st_value);
		if (chain[i - first] & 1)
			return NULL;
	}
}
