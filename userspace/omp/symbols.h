/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What objects of this process export, without the dynamic loader's lock. */
#ifndef OMP_SYMBOLS_H
#define OMP_SYMBOLS_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * struct symbols - tables of an object that say what it exports
 * @base: what its addresses are relative to
 * @symbols: its symbols
 * @strings: their names
 * @hash: where a name is in @symbols
 */
struct symbols {
	uintptr_t base;
	const Elf64_Sym *symbols;
	const char *strings;
	const uint32_t *hash;
};

/**
 * symbols_of() - find the tables of an object
 * @base: what its addresses are relative to
 * @dynamic: its dynamic section; may be NULL
 * @s: where to store them
 *
 * Return: whether it has all of them.
 */
bool symbols_of(uintptr_t base, const Elf64_Dyn *dynamic, struct symbols *s);

/**
 * symbols_find() - a function that an object defines and exports
 * @s: its tables
 * @name: name, in any version
 *
 * Return: its address; NULL if there is none.
 */
void *symbols_find(const struct symbols *s, const char *name);

#endif /* OMP_SYMBOLS_H */
