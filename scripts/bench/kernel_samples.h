/* SPDX-License-Identifier: GPL-2.0 */
/* In which functions the kernel is while this thread works, by samples. */
#ifndef KERNEL_SAMPLES_H
#define KERNEL_SAMPLES_H

#include <stdbool.h>

/**
 * samples_open() - prepare to take samples of the calling thread; ends the program if it cannot
 */
void samples_open(void);

/**
 * samples_take() - begin, or stop
 * @on: which of them; nothing happens without samples_open()
 */
void samples_take(bool on);

/**
 * samples_count() - look at what was taken
 *
 * Return: how many samples there are.
 */
unsigned long samples_count(void);

/**
 * samples_print() - print functions and their share in percent, a line each, the largest first
 * @before: what each line begins with
 * @hits: what samples_count() said
 */
void samples_print(const char *before, unsigned long hits);

#endif /* KERNEL_SAMPLES_H */
