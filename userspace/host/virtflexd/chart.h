/* SPDX-License-Identifier: GPL-2.0-only */
/* The picture of a log, as gnuplot is told to draw it. */
#ifndef VIRTFLEXD_CHART_H
#define VIRTFLEXD_CHART_H

#include <stdio.h>

#include "log.h"

void chart_write(FILE *f, const struct log *log);

#endif /* VIRTFLEXD_CHART_H */
