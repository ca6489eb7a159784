/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirtflex, loaded when there is something to follow. */
#ifndef OMP_LIBRARY_H
#define OMP_LIBRARY_H

#include <stdbool.h>

#include "virtflex.h"

/** struct library - functions of libvirtflex, by their names there */
struct library {
	__typeof__(virtflex_open) *open;
	__typeof__(virtflex_close) *close;
	__typeof__(virtflex_watch_open) *watch_open;
	__typeof__(virtflex_watch_close) *watch_close;
	__typeof__(virtflex_watch_fd) *watch_fd;
	__typeof__(virtflex_watch_read) *watch_read;
	__typeof__(virtflex_topology_active) *topology_active;
	__typeof__(virtflex_topology_free) *topology_free;
	__typeof__(virtflex_migrate_all) *migrate_all;
	__typeof__(virtflex_method_name) *method_name;
};

/**
 * library_load() - load libvirtflex
 * @lib: where to store its functions
 *
 * Its names stay out of the program's way, and it is not there at all in the many
 * processes that have no OpenMP threads.
 *
 * Return: whether it is there, with all of these functions.
 */
bool library_load(struct library *lib);

#endif /* OMP_LIBRARY_H */
