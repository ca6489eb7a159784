/* SPDX-License-Identifier: GPL-2.0-only */
/* virtflexd: its subcommands. */
#ifndef VIRTFLEXD_H
#define VIRTFLEXD_H

#include "shared.h"

extern const struct command cmd_run;
extern const struct command cmd_explain;
extern const struct command cmd_report;

/* explain.c */
const char *state_path(void);

#endif /* VIRTFLEXD_H */
